#pragma once

#include <cstdint>
#include <type_traits>

#include "feedwatch/base/time.hpp"
#include "feedwatch/model/level.hpp"
#include "feedwatch/model/reason.hpp"
#include "feedwatch/model/tick.hpp"

namespace feedwatch {

/// Everything a verdict about one stream needs, as plain data: copied out of the board whole.
/// The stored level is the last transition made; judge() recomputes it at `now`.
///
/// Its layout is what other processes read (board/layout.hpp): change it only with the version
/// there.
struct Slot {
  Prices prices;
  MonoTime carried{};    ///< the field itself arrived; meaningless until `received`
  MonoTime confirmed{};  ///< the venue implied the value still holds; >= carried
  MonoTime changed{};    ///< the value became different
  MonoTime level_since{};
  MonoTime first_deadline{};  ///< never received past this ⇒ stale; only while not `received`
  WallTime ts_recv{};
  WallTime ts_event{};           ///< meaningful if has_event_time
  Duration transit{};            ///< max(0, ts_recv − ts_event − offset), fixed at acceptance
  Duration confirmed_transit{};  ///< the same of the message that moved `confirmed`
  Duration degraded_after{};
  Duration stale_after{};
  std::uint64_t seq = 0;         ///< of the newest accepted tick; meaningful if has_seq
  std::uint64_t ticks = 0;       ///< accepted so far
  std::uint32_t epoch = 0;       ///< of the newest accepted tick
  std::uint16_t generation = 0;  ///< which stream occupies this slot
  std::uint16_t shard = 0;       ///< which one writes it: readers elsewhere look at its heartbeat
  std::uint32_t name = 0;        ///< where its text stands among the board's names; 0 = nowhere
  Level level = Level::unknown;
  Reason reason = Reason::ok;
  bool occupied : 1 = false;
  bool received : 1 = false;  ///< at least one tick accepted
  bool has_event_time : 1 = false;
  bool event_time_is_publish : 1 = false;  ///< levels add transit
  bool confirm_counts : 1 = false;         ///< levels judge confirmed_age instead of receive_age
  bool gate_closed : 1 = false;            ///< resume gate: refused until a fresh tick
  bool clock_suspect : 1 = false;  ///< venue stamp ahead of tolerance: judged by receive_age alone
  bool rejecting : 1 = false;
  bool recovering : 1 = false;  ///< evidence is back, but fewer than recover_ticks: level holds
  bool required : 1 = false;
  bool has_seq : 1 = false;
  bool has_bridge : 1 = false;  ///< a REST price stands in the stream's second slot
  bool flapping : 1 = false;
  bool frozen : 1 = false;    ///< confirmed again and again while the market moves (semantics §3)
  bool spare_14 : 1 = false;  ///< named, so that no bit of a slot is left as it was
  bool spare_15 : 1 = false;
};
static_assert(std::is_trivially_copyable_v<Slot> && std::is_standard_layout_v<Slot>);
static_assert(sizeof(Slot) == 152);

/// Room for a slot that is read into it whole: to zero it first costs a price a nanosecond.
union SlotRoom {
  SlotRoom() {}  // NOLINT(modernize-use-equals-default): that one would be deleted
  Slot slot;
};

}  // namespace feedwatch
