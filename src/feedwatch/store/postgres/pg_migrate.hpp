#pragma once

#include <span>
#include <vector>

#include "feedwatch/store/migration.hpp"
#include "feedwatch/store/postgres/pg_connection.hpp"

namespace feedwatch::store {

/// What the schema feedwatch holds; nothing when it is not there.
std::vector<AppliedMigration> applied_migrations(PgConnection& connection);

/// Creates the schema feedwatch when it is missing and brings it to the newest of `migrations`, all
/// in one transaction under an advisory lock, so that two programs that start together do it once.
/// Refuses a schema of a newer or a different feedwatch, or of another program. Throws PgFailure.
Result<void> migrate(PgConnection& connection, std::span<const Migration> migrations);

/// Keeps other monitors from writing until the connection ends. False: somebody else has it.
bool take_writer_lock(PgConnection& connection);
/// Who has it, for people; empty when nobody has.
std::string writer(PgConnection& connection);

}  // namespace feedwatch::store
