#pragma once

#include <span>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/store/sqlite/database.hpp"

namespace feedwatch::store {

struct Migration {
  int version;
  std::string_view name;
  std::string_view sha256;  ///< of the file, hexadecimal
  std::string_view sql;
};

/// Those built into the program, by version, from 1 without gaps.
std::span<const Migration> sqlite_migrations();

/// Ours, or still empty. Reads only, so that the file of another program stays as it is.
Result<void> check_owner(Database& db, const std::string& file);

/// Brings the database to the newest of `migrations`, all in one transaction, and notes each in
/// schema_migrations. Refuses a database of another program, of a newer feedwatch, or whose applied
/// migrations differ from ours. Throws SqliteFailure for what SQLite itself reports.
Result<void> migrate(Database& db, const std::string& file, std::span<const Migration> migrations,
                     WallTime now);

}  // namespace feedwatch::store
