#include "feedwatch/exchange/limits.hpp"

#include <algorithm>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::exchange {
namespace {

/// Forgets what is `age` old or older: the window is half open, so N per second allows the N+1st
/// message exactly one second after the first.
void forget(std::deque<MonoTime>& times, MonoTime now, Duration age) {
  while (!times.empty() && now - times.front() >= age) times.pop_front();
}

}  // namespace

std::optional<Duration> DialGate::on_dial(MonoTime now) {
  if (now < banned_until_) return banned_until_ - now;
  forget(recent_, now, limit_.window);
  if (limit_.count == 0 || recent_.size() < limit_.count) {
    if (limit_.count != 0) recent_.push_back(now);
    return std::nullopt;
  }
  recent_.clear();
  banned_until_ = plus(now, ban_);
  ++bans_;
  return ban_;
}

bool MessageMeter::on_message(MonoTime now) {
  ++total_;
  forget(second_, now, 1s);
  if (second_.size() < max_remembered) second_.push_back(now);
  max_per_second_ = std::max(max_per_second_, static_cast<std::uint32_t>(second_.size()));
  if (limit_.count == 0) return true;
  forget(window_, now, limit_.window);
  if (window_.size() <= limit_.count) window_.push_back(now);
  return window_.size() <= limit_.count;
}

}  // namespace feedwatch::exchange
