#include "feedwatch/store/sqlite/sqlite_admin.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "feedwatch/store/admin_sql.hpp"
#include "feedwatch/store/sqlite/migrate.hpp"
#include "feedwatch/store/sqlite/sqlite_backend.hpp"

namespace feedwatch::store {
namespace {

constexpr Duration patience = 2s;

Error failure_of(const std::filesystem::path& file, const std::string& why) {
  return {"database " + file.string(), why,
          "name the monitor's database in [store] url, or move a damaged one away and restore a "
          "backup"};
}

/// Runs `body` on a connection that only reads.
template <class Body>
auto reading(const std::filesystem::path& file, Body body)
    -> Result<decltype(body(std::declval<Database&>()))> {
  try {
    Database db(file, Database::Mode::read_only, patience);
    return body(db);
  } catch (const SqliteFailure& failure) {
    return std::unexpected(failure_of(file, failure.what()));
  }
}

std::vector<std::pair<std::string, std::int64_t>> count_rows(Database& db) {
  std::vector<std::pair<std::string, std::int64_t>> rows;
  for (const std::string_view table : table_names) {
    const bool there =
        db.integer(fmt::format("SELECT count(*) FROM sqlite_schema WHERE name = '{}'", table)) > 0;
    if (!there) continue;
    rows.emplace_back(table, db.integer(fmt::format("SELECT count(*) FROM {}", table)));
  }
  return rows;
}

/// Whether the bytes of `path` are on the disk.
bool sync(const std::filesystem::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);  // NOLINT: POSIX open
  if (fd < 0) return false;
  const bool done = ::fsync(fd) == 0;
  ::close(fd);
  return done;
}

}  // namespace

Result<DatabaseStatus> sqlite_status(const std::filesystem::path& file) {
  return reading(file, [&](Database& db) {
    DatabaseStatus status;
    status.kind = "sqlite";
    status.place = file.string();
    status.applied = applied_migrations(db);
    status.known = sqlite_migrations().size();
    std::error_code ignored;
    for (const char* suffix : {"", "-wal"}) {
      const auto size = std::filesystem::file_size(file.string() + suffix, ignored);
      if (!ignored) status.bytes += size;
    }
    status.writer = FileLock::holder(file);
    status.rows = count_rows(db);
    return status;
  });
}

Result<std::size_t> sqlite_migrate(const std::filesystem::path& file, const StoreOptions& options,
                                   WallTime now) {
  std::size_t before = 0;
  if (std::filesystem::exists(file)) {
    const auto applied = reading(file, [](Database& db) { return applied_migrations(db).size(); });
    if (!applied) return std::unexpected(applied.error());
    before = *applied;
  }
  auto backend = SqliteBackend::open(file, options, now);
  if (!backend) return std::unexpected(backend.error());
  return sqlite_migrations().size() - before;
}

Result<std::vector<std::string>> sqlite_check(const std::filesystem::path& file, WallTime oldest) {
  try {
    Database db(file, Database::Mode::read_only, patience);
    if (Result<void> owner = check_owner(db, file.string()); !owner) {
      return std::unexpected(owner.error());
    }
    std::vector<std::string> findings;
    Statement pages = db.prepare("PRAGMA integrity_check(20)");
    while (pages.step()) {
      if (pages.text(0) != "ok") findings.push_back(pages.text(0));
    }
    const auto same = check_applied("schema", applied_migrations(db), sqlite_migrations());
    if (!same) return std::vector{same.error().text()};
    if (*same < sqlite_migrations().size()) {
      findings.emplace_back("the schema is not up to date: run feedwatch db migrate");
      return findings;
    }
    for (const Contradiction& each : contradictions) {
      Statement rows = db.prepare(each.sql);
      rows.bind(oldest);
      while (rows.step()) findings.push_back(fmt::format("{} {}", rows.text(0), each.what));
    }
    return findings;
  } catch (const SqliteFailure& failure) {
    if (failure.code() == SQLITE_CORRUPT || failure.code() == SQLITE_NOTADB) {
      return std::vector<std::string>{failure.what()};
    }
    return std::unexpected(failure_of(file, failure.what()));
  }
}

Result<void> sqlite_backup(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto refuse = [&](const std::string& why, const std::string& fix) {
    return std::unexpected(Error{"backup " + to.string(), why, fix});
  };
  std::error_code ignored;
  if (std::filesystem::exists(to, ignored)) return refuse("is there already", "name a new file");
  const std::filesystem::path part = to.string() + ".part";
  std::filesystem::remove(part, ignored);
  const auto copied = reading(from, [&](Database& db) {
    db.prepare("VACUUM INTO $1").bind(part.string()).run();
    return true;
  });
  if (!copied) {
    std::filesystem::remove(part, ignored);
    return std::unexpected(copied.error());
  }
  // Under its name only when it is whole: a backup that is half there is worse than none.
  const bool whole = sync(part, O_RDWR) && ::rename(part.c_str(), to.c_str()) == 0 &&
                     sync(to.parent_path().empty() ? "." : to.parent_path(), O_RDONLY);
  if (whole) return {};
  const std::string why = std::strerror(errno);
  std::filesystem::remove(part, ignored);
  return refuse("cannot be written: " + why, "check the disk and its free space");
}

}  // namespace feedwatch::store
