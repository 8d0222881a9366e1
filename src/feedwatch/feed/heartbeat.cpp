#include "feedwatch/feed/heartbeat.hpp"

#include <algorithm>
#include <charconv>

namespace feedwatch::feed {

namespace {

constexpr Duration dead_after_missed = 4s;  ///< time for a replacement, and no longer

}  // namespace

Heartbeat::Heartbeat(const venues::VenueSheet& sheet, HeartbeatLimits limits)
    : style_(sheet.ping),
      quiet_(sheet.ping_quiet),
      busy_(sheet.ping_busy),
      server_heartbeat_(sheet.server_heartbeat),
      limits_(limits) {}

void Heartbeat::open(MonoTime now) {
  opened_ = now;
  last_frame_ = now;
  last_heard_ = now;
}

MonoTime Heartbeat::missed_at() const {
  if (server_heartbeat_ <= Duration::zero()) return never_mono;
  const int periods = style_ == venues::PingStyle::none ? 2 : 3;
  return last_heard_ + periods * server_heartbeat_ + 1s;
}

void Heartbeat::on_pong(std::string_view payload, MonoTime arrived, MonoTime now) {
  on_frame(now);
  if (unanswered_.empty()) return;
  const std::uint64_t oldest = next_payload_ - unanswered_.size();
  std::uint64_t number = next_payload_ - 1;
  if (!payload.empty()) {
    const auto [end, error] =
        std::from_chars(payload.data(), payload.data() + payload.size(), number);
    // A pong nobody asked for, or of a ping already answered, answers nothing.
    if (error != std::errc{} || end != payload.data() + payload.size()) return;
    if (number < oldest || number >= next_payload_) return;
  }
  const auto index = static_cast<std::ptrdiff_t>(number - oldest);
  round_trip_ = std::max(Duration::zero(), arrived - *(unanswered_.begin() + index));
  unanswered_.erase(unanswered_.begin(), unanswered_.begin() + index + 1);
}

bool Heartbeat::wants_ping(MonoTime now) const {
  if (style_ == venues::PingStyle::none || !last_frame_) return false;
  const MonoTime last_ping = last_ping_.value_or(opened_);
  if (now - last_ping >= busy_) return true;
  return now - *last_frame_ >= quiet_ && now - last_ping >= quiet_;
}

std::string Heartbeat::ping(MonoTime now) {
  last_ping_ = now;
  unanswered_.push_back(now);
  return std::to_string(next_payload_++);
}

MonoTime Heartbeat::silence_since() const {
  return std::max(unanswered_.front(), last_frame_.value_or(opened_));
}

Heartbeat::Verdict Heartbeat::verdict(MonoTime now) const {
  if (!last_frame_) return Verdict::alive;
  const MonoTime missed = missed_at();
  if (missed != never_mono && now > missed + dead_after_missed) return Verdict::dead;
  const Verdict quiet = now > missed ? Verdict::suspect : Verdict::alive;
  if (unanswered_.empty()) return quiet;
  if (now - unanswered_.front() >= limits_.pong_outer) return Verdict::dead;
  const Duration silent = now - silence_since();
  if (silent >= limits_.dead_after) return Verdict::dead;
  return silent >= limits_.suspect_after ? Verdict::suspect : quiet;
}

std::string_view Heartbeat::complaint(MonoTime now) const {
  if (now > missed_at()) return "the venue's own heartbeat is missed";
  return verdict(now) == Verdict::dead ? "no answer to a ping for 10 s"
                                       : "no answer to a ping for 5 s";
}

MonoTime Heartbeat::next_deadline(MonoTime now) const {
  MonoTime next = never_mono;
  const auto consider = [&](MonoTime t) {
    if (t > now && t < next) next = t;
  };
  if (!last_frame_) return next;
  if (const MonoTime missed = missed_at(); missed != never_mono) {
    consider(missed + Duration{1});
    consider(missed + dead_after_missed + Duration{1});
  }
  if (style_ == venues::PingStyle::none) return next;
  const MonoTime last_ping = last_ping_.value_or(opened_);
  consider(last_ping + busy_);
  consider(std::max(*last_frame_, last_ping) + quiet_);
  if (!unanswered_.empty()) {
    consider(unanswered_.front() + limits_.pong_outer);
    consider(silence_since() + limits_.suspect_after);
    consider(silence_since() + limits_.dead_after);
  }
  return next;
}

}  // namespace feedwatch::feed
