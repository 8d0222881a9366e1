#include "feedwatch/alert/lane.hpp"

#include <algorithm>

namespace feedwatch::alert {
namespace {

const std::string& identity_in(const Waiting& waiting) {
  return waiting.parcel.notice->identity;
}

bool is_untold_beginning(const Waiting& waiting) {
  return waiting.untold && !waiting.parcel.notice->resolved();
}

}  // namespace

Lane::Added Lane::add(Waiting waiting, std::uint64_t number, MonoTime now) {
  Chain& chain = chains_[identity_in(waiting)];
  waiting.untold = waiting.untold && waiting.parcel.fresh;
  if (auto joined = join(chain, waiting, now)) return std::move(*joined);
  chain.numbers.push_back(number);
  const bool first = !chain.busy && chain.numbers.size() == 1;
  waiting_.emplace(number, std::move(waiting));
  if (first) enter(number);
  return {.taken = true, .number = number, .replaced = {}};
}

bool Lane::has_place(const std::string& identity, const std::string& alert) const {
  const auto chain = chains_.find(identity);
  return chain != chains_.end() && place_of(chain->second, alert).has_value();
}

std::optional<std::uint64_t> Lane::place_of(const Chain& chain, const std::string& alert) const {
  if (chain.numbers.empty()) return std::nullopt;
  const Parcel& last = waiting_.at(chain.numbers.back()).parcel;
  if (last.row.alert_id != alert || !last.fresh || last.notice->resolved()) return std::nullopt;
  return chain.numbers.back();
}

/// Later news of the alert that waits last: it takes the place, or both are off.
std::optional<Lane::Added> Lane::join(const Chain& chain, Waiting& waiting, MonoTime now) {
  const auto place = place_of(chain, waiting.parcel.row.alert_id);
  if (!place) return std::nullopt;
  const std::uint64_t last = *place;
  const Waiting& earlier = waiting_.at(last);
  Added added;
  if (waiting.parcel.notice->resolved() && earlier.untold && earlier.not_before > now) {
    added.replaced = earlier.parcel.row;
    remove(last);
    return added;
  }
  added.taken = true;
  added.number = last;
  added.replaced = replace(last, std::move(waiting));
  return added;
}

NotificationRow Lane::replace(std::uint64_t number, Waiting waiting) {
  Waiting& place = waiting_.at(number);
  const bool listed = groups_.contains(place.parcel.group) &&
                      chains_.at(identity_in(place)).numbers.front() == number &&
                      !chains_.at(identity_in(place)).busy;
  if (listed) leave(number);
  NotificationRow row = std::move(place.parcel.row);
  waiting.added = place.added;
  waiting.not_before = std::min(waiting.not_before, place.not_before);
  waiting.untold = place.untold;
  place = std::move(waiting);
  if (place.untold && place.parcel.notice->resolved()) untold_ends_.insert(number);
  if (listed) enter(number);
  return row;
}

void Lane::committed(std::uint64_t number) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end() || found->second.committed) return;
  found->second.committed = true;
  const auto group = groups_.find(found->second.parcel.group);
  if (group == groups_.end()) return;
  const auto time = group->second.by_time.find(found->second.not_before);
  if (time == group->second.by_time.end() || !time->second.contains(number)) return;
  --group->second.uncommitted;
  relist(group->first, group->second);
}

void Lane::hurry(MonoTime now) {
  std::vector<std::uint64_t> listed;
  for (const auto& [name, group] : groups_) {
    for (const auto& [time, numbers] : group.by_time) {
      listed.insert(listed.end(), numbers.begin(), numbers.end());
    }
  }
  for (const std::uint64_t number : listed) leave(number);
  for (auto& [number, waiting] : waiting_) {
    waiting.not_before = std::min(waiting.not_before, now);
  }
  for (const std::uint64_t number : listed) enter(number);
}

/// A head of a chain: it may be in the next message of its group.
void Lane::enter(std::uint64_t number) {
  const Waiting& waiting = waiting_.at(number);
  Group& group = groups_[waiting.parcel.group];
  group.by_time[waiting.not_before].insert(number);
  if (!waiting.committed) ++group.uncommitted;
  relist(waiting.parcel.group, group);
}

