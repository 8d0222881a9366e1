#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/alert/group.hpp"
#include "feedwatch/alert/lifecycle.hpp"

namespace feedwatch::alert {

struct PipelineOptions {
  LifecycleOptions lifecycle;
  Duration group_wait = 5s;
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
/// true.
class Pipeline {
 public:
  explicit Pipeline(PipelineOptions options);

  /// Other times from now on.
  void set_options(const PipelineOptions& options);
  void restore(Alert alert, MonoTime now);
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
  /// As Lifecycle::reword().
  void reword(const Alert& told) { lifecycle_.reword(told); }

  const Alert* find(std::string_view identity) const { return lifecycle_.find(identity); }
  const Finding* finding(std::string_view identity) const;
  std::vector<Alert> open() const { return lifecycle_.open(); }
  std::vector<Alert> pending() const { return lifecycle_.pending(); }
  std::size_t held() const { return held_.size(); }

 private:
  void hold_pending_back(MonoTime now, std::vector<Change>& changes);
  void raise_due(MonoTime now, std::vector<Change>& changes);
  bool may_fire(const Finding& finding, MonoTime now);
  void supersede(MonoTime now, std::vector<Change>& changes);

  Duration release_after_;
  Lifecycle lifecycle_;
  Grouping grouping_;
  std::map<std::string, Finding, std::less<>> findings_;
  std::vector<std::string> fresh_;  ///< observed since the last settle(), in that order
  /// Findings held back; when their cause has ended, until when they have to end as well.
  std::map<std::string, std::optional<MonoTime>, std::less<>> held_;
  std::vector<std::string> retired_;
};

}  // namespace feedwatch::alert
