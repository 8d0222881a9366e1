#include "feedwatch/alert/outbox.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "feedwatch/alert/group.hpp"
#include "feedwatch/alert/payload.hpp"
#include "feedwatch/alert/told.hpp"
#include "feedwatch/base/doubling.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::alert {
namespace {

Duration interval_of(const SinkLimits& limits) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / limits.per_second));
}

bool comes_first(const Waiting& waiting) {
  const Notice& notice = *waiting.parcel.notice;
  return !notice.resolved() && notice.severity == to_text(Severity::critical);
}

/// What a message says of its notices: as many as its sink can take, the worst of them, in order.
Notification shown(const std::vector<Waiting>& notices, std::string id, std::size_t limit) {
  const Notice& first = *notices.front().parcel.notice;
  Notification notification;
  notification.id = std::move(id);
  notification.group_key = notices.front().parcel.group;
  notification.group_labels = group_labels(first.name, first.labels);
  limit = std::max<std::size_t>(1, limit);
  const auto append = [&](bool firsts) {
    for (const Waiting& waiting : notices) {
      if (notification.notices.size() == limit) return;
      if (comes_first(waiting) == firsts) notification.notices.push_back(*waiting.parcel.notice);
    }
  };
  append(true);
  append(false);
  notification.resolved = static_cast<std::size_t>(std::ranges::count_if(
      notices, [](const Waiting& waiting) { return waiting.parcel.notice->resolved(); }));
  notification.firing = notices.size() - notification.resolved;
  return notification;
}

}  // namespace

Outbox::Outbox(OutboxOptions options, std::vector<Target> sinks)
    : options_(options), random_(options.seed) {
  for (Target& sink : sinks) {
    names_.push_back(std::move(sink.name));
    posts_.push_back({.limits = sink.limits,
                      .lane = Lane(options_.store_patience),
                      .tried = {},
                      .retries = {},
                      .in_flight = {},
                      .refused = {},
                      .health = {},
                      .counters = {}});
  }
}

bool Outbox::add(std::size_t sink, Parcel parcel, MonoTime not_before, MonoTime now,
                 bool committed) {
  Post& post = posts_.at(sink);
  const std::string alert = parcel.row.alert_id;
  const Notice& notice = *parcel.notice;
  if (notice.resolved()) {
    if (post.refused.erase(alert) > 0) return false;  // nobody was told it fired
  } else if (post.lane.size() + post.tried_notices >= options_.max_pending &&
             !post.lane.has_place(notice.identity, alert) && !make_room(post)) {
    if (notice.news == "fired") post.refused.insert(alert);
    ++post.counters.dropped;
    return false;
  }
  const std::string row_id = parcel.row.id;
  // The first it is offered of the alert, whatever the news.
  const bool begins = post.refused.erase(alert) > 0 || parcel.begins;
  Lane::Added added = post.lane.add({.parcel = std::move(parcel),
                                     .added = now,
                                     .not_before = not_before,
                                     .committed = committed,
                                     .untold = begins},
                                    next_number_++, now);
  if (added.replaced) {
    ++post.counters.replaced;
    finish(std::move(*added.replaced), "failed",
           std::string(added.taken ? replaced_note : ended_note));
  }
  if (added.taken && !committed)
    uncommitted_.insert_or_assign(row_id, std::pair{sink, added.number});
  return added.taken;
}

std::map<std::string, Outbox::Untold> Outbox::untold() const {
  std::map<std::string, Untold> all;
  for (std::size_t sink = 0; sink < posts_.size(); ++sink) {
    for (const Notice* notice : posts_[sink].lane.untold()) {
      Untold& one = all[notice->identity];
      one.notice = notice;
      one.sinks.push_back(sink);
    }
  }
  return all;
}

void Outbox::take_back(const std::string& identity, const std::string& why) {
  for (Post& post : posts_) {
    if (auto row = post.lane.take_back(identity)) finish(std::move(*row), "failed", why);
  }
}

