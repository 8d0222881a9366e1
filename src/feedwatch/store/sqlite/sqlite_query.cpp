#include "feedwatch/store/sqlite/sqlite_query.hpp"

#include <fmt/format.h>

#include <mutex>

#include "feedwatch/store/sqlite/database.hpp"
#include "feedwatch/store/sqlite/rows.hpp"

namespace feedwatch::store {
namespace {

constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

class SqliteQuery final : public Query {
 public:
  explicit SqliteQuery(const std::filesystem::path& file)
      : file_(file.string()), db_(file, Database::Mode::read_only, 2s) {}

  /// Fails on a file that is no journal.
  void check() { db_.integer("SELECT count(*) FROM schema_migrations"); }

  Result<std::vector<AlertRow>> open_alerts() override {
    return list(read_alert,
                select(alert_columns, "alerts WHERE state <> 'resolved' ORDER BY started_at, id"));
  }

  Result<std::vector<NotificationRow>> pending_notifications(std::size_t limit) override {
    return list(read_notification,
                select(notification_columns,
                       "notifications WHERE state = 'pending' ORDER BY created_at, id LIMIT ?1"),
                limit);
  }

  Result<std::vector<AlertRow>> alerts(std::size_t limit,
                                       const std::optional<AlertPlace>& after) override {
    return list(read_alert,
                select(alert_columns,
                       "alerts WHERE (started_at, id) < (?1, ?2) "
                       "ORDER BY started_at DESC, id DESC LIMIT ?3"),
                after ? to_ns(after->started_at) : end_of_time, after ? after->id : "", limit);
  }

  Result<std::vector<AlertRow>> resolved_alerts(std::size_t limit) override {
    return list(read_alert,
                select(alert_columns,
                       "alerts WHERE state = 'resolved' "
                       "ORDER BY resolved_at DESC, id DESC LIMIT ?1"),
                limit);
  }

  Result<std::optional<AlertRow>> alert(const std::string& id) override {
    Result<std::vector<AlertRow>> found =
        list(read_alert, select(alert_columns, "alerts WHERE id = ?1"), id);
    if (!found) return std::unexpected(found.error());
    return found->empty() ? std::nullopt : std::optional{std::move(found->front())};
  }

  Result<std::vector<AlertTransitionRow>> alert_transitions(const std::string& id) override {
    return list(
        read_alert_transition,
        select(alert_transition_columns, "alert_transitions WHERE alert_id = ?1 ORDER BY seq"), id);
  }

  Result<std::vector<NotificationRow>> notifications(const std::string& alert_id) override {
    return list(
        read_notification,
        select(notification_columns, "notifications WHERE alert_id = ?1 ORDER BY created_at, id"),
        alert_id);
  }

  Result<std::vector<Numbered<StreamTransitionRow>>> stream_transitions(const std::string& stream,
                                                                        Page page) override {
    const auto read = [](const Statement& row) {
      return Numbered<StreamTransitionRow>{row.integer(0), read_stream_transition(row)};
    };
    return list(read,
                select(stream_transition_columns,
                       "stream_transitions WHERE (?1 = '' OR stream = ?1) AND seq < ?2 "
                       "ORDER BY seq DESC LIMIT ?3"),
                stream, page.before.value_or(end_of_time), page.limit);
  }

  Result<std::vector<RepairRow>> repairs(const std::string& stream, std::size_t limit) override {
    return list(read_repair,
                select(repair_columns,
                       "repairs WHERE (?1 = '' OR stream = ?1) "
                       "ORDER BY started_at DESC, id DESC LIMIT ?2"),
                stream, limit);
  }

  Result<std::vector<SilenceRow>> silences(std::size_t limit) override {
    return list(read_silence,
                select(silence_columns, "silences ORDER BY ends_at DESC, id LIMIT ?1"), limit);
  }

  Result<std::vector<PulseRow>> pulses() override {
    return list(read_pulse, select(pulse_columns, "pulses ORDER BY name, mark"));
  }

  Result<std::optional<WallTime>> get_last_signal_time(const std::string& name) override {
    const auto read = [](const Statement& row) { return wall_from_ns(row.integer(0)); };
    const auto found = list(read,
                            "SELECT at FROM pulses WHERE name = ?1 AND mark <> 'failed' "
                            "ORDER BY at DESC LIMIT 1",
                            name);
    if (!found) return std::unexpected(found.error());
    return found->empty() ? std::nullopt : std::optional{found->front()};
  }

  Result<std::vector<AgedMonitoringEventRow>> aged_monitoring_events(
      const std::string& aged_position_id, std::size_t limit) override {
    return list(read_aged_event,
                select(aged_event_columns,
                       "aged_monitoring_events WHERE (?1 = '' OR aged_position_id = ?1) "
                       "ORDER BY created_at DESC, id DESC LIMIT ?2"),
                aged_position_id, limit);
  }

 private:
  static std::string select(std::string_view columns, std::string_view rest) {
    return fmt::format("SELECT {} FROM {}", columns, rest);
  }

  template <class Read, class... Args>
  auto list(Read read, const std::string& sql, const Args&... args)
      -> Result<std::vector<decltype(read(std::declval<const Statement&>()))>> {
    const std::lock_guard lock(mutex_);
    try {
      std::vector<decltype(read(std::declval<const Statement&>()))> rows;
      Statement statement = db_.prepare(sql);
      statement.bind(args...);
      while (statement.step()) rows.push_back(read(statement));
      return rows;
    } catch (const SqliteFailure& failure) {
      return std::unexpected(Error{"database " + file_, failure.what(), ""});
    }
  }

  std::string file_;
  std::mutex mutex_;
  Database db_;
};

}  // namespace

Result<std::unique_ptr<Query>> open_sqlite_query(const std::filesystem::path& file) {
  try {
    auto query = std::make_unique<SqliteQuery>(file);
    query->check();
    return query;
  } catch (const SqliteFailure& failure) {
    return std::unexpected(Error{"database " + file.string(), failure.what(),
                                 "start the monitor once, or name its database in [store] url"});
  }
}

}  // namespace feedwatch::store
