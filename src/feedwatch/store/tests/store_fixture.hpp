#pragma once

#include "feedwatch/store/sqlite/database.hpp"
#include "feedwatch/store/store.hpp"
#include "feedwatch/store/tests/pg_server.hpp"
#include "feedwatch/store/tests/support.hpp"

namespace feedwatch::store {

/// A store of its own, closed and opened as the test wants.
class StoreFixture : public ::testing::Test {
 protected:
  StoreFixture() {
    options_.state_dir = dir_.path() / "state";
    options_.busy_timeout = 5ms;
    options_.retry_first = 1ms;
    options_.retry_max = 10ms;
    options_.state_flush = 5ms;
    options_.row_retention = std::chrono::hours{24 * 36'500};  // rows of the tests are dated 2023
  }

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

  TempDir dir_;
  RealClock clock_;
  TestMailbox mailbox_;
  StoreOptions options_;
  std::vector<std::string> done_;
  std::unique_ptr<Store> store_;
};

enum class Kind : std::uint8_t { sqlite, postgres };

inline void PrintTo(Kind kind, std::ostream* out) {
  *out << (kind == Kind::sqlite ? "sqlite" : "postgres");
}

inline std::string name_of(const ::testing::TestParamInfo<Kind>& info) {
  return ::testing::PrintToString(info.param);
}

/// The same test on both databases. Without PostgreSQL 15 on the machine its half is skipped.
class StoreTest : public StoreFixture, public ::testing::WithParamInterface<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::sqlite) {
      options_.url = "sqlite://" + (dir_.path() / "feedwatch.db").string();
    } else if (PgServer::installed()) {
      database_ = PgServer::shared().create_database();
      options_.url = PgServer::shared().url(database_);
      options_.busy_timeout = 2s;  // a session just closed may be there for a moment
    } else {
      GTEST_SKIP() << "PostgreSQL 15 is not installed (apt-get install postgresql-15)";
    }
  }

  /// The number a question is answered with, asked beside the store.
  std::int64_t number(const std::string& sql) {
    if (GetParam() == Kind::postgres) {
      return std::stoll(PgServer::shared().ask(database_, "SET search_path = feedwatch; " + sql));
    }
    return Database(dir_.path() / "feedwatch.db", Database::Mode::create, 0ms).integer(sql);
  }

  std::string database_;
};

}  // namespace feedwatch::store
