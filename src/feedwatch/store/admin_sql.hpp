#pragma once

#include <array>
#include <string_view>

namespace feedwatch::store {

inline constexpr std::array<std::string_view, 10> table_names{
    "alerts",  "alert_transitions", "notifications", "stream_transitions",
    "repairs", "silences",          "pulses",        "aged_monitoring_events",
    "state",   "committed_batches"};

/// Rows that contradict each other: a question whose answers are ids, and what is wrong with them.
struct Contradiction {
  std::string_view what;
  std::string_view sql;  ///< $1: alerts that ended before are being pruned
};

inline constexpr std::array contradictions{
    Contradiction{"does not have one row of its firing and one of its end",
                  "SELECT a.id FROM alerts a JOIN (SELECT alert_id, "
                  "sum(CASE WHEN from_state NOT IN ('firing', 'acknowledged') AND "
                  "to_state = 'firing' THEN 1 ELSE 0 END) "
                  "AS begun, sum(CASE WHEN to_state = 'resolved' THEN 1 ELSE 0 END) AS ended "
                  "FROM alert_transitions GROUP BY alert_id) t ON t.alert_id = a.id "
                  "WHERE a.updated_at > $1 AND (t.begun <> 1 OR "
                  "t.ended <> CASE WHEN a.state = 'resolved' THEN 1 ELSE 0 END) "
                  "ORDER BY a.id LIMIT 20"},
    Contradiction{"is to be delivered and has no alert",
                  "SELECT n.id FROM notifications n LEFT JOIN alerts a ON a.id = n.alert_id "
                  "WHERE n.state = 'pending' AND a.id IS NULL AND n.created_at > $1 "
                  "ORDER BY n.id LIMIT 20"}};

}  // namespace feedwatch::store
