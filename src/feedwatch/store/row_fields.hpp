#pragma once

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/store/labels_text.hpp"

namespace feedwatch::store {

// A row's values in the order of its columns, for both databases. `bind` takes them all at once;
// `Columns` reads by place: text, integer, boolean, time, and their maybe_… where NULL may stand.

template <class Bind>
void bind_fields(Bind&& bind, const AlertRow& row) {
  bind(row.id, row.name, row.identity, row.severity, row.state, row.message, row.metadata,
       labels_json(row.labels), row.started_at, row.updated_at, row.resolved_at, row.acked_at,
       row.acked_by, row.ack_comment);
}

template <class Bind>
void bind_fields(Bind&& bind, const AlertTransitionRow& row) {
  bind(row.alert_id, row.at, row.from, row.to, row.severity, row.message);
}

template <class Bind>
void bind_fields(Bind&& bind, const NotificationRow& row) {
  bind(row.id, row.alert_id, row.sink, row.state, row.payload, row.attempts, row.created_at,
       row.finished_at, row.last_error);
}

template <class Bind>
void bind_fields(Bind&& bind, const StreamTransitionRow& row) {
  bind(row.stream, row.at, row.from, row.to, row.reason, row.fault, row.age_seconds, row.merged);
}

template <class Bind>
void bind_fields(Bind&& bind, const RepairRow& row) {
  bind(row.id, row.stream, row.step, row.line, row.started_at, row.ended_at, row.ok, row.detail,
       row.topics, row.gap_seconds);
}

template <class Bind>
void bind_fields(Bind&& bind, const SilenceRow& row) {
  bind(row.id, row.matchers, row.starts_at, row.ends_at, row.created_at, row.updated_at,
       row.created_by, row.comment);
}

template <class Bind>
void bind_fields(Bind&& bind, const PulseRow& row) {
  bind(row.name, row.mark, row.at, row.detail, row.count);
}

template <class Bind>
void bind_fields(Bind&& bind, const AgedMonitoringEventRow& row) {
  bind(row.id, row.aged_position_id, row.event_type, row.market_price, row.target_price,
       row.price_distance_percent, row.action_taken, row.success, row.error_message,
       row.event_metadata, row.created_at);
}

template <class Bind>
void bind_fields(Bind&& bind, const PositionRow& row) {
  bind(row.venue, row.symbol, row.id, row.side, row.entry_price, row.quantity, row.opened_at,
       row.owner, row.ttl_seconds, row.registered_at, row.updated_at, row.expires_at, row.closed_at,
       row.strategy, row.trailing, row.aged, row.listed_by);
}

template <class Bind>
void bind_fields(Bind&& bind, const TrailingStopRow& row) {
  bind(row.venue, row.symbol, row.id, row.opened_at, row.state, row.peak, row.stop,
       row.confirmed_stop, row.activation_confirmed, row.last_number, row.decisions,
       row.updated_at);
}

template <class Bind>
void bind_fields(Bind&& bind, const AgedPositionRow& row) {
  bind(row.venue, row.symbol, row.id, row.opened_at, row.phase, row.reached, row.exited,
       row.decisions, row.updated_at);
}

template <class Bind>
void bind_fields(Bind&& bind, const PositionDecisionRow& row) {
  bind(row.id, row.venue, row.symbol, row.position, row.opened_at, row.number, row.rule, row.type,
       row.price, row.stop, row.peak, row.target, row.phase, row.receive_age_seconds,
       row.event_age_seconds, row.source, row.reason, row.created_at);
}

template <class Columns>
AlertRow read_alert(const Columns& row) {
  return {.id = row.text(0),
          .name = row.text(1),
          .identity = row.text(2),
          .severity = row.text(3),
          .state = row.text(4),
          .message = row.text(5),
          .metadata = row.text(6),
          .labels = labels_from_json(row.text(7)),
          .started_at = row.time(8),
          .updated_at = row.time(9),
          .resolved_at = row.maybe_time(10),
          .acked_at = row.maybe_time(11),
          .acked_by = row.text(12),
          .ack_comment = row.text(13)};
}

template <class Columns>
AlertTransitionRow read_alert_transition(const Columns& row) {
  return {.alert_id = row.text(0),
          .at = row.time(1),
          .from = row.text(2),
          .to = row.text(3),
          .severity = row.text(4),
          .message = row.text(5)};
}

template <class Columns>
NotificationRow read_notification(const Columns& row) {
  return {.id = row.text(0),
          .alert_id = row.text(1),
          .sink = row.text(2),
          .state = row.text(3),
          .payload = row.text(4),
          .attempts = row.integer(5),
          .created_at = row.time(6),
          .finished_at = row.maybe_time(7),
          .last_error = row.text(8)};
}

/// Column 0 is seq.
template <class Columns>
StreamTransitionRow read_stream_transition(const Columns& row) {
  return {.stream = row.text(1),
          .at = row.time(2),
          .from = row.text(3),
          .to = row.text(4),
          .reason = row.text(5),
          .fault = row.boolean(6),
          .age_seconds = row.maybe_real(7),
          .merged = row.integer(8)};
}

template <class Columns>
RepairRow read_repair(const Columns& row) {
  return {.id = row.text(0),
          .stream = row.text(1),
          .step = row.text(2),
          .line = row.text(3),
          .started_at = row.time(4),
          .ended_at = row.maybe_time(5),
          .ok = row.maybe_bool(6),
          .detail = row.text(7),
          .topics = row.integer(8),
          .gap_seconds = row.maybe_real(9)};
}

template <class Columns>
SilenceRow read_silence(const Columns& row) {
  return {.id = row.text(0),
          .matchers = row.text(1),
          .starts_at = row.time(2),
          .ends_at = row.time(3),
          .created_at = row.time(4),
          .updated_at = row.time(5),
          .created_by = row.text(6),
          .comment = row.text(7)};
}

template <class Columns>
PulseRow read_pulse(const Columns& row) {
  return {.name = row.text(0),
          .mark = row.text(1),
          .at = row.time(2),
          .detail = row.text(3),
          .count = row.integer(4)};
}

template <class Columns>
AgedMonitoringEventRow read_aged_event(const Columns& row) {
  return {.id = row.text(0),
          .aged_position_id = row.text(1),
          .event_type = row.text(2),
          .market_price = row.maybe_text(3),
          .target_price = row.maybe_text(4),
          .price_distance_percent = row.maybe_real(5),
          .action_taken = row.text(6),
          .success = row.maybe_bool(7),
          .error_message = row.text(8),
          .event_metadata = row.text(9),
          .created_at = row.time(10)};
}

template <class Columns>
TrailingStopRow read_trailing_stop(const Columns& row) {
  return {.venue = row.text(0),
          .symbol = row.text(1),
          .id = row.text(2),
          .opened_at = row.time(3),
          .state = row.text(4),
          .peak = row.text(5),
          .stop = row.maybe_text(6),
          .confirmed_stop = row.maybe_text(7),
          .activation_confirmed = row.boolean(8),
          .last_number = row.integer(9),
          .decisions = row.integer(10),
          .updated_at = row.time(11)};
}

template <class Columns>
AgedPositionRow read_aged_position(const Columns& row) {
  return {.venue = row.text(0),
          .symbol = row.text(1),
          .id = row.text(2),
          .opened_at = row.time(3),
          .phase = row.text(4),
          .reached = row.boolean(5),
          .exited = row.boolean(6),
          .decisions = row.integer(7),
          .updated_at = row.time(8)};
}

/// Column 0 is seq.
template <class Columns>
PositionDecisionRow read_decision(const Columns& row) {
  return {.id = row.text(1),
          .venue = row.text(2),
          .symbol = row.text(3),
          .position = row.text(4),
          .opened_at = row.time(5),
          .number = row.integer(6),
          .rule = row.text(7),
          .type = row.text(8),
          .price = row.maybe_text(9),
          .stop = row.maybe_text(10),
          .peak = row.maybe_text(11),
          .target = row.maybe_text(12),
          .phase = row.text(13),
          .receive_age_seconds = row.maybe_real(14),
          .event_age_seconds = row.maybe_real(15),
          .source = row.text(16),
          .reason = row.text(17),
          .created_at = row.time(18)};
}

template <class Columns>
PositionRow read_position(const Columns& row) {
  return {.venue = row.text(0),
          .symbol = row.text(1),
          .id = row.text(2),
          .side = row.text(3),
          .entry_price = row.text(4),
          .quantity = row.text(5),
          .opened_at = row.time(6),
          .owner = row.text(7),
          .ttl_seconds = row.maybe_real(8),
          .registered_at = row.time(9),
          .updated_at = row.time(10),
          .expires_at = row.maybe_time(11),
          .closed_at = row.maybe_time(12),
          .strategy = row.text(13),
          .trailing = row.text(14),
          .aged = row.text(15),
          .listed_by = row.text(16)};
}

}  // namespace feedwatch::store
