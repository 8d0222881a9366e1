#include "feedwatch/store/sqlite/sqlite_backend.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace feedwatch::store {
namespace {

Error open_failure(const std::filesystem::path& file, const SqliteFailure& failure) {
  const std::string what = "database " + file.string();
  switch (failure.code()) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return {what, failure.code() == SQLITE_NOTADB ? "is not a database" : "is damaged",
              "move it away, restore a backup, or give another file in [store] url"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {what, "is locked by another process",
              "end the program that writes to it, or give another file in [store] url"};
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {what, failure.what(),
              "make the file and its directory writable for the user feedwatch runs as"};
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return {what, failure.what(), "check the disk and its free space"};
    default:
      return {what, failure.what(), "give another file in [store] url"};
  }
}

bool is_damaged(Database& db) {
  Statement check = db.prepare("PRAGMA quick_check(1)");
  return !check.step() || check.text(0) != "ok";
}

/// Whether a power cut must not lose it: more than telemetry.
bool is_precious(const JournalBatch* batch) {
  return std::ranges::any_of(batch->rows, [](const JournalRow& row) {
    return !std::holds_alternative<StreamTransitionRow>(row) &&
           !std::holds_alternative<RepairRow>(row);
  });
}

/// Runs `body`, turning SQLite's failures into the transient error of the port.
template <class Body>
auto guarded(Body body) -> BackendResult<decltype(body())> {
  try {
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      return {};
    } else {
      return body();
    }
  } catch (const SqliteFailure& failure) {
    return std::unexpected(std::string(failure.what()));
  }
}

void configure(Database& db, const StoreOptions& options) {
  db.exec("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = NORMAL");
  db.exec("PRAGMA journal_size_limit = 16777216");
  if (options.max_database_bytes > 0) {
    const std::int64_t page = std::max<std::int64_t>(db.integer("PRAGMA page_size"), 512);
    const std::int64_t limit = static_cast<std::int64_t>(options.max_database_bytes) / page;
    // A limit below the present size only means that the file may not grow.
    db.exec(fmt::format("PRAGMA max_page_count = {}", std::max<std::int64_t>(limit, 1)));
  }
}

}  // namespace

Result<std::unique_ptr<SqliteBackend>> SqliteBackend::open(const std::filesystem::path& file,
                                                           const StoreOptions& options,
                                                           WallTime now,
                                                           std::span<const Migration> migrations) {
  Result<FileLock> lock = FileLock::take(file);
  if (!lock) return std::unexpected(lock.error());
  try {
    Database db(file, Database::Mode::create, options.busy_timeout);
    // WAL is written into the file: not before it is known to be ours.
    if (Result<void> owner = check_owner(db, file.string()); !owner) {
      return std::unexpected(owner.error());
    }
    configure(db, options);
    if (Result<void> done = migrate(db, file.string(), migrations, now); !done) {
      // Damage may read as anything, as a schema of somebody else's too.
      if (is_damaged(db)) throw SqliteFailure(SQLITE_CORRUPT, "pages are damaged");
      return std::unexpected(done.error());
    }
    return std::unique_ptr<SqliteBackend>(
        new SqliteBackend(std::move(*lock), std::move(db), options));
  } catch (const SqliteFailure& failure) {
    return std::unexpected(open_failure(file, failure));
  }
}

SqliteBackend::SqliteBackend(FileLock lock, Database db, const StoreOptions& options)
    : lock_(std::move(lock)),
      db_(std::move(db)),
      key_retention_(options.key_retention),
      row_retention_(options.row_retention),
      sync_alerts_(options.sync_alerts),
      rows_(db_),
      insert_key_(db_.prepare("INSERT INTO committed_batches (idempotency_key, committed_at) "
                              "VALUES (?1, ?2) ON CONFLICT (idempotency_key) DO NOTHING")),
      upsert_state_(db_.prepare(upsert_state_sql)) {}

BackendResult<std::vector<BatchOutcome>> SqliteBackend::commit(
    std::span<const JournalBatch* const> group, WallTime now) {
  return guarded([&] {
    sync_commits(sync_alerts_ && std::ranges::any_of(group, is_precious));
    Transaction transaction(db_);
    std::vector<BatchOutcome> outcomes;
    outcomes.reserve(group.size());
    for (const JournalBatch* batch : group) outcomes.push_back(apply(*batch, now));
    transaction.commit();
    return outcomes;
  });
}

