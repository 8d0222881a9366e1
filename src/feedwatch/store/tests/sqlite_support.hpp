#pragma once

#include "feedwatch/store/tests/store_fixture.hpp"

namespace feedwatch::store {

/// What only SQLite shows: its file.
class SqliteStoreTest : public StoreFixture {
 protected:
  SqliteStoreTest() { options_.url = "sqlite://" + file().string(); }

  std::filesystem::path file() const { return dir_.path() / "db" / "feedwatch.db"; }

  /// Another program's connection to the same file.
  Database intruder() { return {file(), Database::Mode::create, 0ms}; }
};

}  // namespace feedwatch::store
