#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/board/price_board.hpp"
#include "feedwatch/board/slot.hpp"
#include "feedwatch/freshness/alarms.hpp"
#include "feedwatch/freshness/change.hpp"
#include "feedwatch/freshness/deadline_wheel.hpp"
#include "feedwatch/freshness/due.hpp"
#include "feedwatch/freshness/policy.hpp"
#include "feedwatch/freshness/trouble.hpp"
#include "feedwatch/freshness/watch.hpp"

namespace feedwatch {

/// Levels, suspicion and reasons of all streams, at the moments they become true.
///
/// The slot's moments are the truth; the tracker stores what follows from them (level, reason,
/// since) back into the slot and logs every change with the nanosecond it began. Silence is found
/// by a deadline per stream; a tick leaves the deadline where it is, and when it comes too early it
/// is moved. One thread; holds no slot, no clock. Looks at the board only to see whether evidence
/// has overtaken a deadline; each stream's Watch stands first among the words its owner keeps
/// there.
class Tracker {
 public:
  /// One stream's state, changed in place.
  struct Subject {
    StreamId stream;
    Slot& slot;
    Watch& watch;
  };

  Tracker(PriceBoard& board, const PolicyTable& policies, ChangeLog& log, const Alarms& alarms)
      : board_(board), policies_(policies), log_(log), alarms_(alarms) {}

  /// A stream begins to be watched: limits, first-tick deadline, level unknown.
  void begin(Subject subject, MonoTime now);
  /// It is watched no longer: the level ends as unknown, reason unconfigured.
  void end(Subject subject, MonoTime now);
  /// Other limits hold from `now` on.
  void on_policy(Subject subject, std::uint16_t policy, MonoTime now);
  void on_acknowledged(Subject subject, MonoTime now);
  void on_feed_reason(Subject subject, Reason reason, MonoTime now);

  /// Everything that became true up to `now`; call before evidence of moment `now` is stored.
  void advance(Subject subject, MonoTime now) {
    if (wheel_.is_quiet(number_of(subject.stream), now)) {
      subject.watch.settled = std::max(subject.watch.settled, now);
    } else {
      settle(subject, now);
    }
  }
  /// How evidence reached us: whatever its stamps say, its sender was not silent before.
  struct Heard {
    MonoTime at;
    bool stalled = false;            ///< it had waited for our own loop
    bool order_began_again = false;  ///< it was taken because the venue's numbers start again
  };
  /// The slot's moments have just been renewed.
  void on_evidence(Subject subject, Heard heard, MonoTime now);
  /// Evidence that is about the stream but must not be stored.
  void on_rejected(Subject subject, MonoTime now);
  /// The stream is confirmed again and again while the market moves, or that is over: slot.frozen
  /// has just been changed.
  void on_frozen(Subject subject, MonoTime now);

  /// Something may become true of the stream at `at` already.
  void arm(StreamId stream, MonoTime at) { wheel_.set_not_later(number_of(stream), at); }
  /// The short way's on_evidence(): a healthy stream stays what it is, and nothing, alarms
  /// included, becomes true of it before `at`. Precondition: is_quiet(stream, now), and `at` is
  /// from `now` to DeadlineWheel::longest after it.
  [[gnu::always_inline]] void renew(StreamId stream, MonoTime at) {
    wheel_.renew(number_of(stream), at);
  }
  /// True only if nothing can have become true up to `now`.
  bool is_quiet(StreamId stream, MonoTime now) const {
    return wheel_.is_quiet(number_of(stream), now);
  }
  /// A tick of the stream is on its way.
  void prefetch(StreamId stream) const { wheel_.prefetch(number_of(stream)); }

  /// The present, before what is due is looked for.
  void tell(MonoTime now) { wheel_.tell(now); }
  /// Also of the alarms that were armed.
  MonoTime next_deadline() const { return wheel_.next(); }
  std::size_t deadlines_held() const { return wheel_.size(); }
  /// Finds what is due at `now`, a slice at a time (DeadlineWheel::prepare); how many it looked at.
  std::size_t prepare(MonoTime now) { return wheel_.prepare(now, Streams{*this}); }
  /// Index of the stream whose deadline comes first, if that has come and is prepared: to be given
  /// to on_deadline() at once, and to rearm() when all that was due is done.
  std::optional<std::uint32_t> take_due(MonoTime now);
  void on_deadline(Subject subject, MonoTime now);
  /// One entry for whatever comes first: two, and each deadline would leave one behind in the
  /// wheel.
  void rearm(Subject subject);

  Troubles& troubles() { return troubles_; }
  const Troubles& troubles() const { return troubles_; }

 private:
  /// The wheel's view of the streams.
  struct Streams {
    Tracker& tracker;
    MonoTime due(std::uint32_t number) const;
    void prefetch(std::uint32_t number) const { tracker.board_.prefetch(number); }
  };
  static std::uint32_t number_of(StreamId stream) {
    return static_cast<std::uint32_t>(stream.index());
  }

  Known known(Subject subject) const {
    return {subject.slot, subject.watch, policies_[subject.watch.policy],
            troubles_.find(subject.watch)};
  }
  Due act_until(Subject subject, MonoTime now);
  void settle(Subject subject, MonoTime now);
  void act(Subject subject, const Due& due);
  void set_limits(Subject subject) const;
  void transition(Subject subject, Level to, MonoTime at);
  void recover(Subject subject, MonoTime now);
  void suspect(Subject subject, MonoTime at);
  void clear_suspicion(Subject subject, MonoTime now);
  void count_flap(Subject subject, MonoTime at);
  void refresh_reason(Subject subject, MonoTime now);
  void release_trouble(Subject subject, MonoTime now);
  void log(Subject subject, StreamChange change);

  PriceBoard& board_;
  const PolicyTable& policies_;
  ChangeLog& log_;
  const Alarms& alarms_;
  /// A consumer stricter than its stream's levels brings the deadline forward with every refusal.
  DeadlineWheel wheel_{10s};
  Troubles troubles_;
};

}  // namespace feedwatch
