#include "feedwatch/store/admin.hpp"

#include <system_error>

#include "feedwatch/store/postgres/pg_admin.hpp"
#include "feedwatch/store/postgres/pg_target.hpp"
#include "feedwatch/store/sqlite/sqlite_admin.hpp"

namespace feedwatch::store {
namespace {

/// Rows about alerts of before may be half pruned.
WallTime oldest_checked(const StoreOptions& options, WallTime now) {
  return now - options.row_retention + std::chrono::hours{24};
}

}  // namespace

Result<DatabaseStatus> database_status(const StoreOptions& options) {
  Result<DatabaseStatus> status = [&]() -> Result<DatabaseStatus> {
    if (is_postgres_url(options.url)) return pg_status(options);
    const auto file = sqlite_path(options.url);
    return file ? sqlite_status(*file) : std::unexpected(file.error());
  }();
  if (!status) return status;
  std::error_code none;
  const auto size = std::filesystem::file_size(options.state_dir / "feedwatch.spool", none);
  status->spool_bytes = none ? 0 : size;
  return status;
}

Result<std::size_t> migrate_database(const StoreOptions& options, WallTime now) {
  if (is_postgres_url(options.url)) return pg_migrate(options);
  const auto file = sqlite_path(options.url);
  return file ? sqlite_migrate(*file, options, now) : std::unexpected(file.error());
}

Result<std::vector<std::string>> check_database(const StoreOptions& options, WallTime now) {
  const WallTime oldest = oldest_checked(options, now);
  if (is_postgres_url(options.url)) return pg_check(options, oldest);
  const auto file = sqlite_path(options.url);
  return file ? sqlite_check(*file, oldest) : std::unexpected(file.error());
}

Result<void> back_up_database(const StoreOptions& options, const std::filesystem::path& file) {
  if (is_postgres_url(options.url)) return std::unexpected(pg_backup_refusal(options));
  const auto from = sqlite_path(options.url);
  return from ? sqlite_backup(*from, file) : std::unexpected(from.error());
}

}  // namespace feedwatch::store
