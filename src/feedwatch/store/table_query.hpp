#pragma once

#include <fmt/format.h>

#include <limits>
#include <mutex>
#include <utility>

#include "feedwatch/store/query.hpp"
#include "feedwatch/store/row_fields.hpp"
#include "feedwatch/store/row_sql.hpp"

namespace feedwatch::store {

/// Query over the tables of either database, one call at a time.
///
/// `Link` is one connection: `list(read, sql, values…)` answers a vector of what `read` makes of
/// each row, or an Error. Owns the link.
template <class Link>
class TableQuery final : public Query {
 public:
  template <class... Args>
  explicit TableQuery(Args&&... args) : link_(std::forward<Args>(args)...) {}
  Link& link() { return link_; }

  Result<std::vector<AlertRow>> open_alerts() override {
    return list(alert_of, alert_columns,
                "alerts WHERE state <> 'resolved' ORDER BY started_at, id");
  }

  Result<std::vector<NotificationRow>> pending_notifications(std::size_t limit) override {
    return list(notification_of, notification_columns,
                "notifications WHERE state = 'pending' ORDER BY created_at, id LIMIT $1",
                count(limit));
  }

  Result<std::vector<AlertRow>> alerts(std::size_t limit,
                                       const std::optional<StartPlace>& after) override {
    return list(alert_of, alert_columns,
                "alerts WHERE (started_at, id) < ($1, $2) "
                "ORDER BY started_at DESC, id DESC LIMIT $3",
                after ? after->started_at : wall_from_ns(end_of_time),
                after ? after->id : std::string{}, count(limit));
  }

  Result<std::vector<AlertRow>> resolved_alerts(std::size_t limit) override {
    return list(alert_of, alert_columns,
                "alerts WHERE state = 'resolved' ORDER BY resolved_at DESC, id DESC LIMIT $1",
                count(limit));
  }

  Result<std::optional<AlertRow>> alert(const std::string& id) override {
    return first(list(alert_of, alert_columns, "alerts WHERE id = $1", id));
  }

  Result<std::vector<AlertTransitionRow>> alert_transitions(const std::string& id) override {
    return list([](const auto& row) { return read_alert_transition(row); },
                alert_transition_columns, "alert_transitions WHERE alert_id = $1 ORDER BY seq", id);
  }

  Result<std::vector<NotificationRow>> notifications(const std::string& alert_id) override {
    return list(notification_of, notification_columns,
                "notifications WHERE alert_id = $1 ORDER BY created_at, id", alert_id);
  }

  Result<std::vector<Numbered<StreamTransitionRow>>> stream_transitions(
      const std::string& stream, std::size_t limit,
      const std::optional<TransitionPlace>& after) override {
    const auto read = [](const auto& row) {
      return Numbered<StreamTransitionRow>{row.integer(0), read_stream_transition(row)};
    };
    const WallTime at = after ? after->at : wall_from_ns(end_of_time);
    const std::int64_t seq = after ? after->seq : 0;
    // Two texts: SQLite plans without the values, and would walk all streams for one.
    if (stream.empty()) {
      return list(
          read, stream_transition_columns,
          "stream_transitions WHERE (at, seq) < ($1, $2) ORDER BY at DESC, seq DESC LIMIT $3", at,
          seq, count(limit));
    }
    return list(read, stream_transition_columns,
                "stream_transitions WHERE stream = $1 AND (at, seq) < ($2, $3) "
                "ORDER BY at DESC, seq DESC LIMIT $4",
                stream, at, seq, count(limit));
  }

  Result<std::vector<RepairRow>> repairs(const std::string& stream, std::size_t limit,
                                         const std::optional<StartPlace>& after) override {
    const auto read = [](const auto& row) { return read_repair(row); };
    const WallTime at = after ? after->started_at : wall_from_ns(end_of_time);
    const std::string id = after ? after->id : std::string{};
    if (stream.empty()) {
      return list(read, repair_columns,
                  "repairs WHERE (started_at, id) < ($1, $2) "
                  "ORDER BY started_at DESC, id DESC LIMIT $3",
                  at, id, count(limit));
    }
    return list(read, repair_columns,
                "repairs WHERE stream = $1 AND (started_at, id) < ($2, $3) "
                "ORDER BY started_at DESC, id DESC LIMIT $4",
                stream, at, id, count(limit));
  }

  Result<std::vector<SilenceRow>> silences(std::size_t limit) override {
    return list([](const auto& row) { return read_silence(row); }, silence_columns,
                "silences ORDER BY ends_at DESC, id LIMIT $1", count(limit));
  }

  Result<std::vector<PulseRow>> pulses() override {
    return list([](const auto& row) { return read_pulse(row); }, pulse_columns,
                "pulses ORDER BY name, mark");
  }

  Result<std::optional<WallTime>> get_last_signal_time(const std::string& name) override {
    return first(list([](const auto& row) { return row.time(0); }, "at",
                      "pulses WHERE name = $1 AND mark <> 'failed' ORDER BY at DESC LIMIT 1",
                      name));
  }

  Result<std::vector<AgedMonitoringEventRow>> aged_monitoring_events(
      const std::string& aged_position_id, std::size_t limit) override {
    return list([](const auto& row) { return read_aged_event(row); }, aged_event_columns,
                "aged_monitoring_events WHERE ($1 = '' OR aged_position_id = $1) "
                "ORDER BY created_at DESC, id DESC LIMIT $2",
                aged_position_id, count(limit));
  }

  Result<std::vector<TrailingStopRow>> trailing_stops() override {
    return list([](const auto& row) { return read_trailing_stop(row); }, trailing_stop_columns,
                std::string("trailing_stops t") + of_open_position);
  }

  Result<std::vector<AgedPositionRow>> aged_positions() override {
    return list([](const auto& row) { return read_aged_position(row); }, aged_position_columns,
                std::string("aged_positions t") + of_open_position);
  }

  Result<std::vector<Numbered<PositionDecisionRow>>> decisions(std::int64_t after,
                                                               std::size_t limit) override {
    const auto read = [](const auto& row) {
      return Numbered<PositionDecisionRow>{row.integer(0), read_decision(row)};
    };
    return list(read, decision_columns, "position_decisions WHERE seq > $1 ORDER BY seq LIMIT $2",
                after, count(limit));
  }

  Result<std::vector<PositionRow>> open_positions() override {
    return list([](const auto& row) { return read_position(row); }, position_columns,
                "positions WHERE closed_at IS NULL ORDER BY venue, symbol, id");
  }

 private:
  static constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();
  static constexpr auto alert_of = [](const auto& row) { return read_alert(row); };
  static constexpr auto notification_of = [](const auto& row) { return read_notification(row); };
  static constexpr const char* of_open_position =
      " WHERE EXISTS (SELECT 1 FROM positions p WHERE p.venue = t.venue AND p.symbol = t.symbol "
      "AND p.id = t.id AND p.closed_at IS NULL) ORDER BY venue, symbol, id";
  static std::int64_t count(std::size_t limit) { return static_cast<std::int64_t>(limit); }

  template <class Read, class... Args>
  auto list(Read read, std::string_view columns, std::string_view rest, const Args&... args) {
    const std::lock_guard lock(mutex_);
    return link_.list(read, fmt::format("SELECT {} FROM {}", columns, rest), args...);
  }

  template <class Row>
  static Result<std::optional<Row>> first(Result<std::vector<Row>> rows) {
    if (!rows) return std::unexpected(std::move(rows.error()));
    return rows->empty() ? std::nullopt : std::optional{std::move(rows->front())};
  }

  std::mutex mutex_;
  Link link_;
};

}  // namespace feedwatch::store
