#include "feedwatch/alert/outbox.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace feedwatch::alert {

Outbox::Outbox(OutboxOptions options, std::vector<std::string> sinks)
    : names_(std::move(sinks)), lanes_(names_.size()), random_(options.seed) {
  set_options(options);
}

void Outbox::set_options(OutboxOptions options) {
  options_ = options;
  lane_bound_ =
      std::max<std::size_t>(1, options.max_pending / std::max<std::size_t>(1, lanes_.size()));
}

bool Outbox::add(std::size_t sink, Parcel parcel, MonoTime not_before, MonoTime now,
                 bool committed) {
  Lane& lane = lanes_.at(sink);
  const std::string alert = parcel.row.alert_id;
  if (parcel.news == Parcel::News::resolved) {
    if (lane.refused.erase(alert) > 0) return false;  // nobody was told it fired
  } else if (lane.refused.contains(alert)) {
    return false;
  } else if (lane.waiting.size() >= lane_bound_ && !make_room(lane)) {
    if (parcel.news == Parcel::News::fired) lane.refused.insert(alert);
    ++lane.counters.dropped;
    return false;
  }
  const std::uint64_t number = next_number_++;
  if (!committed) uncommitted_.insert_or_assign(parcel.row.id, std::pair{sink, number});
  lane.waiting.emplace(number, Waiting{std::move(parcel), now, not_before, committed, false});
  return true;
}

void Outbox::committed(const std::string& row_id) {
  const auto found = uncommitted_.find(row_id);
  if (found == uncommitted_.end()) return;
  auto& waiting = lanes_[found->second.first].waiting;
  if (const auto parcel = waiting.find(found->second.second); parcel != waiting.end()) {
    parcel->second.committed = true;
  }
  uncommitted_.erase(found);
}

void Outbox::hurry(MonoTime now) {
  for (auto& lane : lanes_) {
    for (auto& [number, waiting] : lane.waiting) {
      if (!waiting.attempted) waiting.not_before = std::min(waiting.not_before, now);
    }
  }
}

MonoTime Outbox::leaves_at(const Waiting& waiting) const {
  if (waiting.committed) return waiting.not_before;
  return std::max(waiting.not_before, waiting.added + options_.store_patience);
}

/// The oldest message that may leave and has no earlier news of its alert before it.
std::optional<std::uint64_t> Outbox::pick(const Lane& lane, MonoTime now) const {
  std::set<std::string_view> waiting_alerts;
  for (const auto& [number, waiting] : lane.waiting) {
    const bool first = waiting_alerts.insert(waiting.parcel.row.alert_id).second;
    if (first && leaves_at(waiting) <= now) return number;
  }
  return std::nullopt;
}

std::vector<Attempt> Outbox::due(MonoTime now) {
  told_ = now;
  std::vector<Attempt> attempts;
  for (std::size_t sink = 0; sink < lanes_.size(); ++sink) {
    Lane& lane = lanes_[sink];
    if (lane.in_flight && lane.attempt_began + options_.attempt_limit <= now) {
      fail(lane, {SinkResult::Status::retry, "no answer", std::nullopt}, now);
    }
    if (lane.in_flight || lane.blocked_until > now) continue;
    const auto number = pick(lane, now);
    if (!number) continue;
    Waiting& waiting = lane.waiting.at(*number);
    waiting.attempted = true;
    ++waiting.parcel.row.attempts;
    lane.in_flight = number;
    lane.attempt_began = now;
    const Parcel& parcel = waiting.parcel;
    attempts.push_back({sink,
                        *number,
                        {parcel.key, parcel.row.payload, parcel.summary,
                         parcel.news == Parcel::News::resolved ? "resolved" : "firing"}});
  }
  return attempts;
}

void Outbox::on_result(std::size_t sink, std::uint64_t number, const SinkResult& result,
                       MonoTime now) {
  Lane& lane = lanes_.at(sink);
  const bool expected = lane.in_flight == number;
  if (!lane.waiting.contains(number)) return;  // ended meanwhile
  if (result.status == SinkResult::Status::delivered) {
    // Also when it comes after the attempt was given up: delivered is delivered.
    if (expected) lane.in_flight.reset();
    lane.health.consecutive_failures = 0;
    lane.health.failing_since.reset();
    lane.health.last_success = now;
    lane.blocked_until = MonoTime::min();
    ++lane.counters.delivered;
    finish(lane, number, "delivered", "");
  } else if (expected) {
    fail(lane, result, now);
  }
}

