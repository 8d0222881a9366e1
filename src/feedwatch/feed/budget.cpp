#include "feedwatch/feed/budget.hpp"

#include <algorithm>

namespace feedwatch::feed {

Budget Budget::share_of(const venues::RateLimit& published) {
  if (published.count == 0) return {};
  return {std::max<std::uint32_t>(1, published.count / 5), published.window};
}

bool Budget::try_spend(MonoTime now) {
  if (next_allowed(now) > now) return false;
  charge(now);
  return true;
}

void Budget::charge(MonoTime now) {
  if (unlimited()) return;
  spent_.push_back(now);
  if (spent_.size() > count_) spent_.pop_front();
}

void Budget::refund() {
  if (!spent_.empty()) spent_.pop_back();
}

MonoTime Budget::next_allowed(MonoTime now) const {
  if (unlimited() || spent_.size() < count_) return now;
  // An event exactly one window old has left the window.
  return std::max(now, spent_.front() + window_);
}

std::uint32_t Budget::used(MonoTime now) const {
  return static_cast<std::uint32_t>(
      std::count_if(spent_.begin(), spent_.end(), [&](MonoTime t) { return t + window_ > now; }));
}

void Budget::restore(std::span<const Duration> ages, MonoTime now) {
  spent_.clear();
  if (unlimited()) return;
  for (const Duration age : ages) {
    if (age >= window_) continue;
    spent_.push_back(now - std::max(age, Duration::zero()));
  }
  std::ranges::sort(spent_);
  while (spent_.size() > count_) spent_.pop_front();
}

void Budget::restore_spent(MonoTime now) {
  spent_.assign(count_, now);
}

std::vector<Duration> Budget::ages(MonoTime now) const {
  std::vector<Duration> result;
  for (const MonoTime t : spent_) {
    if (t + window_ > now) result.push_back(now - t);
  }
  return result;
}

}  // namespace feedwatch::feed
