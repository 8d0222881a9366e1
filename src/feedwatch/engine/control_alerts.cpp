#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

using alert::Change;
using alert::State;

std::string_view label(const Labels& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &Labels::value_type::first);
  return found == labels.end() ? std::string_view{} : std::string_view(found->second);
}

constexpr std::string_view acknowledged = "acknowledged";

bool is_ack(Change::Type type) {
  return type == Change::Type::acknowledged || type == Change::Type::unacknowledged;
}

/// What became of it in the words of its history; an acknowledgement is told by whom.
AlertTransitionRow transition_of(const Change& change, const AlertRow& row,
                                 const WallAnchor& anchor) {
  const Change::Type type = change.type;
  AlertTransitionRow transition{
      row.id,    anchor.at(change.at), std::string(to_text(State::firing)),
      row.state, row.severity,         row.message};
  if (type == Change::Type::fired) transition.from = to_text(State::pending);
  if (type == Change::Type::unacknowledged) transition.from = acknowledged;
  if (type == Change::Type::acknowledged) {
    transition.to = acknowledged;
    transition.message = fmt::format("{}: {}", row.acked_by, row.ack_comment);
  }
  return transition;
}

/// Makes the transaction happen once: whoever tries it again uses the same.
std::string journal_key(const Change& change, const AlertRow& row, const WallAnchor& anchor) {
  std::string key = "alert/" + alert::notification_key(change, anchor);
  if (is_ack(change.type)) {
    key += fmt::format("/{}-{:x}", change.type == Change::Type::acknowledged ? "ack" : "unack",
                       static_cast<std::uint64_t>(to_ns(row.updated_at)));
  }
  return key;
}

std::string_view remark_on(Change::Type type) {
  if (type == Change::Type::repeated) return " again";
  if (type == Change::Type::acknowledged) return " acknowledged";
  return type == Change::Type::unacknowledged ? " not acknowledged any more" : "";
}

/// When the alert fired, which its id says if we made it.
std::optional<WallTime> opened_at(const AlertRow& row) {
  const std::string begin = alert::fingerprint_text(row.identity) + "-";
  std::int64_t utc = 0;
  const char* const end = row.id.data() + row.id.size();
  if (!row.id.starts_with(begin)) return std::nullopt;
  const auto [at, error] = std::from_chars(row.id.data() + begin.size(), end, utc, 16);
  if (error != std::errc{} || at != end) return std::nullopt;
  return wall_from_ns(utc);
}

alert::Alert alert_of(const AlertRow& row, const WallAnchor& anchor) {
  // UTC of the earlier run as a moment of this one's clock; never in the future.
  const auto moment = [&](WallTime at) {
    return std::min(anchor.mono, plus(anchor.mono, minus(at, anchor.wall)));
  };
  alert::Alert alert;
  alert.id = row.id;
  alert.name = rules::current_name(row.name);
  alert.identity = alert::identity_of(alert.name, row.labels);
  alert.labels = row.labels;
  alert.severity = alert::severity_from_text(row.severity);
  alert.state = alert::State::firing;
  alert.message = row.message;
  alert.metadata = row.metadata;
  alert.started = moment(row.started_at);
  alert.opened = std::max(alert.started, moment(opened_at(row).value_or(row.started_at)));
  alert.updated = moment(row.updated_at);
  if (row.acked_at) alert.ack = alert::Ack{*row.acked_at, row.acked_by, row.ack_comment};
  return alert;
}

}  // namespace

void Control::Impl::recover(Recovered recovered, MonoTime now) {
  for (auto& row : recovered.pending_notifications) {
    restore_notification(std::move(row), recovered.open_alerts, now);
  }
  for (const auto& row : recovered.open_alerts) {
    const alert::Alert alert = alert_of(row, anchor);
    const auto told = recovered.told.find(row.id);
    telling.restore(alert, told == recovered.told.end() ? alert.severity : told->second);
    pipeline.restore(alert, now);
    if (told == recovered.told.end()) {
      keep_alive(alert::notice_of(row), now);
    } else if (told->second) {
      keep_alive(as_told(row, *told->second), now);
    }
  }
  pulses.restore(recovered.pulses);
  if (ports.state != nullptr) {
    const auto bytes = ports.state->get(std::string(memory_key));
    std::vector<alert::Resolved> over;
    for (const AlertRow& row : recovered.resolved_alerts) {
      if (row.resolved_at) over.emplace_back(row.identity, *row.resolved_at);
    }
    auto memory =
        bytes ? alert::decode_memory(*bytes, anchor.wall) : std::vector<alert::Remembered>{};
    pipeline.remember(alert::without_resolved(std::move(memory), over), now);
  }
  recover_positions(recovered, now);
  for (auto& silence : recovered.silences) muting.silences.restore(std::move(silence));
  for (auto& row : recovered.resolved_alerts) {
    if (resolved.size() == kept_resolved) break;
    resolved.push_back(std::move(row));
  }
}

