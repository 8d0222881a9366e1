#pragma once

#include <span>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/store/migration.hpp"
#include "feedwatch/store/sqlite/database.hpp"

namespace feedwatch::store {

/// Ours, or still empty. Reads only, so that the file of another program stays as it is.
Result<void> check_owner(Database& db, const std::string& file);

/// What the database holds; nothing when it has no table of migrations.
std::vector<AppliedMigration> applied_migrations(Database& db);

/// Brings the database to the newest of `migrations`, all in one transaction, and notes each in
/// schema_migrations. Refuses a database of another program, of a newer feedwatch, or whose applied
/// migrations differ from ours. Throws SqliteFailure for what SQLite itself reports.
Result<void> migrate(Database& db, const std::string& file, std::span<const Migration> migrations,
                     WallTime now);

}  // namespace feedwatch::store
