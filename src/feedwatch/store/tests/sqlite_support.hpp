#pragma once

#include "feedwatch/store/sqlite/database.hpp"
#include "feedwatch/store/store.hpp"
#include "feedwatch/store/tests/support.hpp"

namespace feedwatch::store {

/// A store on a file of its own, closed and opened as the test wants.
class SqliteStoreTest : public ::testing::Test {
 protected:
  SqliteStoreTest() {
    options_.url = "sqlite://" + file().string();
    options_.state_dir = dir_.path() / "state";
    options_.busy_timeout = 5ms;
    options_.retry_first = 1ms;
    options_.retry_max = 10ms;
    options_.state_flush = 5ms;
    options_.row_retention = std::chrono::hours{24 * 36'500};  // rows of the tests are dated 2023
  }

  std::filesystem::path file() const { return dir_.path() / "db" / "feedwatch.db"; }

  void open() {
    Result<std::unique_ptr<Store>> store = open_store(options_, clock_, mailbox_);
    ASSERT_TRUE(store) << store.error().text();
    store_ = std::move(*store);
  }

  std::string open_error() {
    const Result<std::unique_ptr<Store>> store = open_store(options_, clock_, mailbox_);
    return store ? "opened" : store.error().text();
  }

  std::unique_ptr<Query> query() {
    Result<std::unique_ptr<Query>> query = open_query(options_.url);
    if (!query) throw std::runtime_error(query.error().text());
    return std::move(*query);
  }

  void commit(JournalBatch batch) {
    store_->commit(std::move(batch), [this](std::expected<void, Error> result) {
      done_.push_back(result ? "ok" : result.error().text());
    });
  }

  bool wait_done(std::size_t count) {
    return mailbox_.wait_until([&] { return done_.size() >= count; });
  }

  /// Another program's connection to the same file.
  Database intruder() { return {file(), Database::Mode::create, 0ms}; }

  TempDir dir_;
  RealClock clock_;
  TestMailbox mailbox_;
  StoreOptions options_;
  std::vector<std::string> done_;
  std::unique_ptr<Store> store_;
};

}  // namespace feedwatch::store