void Control::Impl::adopt(const AlertRow& row, std::vector<NotificationRow> notes, MonoTime now) {
  const alert::Alert* known = pipeline.find(row.identity);
  const bool is_resolved = row.state == to_text(alert::State::resolved);
  const auto ended = [&](const AlertRow& other) { return other.id == row.id; };
  // Our own end of it may have overtaken the news that it was changed.
  if (std::ranges::any_of(resolved, ended)) return withdraw(std::move(notes), now);
  take_notes(row, std::move(notes), known != nullptr && known->state == alert::State::firing, now);
  const bool is_news = is_resolved || known == nullptr || to_text(known->severity) != row.severity;
  if (is_resolved) {
    ++counted.alerts_resolved;
    pipeline.forget(alert_of(row, anchor));
    resolved.push_front(row);
    if (resolved.size() > kept_resolved) resolved.pop_back();
  } else {
    if (known == nullptr) ++counted.alerts_fired;
    pipeline.adopt(alert_of(row, anchor), now);
    // Whoever can end it does: its stream, if it is one of a rule, or nobody because it has none.
    if (const StreamTrack* track = track_of(row.labels)) {
      judge_stream(streams.at(track->status.stream), now);
    }
    orphans_waited = orphans_waited || orphans_cleared;
    orphans_cleared = false;
  }
  if (!is_news) return;
  Event event;
  event.type = Event::Type::alert;
  event.at = now;
  event.subject = row.identity;
  event.alert_state = row.state;
  event.severity = row.severity;
  event.text = fmt::format("{} {}", row.state, row.severity);
  emit(event);
}

const StreamTrack* Control::Impl::track_of(const Labels& scope) const {
  const std::string text =
      fmt::format("{}/{}/{}", label(scope, "venue"), label(scope, "symbol"), label(scope, "kind"));
  const auto named = stream_by_text.find(text);
  if (named == stream_by_text.end()) return nullptr;
  const auto track = streams.find(named->second);
  return track == streams.end() ? nullptr : &track->second;
}

/// What an earlier run left open about something this run does not watch has nobody to end it.
/// Whose venue cannot say yet which streams match its patterns may well be watched.
void Control::Impl::clear_orphans(MonoTime now) {
  if (orphans_cleared || !evaluated || now < *evaluated + orphan_delay) return;
  pipeline.clear_orphans([this](const alert::Alert& alert) { return is_orphan(alert); },
                         orphans_waited ? now : *evaluated);
  orphans_waited = any_awaits_instruments();
  orphans_cleared = !orphans_waited;
}

bool Control::Impl::any_awaits_instruments() const {
  return std::ranges::any_of(
      venues, [](const auto& entry) { return entry.second.status.awaits_instruments; });
}

bool Control::Impl::is_orphan(const alert::Alert& alert) const {
  const auto is_ours = [&](const auto& rule) { return rule.name() == alert.name; };
  if (!rules::names().contains(alert.name) && std::ranges::none_of(options.rules.custom, is_ours)) {
    // Of a rule that is configured no more, or somebody else's: let that be.
    return rules::is_custom(alert.metadata);
  }
  const std::string_view venue = label(alert.labels, "venue");
  const std::string_view symbol = label(alert.labels, "symbol");
  if (const std::string_view position = label(alert.labels, "position"); !position.empty()) {
    return positions.book().find(
               {std::string(venue), std::string(symbol), std::string(position)}) == nullptr;
  }
  if (alert.name == rules::kind_divergence_name) {
    return !options.positions.divergence ||
           !positions.holds(std::string(venue), std::string(symbol));
  }
  if (const std::string_view line = label(alert.labels, "line"); !line.empty()) {
    const auto named = [&](const auto& entry) { return entry.second.status.name == line; };
    return std::ranges::none_of(lines, named);
  }
  if (const std::string_view pulse = label(alert.labels, "pulse"); !pulse.empty()) {
    return !pulses.view(pulse, anchor.mono);
  }
  if (!symbol.empty()) {
    const auto facts = venues.find(venue);
    const bool may_come = facts != venues.end() && facts->second.status.awaits_instruments;
    return !may_come && track_of(alert.labels) == nullptr;
  }
  if (!venue.empty()) return !venues.contains(venue);
  if (const std::string_view source = label(alert.labels, "source"); !source.empty()) {
    return !sources.view(std::string(source));
  }
  if (const std::string_view webhook = label(alert.labels, "webhook"); !webhook.empty()) {
    return std::ranges::find(ports.receivers, webhook, &DecisionReceiver::name) ==
           ports.receivers.end();
  }
  const std::string_view sink = label(alert.labels, "sink");
  return !sink.empty() && std::ranges::find(outbox.sinks(), sink) == outbox.sinks().end();
}

