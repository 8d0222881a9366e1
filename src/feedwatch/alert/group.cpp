#include "feedwatch/alert/group.hpp"

#include <algorithm>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::alert {
namespace {

bool is_urgent(const Change& change) {
  if (change.type == Change::Type::raised) return change.alert.severity == Severity::critical;
  return change.type == Change::Type::fired && change.alert.name == "monitor_suspect";
}

}  // namespace

Labels group_labels(std::string_view name, const Labels& labels) {
  const auto venue = std::ranges::find(labels, "venue", &Labels::value_type::first);
  if (venue != labels.end()) return {*venue};
  return {{"alertname", std::string(name)}};
}

std::string group_key(std::string_view name, const Labels& labels) {
  return identity_of("", group_labels(name, labels));
}

void Grouping::restore(const Alert& alert) {
  ++groups_[group_key(alert.name, alert.labels)].open;
}

void Grouping::forget(const Alert& alert) {
  const auto group = groups_.find(group_key(alert.name, alert.labels));
  if (group == groups_.end()) return;
  if (group->second.open > 0) --group->second.open;
  if (group->second.open == 0) groups_.erase(group);
}

MonoTime Grouping::notify_at(const Change& change) {
  const auto entry = groups_.try_emplace(group_key(change.alert.name, change.alert.labels)).first;
  Group& group = entry->second;
  if (change.type == Change::Type::fired) ++group.open;
  const MonoTime at =
      is_urgent(change) ? next_urgent(group, change.at) : next_message(group, change.at);
  if (change.type == Change::Type::resolved && group.open > 0) --group.open;
  if (group.open == 0) groups_.erase(entry);
  return at;
}

MonoTime Grouping::next_message(Group& group, MonoTime at) const {
  if (at > group.leaves) {
    const bool told = group.leaves != MonoTime::min();
    const MonoTime gathered = plus(at, options_.wait);
    group.leaves = told ? std::max(gathered, plus(group.leaves, options_.interval)) : gathered;
  }
  return group.leaves;
}

MonoTime Grouping::next_urgent(Group& group, MonoTime at) const {
  if (at > group.urgent) group.urgent = plus(at, options_.urgent_wait);
  return group.urgent;
}

}  // namespace feedwatch::alert
