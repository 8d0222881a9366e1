#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/feed/status.hpp"

namespace feedwatch::feed {

struct LadderOptions {
  Duration settle = 200ms;      ///< symbols that fall silent together are judged together
  std::size_t max_repairs = 3;  ///< per window, then exhausted
  Duration window = 10min;
  Duration pause = 10s;  ///< after a new line that did not help
  Duration retry = 2s;   ///< after a new line that never stood
  Duration replace_deadline = 15s;
  Duration silent_limit = 30s;  ///< a clocked, required topic silent so long is exhausted at once
};

/// The repair ladder of one topic: which step next, when, how often (semantics §7).
///
/// Smallest scope first: resubscribe, another line, replace the line, another endpoint; what there
/// is none of is left out. Every step has a deadline, and success is the first data of the new
/// epoch, told by on_success. Nothing here resets an age. Pure; owned
/// by VenueFeed.
class Ladder {
 public:
  explicit Ladder(Duration resubscribe_deadline = 3s, LadderOptions options = {})
      : options_(options), resubscribe_deadline_(resubscribe_deadline) {}

  /// Silence, or no first data. `never_past` bounds the climb for topics that only silence accuses.
  void on_suspect(MonoTime now, RepairStep never_past = RepairStep::replace_line);
  /// Evidence that the feed is well: the episode is over. A running step is judged by on_success.
  void on_cleared();
  bool suspect() const { return suspect_since_.has_value(); }
  /// Whether its silence may accuse the line too.
  bool accuses_line() const { return suspect() && never_past_ >= RepairStep::replace_line; }
  std::optional<MonoTime> suspect_since() const { return suspect_since_; }

  bool due(MonoTime now) const { return suspect_since_ && !running_ && now >= due_; }
  /// What can be tried, beside the smallest step and a new line.
  struct Choice {
    bool line_wide = false;       ///< the symptom is the line's: nothing smaller helps
    bool other_line = false;      ///< one stands that could carry the topic
    bool other_endpoint = false;  ///< the venue has more than one address
  };
  /// The step to begin now, if one is due and allowed.
  std::optional<RepairStep> due_step(MonoTime now, const Choice& choice);
  /// `topics`: how many it subscribes anew.
  const RepairStatus& begin(std::uint64_t id, RepairStep step, ConnId from, std::string line,
                            MonoTime now, std::size_t topics = 1);
  /// The step could not be begun now (no line, no budget): ask again later.
  void postpone(MonoTime until) { due_ = until; }

  const std::optional<RepairStatus>& running() const { return running_; }
  ConnId from() const { return from_; }
  /// First data of the new epoch arrived.
  RepairStatus on_success(MonoTime now);
  /// The running step failed now, whatever its deadline. `tried` = false: a new line that never
  /// stood says nothing about the topic, so it is none of its repairs and the next may follow soon
  /// (what bounds it is the budget of dials).
  RepairStatus on_failure(MonoTime now, std::string detail, bool tried = true);
  /// Nothing shows whether the step that just failed helped: its channel only speaks of changes,
  /// and there may have been none. The next suspicion goes on from here.
  void rest();
  bool overdue(MonoTime now) const { return running_ && now >= deadline_; }
  /// The running resubscription has not been sent yet: its time begins when it is.
  void not_sent_yet(MonoTime now) { deadline_ = now + resubscribe_deadline_; }

  /// True once per change of the exhausted state.
  bool take_exhausted_change();
  bool exhausted() const { return exhausted_; }
  /// A required clocked topic: tells that silence since `since` has become too long.
  void check_silence(MonoTime silent_since, MonoTime now);

  MonoTime next_deadline() const;

 private:
  void forget_old(MonoTime now);
  void set_exhausted(bool exhausted);

  LadderOptions options_;
  Duration resubscribe_deadline_;
  RepairStep step_after(const Choice& choice) const;

  std::optional<MonoTime> suspect_since_;
  RepairStep never_past_ = RepairStep::replace_line;
  std::optional<RepairStep> last_failed_;
  MonoTime due_ = never_mono;
  std::optional<RepairStatus> running_;
  ConnId from_{};
  MonoTime deadline_ = never_mono;
  std::deque<MonoTime> starts_;
  bool exhausted_ = false;
  bool exhausted_changed_ = false;
};

}  // namespace feedwatch::feed
