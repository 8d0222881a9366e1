#include "feedwatch/alert/group.hpp"

#include <algorithm>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::alert {

std::string_view group_of(const Alert& alert) {
  const auto venue = std::ranges::find(alert.labels, "venue", &Labels::value_type::first);
  return venue == alert.labels.end() ? std::string_view(alert.name)
                                     : std::string_view(venue->second);
}

void Grouping::restore(const Alert& alert) {
  ++groups_[std::string(group_of(alert))].open;
}

void Grouping::forget(const Alert& alert) {
  const auto group = groups_.find(group_of(alert));
  if (group == groups_.end()) return;
  if (group->second.open > 0) --group->second.open;
  if (group->second.open == 0) groups_.erase(group);
}

MonoTime Grouping::notify_at(const Change& change) {
  const auto group = groups_.try_emplace(std::string(group_of(change.alert))).first;
  if (change.type == Change::Type::fired) {
    if (group->second.open == 0) group->second.ready = plus(change.at, wait_);
    ++group->second.open;
  }
  const MonoTime at = std::max(change.at, group->second.ready);
  if (change.type == Change::Type::resolved && group->second.open > 0) --group->second.open;
  if (group->second.open == 0) groups_.erase(group);
  return at;
}

}  // namespace feedwatch::alert
