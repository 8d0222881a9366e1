#include "feedwatch/sim/memory_ports.hpp"

#include <fmt/format.h>

#include <utility>

namespace feedwatch::sim {

std::optional<std::string> MemoryState::get(const std::string& key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional{found->second};
}

void MemoryState::put(const std::string& key, std::string value) {
  values_.insert_or_assign(key, std::move(value));
}

void MemoryJournal::set_state(State state) {
  state_ = state;
  if (state != State::up && !first_down_) first_down_ = parts_.clock.now();
}

void MemoryJournal::commit(JournalBatch batch, Done done) {
  std::expected<void, Error> result;
  const bool kept = state_ != State::down;
  if (state_ != State::up) {
    result = std::unexpected(Error{.what = "journal", .why = "down", .fix = {}});
  }
  if (kept && !std::exchange(committed_[batch.idempotency_key], true)) {
    for (const JournalRow& row : batch.rows) store(row);
  }
  parts_.log.line(parts_.clock.now(), "journal",
                  fmt::format("{} {} rows {}", result ? "commit" : "fail", batch.rows.size(),
                              batch.idempotency_key));
  parts_.host.post(parts_.clock.now() + commit_time,
                   [result, done = std::move(done)]() mutable { done(result); });
}

void MemoryJournal::store(const JournalRow& row) {
  if (const auto* const alert = std::get_if<AlertRow>(&row)) {
    alerts_.insert_or_assign(alert->id, *alert);
  } else if (const auto* const transition = std::get_if<AlertTransitionRow>(&row)) {
    alert_transitions_.push_back(*transition);
  } else if (const auto* const notification = std::get_if<NotificationRow>(&row)) {
    notifications_.insert_or_assign(notification->id, *notification);
  } else if (const auto* const level = std::get_if<StreamTransitionRow>(&row)) {
    stream_transitions_.push_back(*level);
  } else if (const auto* const repair = std::get_if<RepairRow>(&row)) {
    repairs_.insert_or_assign(repair->id, *repair);
  } else if (const auto* const silence = std::get_if<SilenceRow>(&row)) {
    silences_.insert_or_assign(silence->id, *silence);
  } else if (const auto* const event = std::get_if<AgedMonitoringEventRow>(&row)) {
    aged_events_.insert_or_assign(event->id, *event);
  } else if (const auto* const position = std::get_if<PositionRow>(&row)) {
    positions_.insert_or_assign(std::tuple(position->venue, position->symbol, position->id),
                                *position);
  } else if (const auto* const decision = std::get_if<PositionDecisionRow>(&row)) {
    decisions_.push_back(*decision);
  }
}

void MemoryJournal::read_decisions(
    std::int64_t after, std::size_t limit,
    std::move_only_function<void(Result<std::vector<WrittenDecision>>)> done) {
  Result<std::vector<WrittenDecision>> page;
  if (state_ == State::down) {
    page = std::unexpected(Error{.what = "journal", .why = "down", .fix = {}});
  } else {
    for (auto at = static_cast<std::size_t>(after); at < decisions_.size(); ++at) {
      if (page->size() == limit) break;
      page->push_back({static_cast<std::int64_t>(at) + 1, decisions_[at]});
    }
  }
  parts_.host.post(
      parts_.clock.now() + commit_time,
      [page = std::move(page), done = std::move(done)]() mutable { done(std::move(page)); });
}

void MemorySink::set_down(bool down) {
  down_ = down;
  if (down && !first_down_) first_down_ = parts_.clock.now();
}

void MemorySink::deliver(const Notification& notification, Done done) {
  SinkResult result;
  if (down_) {
    result.status = SinkResult::Status::retry;
    result.detail = "sink is down";
  } else {
    for (const Notice& notice : notification.notices) ++delivered_[notice.key];
  }
  for (const Notice& notice : notification.notices) {
    parts_.log.line(parts_.clock.now(), "sink " + name_,
                    fmt::format("{} {} {} {}", down_ ? "fail" : "deliver", notice.news,
                                notice.severity, notice.message));
  }
  parts_.host.post(parts_.clock.now() + delivery_time,
                   [result, done = std::move(done)]() mutable { done(result); });
}

}  // namespace feedwatch::sim
