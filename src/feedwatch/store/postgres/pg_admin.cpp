#include "feedwatch/store/postgres/pg_admin.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "feedwatch/store/admin_sql.hpp"
#include "feedwatch/store/postgres/pg_backend.hpp"
#include "feedwatch/store/postgres/pg_migrate.hpp"

namespace feedwatch::store {
namespace {

/// Runs `body` on a session of its own.
template <class Body>
auto connected(const StoreOptions& options, Body body)
    -> Result<decltype(body(std::declval<PgConnection&>()))> {
  Result<PgTarget> target = pg_target(options.url, options.password_file);
  if (!target) return std::unexpected(target.error());
  PgWait wait;
  PgConnection connection(*target, options.server_timeout, wait);
  try {
    connection.connect();
    return body(connection);
  } catch (const PgFailure& failure) {
    return std::unexpected(Error{"database " + target->shown, failure.what(),
                                 "check the server, the user and [store] password_file"});
  }
}

std::int64_t number(PgConnection& connection, const std::string& sql) {
  const PgResult result = connection.run(sql);
  return PgRow(result, 0).integer(0);
}

}  // namespace

Result<DatabaseStatus> pg_status(const StoreOptions& options) {
  return connected(options, [](PgConnection& connection) {
    DatabaseStatus status;
    status.kind = "postgresql";
    status.place = connection.target().shown;
    status.applied = applied_migrations(connection);
    status.known = postgres_migrations().size();
    status.writer = writer(connection);
    if (status.applied.empty()) return status;
    status.bytes = static_cast<std::uint64_t>(
        number(connection,
               "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM "
               "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
               "WHERE n.nspname = 'feedwatch' AND c.relkind = 'r'"));
    for (const std::string_view table : table_names) {
      status.rows.emplace_back(table,
                               number(connection, fmt::format("SELECT count(*) FROM {}", table)));
    }
    return status;
  });
}

Result<std::size_t> pg_migrate(const StoreOptions& options) {
  const auto before = connected(
      options, [](PgConnection& connection) { return applied_migrations(connection).size(); });
  if (!before) return std::unexpected(before.error());
  Result<PgTarget> target = pg_target(options.url, options.password_file);
  PgBackend backend(std::move(*target), options);
  const Result<bool> reached = backend.reach();
  if (!reached) return std::unexpected(reached.error());
  if (!*reached) {
    return std::unexpected(Error{"database", backend.why(), "check the server"});
  }
  return postgres_migrations().size() - *before;
}

Result<std::vector<std::string>> pg_check(const StoreOptions& options, WallTime oldest) {
  return connected(options, [&](PgConnection& connection) {
    const std::vector<AppliedMigration> applied = applied_migrations(connection);
    const auto same = check_applied("schema", applied, postgres_migrations());
    if (!same) return std::vector{same.error().text()};
    std::vector<std::string> findings;
    if (*same < postgres_migrations().size()) {
      findings.emplace_back("the schema is not up to date: run feedwatch db migrate");
      return findings;
    }
    PgValues values;
    for (const Contradiction& each : contradictions) {
      const PgResult rows = connection.run(each.sql, values.bind(oldest));
      for (int i = 0; i < rows.rows(); ++i) {
        findings.push_back(fmt::format("{} {}", PgRow(rows, i).text(0), each.what));
      }
    }
    return findings;
  });
}

Error pg_backup_refusal(const StoreOptions& options) {
  const auto target = pg_target(options.url, options.password_file);
  return {"backup", "a PostgreSQL database is saved by its own tools",
          "pg_dump --schema=feedwatch --format=custom --file=FILE " +
              (target ? target->shown : std::string{"URL"})};
}

}  // namespace feedwatch::store
