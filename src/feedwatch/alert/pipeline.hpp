#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/alert/group.hpp"
#include "feedwatch/alert/lifecycle.hpp"

namespace feedwatch::alert {

struct PipelineOptions {
  LifecycleOptions lifecycle;
  GroupOptions group = {};
  /// A finding whose cause has ended has so long to end as well: streams come back one by one
  /// within moments of their venue. Below the one second semantics §9 allows.
  Duration release_after = 900ms;
};

/// A change somebody is to be told of, and not before when.
struct Decision {
  Change change;
  MonoTime notify_at{};
};

/// The stages between a rule's finding and a notification: inhibit, hold and linger, group.
///
/// Findings are put with observe() and taken back with clear(); settle() runs the stages in order.
/// A finding held back by a cause is kept, and fires `release_after` the settle() in which its
/// cause has ended. One owner, not thread-safe; told `now`; holds one entry per finding that is
/// true. A settle() costs by what has moved since the last, not by what there is.
class Pipeline {
 public:
  explicit Pipeline(PipelineOptions options);

  /// Other times from now on.
  void set_options(const PipelineOptions& options);
  void restore(Alert alert, MonoTime now);
  /// As Lifecycle: what an earlier run knew beside its rows.
  void remember(const std::vector<Remembered>& memory, MonoTime now) {
    lifecycle_.remember(memory, now);
  }
  std::vector<Remembered> memory() { return lifecycle_.memory(); }
  bool memory_changed() const { return lifecycle_.memory_changed(); }
  /// As Lifecycle: an alert that another writer made, changed, or ended.
  void adopt(const Alert& alert, MonoTime now);
  void forget(const Alert& alert);
  /// True now; put again it replaces what was put before.
  void observe(Finding finding);
  void clear(std::string_view identity, MonoTime at, Evidence evidence);
  /// The subject is gone: its alert resolves in the next settle().
  void retire(std::string_view identity);
  /// Ends at `at` what was restored, has not been judged in this run, and has no subject any more.
  void clear_orphans(const std::function<bool(const Alert&)>& is_orphan, MonoTime at);

  std::vector<Decision> settle(MonoTime now);
  MonoTime next_deadline() const;
  /// As Lifecycle::acknowledge(): the change is told by the next settle().
  bool acknowledge(std::string_view identity, std::optional<Ack> ack, MonoTime now) {
    return lifecycle_.acknowledge(identity, std::move(ack), now, told_);
  }
  /// As Lifecycle::reword().
  void reword(const Alert& told) { lifecycle_.reword(told); }

  const Alert* find(std::string_view identity) const { return lifecycle_.find(identity); }
  const Alert* find_id(std::string_view id) const { return lifecycle_.find_id(id); }
  const Finding* finding(std::string_view identity) const;
  std::vector<Alert> open() const { return lifecycle_.open(); }
  std::vector<Alert> pending() const { return lifecycle_.pending(); }
  std::size_t held() const { return held_.size(); }

 private:
  /// A finding that waits.
  struct Held {
    std::vector<std::string> causes;  ///< whose moves may release it
    std::optional<MonoTime> release;  ///< its causes have ended: until when it has to end as well
  };

  void repeat_groups(MonoTime now, std::vector<Change>& changes);
  void hold_pending_back(MonoTime now, std::vector<Change>& changes);
  void raise_due(MonoTime now, std::vector<Change>& changes);
  void raise(const std::vector<std::string>& identities, MonoTime now,
             std::vector<Change>& changes);
  bool may_fire(const Finding& finding, MonoTime now);
  void hold(const Finding& finding, const std::string& beside = {});
  void let_go(const Finding& finding, MonoTime release);
  void drop(std::string_view identity);
  std::vector<std::string> moved_children();
  void supersede(std::size_t from, MonoTime now, std::vector<Change>& changes);

  Duration release_after_;
  Lifecycle lifecycle_;
  Grouping grouping_;
  std::map<std::string, Finding, std::less<>> findings_;
  std::vector<std::string> fresh_;  ///< observed since the last settle(), in that order
  std::map<std::string, Held, std::less<>> held_;
  std::map<std::string, std::set<std::string>, std::less<>> children_;  ///< of a cause: held ones
  std::set<std::pair<MonoTime, std::string>> releases_;                 ///< of `held_`
  std::set<std::string> waiting_;                                       ///< pending, or were so
  std::vector<std::string> retired_;
  std::vector<Change> told_;  ///< made between two settles
};

}  // namespace feedwatch::alert
