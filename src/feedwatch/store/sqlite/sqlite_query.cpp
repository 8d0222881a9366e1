#include "feedwatch/store/sqlite/sqlite_query.hpp"

#include "feedwatch/store/sqlite/database.hpp"
#include "feedwatch/store/table_query.hpp"

namespace feedwatch::store {
namespace {

class SqliteLink {
 public:
  explicit SqliteLink(const std::filesystem::path& file)
      : file_(file.string()), db_(file, Database::Mode::read_only, 2s) {}

  /// Fails on a file that is no journal.
  void check() { db_.integer("SELECT count(*) FROM schema_migrations"); }

  template <class Read, class... Args>
  auto list(Read read, const std::string& sql, const Args&... args)
      -> Result<std::vector<decltype(read(std::declval<const Statement&>()))>> {
    try {
      std::vector<decltype(read(std::declval<const Statement&>()))> rows;
      Statement statement = db_.prepare(sql);
      statement.bind(args...);
      while (statement.step()) rows.push_back(read(std::as_const(statement)));
      return rows;
    } catch (const SqliteFailure& failure) {
      return std::unexpected(Error{"database " + file_, failure.what(), ""});
    }
  }

 private:
  std::string file_;
  Database db_;
};

}  // namespace

Result<std::unique_ptr<Query>> open_sqlite_query(const std::filesystem::path& file) {
  try {
    auto query = std::make_unique<TableQuery<SqliteLink>>(file);
    query->link().check();
    return query;
  } catch (const SqliteFailure& failure) {
    return std::unexpected(Error{"database " + file.string(), failure.what(),
                                 "start the monitor once, or name its database in [store] url"});
  }
}

}  // namespace feedwatch::store
