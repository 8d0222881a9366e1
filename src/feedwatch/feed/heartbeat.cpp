#include "feedwatch/feed/heartbeat.hpp"

#include <algorithm>
#include <charconv>

namespace feedwatch::feed {

Heartbeat::Heartbeat(const venues::VenueSheet& sheet, HeartbeatLimits limits)
    : style_(sheet.ping),
      quiet_(sheet.ping_quiet),
      busy_(sheet.ping_busy),
      server_heartbeat_(sheet.server_heartbeat),
      limits_(limits) {}

void Heartbeat::open(MonoTime now) {
  opened_ = now;
  last_frame_ = now;
}

void Heartbeat::on_pong(std::string_view payload, MonoTime now) {
  on_frame(now);
  if (!outstanding_) return;
  std::uint64_t number = oldest_payload_;
  if (!payload.empty()) {
    const auto [end, error] =
        std::from_chars(payload.data(), payload.data() + payload.size(), number);
    // A pong nobody asked for, or of a ping already answered, answers nothing.
    if (error != std::errc{} || end != payload.data() + payload.size()) return;
    if (number < oldest_payload_ || number >= next_payload_) return;
  }
  const MonoTime sent = number + 1 == next_payload_ ? *last_ping_ : *outstanding_;
  round_trip_ = now - sent;
  oldest_payload_ = number + 1;
  if (oldest_payload_ == next_payload_) {
    outstanding_.reset();
  } else {
    outstanding_ = last_ping_;
  }
}

bool Heartbeat::wants_ping(MonoTime now) const {
  if (style_ == venues::PingStyle::none || !last_frame_) return false;
  const MonoTime last_ping = last_ping_.value_or(opened_);
  if (now - last_ping >= busy_) return true;
  return now - *last_frame_ >= quiet_ && now - last_ping >= quiet_;
}

std::string Heartbeat::ping(MonoTime now) {
  last_ping_ = now;
  if (!outstanding_) {
    outstanding_ = now;
    oldest_payload_ = next_payload_;
  }
  return std::to_string(next_payload_++);
}

MonoTime Heartbeat::silence_since() const {
  return std::max(*outstanding_, last_frame_.value_or(opened_));
}

Heartbeat::Verdict Heartbeat::verdict(MonoTime now) const {
  if (!last_frame_) return Verdict::alive;
  if (style_ == venues::PingStyle::none) {
    if (server_heartbeat_ <= Duration::zero()) return Verdict::alive;
    const Duration silent = now - *last_frame_;
    if (silent > 2 * server_heartbeat_ + limits_.suspect_after) return Verdict::dead;
    return silent > 2 * server_heartbeat_ + 1s ? Verdict::suspect : Verdict::alive;
  }
  if (!outstanding_) return Verdict::alive;
  if (now - *outstanding_ >= limits_.pong_outer) return Verdict::dead;
  const Duration silent = now - silence_since();
  if (silent >= limits_.dead_after) return Verdict::dead;
  return silent >= limits_.suspect_after ? Verdict::suspect : Verdict::alive;
}

MonoTime Heartbeat::next_deadline(MonoTime now) const {
  MonoTime next = never_mono;
  const auto consider = [&](MonoTime t) {
    if (t > now && t < next) next = t;
  };
  if (!last_frame_) return next;
  if (style_ == venues::PingStyle::none) {
    if (server_heartbeat_ <= Duration::zero()) return next;
    consider(*last_frame_ + 2 * server_heartbeat_ + 1s + Duration{1});
    consider(*last_frame_ + 2 * server_heartbeat_ + limits_.suspect_after + Duration{1});
    return next;
  }
  const MonoTime last_ping = last_ping_.value_or(opened_);
  consider(last_ping + busy_);
  consider(std::max(*last_frame_, last_ping) + quiet_);
  if (outstanding_) {
    consider(*outstanding_ + limits_.pong_outer);
    consider(silence_since() + limits_.suspect_after);
    consider(silence_since() + limits_.dead_after);
  }
  return next;
}

}  // namespace feedwatch::feed
