#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"

namespace feedwatch::store {

struct Migration {
  int version;
  std::string_view name;
  std::string_view sha256;  ///< of the file, hexadecimal
  std::string_view sql;
};

// Those built into the program, by version, from 1 without gaps.
std::span<const Migration> sqlite_migrations();
std::span<const Migration> postgres_migrations();

/// A row of schema_migrations.
struct AppliedMigration {
  std::int64_t version = 0;
  std::string name;
  std::string sha256;
};

/// How many of `migrations` the database has. An Error when it is of a newer feedwatch or of a
/// different build; `what` names the database.
Result<std::size_t> check_applied(const std::string& what,
                                  std::span<const AppliedMigration> applied,
                                  std::span<const Migration> migrations);

}  // namespace feedwatch::store
