#pragma once

#include <filesystem>

#include "feedwatch/store/backend.hpp"
#include "feedwatch/store/sqlite/database.hpp"
#include "feedwatch/store/sqlite/file_lock.hpp"
#include "feedwatch/store/sqlite/migrate.hpp"
#include "feedwatch/store/sqlite/rows.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::store {

/// SQLite behind the Backend port: WAL, synchronous FULL for what must survive a power
/// cut and NORMAL for telemetry, STRICT tables. Created on the thread
/// that opens the store, used by the writer thread only.
class SqliteBackend final : public Backend {
 public:
  /// Locks the file for this process, opens it and brings its schema up to date.
  static Result<std::unique_ptr<SqliteBackend>> open(
      const std::filesystem::path& file, const StoreOptions& options, WallTime now,
      std::span<const Migration> migrations = sqlite_migrations());

  BackendResult<std::vector<BatchOutcome>> commit(std::span<const JournalBatch* const> group,
                                                  WallTime now) override;
  BackendResult<void> put_state(const StateRecords& records, WallTime now) override;
  BackendResult<void> probe(WallTime now) override;
  BackendResult<bool> prune(WallTime now) override;
  BackendResult<StateRecords> load_state() override;
  BackendResult<std::vector<AlertRow>> open_alerts() override;
  /// All there is gives way to `rows` and `state`, in one transaction.
  BackendResult<void> replace(std::span<const JournalRow> rows, const StateRecords& state,
                              WallTime now);
  void interrupt() override { db_.interrupt(); }
  void hurry() override { db_.hurry(); }

 private:
  SqliteBackend(FileLock lock, Database db, const StoreOptions& options);
  BatchOutcome apply(const JournalBatch& batch, WallTime now);
  void sync_commits(bool on);

  FileLock lock_;  // released last
  Database db_;
  Duration key_retention_;
  Duration row_retention_;
  bool sync_alerts_;
  bool syncs_ = false;  ///< synchronous is FULL
  RowWriter rows_;
  Statement insert_key_;
  Statement upsert_state_;
};

}  // namespace feedwatch::store
