#include "feedwatch/store/postgres/pg_query.hpp"

#include "feedwatch/store/postgres/pg_connection.hpp"
#include "feedwatch/store/table_query.hpp"

namespace feedwatch::store {
namespace {

class PgLink {
 public:
  PgLink(PgTarget target, Duration limit) : connection_(std::move(target), limit, wait_) {}

  template <class Read, class... Args>
  auto list(Read read, const std::string& sql, const Args&... args)
      -> Result<std::vector<decltype(read(std::declval<const PgRow&>()))>> {
    try {
      values_.bind(args...);
      const PgResult result = ask(sql);
      std::vector<decltype(read(std::declval<const PgRow&>()))> rows;
      rows.reserve(static_cast<std::size_t>(result.rows()));
      for (int i = 0; i < result.rows(); ++i) rows.push_back(read(PgRow(result, i)));
      return rows;
    } catch (const PgFailure& failure) {
      return std::unexpected(Error{"database " + connection_.target().shown, failure.what(),
                                   failure.sqlstate() == undefined_table
                                       ? "start the monitor once, or run feedwatch db migrate"
                                       : "check the server and [store] url"});
    }
  }

 private:
  static constexpr std::string_view undefined_table = "42P01";

  PgResult ask(const std::string& sql) {
    if (connection_.connected()) {
      try {
        return connection_.run(sql, values_);
      } catch (const PgFailure&) {
        // A session of earlier, ended by the server in the meantime: asked again on a new one.
        if (connection_.connected()) throw;
      }
    }
    connection_.connect();
    connection_.script("SET default_transaction_read_only = on");
    return connection_.run(sql, values_);
  }

  PgWait wait_;
  PgConnection connection_;
  PgValues values_;
};

}  // namespace

std::unique_ptr<Query> make_pg_query(PgTarget target, Duration limit) {
  return std::make_unique<TableQuery<PgLink>>(std::move(target), limit);
}

}  // namespace feedwatch::store
