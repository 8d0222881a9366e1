#pragma once

#include <array>
#include <string_view>
#include <variant>

#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::store {

// What SQLite and PostgreSQL are asked alike. Placeholders are numbered in the order they first
// appear, so that both bind by position.

/// How a row is written, by its place in JournalRow; values in the order of bind_fields. An upsert
/// by id, not INSERT OR REPLACE: replacing would also silently remove an open alert of the same
/// identity under another id, which has to be an error.
inline constexpr std::array<std::string_view, std::variant_size_v<JournalRow>> insert_sql{
    "INSERT INTO alerts (id, name, identity, severity, state, message, metadata, labels, "
    "started_at, updated_at, resolved_at, acked_at, acked_by, ack_comment) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
    "ON CONFLICT (id) DO UPDATE SET name = excluded.name, identity = excluded.identity, "
    "severity = excluded.severity, state = excluded.state, message = excluded.message, "
    "metadata = excluded.metadata, labels = excluded.labels, started_at = excluded.started_at, "
    "updated_at = excluded.updated_at, resolved_at = excluded.resolved_at, "
    "acked_at = excluded.acked_at, acked_by = excluded.acked_by, "
    "ack_comment = excluded.ack_comment",

    "INSERT INTO alert_transitions (alert_id, at, from_state, to_state, severity, message) "
    "VALUES ($1, $2, $3, $4, $5, $6)",

    "INSERT INTO notifications (id, alert_id, sink, state, payload, attempts, created_at, "
    "finished_at, last_error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
    "ON CONFLICT (id) DO UPDATE SET alert_id = excluded.alert_id, sink = excluded.sink, "
    "state = excluded.state, payload = excluded.payload, attempts = excluded.attempts, "
    "created_at = excluded.created_at, finished_at = excluded.finished_at, "
    "last_error = excluded.last_error",

    "INSERT INTO stream_transitions (stream, at, from_level, to_level, reason, fault, "
    "age_seconds, merged) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",

    "INSERT INTO repairs (id, stream, step, line, started_at, ended_at, ok, detail, topics, "
    "gap_seconds) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
    "ON CONFLICT (id) DO UPDATE SET stream = excluded.stream, step = excluded.step, "
    "line = excluded.line, started_at = excluded.started_at, ended_at = excluded.ended_at, "
    "ok = excluded.ok, detail = excluded.detail, topics = excluded.topics, "
    "gap_seconds = excluded.gap_seconds",

    "INSERT INTO silences (id, matchers, starts_at, ends_at, created_at, updated_at, created_by, "
    "comment) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
    "ON CONFLICT (id) DO UPDATE SET matchers = excluded.matchers, "
    "starts_at = excluded.starts_at, ends_at = excluded.ends_at, "
    "created_at = excluded.created_at, updated_at = excluded.updated_at, "
    "created_by = excluded.created_by, comment = excluded.comment",

    "INSERT INTO pulses (name, mark, at, detail, count) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (name, mark) DO UPDATE SET count = pulses.count + excluded.count, "
    "detail = CASE WHEN excluded.at >= pulses.at THEN excluded.detail ELSE pulses.detail END, "
    "at = CASE WHEN excluded.at >= pulses.at THEN excluded.at ELSE pulses.at END",

    "INSERT INTO aged_monitoring_events (id, aged_position_id, event_type, market_price, "
    "target_price, price_distance_percent, action_taken, success, error_message, "
    "event_metadata, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
    "ON CONFLICT (id) DO UPDATE SET aged_position_id = excluded.aged_position_id, "
    "event_type = excluded.event_type, market_price = excluded.market_price, "
    "target_price = excluded.target_price, "
    "price_distance_percent = excluded.price_distance_percent, "
    "action_taken = excluded.action_taken, success = excluded.success, "
    "error_message = excluded.error_message, event_metadata = excluded.event_metadata, "
    "created_at = excluded.created_at",

    "INSERT INTO positions (venue, symbol, id, side, entry_price, quantity, opened_at, owner, "
    "ttl_seconds, registered_at, updated_at, expires_at, closed_at, strategy, trailing_rule, "
    "aged_rule, listed_by) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) "
    "ON CONFLICT (venue, symbol, id) DO UPDATE SET side = excluded.side, "
    "entry_price = excluded.entry_price, quantity = excluded.quantity, "
    "opened_at = excluded.opened_at, owner = excluded.owner, "
    "ttl_seconds = excluded.ttl_seconds, registered_at = excluded.registered_at, "
    "updated_at = excluded.updated_at, expires_at = excluded.expires_at, "
    "closed_at = excluded.closed_at, strategy = excluded.strategy, "
    "trailing_rule = excluded.trailing_rule, aged_rule = excluded.aged_rule, "
    "listed_by = excluded.listed_by",

    "INSERT INTO trailing_stops (venue, symbol, id, opened_at, state, peak, stop, confirmed_stop, "
    "activation_confirmed, last_number, decisions, updated_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
    "ON CONFLICT (venue, symbol, id) DO UPDATE SET opened_at = excluded.opened_at, "
    "state = excluded.state, peak = excluded.peak, stop = excluded.stop, "
    "confirmed_stop = excluded.confirmed_stop, "
    "activation_confirmed = excluded.activation_confirmed, last_number = excluded.last_number, "
    "decisions = excluded.decisions, updated_at = excluded.updated_at",

    "INSERT INTO aged_positions (venue, symbol, id, opened_at, phase, reached, exited, decisions, "
    "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
    "ON CONFLICT (venue, symbol, id) DO UPDATE SET opened_at = excluded.opened_at, "
    "phase = excluded.phase, reached = excluded.reached, exited = excluded.exited, "
    "decisions = excluded.decisions, updated_at = excluded.updated_at",

    "INSERT INTO position_decisions (id, venue, symbol, position, opened_at, number, rule, type, "
    "price, stop, peak, target, phase, receive_age_seconds, event_age_seconds, source, reason, "
    "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
    "$17, $18) ON CONFLICT (id) DO NOTHING"};