void Outbox::fail(Lane& lane, const SinkResult& result, MonoTime now) {
  const std::uint64_t number = *std::exchange(lane.in_flight, std::nullopt);
  SinkHealth& health = lane.health;
  ++health.consecutive_failures;
  if (!health.failing_since) health.failing_since = now;
  health.last_error = result.detail;
  if (result.status == SinkResult::Status::failed) {
    ++lane.counters.failed;
    finish(lane, number, "failed", result.detail);
    return;
  }
  ++lane.counters.retries;
  const Duration asked = std::clamp(result.retry_after.value_or(Duration::zero()), Duration::zero(),
                                    options_.retry_after_max);
  lane.blocked_until = now + std::max(backoff(health.consecutive_failures), asked);
  Waiting& waiting = lane.waiting.at(number);
  waiting.parcel.row.last_error = result.detail;
  waiting.not_before =
      now +
      backoff(static_cast<std::uint32_t>(std::min<std::int64_t>(waiting.parcel.row.attempts, 64)));
}

/// Half to all of first · 2^(n − 1), so that several monitors do not knock in step.
Duration Outbox::backoff(std::uint32_t failures) {
  Duration full = options_.retry_first;
  for (std::uint32_t i = 1; i < failures && full < options_.retry_max; ++i) full *= 2;
  full = std::min(full, options_.retry_max);
  return random_.between(full / 2, full);
}

void Outbox::finish(Lane& lane, std::uint64_t number, const char* state, std::string error) {
  const auto place = lane.waiting.find(number);
  NotificationRow row = std::move(place->second.parcel.row);
  row.state = state;
  row.last_error = std::move(error);
  uncommitted_.erase(row.id);
  lane.waiting.erase(place);
  finished_.push_back(std::move(row));
}

void Outbox::drop(Lane& lane, std::uint64_t number) {
  ++lane.counters.dropped;
  finish(lane, number, "failed", "dropped: too many undelivered");
}

/// Frees a place among messages nothing was tried for: one with later news of the same alert behind
/// it, which is then a firing one overtaken by its update; or a firing one together with its end.
bool Outbox::make_room(Lane& lane) {
  std::map<std::string_view, std::uint64_t> untried;  // alert → its oldest news
  for (const auto& [number, waiting] : lane.waiting) {
    const std::string_view alert = waiting.parcel.row.alert_id;
    const auto earlier = untried.find(alert);
    if (earlier == untried.end()) {
      if (!waiting.attempted && waiting.parcel.news != Parcel::News::resolved) {
        untried.emplace(alert, number);
      }
      continue;
    }
    const std::uint64_t first = earlier->second;
    if (waiting.parcel.news != Parcel::News::resolved) {
      drop(lane, first);
      return true;
    }
    if (lane.waiting.at(first).parcel.news == Parcel::News::fired) {
      drop(lane, number);
      drop(lane, first);
      return true;
    }
  }
  return false;
}

MonoTime Outbox::next_deadline() const {
  MonoTime next = never_mono;
  for (const auto& lane : lanes_) {
    if (lane.in_flight) {
      next = std::min(next, lane.attempt_began + options_.attempt_limit);
      continue;
    }
    MonoTime leaves = never_mono;
    std::set<std::string_view> waiting_alerts;
    for (const auto& [number, waiting] : lane.waiting) {
      if (!waiting_alerts.insert(waiting.parcel.row.alert_id).second) continue;
      leaves = std::min(leaves, leaves_at(waiting));
      if (leaves <= std::max(told_, lane.blocked_until)) break;
    }
    if (leaves != never_mono) next = std::min(next, std::max(leaves, lane.blocked_until));
  }
  return next;
}

std::vector<NotificationRow> Outbox::take_finished() {
  return std::exchange(finished_, {});
}

SinkHealth Outbox::health(std::size_t sink) const {
  const Lane& lane = lanes_.at(sink);
  SinkHealth health = lane.health;
  health.pending = lane.waiting.size();
  if (!lane.waiting.empty()) health.oldest_pending = lane.waiting.begin()->second.added;
  return health;
}

std::size_t Outbox::pending() const {
  std::size_t count = 0;
  for (const auto& lane : lanes_) count += lane.waiting.size();
  return count;
}

}  // namespace feedwatch::alert
