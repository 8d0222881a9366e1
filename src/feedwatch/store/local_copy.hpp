#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "feedwatch/store/query.hpp"
#include "feedwatch/store/sqlite/sqlite_backend.hpp"

namespace feedwatch::store {

/// What the next start has to know, on our own disk, for a database that may be out of reach then:
/// alerts, notifications, silences, pulses and state, in a SQLite file of the state directory.
///
/// Written after the database (or the spool) has a batch, so it is never ahead of them, and behind
/// by what flush() has not written yet. It is a copy: damage to it, or a disk that does not take
/// it, costs nothing while the database can be reached; then it is made anew from there. One
/// thread, the writer's.
class LocalCopy {
 public:
  /// Opens or creates it; a file that cannot be used is moved aside. `truth` reads the database.
  static Result<std::unique_ptr<LocalCopy>> open(const StoreOptions& options,
                                                 std::unique_ptr<Query> truth, WallTime now);
  static std::filesystem::path file_in(const std::filesystem::path& state_dir);

  /// The rows of `group` that a start needs; in memory until flush().
  void keep(std::span<const JournalBatch* const> group);
  void flush(WallTime now);
  /// Records of the state; `sent`: the database has them too.
  void keep_state(const StateRecords& records, bool sent, WallTime now);

  BackendResult<StateRecords> state();
  /// Whether the state here is newer than the database's: it ended while that was down.
  bool has_unsent_state() const { return unsent_; }
  BackendResult<std::vector<AlertRow>> open_alerts() { return backend_->open_alerts(); }

  /// What the database knows and nobody here has heard of: alerts that are open, or that still have
  /// to be told, with the notifications to deliver.
  struct Stranger {
    AlertRow alert;
    std::vector<NotificationRow> pending;
  };
  Result<std::vector<Stranger>> strangers();

  /// Makes it anew from the database.
  void refresh(const StateRecords& state, WallTime now);
  /// A write failed: it has to be refreshed before it is worth anything.
  bool stale() const { return stale_; }

 private:
  LocalCopy(std::filesystem::path file, std::unique_ptr<SqliteBackend> backend,
            std::unique_ptr<Query> truth);
  Result<bool> knows(const std::string& alert_id);

  std::filesystem::path file_;
  std::unique_ptr<SqliteBackend> backend_;
  std::unique_ptr<Query> truth_;
  JournalBatch waiting_;
  bool stale_ = false;
  bool unsent_ = false;
};

}  // namespace feedwatch::store
