#include "feedwatch/alert/pipeline.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "feedwatch/alert/inhibit.hpp"

namespace feedwatch::alert {

Pipeline::Pipeline(PipelineOptions options)
    : release_after_(options.release_after),
      lifecycle_(options.lifecycle),
      grouping_(options.group) {}

void Pipeline::set_options(const PipelineOptions& options) {
  release_after_ = options.release_after;
  lifecycle_.set_options(options.lifecycle);
  grouping_.set_options(options.group);
}

void Pipeline::restore(Alert alert, MonoTime now) {
  grouping_.restore(alert);
  lifecycle_.restore(std::move(alert), now);
}

void Pipeline::adopt(const Alert& alert, MonoTime now) {
  if (lifecycle_.adopt(alert, now)) grouping_.restore(alert);
}

void Pipeline::forget(const Alert& alert) {
  if (const Alert* known = lifecycle_.find(alert.identity);
      known == nullptr || known->state != State::firing) {
    return;
  }
  grouping_.forget(alert);
  lifecycle_.forget(alert.identity);
  // Ended by somebody although it is still true: it begins anew.
  if (findings_.contains(alert.identity)) fresh_.push_back(alert.identity);
}

void Pipeline::observe(Finding finding) {
  std::string identity = finding.identity;
  fresh_.push_back(identity);
  findings_.insert_or_assign(std::move(identity), std::move(finding));
}

void Pipeline::clear(std::string_view identity, MonoTime at, Evidence evidence) {
  if (const auto found = findings_.find(identity); found != findings_.end()) findings_.erase(found);
  drop(identity);
  lifecycle_.clear(identity, at, evidence);
}

void Pipeline::retire(std::string_view identity) {
  if (const auto found = findings_.find(identity); found != findings_.end()) findings_.erase(found);
  drop(identity);
  if (lifecycle_.find(identity) != nullptr) retired_.emplace_back(identity);
}

void Pipeline::clear_orphans(const std::function<bool(const Alert&)>& is_orphan, MonoTime at) {
  for (const auto& identity : lifecycle_.unjudged()) {
    if (is_orphan(*lifecycle_.find(identity))) lifecycle_.clear(identity, at, Evidence::seen);
  }
}

/// The order of the stages: what has ended ends first, so that what it held back is judged without
/// it; then inhibit and hold; then group.
std::vector<Decision> Pipeline::settle(MonoTime now) {
  std::vector<Change> changes = std::exchange(told_, {});
  for (const auto& identity : std::exchange(retired_, {})) {
    lifecycle_.retire(identity, now, changes);
  }
  hold_pending_back(now, changes);
  lifecycle_.on_time(now, changes);
  repeat_groups(now, changes);
  raise_due(now, changes);

  std::vector<Decision> decisions;
  decisions.reserve(changes.size());
  for (auto& change : changes) {
    if (change.type == Change::Type::pending) waiting_.insert(change.alert.identity);
    const bool is_told = change.type == Change::Type::pending ||
                         change.type == Change::Type::acknowledged ||
                         change.type == Change::Type::unacknowledged;
    const MonoTime at = is_told ? change.at : grouping_.notify_at(change);
    decisions.push_back({std::move(change), at});
  }
  return decisions;
}

/// A cause may have come up while a finding was waiting for its hold.
void Pipeline::hold_pending_back(MonoTime now, std::vector<Change>& changes) {
  std::erase_if(waiting_, [&](const std::string& identity) {
    const Alert* alert = lifecycle_.find(identity);
    if (alert == nullptr || alert->state != State::pending) return true;
    const auto found = findings_.find(identity);
    if (found == findings_.end() || !is_held_back(found->second, lifecycle_)) return false;
    lifecycle_.retire(identity, now, changes);
    hold(found->second);
    return true;
  });
}

/// A group is told again as one: its other alerts go with the first that is due.
void Pipeline::repeat_groups(MonoTime now, std::vector<Change>& changes) {
  std::set<std::string> groups;
  std::set<std::string, std::less<>> told;
  for (const Change& change : changes) {
    if (change.type != Change::Type::repeated) continue;
    groups.insert(group_key(change.alert.name, change.alert.labels));
    told.insert(change.alert.identity);
  }
  if (groups.empty()) return;
  for (const Alert& alert : lifecycle_.open()) {
    const bool due = groups.contains(group_key(alert.name, alert.labels));
    if (due && !told.contains(alert.identity)) lifecycle_.repeat(alert.identity, now, changes);
  }
}

void Pipeline::raise_due(MonoTime now, std::vector<Change>& changes) {
  std::vector<std::string> due = std::exchange(fresh_, {});
  for (auto& child : moved_children()) due.push_back(std::move(child));
  for (auto it = releases_.begin(); it != releases_.end() && it->first <= now; ++it) {
    due.push_back(it->second);
  }
  // What fires may hold others, or end what held them.
  std::size_t judged = 0;
  while (!due.empty()) {
    raise(due, now, changes);
    supersede(judged, now, changes);
    judged = changes.size();
    due = moved_children();
  }
}

void Pipeline::raise(const std::vector<std::string>& identities, MonoTime now,
                     std::vector<Change>& changes) {
  for (const auto& identity : identities) {
    const auto found = findings_.find(identity);
    if (found != findings_.end() && may_fire(found->second, now)) {
      lifecycle_.raise(found->second, now, changes);
    }
  }
}

/// Held findings one of whose causes has moved.
std::vector<std::string> Pipeline::moved_children() {
  std::vector<std::string> moved;
  for (const auto& cause : lifecycle_.take_moved()) {
    const auto children = children_.find(cause);
    if (children == children_.end()) continue;
    moved.insert(moved.end(), children->second.begin(), children->second.end());
  }
  return moved;
}

bool Pipeline::may_fire(const Finding& finding, MonoTime now) {
  if (is_held_back(finding, lifecycle_)) {
    hold(finding);
    return false;
  }
  const auto held = held_.find(finding.identity);
  if (held == held_.end()) return true;
  if (!held->second.release) let_go(finding, now + release_after_);
  if (*held->second.release > now) return false;
  drop(finding.identity);
  return true;
}

void Pipeline::hold(const Finding& finding, const std::string& beside) {
  std::vector<std::string> causes = finding.explained_by;
  causes.insert(causes.end(), finding.yields_to.begin(), finding.yields_to.end());
  if (!beside.empty()) causes.push_back(beside);
  const auto known = held_.find(finding.identity);
  if (known != held_.end() && !known->second.release && known->second.causes == causes) return;
  drop(finding.identity);
  for (const auto& cause : causes) children_[cause].insert(finding.identity);
  held_[finding.identity] = {std::move(causes), std::nullopt};
}

void Pipeline::let_go(const Finding& finding, MonoTime release) {
  held_[finding.identity].release = release;
  releases_.emplace(release, finding.identity);
}

/// Holds it no more.
void Pipeline::drop(std::string_view identity) {
  const auto held = held_.find(identity);
  if (held == held_.end()) return;
  for (const auto& cause : held->second.causes) {
    const auto children = children_.find(cause);
    if (children == children_.end()) continue;
    children->second.erase(held->first);
    if (children->second.empty()) children_.erase(children);
  }
  if (held->second.release) releases_.erase({*held->second.release, held->first});
  held_.erase(held);
}

/// Findings whose alert was replaced stay true, and wait for what replaced them.
void Pipeline::supersede(std::size_t from, MonoTime now, std::vector<Change>& changes) {
  const std::size_t end = changes.size();
  for (std::size_t i = from; i < end; ++i) {
    if (changes[i].type != Change::Type::fired) continue;
    const auto by = findings_.find(changes[i].alert.identity);
    if (by == findings_.end()) continue;
    for (const auto& replaced : by->second.replaces) {
      lifecycle_.retire(replaced, now, changes);
      const auto waits = findings_.find(replaced);
      if (waits != findings_.end()) hold(waits->second, by->first);
    }
  }
}

MonoTime Pipeline::next_deadline() const {
  if (!fresh_.empty() || !retired_.empty() || !told_.empty()) return MonoTime::min();
  const MonoTime next = lifecycle_.next_deadline();
  return releases_.empty() ? next : std::min(next, releases_.begin()->first);
}

const Finding* Pipeline::finding(std::string_view identity) const {
  const auto found = findings_.find(identity);
  return found == findings_.end() ? nullptr : &found->second;
}

}  // namespace feedwatch::alert
