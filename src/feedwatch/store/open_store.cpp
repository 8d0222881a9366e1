#include <fmt/format.h>

#include <system_error>

#include "feedwatch/store/async_store.hpp"
#include "feedwatch/store/postgres/pg_backend.hpp"
#include "feedwatch/store/postgres/pg_query.hpp"
#include "feedwatch/store/sqlite/sqlite_backend.hpp"
#include "feedwatch/store/sqlite/sqlite_query.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::store {
namespace {

constexpr std::string_view scheme = "sqlite://";

Result<void> make_directory(const std::filesystem::path& directory, const std::string& what) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return {};
  return std::unexpected(
      Error{what + " " + directory.string(), "cannot be created: " + error.message(),
            "create it writable for the user feedwatch runs as, or name another one"});
}

Result<Spool> open_spool(const StoreOptions& options) {
  return Spool::open(options.state_dir / "feedwatch.spool", options.max_spool_bytes);
}

Result<std::unique_ptr<Store>> started(std::unique_ptr<AsyncStore> store, const std::string& what,
                                       bool reached = true) {
  if (auto begun = store->start(reached); !begun) {
    return std::unexpected(Error{"database " + what, begun.error().why, begun.error().fix});
  }
  return store;
}

Result<std::unique_ptr<Store>> open_sqlite(StoreOptions options, Clock& clock, Mailbox& mailbox) {
  const Result<std::filesystem::path> file = sqlite_path(options.url);
  if (!file) return std::unexpected(file.error());
  if (auto made = make_directory(file->parent_path(), "database directory"); !made) {
    return std::unexpected(made.error());
  }
  if (auto made = make_directory(options.state_dir, "state directory"); !made) {
    return std::unexpected(made.error());
  }
  auto backend = SqliteBackend::open(*file, options, clock.wall_now());
  if (!backend) return std::unexpected(backend.error());
  Result<Spool> spool = open_spool(options);
  if (!spool) return std::unexpected(spool.error());
  return started(std::make_unique<AsyncStore>(std::move(options),
                                              AsyncStore::Parts{.backend = std::move(*backend),
                                                                .spool = std::move(*spool),
                                                                .copy = nullptr},
                                              clock, mailbox),
                 file->string());
}

Result<std::unique_ptr<Store>> open_postgres(StoreOptions options, Clock& clock, Mailbox& mailbox) {
  const Result<PgTarget> target = pg_target(options.url, options.password_file);
  if (!target) return std::unexpected(target.error());
  if (auto made = make_directory(options.state_dir, "state directory"); !made) {
    return std::unexpected(made.error());
  }
  Result<Spool> spool = open_spool(options);
  if (!spool) return std::unexpected(spool.error());
  auto copy =
      LocalCopy::open(options, make_pg_query(*target, options.server_timeout), clock.wall_now());
  if (!copy) return std::unexpected(copy.error());
  auto backend = std::make_unique<PgBackend>(*target, options);
  const Result<bool> reached = backend->reach();
  if (!reached) return std::unexpected(reached.error());
  return started(std::make_unique<AsyncStore>(std::move(options),
                                              AsyncStore::Parts{.backend = std::move(backend),
                                                                .spool = std::move(*spool),
                                                                .copy = std::move(*copy)},
                                              clock, mailbox),
                 target->shown, *reached);
}

}  // namespace

Result<std::filesystem::path> sqlite_path(const std::string& url) {
  if (!url.starts_with(scheme)) {
    return std::unexpected(Error{"store url " + url, "is of a kind this program does not know",
                                 "use sqlite:///absolute/path/feedwatch.db or "
                                 "postgresql://user@host:5432/database"});
  }
  std::filesystem::path path(url.substr(scheme.size()));
  if (!path.is_absolute() || !path.has_filename()) {
    return std::unexpected(Error{"store url " + url, "names no absolute path of a file",
                                 "use three slashes: sqlite:///absolute/path/feedwatch.db"});
  }
  return path;
}

Result<std::unique_ptr<Store>> open_store(StoreOptions options, Clock& clock, Mailbox& mailbox) {
  return is_postgres_url(options.url) ? open_postgres(std::move(options), clock, mailbox)
                                      : open_sqlite(std::move(options), clock, mailbox);
}

Result<std::unique_ptr<Query>> open_query(const std::string& url,
                                          const std::filesystem::path& password_file) {
  if (is_postgres_url(url)) {
    Result<PgTarget> target = pg_target(url, password_file);
    if (!target) return std::unexpected(target.error());
    return make_pg_query(std::move(*target), StoreOptions{}.server_timeout);
  }
  const Result<std::filesystem::path> file = sqlite_path(url);
  if (!file) return std::unexpected(file.error());
  return open_sqlite_query(*file);
}

}  // namespace feedwatch::store