void Control::Impl::settle(MonoTime now) {
  for (auto& decision : pipeline.settle(now)) carry_out(std::move(decision), now);
  record_finished(now);
}

/// Row, transition and outbox entries are one transaction, whose key makes it happen once.
void Control::Impl::carry_out(alert::Decision decision, MonoTime now) {
  Change& change = decision.change;
  const Change::Type type = change.type;
  const alert::Severity severity = change.alert.severity;
  if (change.alert.state != alert::State::resolved) {
    refresh_text(change.alert, now);
    pipeline.reword(change.alert);
  }

  if (type != Change::Type::pending) {
    const AlertRow row = row_of(change.alert);
    std::vector<JournalRow> rows{row};
    if (type != Change::Type::repeated) rows.emplace_back(transition_of(change, row, anchor));
    // From here on the change is what is told of it.
    std::string key = journal_key(change, row, anchor);
    const bool muted = is_muted(change.alert, now);
    const auto told_before = telling.told(change.alert.identity);
    if (telling.take(change, muted)) add_notifications(decision, told_before, now, rows);
    journal.push({std::move(key), std::move(rows)}, JournalQueue::Type::alert, now);
    if (type == Change::Type::resolved) {
      resolved.push_front(row);
      if (resolved.size() > kept_resolved) resolved.pop_back();
    }
  }

  if (type == Change::Type::pending) ++counted.alerts_pending;
  if (type == Change::Type::fired) ++counted.alerts_fired;
  if (type == Change::Type::resolved) ++counted.alerts_resolved;

  Event event;
  event.type = Event::Type::alert;
  event.at = type == Change::Type::fired ? change.alert.started : change.at;
  event.subject = change.alert.identity;
  event.alert_state = to_text(change.alert.state);
  event.severity = to_text(severity);
  event.text = fmt::format("{} {}{}", event.alert_state, event.severity, remark_on(type));
  emit(event);
}

/// A finding that was held back or has waited carries the age of the moment it was found, and an
/// alert that is repeated the words it was last told with.
void Control::Impl::refresh_text(alert::Alert& alert, MonoTime now) const {
  if (const alert::Finding* found = pipeline.finding(alert.identity)) {
    alert.message = found->message;
    alert.metadata = found->metadata;
  }
  const StreamTrack* track = track_of(alert.labels);
  if (track == nullptr) return;
  for (const auto& rule : rules::for_streams()) {
    if (rule.name != alert.name) continue;
    if (const auto finding = rule.judge(facts_of(*track, now), rule.name, rule_options)) {
      alert.message = finding->message;
      alert.metadata = finding->metadata;
    }
  }
}

AlertRow Control::Impl::row_of(const alert::Alert& alert) const {
  AlertRow row;
  row.id = alert.id;
  row.name = alert.name;
  row.identity = alert.identity;
  row.severity = to_text(alert.severity);
  row.state = to_text(alert.state);
  row.message = alert.message;
  row.metadata = alert.metadata;
  row.labels = alert.labels;
  row.started_at = anchor.at(alert.started);
  row.updated_at = anchor.at(alert.updated);
  if (alert.resolved) row.resolved_at = anchor.at(*alert.resolved);
  if (alert.ack) {
    row.acked_at = alert.ack->at;
    row.acked_by = alert.ack->by;
    row.ack_comment = alert.ack->comment;
  }
  return row;
}

}  // namespace feedwatch::engine
