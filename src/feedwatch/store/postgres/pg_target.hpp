#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/error.hpp"

namespace feedwatch::store {

/// Where a PostgreSQL database is. Holds no secret: the password is read when a connection is made.
struct PgTarget {
  std::vector<std::pair<std::string, std::string>> keywords;  ///< libpq's, as the URL gives them
  std::filesystem::path password_file;                        ///< empty = none
  std::string shown;  ///< "postgresql://user@host:port/db", for messages

  /// The value of a keyword, empty when the URL does not give it.
  std::string get(std::string_view keyword) const;
};

/// postgresql://user@host:port/db?sslmode=verify-full&sslrootcert=/ca.pem. A URL with a password in
/// it is refused, and not repeated in the error.
Result<PgTarget> pg_target(const std::string& url, const std::filesystem::path& password_file);

bool is_postgres_url(std::string_view url);

}  // namespace feedwatch::store
