#include "feedwatch/store/sqlite/rows.hpp"

#include "feedwatch/store/labels_text.hpp"

namespace feedwatch::store {
namespace {

std::optional<WallTime> maybe_time(const Statement& row, int column) {
  const std::optional<std::int64_t> ns = row.maybe_integer(column);
  return ns ? std::optional{wall_from_ns(*ns)} : std::nullopt;
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
          "started_at, updated_at, resolved_at) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
          "ON CONFLICT (id) DO UPDATE SET name = excluded.name, identity = excluded.identity, "
          "severity = excluded.severity, state = excluded.state, message = excluded.message, "
          "metadata = excluded.metadata, labels = excluded.labels, "
          "started_at = excluded.started_at, updated_at = excluded.updated_at, "
          "resolved_at = excluded.resolved_at")),
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
          "topics = excluded.topics, gap_seconds = excluded.gap_seconds")) {}

void RowWriter::write(const JournalRow& row) {
  std::visit([this](const auto& each) { write_row(each); }, row);
}

void RowWriter::write_row(const AlertRow& row) {
  alert_
      .bind(row.id, row.name, row.identity, row.severity, row.state, row.message, row.metadata,
            labels_json(row.labels), row.started_at, row.updated_at, row.resolved_at)
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
          .resolved_at = maybe_time(row, 10)};
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
  const std::optional<std::int64_t> ok = row.maybe_integer(6);
  return {.id = row.text(0),
          .stream = row.text(1),
          .step = row.text(2),
          .line = row.text(3),
          .started_at = time_of(row, 4),
          .ended_at = maybe_time(row, 5),
          .ok = ok ? std::optional{*ok != 0} : std::nullopt,
          .detail = row.text(7),
          .topics = row.integer(8),
          .gap_seconds = row.maybe_real(9)};
}

}  // namespace feedwatch::store
