#include "feedwatch/alert/pipeline.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/alert/inhibit.hpp"

namespace feedwatch::alert {

Pipeline::Pipeline(PipelineOptions options)
    : release_after_(options.release_after),
      lifecycle_(options.lifecycle),
      grouping_(options.group_wait) {}

void Pipeline::set_options(const PipelineOptions& options) {
  release_after_ = options.release_after;
  lifecycle_.set_options(options.lifecycle);
  grouping_.set_wait(options.group_wait);
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
  if (const auto found = held_.find(identity); found != held_.end()) held_.erase(found);
  lifecycle_.clear(identity, at, evidence);
}

void Pipeline::retire(std::string_view identity) {
  if (const auto found = findings_.find(identity); found != findings_.end()) findings_.erase(found);
  if (const auto found = held_.find(identity); found != held_.end()) held_.erase(found);
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
  std::vector<Change> changes;
  for (const auto& identity : std::exchange(retired_, {})) {
    lifecycle_.retire(identity, now, changes);
  }
  hold_pending_back(now, changes);
  lifecycle_.on_time(now, changes);
  raise_due(now, changes);
  supersede(now, changes);

  std::vector<Decision> decisions;
  decisions.reserve(changes.size());
  for (auto& change : changes) {
    const MonoTime at =
        change.type == Change::Type::pending ? change.at : grouping_.notify_at(change);
    decisions.push_back({std::move(change), at});
  }
  return decisions;
}

/// A cause may have come up while a finding was waiting for its hold.
void Pipeline::hold_pending_back(MonoTime now, std::vector<Change>& changes) {
  for (const Alert& alert : lifecycle_.pending()) {
    const auto found = findings_.find(alert.identity);
    if (found == findings_.end() || !is_held_back(found->second, lifecycle_)) continue;
    lifecycle_.retire(alert.identity, now, changes);
    held_.try_emplace(alert.identity);
  }
}

void Pipeline::raise_due(MonoTime now, std::vector<Change>& changes) {
  std::vector<std::string> due = std::exchange(fresh_, {});
  for (const auto& [identity, release] : held_) due.push_back(identity);
  for (const auto& identity : due) {
    const auto found = findings_.find(identity);
    if (found != findings_.end() && may_fire(found->second, now)) {
      lifecycle_.raise(found->second, now, changes);
    }
  }
}

bool Pipeline::may_fire(const Finding& finding, MonoTime now) {
  if (is_held_back(finding, lifecycle_)) {
    held_[finding.identity].reset();
    return false;
  }
  const auto held = held_.find(finding.identity);
  if (held == held_.end()) return true;
  if (!held->second) held->second = now + release_after_;
  if (*held->second > now) return false;
  held_.erase(held);
  return true;
}

/// Findings whose alert was replaced stay true, and wait for what replaced them.
void Pipeline::supersede(MonoTime now, std::vector<Change>& changes) {
  const std::size_t end = changes.size();
  for (std::size_t i = 0; i < end; ++i) {
    if (changes[i].type != Change::Type::fired) continue;
    const auto by = findings_.find(changes[i].alert.identity);
    if (by == findings_.end()) continue;
    for (const auto& replaced : by->second.replaces) {
      lifecycle_.retire(replaced, now, changes);
      if (findings_.contains(replaced)) held_.try_emplace(replaced);
    }
  }
}

MonoTime Pipeline::next_deadline() const {
  if (!fresh_.empty() || !retired_.empty()) return MonoTime::min();
  MonoTime next = lifecycle_.next_deadline();
  for (const auto& [identity, release] : held_) {
    if (release) next = std::min(next, *release);
  }
  return next;
}

const Finding* Pipeline::finding(std::string_view identity) const {
  const auto found = findings_.find(identity);
  return found == findings_.end() ? nullptr : &found->second;
}

}  // namespace feedwatch::alert