/// A small record of the StateStore: key, value, moment.
inline constexpr std::string_view upsert_state_sql =
    "INSERT INTO state (key, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (key) "
    "DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";

inline constexpr std::string_view select_state_sql = "SELECT key, value FROM state ORDER BY key";

/// The record a probe writes, reads back and deletes.
inline constexpr std::string_view probe_key = "feedwatch.probe";

// The columns of one row, in the order read_* expects them, for "SELECT " + columns + " FROM …".
inline constexpr std::string_view alert_columns =
    "id, name, identity, severity, state, message, metadata, labels, started_at, updated_at, "
    "resolved_at, acked_at, acked_by, ack_comment";
inline constexpr std::string_view alert_transition_columns =
    "alert_id, at, from_state, to_state, severity, message";
inline constexpr std::string_view notification_columns =
    "id, alert_id, sink, state, payload, attempts, created_at, finished_at, last_error";
inline constexpr std::string_view stream_transition_columns =
    "seq, stream, at, from_level, to_level, reason, fault, age_seconds, merged";
inline constexpr std::string_view repair_columns =
    "id, stream, step, line, started_at, ended_at, ok, detail, topics, gap_seconds";
inline constexpr std::string_view silence_columns =
    "id, matchers, starts_at, ends_at, created_at, updated_at, created_by, comment";
inline constexpr std::string_view pulse_columns = "name, mark, at, detail, count";
inline constexpr std::string_view aged_event_columns =
    "id, aged_position_id, event_type, market_price, target_price, price_distance_percent, "
    "action_taken, success, error_message, event_metadata, created_at";
inline constexpr std::string_view trailing_stop_columns =
    "venue, symbol, id, opened_at, state, peak, stop, confirmed_stop, activation_confirmed, "
    "last_number, decisions, updated_at";
inline constexpr std::string_view aged_position_columns =
    "venue, symbol, id, opened_at, phase, reached, exited, decisions, updated_at";
