#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

alert::Parcel::News news_of(alert::Change::Type type) {
  switch (type) {
    case alert::Change::Type::fired:
      return alert::Parcel::News::fired;
    case alert::Change::Type::resolved:
      return alert::Parcel::News::resolved;
    case alert::Change::Type::pending:
    case alert::Change::Type::raised:
    case alert::Change::Type::repeated:
      break;
  }
  return alert::Parcel::News::update;
}

/// A dead sink is not told that it is dead.
bool is_about(const alert::Alert& alert, const std::string& sink) {
  return alert.name == "sink_failing" && alert.labels == rules::sink_scope(sink);
}

/// Whoever asked for the alert that always fires is told of it, nobody else.
bool is_for(const alert::Alert& alert, const std::string& sink,
            const std::optional<WatchdogOptions>& watchdog) {
  if (alert.name != rules::watchdog_name) return true;
  return watchdog && std::ranges::find(watchdog->sinks, sink) != watchdog->sinks.end();
}

std::string row_id(const std::string& key, const std::string& sink) {
  return fmt::format("{}@{}", key, sink);
}

/// The inverse; the name of a sink may hold any character.
std::string key_of(const NotificationRow& row) {
  const std::string ending = "@" + row.sink;
  return row.id.substr(0, row.id.size() - (row.id.ends_with(ending) ? ending.size() : 0));
}

}  // namespace

void Control::Impl::add_notifications(const alert::Decision& decision, MonoTime now,
                                      std::vector<JournalRow>& rows) {
  const alert::Change& change = decision.change;
  const std::string key = alert::notification_key(change);
  for (std::size_t sink = 0; sink < outbox.sinks().size(); ++sink) {
    const std::string& name = outbox.sinks()[sink];
    if (is_about(change.alert, name)) continue;
    if (!is_for(change.alert, name, options.watchdog)) continue;
    alert::Parcel parcel;
    parcel.key = key;
    parcel.summary = alert::summary_of(change.alert);
    parcel.news = news_of(change.type);
    parcel.row.id = row_id(key, name);
    parcel.row.alert_id = change.alert.id;
    parcel.row.sink = name;
    parcel.row.state = "pending";
    parcel.row.payload =
        alert::webhook_payload(change, {name, options.instance, options.external_url}, anchor);
    parcel.row.created_at = anchor.at(now);
    NotificationRow row = parcel.row;
    if (outbox.add(sink, std::move(parcel), decision.notify_at, now, false)) {
      rows.emplace_back(std::move(row));
    }
  }
}

void Control::Impl::deliver(const std::vector<alert::Attempt>& attempts) {
  for (const auto& attempt : attempts) {
    ports.sinks[attempt.sink]->deliver(attempt.notification,
                                       [weak = std::weak_ptr(alive), sink = attempt.sink,
                                        number = attempt.number](const SinkResult& result) {
                                         if (const auto self = weak.lock())
                                           (*self)->on_result(sink, number, result);
                                       });
  }
}

void Control::Impl::on_result(std::size_t sink, std::uint64_t number, const SinkResult& result) {
  const MonoTime now = ports.clock.now();
  outbox.on_result(sink, number, result, now);
  if (result.status == SinkResult::Status::retry) {
    Event event;
    event.type = Event::Type::notification;
    event.at = now;
    event.subject = outbox.sinks()[sink];
    event.text = "retry: " + result.detail;
    emit(event);
  }
  run(now);
}

void Control::Impl::record_finished(MonoTime now) {
  std::vector<JournalRow> rows;
  for (auto& row : outbox.take_finished()) {
    row.finished_at = anchor.at(now);
    Event event;
    event.type = Event::Type::notification;
    event.at = now;
    event.subject = row.id;
    event.text =
        row.last_error.empty() ? row.state : fmt::format("{}: {}", row.state, row.last_error);
    emit(event);
    rows.emplace_back(std::move(row));
  }
  if (rows.empty()) return;
  journal.push({journal.next_key("notifications"), std::move(rows)},
               JournalQueue::Type::notification, now);
}

/// Written by an earlier run and perhaps even sent by it: it leaves again under the same key.
void Control::Impl::restore_notification(NotificationRow row, const std::vector<AlertRow>& alerts,
                                         MonoTime now) {
  const auto sink = std::ranges::find(outbox.sinks(), row.sink);
  if (sink == outbox.sinks().end()) {
    row.state = "failed";
    row.last_error = "the sink is not configured any more";
    row.finished_at = anchor.at(now);
    journal.push({journal.next_key("notifications"), {std::move(row)}},
                 JournalQueue::Type::notification, now);
    return;
  }
  alert::Parcel parcel;
  parcel.key = key_of(row);
  const bool is_resolved = parcel.key.find("/resolved/") != std::string::npos;
  parcel.news = is_resolved ? alert::Parcel::News::resolved : alert::Parcel::News::update;
  const auto alert = std::ranges::find(alerts, row.alert_id, &AlertRow::id);
  parcel.summary = fmt::format("[{}] {}", is_resolved ? "RESOLVED" : "FIRING",
                               alert == alerts.end() ? row.alert_id : alert->message);
  parcel.row = std::move(row);
  outbox.add(static_cast<std::size_t>(sink - outbox.sinks().begin()), std::move(parcel), now, now,
             true);
}

}  // namespace feedwatch::engine
