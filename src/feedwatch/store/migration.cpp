#include "feedwatch/store/migration.hpp"

#include <fmt/format.h>

namespace feedwatch::store {

Result<std::size_t> check_applied(const std::string& what,
                                  std::span<const AppliedMigration> applied,
                                  std::span<const Migration> migrations) {
  for (std::size_t i = 0; i < applied.size(); ++i) {
    const AppliedMigration& theirs = applied[i];
    if (i == migrations.size()) {
      return std::unexpected(
          Error{what,
                fmt::format("was written by a newer feedwatch (schema {}, this program knows {})",
                            applied.back().version, migrations.size()),
                "start the newer program, or give another database in [store] url"});
    }
    const Migration& ours = migrations[i];
    if (theirs.version != ours.version || theirs.sha256 != ours.sha256) {
      return std::unexpected(Error{
          what,
          fmt::format("holds migration {} \"{}\" with checksum {:.12}…, this program has {:.12}…",
                      theirs.version, theirs.name, theirs.sha256, ours.sha256),
          "it was written by a different build; start that build, or give another database in "
          "[store] url"});
    }
  }
  return applied.size();
}

}  // namespace feedwatch::store