inline constexpr std::string_view decision_columns =
    "seq, id, venue, symbol, position, opened_at, number, rule, type, price, stop, peak, target, "
    "phase, receive_age_seconds, event_age_seconds, source, reason, created_at";
inline constexpr std::string_view position_columns =
    "venue, symbol, id, side, entry_price, quantity, opened_at, owner, ttl_seconds, "
    "registered_at, updated_at, expires_at, closed_at, strategy, trailing_rule, aged_rule, "
    "listed_by";

/// What is deleted when it is older than $1, at most $2 at a time.
struct RetentionRule {
  std::string_view sql;
  bool is_key = false;  ///< older than the retention of idempotency keys, not of rows
};

inline constexpr std::array retention_rules{
    RetentionRule{"DELETE FROM committed_batches WHERE idempotency_key IN (SELECT idempotency_key "
                  "FROM committed_batches WHERE committed_at < $1 LIMIT $2)",
                  true},
    RetentionRule{"DELETE FROM stream_transitions WHERE seq IN (SELECT seq FROM stream_transitions "
                  "WHERE at < $1 LIMIT $2)"},
    RetentionRule{"DELETE FROM repairs WHERE id IN (SELECT id FROM repairs WHERE started_at < $1 "
                  "LIMIT $2)"},
    RetentionRule{"DELETE FROM alert_transitions WHERE seq IN (SELECT t.seq FROM "
                  "alert_transitions t JOIN alerts a ON a.id = t.alert_id WHERE "
                  "a.state = 'resolved' AND a.updated_at < $1 LIMIT $2)"},
    RetentionRule{"DELETE FROM notifications WHERE id IN (SELECT id FROM notifications WHERE "
                  "state <> 'pending' AND created_at < $1 LIMIT $2)"},
    RetentionRule{
        "DELETE FROM silences WHERE id IN (SELECT id FROM silences WHERE ends_at < $1 LIMIT $2)"},
    RetentionRule{"DELETE FROM pulses WHERE (name, mark) IN (SELECT name, mark FROM pulses WHERE "
                  "at < $1 LIMIT $2)"},
    RetentionRule{"DELETE FROM aged_monitoring_events WHERE id IN (SELECT id FROM "
                  "aged_monitoring_events WHERE created_at < $1 LIMIT $2)"},
    RetentionRule{"DELETE FROM positions WHERE (venue, symbol, id) IN (SELECT venue, symbol, id "
                  "FROM positions WHERE closed_at < $1 LIMIT $2)"},
    // Of a position that is gone; of one that is open they stay, however long nothing changes.
    RetentionRule{"DELETE FROM trailing_stops WHERE (venue, symbol, id) IN (SELECT t.venue, "
                  "t.symbol, t.id FROM trailing_stops t WHERE t.updated_at < $1 AND NOT EXISTS "
                  "(SELECT 1 FROM positions p WHERE p.venue = t.venue AND p.symbol = t.symbol AND "
                  "p.id = t.id) LIMIT $2)"},
    RetentionRule{"DELETE FROM aged_positions WHERE (venue, symbol, id) IN (SELECT t.venue, "
                  "t.symbol, t.id FROM aged_positions t WHERE t.updated_at < $1 AND NOT EXISTS "
                  "(SELECT 1 FROM positions p WHERE p.venue = t.venue AND p.symbol = t.symbol AND "
                  "p.id = t.id) LIMIT $2)"},
    RetentionRule{"DELETE FROM position_decisions WHERE id IN (SELECT id FROM position_decisions "
                  "WHERE created_at < $1 LIMIT $2)"},
    // Last, and only without transitions: they are found through their alert.
    RetentionRule{"DELETE FROM alerts WHERE id IN (SELECT id FROM alerts a WHERE "
                  "state = 'resolved' AND updated_at < $1 AND NOT EXISTS (SELECT 1 FROM "
                  "alert_transitions t WHERE t.alert_id = a.id) LIMIT $2)"}};

inline constexpr std::int64_t retention_slice = 500;  ///< rows of one rule in one transaction

}  // namespace feedwatch::store
