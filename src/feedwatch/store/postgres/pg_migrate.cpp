#include "feedwatch/store/postgres/pg_migrate.hpp"

#include <fmt/format.h>

namespace feedwatch::store {
namespace {

// Advisory locks are numbers of the whole database: "FWCH", and which of ours.
constexpr std::int64_t lock_space = 0x46574348;
constexpr std::int64_t migration_lock = 1;
constexpr std::int64_t writer_lock = 2;

/// A schema may take long to change on a large database.
constexpr Duration migration_limit = std::chrono::minutes{10};

std::string lock_of(std::int64_t which) {
  return fmt::format("{}, {}", lock_space, which);
}

std::int64_t number(PgConnection& connection, const std::string& sql) {
  const PgResult result = connection.run(sql);
  return result.rows() == 0 ? 0 : PgRow(result, 0).integer(0);
}

bool has_table_of_migrations(PgConnection& connection) {
  return number(connection,
                "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'feedwatch' AND "
                "tablename = 'schema_migrations'") != 0;
}

Result<void> make_ours(PgConnection& connection) {
  if (has_table_of_migrations(connection)) return {};
  if (number(connection,
             "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'feedwatch'") != 0) {
    return std::unexpected(Error{"database " + connection.target().shown,
                                 "has a schema feedwatch of another program",
                                 "give another database in [store] url"});
  }
  // IF NOT EXISTS asks for the right to create schemas even where there is nothing to create.
  if (number(connection,
             "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = "
             "'feedwatch'") == 0) {
    connection.script("CREATE SCHEMA feedwatch");
  }
  connection.script(
      "CREATE TABLE feedwatch.schema_migrations (version bigint PRIMARY KEY, name text NOT NULL, "
      "sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())");
  return {};
}

Result<void> migrate_inside(PgConnection& connection, std::span<const Migration> migrations) {
  connection.script("SELECT pg_advisory_xact_lock(" + lock_of(migration_lock) + ")");
  if (Result<void> ours = make_ours(connection); !ours) return ours;
  const Result<std::size_t> applied = check_applied("database " + connection.target().shown,
                                                    applied_migrations(connection), migrations);
  if (!applied) return std::unexpected(applied.error());
  for (const Migration& each : migrations.subspan(*applied)) {
    connection.script(std::string(each.sql));
    PgValues values;
    connection.run("INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3)",
                   values.bind(std::int64_t{each.version}, each.name, each.sha256));
  }
  return {};
}

}  // namespace

std::vector<AppliedMigration> applied_migrations(PgConnection& connection) {
  std::vector<AppliedMigration> applied;
  if (!has_table_of_migrations(connection)) return applied;
  const PgResult rows = connection.run(
      "SELECT version, name, sha256 FROM feedwatch.schema_migrations ORDER BY version");
  for (int i = 0; i < rows.rows(); ++i) {
    const PgRow row(rows, i);
    applied.push_back({row.integer(0), row.text(1), row.text(2)});
  }
  return applied;
}

Result<void> migrate(PgConnection& connection, std::span<const Migration> migrations) {
  // Usually there is nothing to do, and then nothing is locked either.
  if (applied_migrations(connection).size() == migrations.size()) {
    const auto same = check_applied("database " + connection.target().shown,
                                    applied_migrations(connection), migrations);
    return same ? Result<void>{} : std::unexpected(same.error());
  }
  const Duration limit = connection.set_limit(migration_limit);
  connection.script(
      fmt::format("BEGIN; SET LOCAL statement_timeout = {}",
                  std::chrono::ceil<std::chrono::milliseconds>(migration_limit).count()));
  try {
    Result<void> done = migrate_inside(connection, migrations);
    connection.script(done ? "COMMIT" : "ROLLBACK");
    connection.set_limit(limit);
    return done;
  } catch (const PgFailure&) {
    connection.set_limit(limit);
    connection.roll_back();
    throw;
  }
}

bool take_writer_lock(PgConnection& connection) {
  const PgResult result =
      connection.run("SELECT pg_try_advisory_lock(" + lock_of(writer_lock) + ")");
  return PgRow(result, 0).boolean(0);
}

std::string writer(PgConnection& connection) {
  const PgResult rows = connection.run(fmt::format(
      "SELECT format('server process %s, %s from %s since %s', a.pid, "
      "coalesce(nullif(a.application_name, ''), 'a program'), "
      "coalesce(host(a.client_addr), 'this machine'), "
      "to_char(a.backend_start, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) "
      "FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid) "
      "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = {} AND l.objid = {} AND "
      "l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())",
      lock_space, writer_lock));
  return rows.rows() == 0 ? std::string{} : PgRow(rows, 0).text(0);
}

}  // namespace feedwatch::store
