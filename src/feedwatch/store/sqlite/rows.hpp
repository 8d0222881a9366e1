#pragma once

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/store/sqlite/database.hpp"

namespace feedwatch::store {

/// Writes journal rows through prepared statements of one connection.
class RowWriter {
 public:
  explicit RowWriter(Database& db);
  void write(const JournalRow& row);

 private:
  void write_row(const AlertRow& row);
  void write_row(const AlertTransitionRow& row);
  void write_row(const NotificationRow& row);
  void write_row(const StreamTransitionRow& row);
  void write_row(const RepairRow& row);
  void write_row(const SilenceRow& row);
  void write_row(const PulseRow& row);
  void write_row(const AgedMonitoringEventRow& row);

  Statement alert_;
  Statement alert_transition_;
  Statement notification_;
  Statement stream_transition_;
  Statement repair_;
  Statement silence_;
  Statement pulse_;
  Statement aged_event_;
};

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

AlertRow read_alert(const Statement& row);
AlertTransitionRow read_alert_transition(const Statement& row);
NotificationRow read_notification(const Statement& row);
StreamTransitionRow read_stream_transition(const Statement& row);  ///< column 0 is seq
RepairRow read_repair(const Statement& row);
SilenceRow read_silence(const Statement& row);
PulseRow read_pulse(const Statement& row);
AgedMonitoringEventRow read_aged_event(const Statement& row);

}  // namespace feedwatch::store