void Lane::leave(std::uint64_t number) {
  const Waiting& waiting = waiting_.at(number);
  const auto entry = groups_.find(waiting.parcel.group);
  Group& group = entry->second;
  const auto time = group.by_time.find(waiting.not_before);
  time->second.erase(number);
  if (time->second.empty()) group.by_time.erase(time);
  if (!waiting.committed) --group.uncommitted;
  relist(entry->first, group);
  if (group.by_time.empty()) groups_.erase(entry);
}

/// A message waits for the rows of all that may be in it, so that a group is told at once, but for
/// no longer than the store's patience with the oldest of them.
void Lane::relist(const std::string& name, Group& group) {
  MonoTime leaves = never_mono;
  if (!group.by_time.empty()) {
    const auto& [time, numbers] = *group.by_time.begin();
    leaves = time;
    if (group.uncommitted > 0) {
      leaves = std::max(time, waiting_.at(*numbers.begin()).added + patience_);
    }
  }
  if (leaves == group.listed) return;
  if (group.listed != never_mono) due_.erase({group.listed, name});
  group.listed = leaves;
  if (leaves != never_mono) due_.emplace(leaves, name);
}

MonoTime Lane::next_deadline() const {
  return due_.empty() ? never_mono : due_.begin()->first;
}

std::vector<Waiting> Lane::take_due(const std::string& group, MonoTime now, std::size_t limit) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [time, listed] : groups_.at(group).by_time) {
    if (time > now) break;
    numbers.insert(numbers.end(), listed.begin(), listed.end());
  }
  std::ranges::sort(numbers);
  numbers.resize(std::min(numbers.size(), limit));
  std::vector<Waiting> taken;
  taken.reserve(numbers.size());
  for (const std::uint64_t number : numbers) {
    leave(number);
    const auto place = waiting_.find(number);
    Chain& chain = chains_.at(identity_in(place->second));
    chain.numbers.pop_front();
    chain.busy = true;
    untold_ends_.erase(number);
    taken.push_back(std::move(place->second));
    waiting_.erase(place);
  }
  return taken;
}

void Lane::release(const std::string& identity) {
  const auto chain = chains_.find(identity);
  chain->second.busy = false;
  release_head(chain);
}

void Lane::release_head(std::map<std::string, Chain, std::less<>>::iterator chain) {
  if (chain->second.numbers.empty()) {
    chains_.erase(chain);
  } else {
    enter(chain->second.numbers.front());
  }
}

/// Out of wherever it stands.
void Lane::remove(std::uint64_t number) {
  const auto place = waiting_.find(number);
  const auto chain = chains_.find(identity_in(place->second));
  auto& numbers = chain->second.numbers;
  const bool head = !chain->second.busy && numbers.front() == number;
  if (head) leave(number);
  std::erase(numbers, number);
  untold_ends_.erase(number);
  waiting_.erase(place);
  if (head) {
    release_head(chain);
  } else if (numbers.empty() && !chain->second.busy) {
    chains_.erase(chain);
  }
}

std::vector<const Notice*> Lane::untold() const {
  std::vector<const Notice*> notices;
  for (const auto& [number, waiting] : waiting_) {
    if (is_untold_beginning(waiting)) notices.push_back(waiting.parcel.notice.get());
  }
  return notices;
}

std::optional<NotificationRow> Lane::take_back(const std::string& identity) {
  const auto chain = chains_.find(identity);
  if (chain == chains_.end() || chain->second.numbers.empty()) return std::nullopt;
  const std::uint64_t number = chain->second.numbers.back();
  const Waiting& waiting = waiting_.at(number);
  if (!is_untold_beginning(waiting)) return std::nullopt;
  NotificationRow row = waiting.parcel.row;
  remove(number);
  return row;
}

std::optional<NotificationRow> Lane::drop_untold() {
  if (untold_ends_.empty()) return std::nullopt;
  const std::uint64_t number = *untold_ends_.begin();
  NotificationRow row = waiting_.at(number).parcel.row;
  remove(number);
  return row;
}

std::optional<MonoTime> Lane::oldest() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->second.added;
}

}  // namespace feedwatch::alert