void Outbox::committed(const std::string& row_id) {
  const auto found = uncommitted_.find(row_id);
  if (found == uncommitted_.end()) return;
  posts_[found->second.first].lane.committed(found->second.second);
  uncommitted_.erase(found);
}

void Outbox::hurry(MonoTime now) {
  for (Post& post : posts_) post.lane.hurry(now);
}

/// The token bucket, kept as the moment it would be full again: a message may leave while that is
/// at most burst − 1 intervals away.
MonoTime Outbox::token_at(const Post& post) const {
  if (post.paced_until == MonoTime::min()) return post.paced_until;
  const auto spare = static_cast<std::int64_t>(std::max<std::size_t>(1, post.limits.burst) - 1);
  return plus(post.paced_until, -interval_of(post.limits) * spare);
}

std::vector<Attempt> Outbox::due(MonoTime now) {
  std::vector<Attempt> attempts;
  for (std::size_t sink = 0; sink < posts_.size(); ++sink) {
    Post& post = posts_[sink];
    if (post.in_flight && post.attempt_began + options_.attempt_limit <= now) {
      fail(post, {SinkResult::Status::retry, "no answer", std::nullopt}, now);
    }
    if (post.in_flight || post.blocked_until > now || token_at(post) > now) continue;
    if (const auto number = next_batch(post, now)) attempts.push_back(begin(sink, *number, now));
  }
  return attempts;
}

/// The message that has been due for longest.
std::optional<std::uint64_t> Outbox::next_batch(Post& post, MonoTime now) {
  const MonoTime fresh = post.lane.next_deadline();
  const MonoTime again = post.retries.empty() ? never_mono : post.retries.begin()->first;
  if (std::min(fresh, again) > now) return std::nullopt;
  if (fresh <= again) return form_batch(post, std::string(post.lane.next_group()), now);
  const std::uint64_t number = post.retries.begin()->second;
  post.retries.erase(post.retries.begin());
  return number;
}

std::uint64_t Outbox::form_batch(Post& post, const std::string& group, MonoTime now) {
  const std::size_t limit = post.limits.counts_rest ? options_.max_pending
                                                    : std::max<std::size_t>(1, post.limits.notices);
  Batch batch;
  batch.notices = post.lane.take_due(group, now, limit);
  std::vector<std::string_view> keys;
  keys.reserve(batch.notices.size());
  for (const Waiting& waiting : batch.notices) {
    keys.push_back(waiting.parcel.notice->key);
    if (!waiting.committed) uncommitted_.erase(waiting.parcel.row.id);
  }
  batch.id = set_key(keys);
  post.tried_notices += batch.notices.size();
  const std::uint64_t number = next_number_++;
  post.tried.emplace(number, std::move(batch));
  return number;
}

Attempt Outbox::begin(std::size_t sink, std::uint64_t number, MonoTime now) {
  Post& post = posts_[sink];
  Batch& batch = post.tried.at(number);
  ++batch.attempts;
  for (Waiting& waiting : batch.notices) ++waiting.parcel.row.attempts;
  post.in_flight = number;
  post.attempt_began = now;
  post.paced_until = plus(std::max(post.paced_until, now), interval_of(post.limits));
  return {sink, number, shown(batch.notices, batch.id, post.limits.notices)};
}

void Outbox::on_result(std::size_t sink, std::uint64_t number, const SinkResult& result,
                       MonoTime now) {
  Post& post = posts_.at(sink);
  const bool expected = post.in_flight == number;
  if (!post.tried.contains(number)) return;  // ended meanwhile
  if (result.status == SinkResult::Status::delivered) {
    // Also when it comes after the attempt was given up: delivered is delivered.
    if (expected) post.in_flight.reset();
    observe(sink, result, now);
    post.blocked_until = MonoTime::min();
    finish_batch(post, number, "delivered", "");
  } else if (expected) {
    fail(post, result, now);
  }
}

void Outbox::observe(std::size_t sink, const SinkResult& result, MonoTime now) {
  Post& post = posts_.at(sink);
  if (result.status != SinkResult::Status::delivered) return note_failure(post, result, now);
  post.health.consecutive_failures = 0;
  post.health.failing_since.reset();
  post.health.refused_since.reset();
  post.health.last_success = now;
}

