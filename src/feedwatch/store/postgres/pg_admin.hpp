#pragma once

#include "feedwatch/store/admin.hpp"

namespace feedwatch::store {

// store/admin.hpp for a PostgreSQL database.
Result<DatabaseStatus> pg_status(const StoreOptions& options);
Result<std::size_t> pg_migrate(const StoreOptions& options);
Result<std::vector<std::string>> pg_check(const StoreOptions& options, WallTime oldest);
Error pg_backup_refusal(const StoreOptions& options);

}  // namespace feedwatch::store
