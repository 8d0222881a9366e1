#pragma once

#include "feedwatch/store/admin.hpp"

namespace feedwatch::store {

// store/admin.hpp for a SQLite file.
Result<DatabaseStatus> sqlite_status(const std::filesystem::path& file);
Result<std::size_t> sqlite_migrate(const std::filesystem::path& file, const StoreOptions& options,
                                   WallTime now);
Result<std::vector<std::string>> sqlite_check(const std::filesystem::path& file, WallTime oldest);
Result<void> sqlite_backup(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace feedwatch::store
