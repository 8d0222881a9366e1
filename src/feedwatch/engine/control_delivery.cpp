#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/group.hpp"
#include "feedwatch/alert/told.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

/// A dead sink is not told that it is dead.
bool is_about(const Notice& notice, const std::string& sink) {
  return notice.name == "sink_failing" && notice.labels == rules::sink_scope(sink);
}

std::string_view word_of(SinkResult::Status status) {
  constexpr std::array<std::string_view, 4> words{"delivered", "retry", "failed", "gone"};
  return words[static_cast<std::size_t>(status)];
}

/// Whoever asked for the alert that always fires is told of it, nobody else.
bool is_for(const Notice& notice, const std::string& sink,
            const std::optional<WatchdogOptions>& watchdog) {
  if (notice.name != rules::watchdog_name) return true;
  return watchdog && std::ranges::find(watchdog->sinks, sink) != watchdog->sinks.end();
}

constexpr std::ptrdiff_t rows_of_a_batch = 1000;

std::string row_id(const std::string& key, const std::string& sink) {
  return fmt::format("{}@{}", key, sink);
}

/// The inverse; the name of a sink may hold any character.
std::string key_of(const NotificationRow& row) {
  const std::string ending = "@" + row.sink;
  return row.id.substr(0, row.id.size() - (row.id.ends_with(ending) ? ending.size() : 0));
}

/// Of a row whose payload is of an earlier version: what the alert itself says.
std::optional<Notice> notice_of(const NotificationRow& row, const std::vector<AlertRow>& alerts) {
  if (auto notice = alert::read_notice(row.payload)) return notice;
  const auto alert = std::ranges::find(alerts, row.alert_id, &AlertRow::id);
  if (alert == alerts.end()) return std::nullopt;
  Notice notice = alert::notice_of(*alert);
  notice.key = key_of(row);
  if (notice.key.find("/resolved/") == std::string::npos) notice.resolved_at.reset();
  return notice;
}

}  // namespace

bool Control::Impl::is_told_of(std::size_t sink, const Notice& notice) const {
  const std::string& name = outbox.sinks()[sink];
  return !is_about(notice, name) && is_for(notice, name, options.watchdog) &&
         ports.sinks[sink]->takes(notice);
}

void Control::Impl::add_notifications(const alert::Decision& decision,
                                      const std::optional<alert::Severity>& told_before,
                                      MonoTime now, std::vector<JournalRow>& rows) {
  const auto notice = std::make_shared<const Notice>(alert::notice_of(decision.change, anchor));
  Notice before = *notice;
  if (told_before) before.severity = to_text(*told_before);
  const std::string record = alert::notice_record(*notice);
  for (std::size_t sink = 0; sink < outbox.sinks().size(); ++sink) {
    if (!is_told_of(sink, *notice)) continue;
    const std::string& name = outbox.sinks()[sink];
    if (resends[sink]) resends[sink]->note(*notice, now);
    alert::Parcel parcel;
    parcel.notice = notice;
    // Who takes only worse hears of the alert when it has become so.
    parcel.begins = !told_before || !is_told_of(sink, before);
    parcel.group = alert::group_key(notice->name, notice->labels);
    parcel.row.id = row_id(notice->key, name);
    parcel.row.alert_id = notice->alert_id;
    parcel.row.sink = name;
    parcel.row.state = "pending";
    parcel.row.payload = record;
    parcel.row.created_at = anchor.at(now);
    NotificationRow row = parcel.row;
    if (outbox.add(sink, std::move(parcel), decision.notify_at, now, false)) {
      rows.emplace_back(std::move(row));
    }
  }
  // What this takes the place of, or takes back, ends in the same transaction: a later run must
  // not find the beginning of an alert whose end nobody is to be told.
  take_finished(now, rows);
}

void Control::Impl::deliver(std::vector<alert::Attempt> attempts, MonoTime now) {
  for (auto& attempt : attempts) {
    attempt.notification.sent_at = anchor.at(now);
    ports.sinks[attempt.sink]->deliver(attempt.notification,
                                       [weak = std::weak_ptr(alive), sink = attempt.sink,
                                        number = attempt.number](const SinkResult& result) {
                                         if (const auto self = weak.lock())
                                           (*self)->on_result(sink, number, result);
                                       });
  }
}

