#include "feedwatch/store/sqlite/rows.hpp"

#include "feedwatch/store/labels_text.hpp"

namespace feedwatch::store {
namespace {

std::optional<WallTime> maybe_time(const Statement& row, int column) {
  const std::optional<std::int64_t> ns = row.maybe_integer(column);
  return ns ? std::optional{wall_from_ns(*ns)} : std::nullopt;
}

std::optional<bool> maybe_bool(const Statement& row, int column) {
  const std::optional<std::int64_t> value = row.maybe_integer(column);
  return value ? std::optional{*value != 0} : std::nullopt;
}

WallTime time_of(const Statement& row, int column) {
  return wall_from_ns(row.integer(column));
}

}  // namespace

// An upsert by id, not INSERT OR REPLACE: replacing would also silently remove an open alert of the
// same identity under another id, which has to be an error.
RowWriter::RowWriter(Database& db)
    : alert_(db.prepare(
          "INSERT INTO alerts (id, name, identity, severity, state, message, metadata, labels, "
          "started_at, updated_at, resolved_at, acked_at, acked_by, ack_comment) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
          "ON CONFLICT (id) DO UPDATE SET name = excluded.name, identity = excluded.identity, "
          "severity = excluded.severity, state = excluded.state, message = excluded.message, "
          "metadata = excluded.metadata, labels = excluded.labels, "
          "started_at = excluded.started_at, updated_at = excluded.updated_at, "
          "resolved_at = excluded.resolved_at, acked_at = excluded.acked_at, "
          "acked_by = excluded.acked_by, ack_comment = excluded.ack_comment")),
      alert_transition_(db.prepare(
          "INSERT INTO alert_transitions (alert_id, at, from_state, to_state, severity, message) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6)")),
      notification_(db.prepare(
          "INSERT INTO notifications (id, alert_id, sink, state, payload, attempts, created_at, "
          "finished_at, last_error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
          "ON CONFLICT (id) DO UPDATE SET alert_id = excluded.alert_id, sink = excluded.sink, "
          "state = excluded.state, payload = excluded.payload, attempts = excluded.attempts, "
          "created_at = excluded.created_at, finished_at = excluded.finished_at, "
          "last_error = excluded.last_error")),
      stream_transition_(db.prepare(
          "INSERT INTO stream_transitions (stream, at, from_level, to_level, reason, fault, "
          "age_seconds, merged) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")),
      repair_(db.prepare(
          "INSERT INTO repairs (id, stream, step, line, started_at, ended_at, ok, detail, topics, "
          "gap_seconds) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
          "ON CONFLICT (id) DO UPDATE SET stream = excluded.stream, step = excluded.step, "
          "line = excluded.line, started_at = excluded.started_at, "
          "ended_at = excluded.ended_at, ok = excluded.ok, detail = excluded.detail, "
          "topics = excluded.topics, gap_seconds = excluded.gap_seconds")),
      silence_(db.prepare(
          "INSERT INTO silences (id, matchers, starts_at, ends_at, created_at, updated_at, "
          "created_by, comment) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
          "ON CONFLICT (id) DO UPDATE SET matchers = excluded.matchers, "
          "starts_at = excluded.starts_at, ends_at = excluded.ends_at, "
          "created_at = excluded.created_at, updated_at = excluded.updated_at, "
          "created_by = excluded.created_by, comment = excluded.comment")),
      pulse_(db.prepare(
          "INSERT INTO pulses (name, mark, at, detail, count) VALUES (?1, ?2, ?3, ?4, ?5) "
          "ON CONFLICT (name, mark) DO UPDATE SET count = pulses.count + excluded.count, "
          "detail = CASE WHEN excluded.at >= pulses.at THEN excluded.detail ELSE pulses.detail "
          "END, at = max(pulses.at, excluded.at)")),
      aged_event_(db.prepare(
          "INSERT INTO aged_monitoring_events (id, aged_position_id, event_type, market_price, "
          "target_price, price_distance_percent, action_taken, success, error_message, "
          "event_metadata, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
          "ON CONFLICT (id) DO UPDATE SET aged_position_id = excluded.aged_position_id, "
          "event_type = excluded.event_type, market_price = excluded.market_price, "
          "target_price = excluded.target_price, "
          "price_distance_percent = excluded.price_distance_percent, "
          "action_taken = excluded.action_taken, success = excluded.success, "
          "error_message = excluded.error_message, event_metadata = excluded.event_metadata, "
          "created_at = excluded.created_at")) {}

void RowWriter::write(const JournalRow& row) {
  std::visit([this](const auto& each) { write_row(each); }, row);
}

void RowWriter::write_row(const AlertRow& row) {
  alert_
      .bind(row.id, row.name, row.identity, row.severity, row.state, row.message, row.metadata,
            labels_json(row.labels), row.started_at, row.updated_at, row.resolved_at, row.acked_at,
            row.acked_by, row.ack_comment)
      .run();
}

void RowWriter::write_row(const AlertTransitionRow& row) {
  alert_transition_.bind(row.alert_id, row.at, row.from, row.to, row.severity, row.message).run();
}

void RowWriter::write_row(const NotificationRow& row) {
  notification_
      .bind(row.id, row.alert_id, row.sink, row.state, row.payload, row.attempts, row.created_at,
            row.finished_at, row.last_error)
      .run();
}

void RowWriter::write_row(const StreamTransitionRow& row) {
  stream_transition_
      .bind(row.stream, row.at, row.from, row.to, row.reason, row.fault, row.age_seconds,
            row.merged)
      .run();
}

void RowWriter::write_row(const RepairRow& row) {
  repair_
      .bind(row.id, row.stream, row.step, row.line, row.started_at, row.ended_at, row.ok,
            row.detail, row.topics, row.gap_seconds)
      .run();
}

void RowWriter::write_row(const SilenceRow& row) {
  silence_
      .bind(row.id, row.matchers, row.starts_at, row.ends_at, row.created_at, row.updated_at,
            row.created_by, row.comment)
      .run();
}

void RowWriter::write_row(const PulseRow& row) {
  pulse_.bind(row.name, row.mark, row.at, row.detail, row.count).run();
}

void RowWriter::write_row(const AgedMonitoringEventRow& row) {
  aged_event_
      .bind(row.id, row.aged_position_id, row.event_type, row.market_price, row.target_price,
            row.price_distance_percent, row.action_taken, row.success, row.error_message,
            row.event_metadata, row.created_at)
      .run();
}

AlertRow read_alert(const Statement& row) {
  return {.id = row.text(0),
          .name = row.text(1),
          .identity = row.text(2),
          .severity = row.text(3),
          .state = row.text(4),
          .message = row.text(5),
          .metadata = row.text(6),
          .labels = labels_from_json(row.text(7)),
          .started_at = time_of(row, 8),
          .updated_at = time_of(row, 9),
          .resolved_at = maybe_time(row, 10),
          .acked_at = maybe_time(row, 11),
          .acked_by = row.text(12),
          .ack_comment = row.text(13)};
}

AlertTransitionRow read_alert_transition(const Statement& row) {
  return {.alert_id = row.text(0),
          .at = time_of(row, 1),
          .from = row.text(2),
          .to = row.text(3),
          .severity = row.text(4),
          .message = row.text(5)};
}

NotificationRow read_notification(const Statement& row) {
  return {.id = row.text(0),
          .alert_id = row.text(1),
          .sink = row.text(2),
          .state = row.text(3),
          .payload = row.text(4),
          .attempts = row.integer(5),
          .created_at = time_of(row, 6),
          .finished_at = maybe_time(row, 7),
          .last_error = row.text(8)};
}

StreamTransitionRow read_stream_transition(const Statement& row) {
  return {.stream = row.text(1),
          .at = time_of(row, 2),
          .from = row.text(3),
          .to = row.text(4),
          .reason = row.text(5),
          .fault = row.integer(6) != 0,
          .age_seconds = row.maybe_real(7),
          .merged = row.integer(8)};
}

RepairRow read_repair(const Statement& row) {
  return {.id = row.text(0),
          .stream = row.text(1),
          .step = row.text(2),
          .line = row.text(3),
          .started_at = time_of(row, 4),
          .ended_at = maybe_time(row, 5),
          .ok = maybe_bool(row, 6),
          .detail = row.text(7),
          .topics = row.integer(8),
          .gap_seconds = row.maybe_real(9)};
}

SilenceRow read_silence(const Statement& row) {
  return {.id = row.text(0),
          .matchers = row.text(1),
          .starts_at = time_of(row, 2),
          .ends_at = time_of(row, 3),
          .created_at = time_of(row, 4),
          .updated_at = time_of(row, 5),
          .created_by = row.text(6),
          .comment = row.text(7)};
}

PulseRow read_pulse(const Statement& row) {
  return {.name = row.text(0),
          .mark = row.text(1),
          .at = time_of(row, 2),
          .detail = row.text(3),
          .count = row.integer(4)};
}

AgedMonitoringEventRow read_aged_event(const Statement& row) {
  return {.id = row.text(0),
          .aged_position_id = row.text(1),
          .event_type = row.text(2),
          .market_price = row.maybe_text(3),
          .target_price = row.maybe_text(4),
          .price_distance_percent = row.maybe_real(5),
          .action_taken = row.text(6),
          .success = maybe_bool(row, 7),
          .error_message = row.text(8),
          .event_metadata = row.text(9),
          .created_at = time_of(row, 10)};
}

}  // namespace feedwatch::store
