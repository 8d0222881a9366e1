#pragma once

#include <cstdint>
#include <optional>

#include "feedwatch/base/time.hpp"
#include "feedwatch/model/level.hpp"
#include "feedwatch/model/reason.hpp"
#include "feedwatch/model/tick.hpp"

namespace feedwatch {

/// Everything a verdict about one stream needs, as plain data: copied out of the board whole.
/// The stored level is the last transition made; judge() recomputes it at `now`.
struct Slot {
  Prices prices;
  MonoTime carried{};    ///< the field itself arrived; meaningless until `received`
  MonoTime confirmed{};  ///< the venue implied the value still holds; >= carried
  MonoTime changed{};    ///< the value became different
  MonoTime wanted{};     ///< when the stream was asked for
  MonoTime level_since{};
  MonoTime first_deadline{};  ///< never received past this ⇒ stale; only while not `received`
  WallTime ts_recv{};
  WallTime ts_event{};           ///< meaningful if has_event_time
  Duration transit{};            ///< max(0, ts_recv − ts_event − offset), fixed at acceptance
  Duration confirmed_transit{};  ///< the same of the message that moved `confirmed`
  Duration degraded_after{};
  Duration stale_after{};
  std::uint64_t seq = 0;
  std::uint64_t ticks = 0;       ///< accepted so far
  std::uint32_t epoch = 0;       ///< of the newest accepted tick
  std::uint32_t generation = 0;  ///< which stream occupies this slot
  Level level = Level::unknown;
  Reason reason = Reason::ok;
  bool occupied = false;
  bool received = false;  ///< at least one tick accepted
  bool has_event_time = false;
  bool event_time_is_publish = false;  ///< levels add transit
  bool confirm_counts = false;         ///< levels judge confirmed_age instead of receive_age
  bool gate_closed = false;            ///< resume gate: refused until a fresh tick
  bool clock_suspect = false;  ///< venue stamp ahead of tolerance: judged by receive_age alone
  bool rejecting = false;
  bool recovering = false;  ///< evidence is back, but fewer than recover_ticks: level holds
  bool required = false;
};

}  // namespace feedwatch
