#pragma once

#include "feedwatch/store/tests/store_fixture.hpp"

namespace feedwatch::store {

/// A store on a server of its own, which may be ill-treated.
class PgFixture : public StoreFixture {
 protected:
  void SetUp() override {
    if (!PgServer::installed()) {
      GTEST_SKIP() << "PostgreSQL 15 is not installed (apt-get install postgresql-15)";
    }
    server_ = std::make_unique<PgServer>();
    database_ = server_->create_database();
    options_.url = server_->url(database_);
    options_.busy_timeout = 3s;
    options_.server_timeout = 2s;
  }

  void commit_range(int begin, int end) {
    for (int i = begin; i < end; ++i) commit(batch_of("k" + std::to_string(i), {transition(i)}));
  }

  bool wait_replayed() {
    return mailbox_.wait_until([&] {
      const StoreHealth health = store_->health();
      return health.spool_bytes == 0 && health.pending == 0 && health.consecutive_failures == 0;
    });
  }

  /// Rows 0 … count-1, each once, in the order of the calls.
  void expect_all(int count) {
    const auto rows = query()->stream_transitions("", 100'000);
    ASSERT_TRUE(rows) << rows.error().text();
    ASSERT_EQ(rows->size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(rows->at(static_cast<std::size_t>(i)).row.merged, count - 1 - i);
    }
    for (const std::string& done : done_) EXPECT_EQ(done, "ok");
  }

  std::unique_ptr<PgServer> server_;
  std::string database_;
};

}  // namespace feedwatch::store