void Outbox::note_failure(Post& post, const SinkResult& result, MonoTime now) {
  SinkHealth& health = post.health;
  ++health.consecutive_failures;
  if (!health.failing_since) health.failing_since = now;
  if (result.status != SinkResult::Status::retry && !health.refused_since) {
    health.refused_since = now;
  }
  health.last_error = result.detail;
}

void Outbox::fail(Post& post, const SinkResult& result, MonoTime now) {
  const std::uint64_t number = *std::exchange(post.in_flight, std::nullopt);
  note_failure(post, result, now);
  if (result.status == SinkResult::Status::failed) {
    finish_batch(post, number, "failed", result.detail);
    return;
  }
  ++post.counters.retries;
  const Duration pause =
      result.status == SinkResult::Status::gone ? options_.gone_pause : Duration::zero();
  const Duration asked =
      std::clamp(result.retry_after.value_or(pause), Duration::zero(), options_.retry_after_max);
  post.blocked_until = now + std::max(backoff(post.health.consecutive_failures), asked);
  Batch& batch = post.tried.at(number);
  for (Waiting& waiting : batch.notices) waiting.parcel.row.last_error = result.detail;
  batch.retry_at = now + backoff(std::min<std::uint32_t>(batch.attempts, 64));
  post.retries.emplace(batch.retry_at, number);
}

/// Half to all of first · 2^(n − 1), so that several monitors do not knock in step.
Duration Outbox::backoff(std::uint32_t failures) {
  const Duration full = doubling(options_.retry_first, options_.retry_max, failures);
  return random_.between(full / 2, full);
}

void Outbox::finish(NotificationRow row, const char* state, std::string error) {
  uncommitted_.erase(row.id);
  row.state = state;
  row.last_error = std::move(error);
  finished_.push_back(std::move(row));
}

void Outbox::finish_batch(Post& post, std::uint64_t number, const char* state,
                          const std::string& error) {
  const auto place = post.tried.find(number);
  Batch batch = std::move(place->second);
  post.retries.erase({batch.retry_at, number});
  post.tried.erase(place);
  post.tried_notices -= batch.notices.size();
  const bool arrived = std::string_view(state) == "delivered";
  (arrived ? post.counters.delivered : post.counters.failed) += batch.notices.size();
  for (Waiting& waiting : batch.notices) {
    post.lane.release(waiting.parcel.notice->identity);
    finish(std::move(waiting.parcel.row), state, error);
  }
}

bool Outbox::make_room(Post& post) {
  auto row = post.lane.drop_untold();
  if (!row) return false;
  ++post.counters.dropped;
  finish(std::move(*row), "failed", std::string(dropped_note));
  return true;
}

MonoTime Outbox::next_deadline() const {
  MonoTime next = never_mono;
  for (const Post& post : posts_) {
    if (post.in_flight) {
      next = std::min(next, post.attempt_began + options_.attempt_limit);
      continue;
    }
    const MonoTime again = post.retries.empty() ? never_mono : post.retries.begin()->first;
    const MonoTime leaves = std::min(post.lane.next_deadline(), again);
    if (leaves == never_mono) continue;
    next = std::min(next, std::max({leaves, post.blocked_until, token_at(post)}));
  }
  return next;
}

std::vector<NotificationRow> Outbox::take_finished() {
  return std::exchange(finished_, {});
}

SinkHealth Outbox::health(std::size_t sink) const {
  const Post& post = posts_.at(sink);
  SinkHealth health = post.health;
  health.pending = post.lane.size() + post.tried_notices;
  health.oldest_pending = post.lane.oldest();
  for (const auto& [number, batch] : post.tried) {
    const MonoTime added = batch.notices.front().added;
    health.oldest_pending = std::min(health.oldest_pending.value_or(added), added);
  }
  return health;
}

std::size_t Outbox::pending() const {
  std::size_t count = 0;
  for (const Post& post : posts_) count += post.lane.size() + post.tried_notices;
  return count;
}

}  // namespace feedwatch::alert