// Only outside a transaction, where SQLite takes it.
void SqliteBackend::sync_commits(bool on) {
  if (on == std::exchange(syncs_, on)) return;
  db_.exec(on ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
}

// A savepoint, so that a batch with a row the tables refuse takes none of its neighbours with it.
BatchOutcome SqliteBackend::apply(const JournalBatch& batch, WallTime now) {
  db_.exec("SAVEPOINT batch");
  try {
    if (!batch.idempotency_key.empty()) {
      insert_key_.bind(batch.idempotency_key, now).run();
      if (db_.changes() == 0) {
        db_.exec("RELEASE batch");
        return {BatchOutcome::Status::duplicate, {}};
      }
    }
    for (const JournalRow& row : batch.rows) rows_.write(row);
    db_.exec("RELEASE batch");
    return {};
  } catch (const SqliteFailure& failure) {
    if (!failure.permanent()) throw;
    const std::string why = failure.what();
    db_.exec("ROLLBACK TO batch");
    db_.exec("RELEASE batch");
    return {BatchOutcome::Status::rejected, why};
  }
}

BackendResult<void> SqliteBackend::put_state(const StateRecords& records, WallTime now) {
  return guarded([&] {
    Transaction transaction(db_);
    for (const auto& [key, value] : records) {
      upsert_state_.bind(key, Statement::Blob{value}, now).run();
    }
    transaction.commit();
  });
}

BackendResult<void> SqliteBackend::probe(WallTime now) {
  return guarded([&] {
    const std::string value = std::to_string(to_ns(now));
    upsert_state_.bind(probe_key, Statement::Blob{value}, now).run();
    Statement read = db_.prepare("SELECT value FROM state WHERE key = ?1");
    read.bind(probe_key);
    const bool same = read.step() && read.text(0) == value;
    read.reset();
    db_.prepare("DELETE FROM state WHERE key = ?1").bind(probe_key).run();
    if (!same) throw SqliteFailure(SQLITE_CORRUPT, "the probe row did not read back as written");
  });
}

BackendResult<bool> SqliteBackend::prune(WallTime now) {
  return guarded([&] {
    bool more = false;
    Transaction transaction(db_);
    for (const RetentionRule& rule : retention_rules) {
      const Duration kept = rule.is_key ? key_retention_ : row_retention_;
      db_.prepare(rule.sql).bind(now - kept, retention_slice).run();
      more = more || db_.changes() == retention_slice;
    }
    transaction.commit();
    return more;
  });
}

BackendResult<void> SqliteBackend::replace(std::span<const JournalRow> rows,
                                           const StateRecords& state, WallTime now) {
  return guarded([&] {
    Transaction transaction(db_);
    for (const char* table :
         {"alerts", "alert_transitions", "notifications", "stream_transitions", "repairs",
          "silences", "pulses", "aged_monitoring_events", "state", "committed_batches"}) {
      db_.exec(fmt::format("DELETE FROM {}", table));
    }
    for (const JournalRow& row : rows) rows_.write(row);
    for (const auto& [key, value] : state) {
      upsert_state_.bind(key, Statement::Blob{value}, now).run();
    }
    transaction.commit();
  });
}

BackendResult<StateRecords> SqliteBackend::load_state() {
  return guarded([&] {
    StateRecords records;
    Statement rows = db_.prepare(select_state_sql);
    while (rows.step()) records.emplace_back(rows.text(0), rows.text(1));
    return records;
  });
}

BackendResult<std::vector<AlertRow>> SqliteBackend::open_alerts() {
  return guarded([&] {
    std::vector<AlertRow> alerts;
    Statement rows = db_.prepare(fmt::format(
        "SELECT {} FROM alerts WHERE state <> 'resolved' ORDER BY started_at, id", alert_columns));
    while (rows.step()) alerts.push_back(read_alert(rows));
    return alerts;
  });
}

}  // namespace feedwatch::store
