#pragma once

#include <optional>

#include "feedwatch/base/deadline_heap.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/board/slot.hpp"
#include "feedwatch/freshness/change.hpp"
#include "feedwatch/freshness/watch.hpp"

namespace feedwatch {

/// Levels, suspicion and reasons of all streams, at the moments they become true.
///
/// The slot's moments are the truth; the tracker stores what follows from them (level, reason,
/// since) back into the slot and logs every change with the nanosecond it began. Silence is found
/// by a deadline per stream; a tick leaves the deadline where it is, and when it comes too early it
/// is moved. One thread; holds no slot, no clock.
class Tracker {
 public:
  /// The two halves of one stream's state, both changed in place.
  struct Subject {
    StreamId stream;
    Slot& slot;
    Watch& watch;
  };

  explicit Tracker(ChangeLog& log) : log_(log) {}

  /// A stream begins to be watched: limits, first-tick deadline, level unknown.
  void begin(Subject subject, MonoTime now);
  /// It is watched no longer: the level ends as unknown, reason unconfigured.
  void end(Subject subject, MonoTime now);
  void on_policy(Subject subject, MonoTime now);
  void on_acknowledged(Subject subject, MonoTime now);
  void on_feed_reason(Subject subject, Reason reason, MonoTime now);

  /// Everything that became true up to `now`; call before evidence of moment `now` is stored.
  void advance(Subject subject, MonoTime now);
  /// How evidence reached us: whatever its stamps say, its sender was not silent before.
  struct Heard {
    MonoTime at;
    bool stalled = false;  ///< it had waited for our own loop
  };
  /// The slot's moments have just been renewed.
  void on_evidence(Subject subject, Heard heard, MonoTime now);
  /// Evidence that is about the stream but must not be stored.
  void on_rejected(Subject subject, MonoTime now);

  MonoTime next_deadline() const { return heap_.next(); }
  /// Index of the stream whose deadline comes first. Precondition: there is one.
  std::uint32_t next_index() const { return heap_.top().number; }
  void on_deadline(Subject subject, MonoTime now);

 private:
  void arm(Subject subject);
  void transition(Subject subject, Level to, MonoTime at);
  void recover(Subject subject, MonoTime now);
  void clear_suspicion(Subject subject, MonoTime now);
  void refresh_reason(Subject subject, MonoTime now);
  void log(Subject subject, StreamChange change);

  ChangeLog& log_;
  DeadlineHeap heap_;
};

}  // namespace feedwatch
