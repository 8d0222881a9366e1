#include "feedwatch/feed/budget.hpp"

#include <algorithm>

namespace feedwatch::feed {

Budget Budget::share_of(const venues::RateLimit& published) {
  if (published.count == 0) return {};
  return {std::max<std::uint32_t>(1, published.count / 5), published.window};
}

bool Budget::try_spend(MonoTime now, std::uint32_t events) {
  if (next_allowed(now, events) > now) return false;
  charge(now, events);
  return true;
}

void Budget::charge(MonoTime now, std::uint32_t events) {
  if (unlimited()) return;
  spent_.insert(spent_.end(), std::min(events, count_), now);
  while (spent_.size() > count_) spent_.pop_front();
}

void Budget::refund() {
  if (!spent_.empty()) spent_.pop_back();
}

MonoTime Budget::next_allowed(MonoTime now, std::uint32_t events) const {
  const std::size_t wanted = spent_.size() + std::min(events, count_);
  if (unlimited() || events == 0 || wanted <= count_) return now;
  // An event exactly one window old has left the window.
  return std::max(now, spent_[wanted - count_ - 1] + window_);
}

Duration Budget::time_for(std::size_t events) const {
  if (unlimited()) return {};
  return window_ * static_cast<std::int64_t>(events) / count_;
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

void Budget::restore_spent(MonoTime when) {
  spent_.assign(count_, when);
}

std::vector<Duration> Budget::ages(MonoTime now) const {
  std::vector<Duration> result;
  for (const MonoTime t : spent_) {
    if (t + window_ > now) result.push_back(now - t);
  }
  return result;
}

}  // namespace feedwatch::feed
