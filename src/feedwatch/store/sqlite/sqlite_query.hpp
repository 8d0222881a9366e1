#pragma once

#include <filesystem>
#include <memory>

#include "feedwatch/store/query.hpp"

namespace feedwatch::store {

/// Query over a read-only connection of its own, one call at a time. The error names the file.
Result<std::unique_ptr<Query>> open_sqlite_query(const std::filesystem::path& file);

}  // namespace feedwatch::store
