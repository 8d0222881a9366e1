#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "feedwatch/board/slot.hpp"

namespace feedwatch {

/// Which age a guard compares with max_age (semantics §3).
enum class Basis : std::uint8_t { both, receive, event };

struct ReadOptions {
  Duration max_age{};  ///< no default hides the age: zero accepts only age zero
  Basis basis = Basis::both;
  /// Count from `confirmed` instead of `carried`, in the event age too: the venue implied that the
  /// value still holds.
  bool accept_confirmed = false;

  friend bool operator==(const ReadOptions&, const ReadOptions&) = default;
};

enum class RefusalCode : std::uint8_t {
  unconfigured,     ///< no such stream
  unknown,          ///< nothing accepted yet
  never_received,   ///< nothing accepted, and its deadline has passed
  awaiting_fresh,   ///< resume gate: the last line was lost and no fresh tick has come
  stale,            ///< past the stream's own stale limit
  too_old,          ///< older than the caller's max_age
  clock_backwards,  ///< `now` lies before the stamp
  no_event_time,    ///< basis event on a stream without venue time
  clock_suspect,    ///< basis event, and the venue's stamp lies ahead of tolerance
  old_epoch,        ///< the slot now belongs to another stream
  writer_stuck,     ///< whoever writes the price is stuck in the middle of it
  writer_dead,      ///< in another process, and has not been heard of for a second
  writer_gone,      ///< in another process, and has ended or begun anew elsewhere
  foreign_clock,    ///< the stamps are of another boot or time namespace
};
constexpr std::size_t refusal_count = static_cast<std::size_t>(RefusalCode::foreign_clock) + 1;
std::string_view to_text(RefusalCode code);

/// A price nobody can read without its age.
struct Price {
  Prices prices;
  Level level = Level::healthy;  ///< recomputed at `now`; degraded is returned marked so
  MonoTime level_since{};        ///< of the level the timers last stored
  Duration receive_age{};
  Duration confirmed_age{};
  std::optional<Duration> event_age;
  WallTime ts_recv{};
  std::optional<WallTime> ts_event;
  std::uint64_t seq = 0;
  std::uint32_t epoch = 0;
};

struct Refusal {
  RefusalCode code = RefusalCode::unknown;
  Reason reason = Reason::ok;  ///< of the stream
  Level level = Level::unknown;
  std::optional<Duration> age;  ///< the age that was too old; absent when never received
};

/// Whether levels judge the last confirmation. A frozen stream's confirmations are not believed.
constexpr bool counts_confirmed(const Slot& slot) {
  return slot.confirm_counts && !slot.frozen;
}

/// Ages at `now`; absent when never received. Never negative.
struct Ages {
  std::optional<Duration> receive;
  std::optional<Duration> confirmed;
  std::optional<Duration> event;
  std::optional<Duration> level;  ///< the age levels, alerts and repair judge
};
Ages ages_at(const Slot& slot, MonoTime now);

/// Level at `now`, from the slot's moments and limits alone.
Level level_at(const Slot& slot, MonoTime now);

/// The last moment at which the level age is still within `limit` if no more evidence comes.
/// Meaningful once received.
MonoTime level_within_until(const Slot& slot, Duration limit);

/// Why the slot is at `level`: its stored reason, or what a late timer would have stored.
inline Reason reason_at(const Slot& slot, Level level) {
  if (!slot.occupied) return Reason::unconfigured;
  const bool late = level == Level::degraded || level == Level::stale;
  if (slot.reason != Reason::ok || !late) return slot.reason;
  return slot.received ? Reason::silent : Reason::never_received;
}

/// First moment at which judge() refuses if no more evidence comes; MonoTime::min() when it does so
/// at any time, never_mono when it never will.
MonoTime refused_from(const Slot& slot, const ReadOptions& options);

/// judge() for those who count nanoseconds: fills `price` and returns true, or fills `refusal`
/// only.
bool judge_into(Price& price, Refusal& refusal, const Slot& slot, const ReadOptions& options,
                MonoTime now);

/// The only verdict of the product: guard, API, metrics, dashboard and other processes all call it.
/// Pure; the slot must have been copied before `now` was read.
inline std::expected<Price, Refusal> judge(const Slot& slot, const ReadOptions& options,
                                           MonoTime now) {
  std::expected<Price, Refusal> answer;
  Refusal refusal;
  if (!judge_into(*answer, refusal, slot, options, now)) answer = std::unexpected(refusal);
  return answer;
}

}  // namespace feedwatch