void Control::Impl::resend(MonoTime now) {
  for (std::size_t sink = 0; sink < resends.size(); ++sink) {
    if (!resends[sink]) continue;
    std::optional<Notification> notification = resends[sink]->due(now);
    if (!notification) continue;
    notification->sent_at = anchor.at(now);
    ports.sinks[sink]->deliver(*notification,
                               [weak = std::weak_ptr(alive), sink](const SinkResult& result) {
                                 if (const auto self = weak.lock())
                                   (*self)->on_resent(sink, result);
                               });
  }
}

void Control::Impl::on_resent(std::size_t sink, const SinkResult& result) {
  const MonoTime now = ports.clock.now();
  outbox.observe(sink, result, now);
  resends[sink]->answered(result, now);
  run(now);
}

MonoTime Control::Impl::next_resend() const {
  MonoTime next = never_mono;
  for (const auto& resend : resends) {
    if (resend) next = std::min(next, resend->next_deadline());
  }
  return next;
}

/// An open alert that somebody else has told the sinks of.
void Control::Impl::keep_alive(const Notice& notice, MonoTime now) {
  for (std::size_t sink = 0; sink < resends.size(); ++sink) {
    if (resends[sink] && is_told_of(sink, notice)) resends[sink]->note(notice, now);
  }
}

void Control::Impl::on_result(std::size_t sink, std::uint64_t number, const SinkResult& result) {
  const MonoTime now = ports.clock.now();
  outbox.on_result(sink, number, result, now);
  if (result.status != SinkResult::Status::delivered) {
    Event event;
    event.type = Event::Type::notification;
    event.at = now;
    event.subject = outbox.sinks()[sink];
    event.text = fmt::format("{}: {}", word_of(result.status), result.detail);
    emit(event);
  }
  run(now);
}

void Control::Impl::take_finished(MonoTime now, std::vector<JournalRow>& rows) {
  for (auto& row : outbox.take_finished()) {
    row.finished_at = anchor.at(now);
    if (row.state == "delivered") {
      latencies.try_emplace(row.sink, latency_bounds)
          .first->second.observe(*row.finished_at - row.created_at);
    }
    Event event;
    event.type = Event::Type::notification;
    event.at = now;
    event.subject = row.id;
    event.text =
        row.last_error.empty() ? row.state : fmt::format("{}: {}", row.state, row.last_error);
    emit(event);
    rows.emplace_back(std::move(row));
  }
}

void Control::Impl::record_finished(MonoTime now) {
  std::vector<JournalRow> rows;
  take_finished(now, rows);
  // A silence may end ten thousand at once, and a store takes only so many rows at a time.
  for (auto from = rows.begin(); from != rows.end();) {
    const auto to = from + std::min<std::ptrdiff_t>(rows.end() - from, rows_of_a_batch);
    journal.push(
        {journal.next_key("notifications"), {std::move_iterator(from), std::move_iterator(to)}},
        JournalQueue::Type::notification, now);
    from = to;
  }
}

/// Written by an earlier run and perhaps even sent by it: it leaves again under the same key.
void Control::Impl::restore_notification(NotificationRow row, const std::vector<AlertRow>& alerts,
                                         MonoTime now) {
  const auto give_up = [&](std::string_view why) {
    row.state = "failed";
    row.last_error = why;
    row.finished_at = anchor.at(now);
    journal.push({journal.next_key("notifications"), {std::move(row)}},
                 JournalQueue::Type::notification, now);
  };
  const auto sink = std::ranges::find(outbox.sinks(), row.sink);
  if (sink == outbox.sinks().end()) return give_up("the sink is not configured any more");
  auto notice = notice_of(row, alerts);
  if (!notice) return give_up("of an earlier version, and its alert is over");
  alert::Parcel parcel;
  parcel.group = alert::group_key(notice->name, notice->labels);
  parcel.notice = std::make_shared<const Notice>(std::move(*notice));
  parcel.row = row;
  parcel.fresh = false;
  const auto number = static_cast<std::size_t>(sink - outbox.sinks().begin());
  if (!outbox.add(number, std::move(parcel), now, now, true)) {
    give_up(alert::dropped_note);
  }
}

}  // namespace feedwatch::engine
