#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/store/migration.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::store {

// What a person does with a database beside the monitor. Of `options`: url, state_dir,
// password_file, retention and limits. Every call blocks.

struct DatabaseStatus {
  std::string kind;   ///< "sqlite" | "postgresql"
  std::string place;  ///< file or URL without secrets
  std::vector<AppliedMigration> applied;
  std::size_t known = 0;  ///< migrations this program has
  std::uint64_t bytes = 0;
  std::string writer;  ///< who has the lock of the monitor; empty = nobody
  std::vector<std::pair<std::string, std::int64_t>> rows;  ///< by table
  std::uint64_t spool_bytes = 0;  ///< waiting in the state directory for this database
};

Result<DatabaseStatus> database_status(const StoreOptions& options);

/// Brings the schema up to date, as a start of the monitor would. Answers how many migrations were
/// applied. Refused while a monitor has the database.
Result<std::size_t> migrate_database(const StoreOptions& options, WallTime now);

/// What is wrong with the database: its pages (SQLite), its schema, and rows that contradict each
/// other. Nothing when it is sound. Beside a running monitor too.
Result<std::vector<std::string>> check_database(const StoreOptions& options, WallTime now);

/// A copy of one moment in a new file that can be put in the place of the database; beside a
/// running monitor too. SQLite only: the Error of another database names its own tool.
Result<void> back_up_database(const StoreOptions& options, const std::filesystem::path& file);

}  // namespace feedwatch::store
