#include "feedwatch/store/sqlite/migrate.hpp"

#include <fmt/format.h>

namespace feedwatch::store {
namespace {

// "FWCH", in the file's header: says whose database this is.
constexpr int application_id = 0x46574348;

void apply(Database& db, const Migration& migration, WallTime now) {
  db.exec(std::string(migration.sql));
  db.prepare(
        "INSERT INTO schema_migrations (version, name, sha256, applied_ms) "
        "VALUES (?1, ?2, ?3, ?4)")
      .bind(migration.version, migration.name, migration.sha256, to_ns(now) / 1'000'000)
      .run();
}

}  // namespace

Result<void> check_owner(Database& db, const std::string& file) {
  if (db.integer("PRAGMA application_id") == application_id) return {};
  if (db.integer("SELECT count(*) FROM sqlite_schema") == 0) return {};
  return std::unexpected(Error{"database " + file, "is a database of another program",
                               "give another file in [store] url"});
}

std::vector<AppliedMigration> applied_migrations(Database& db) {
  std::vector<AppliedMigration> applied;
  if (db.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'") == 0) {
    return applied;
  }
  Statement rows =
      db.prepare("SELECT version, name, sha256 FROM schema_migrations ORDER BY version");
  while (rows.step()) applied.push_back({rows.integer(0), rows.text(1), rows.text(2)});
  return applied;
}

Result<void> migrate(Database& db, const std::string& file, std::span<const Migration> migrations,
                     WallTime now) {
  Transaction transaction(db);
  // Inside the transaction: nobody else makes the empty file theirs in between.
  if (Result<void> owner = check_owner(db, file); !owner) return owner;
  db.exec(fmt::format("PRAGMA application_id = {}", application_id));
  db.exec(
      "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY NOT NULL, "
      "name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT");
  const Result<std::size_t> applied =
      check_applied("database " + file, applied_migrations(db), migrations);
  if (!applied) return std::unexpected(applied.error());
  for (const Migration& migration : migrations.subspan(*applied)) apply(db, migration, now);
  transaction.commit();
  return {};
}

}  // namespace feedwatch::store
