#include <fmt/format.h>

#include <system_error>

#include "feedwatch/store/async_store.hpp"
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

}  // namespace

Result<std::filesystem::path> sqlite_path(const std::string& url) {
  if (!url.starts_with(scheme)) {
    return std::unexpected(Error{"store url " + url, "is of a kind this program does not know",
                                 "use sqlite:///absolute/path/feedwatch.db"});
  }
  std::filesystem::path path(url.substr(scheme.size()));
  if (!path.is_absolute() || !path.has_filename()) {
    return std::unexpected(Error{"store url " + url, "names no absolute path of a file",
                                 "use three slashes: sqlite:///absolute/path/feedwatch.db"});
  }
  return path;
}

Result<std::unique_ptr<Store>> open_store(StoreOptions options, Clock& clock, Mailbox& mailbox) {
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
  Result<Spool> spool = Spool::open(options.state_dir / "feedwatch.spool", options.max_spool_bytes);
  if (!spool) return std::unexpected(spool.error());
  auto store = std::make_unique<AsyncStore>(std::move(options), std::move(*backend),
                                            std::move(*spool), clock, mailbox);
  if (auto started = store->start(); !started) {
    return std::unexpected(
        Error{"database " + file->string(), started.error().why, started.error().fix});
  }
  return store;
}

Result<std::unique_ptr<Query>> open_query(const std::string& url) {
  const Result<std::filesystem::path> file = sqlite_path(url);
  if (!file) return std::unexpected(file.error());
  return open_sqlite_query(*file);
}

}  // namespace feedwatch::store
