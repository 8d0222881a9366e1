#include "feedwatch/store/async_store.hpp"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "feedwatch/store/tests/support.hpp"

namespace feedwatch::store {
namespace {

/// A database that does as it is told and remembers the order of what took effect.
struct Disk {
  std::mutex mutex;
  std::vector<std::string> keys;
  std::set<std::string> known;
  StateRecords state;
  std::atomic<bool> fail{false};
  std::atomic<int> attempts{0};
  std::atomic<int> prunes{0};
  std::atomic<bool> long_deletion{false};  ///< every slice of pruning leaves more
  std::set<std::string> reject;

  std::vector<std::string> taken() {
    const std::lock_guard lock(mutex);
    return keys;
  }
};

class FakeBackend final : public Backend {
 public:
  explicit FakeBackend(Disk& disk) : disk_(disk) {}
  BackendResult<std::vector<BatchOutcome>> commit(std::span<const JournalBatch* const> group,
                                                  WallTime /*now*/) override {
    ++disk_.attempts;
    if (disk_.fail) return std::unexpected("disk I/O error");
    const std::lock_guard lock(disk_.mutex);
    std::vector<BatchOutcome> outcomes;
    for (const JournalBatch* batch : group) {
      const std::string& key = batch->idempotency_key;
      if (disk_.reject.contains(key)) {
        outcomes.push_back({BatchOutcome::Status::rejected, "CHECK constraint failed"});
      } else if (!disk_.known.insert(key).second) {
        outcomes.push_back({BatchOutcome::Status::duplicate, {}});
      } else {
        disk_.keys.push_back(key);
        outcomes.push_back({});
      }
    }
    return outcomes;
  }
  BackendResult<void> put_state(const StateRecords& records, WallTime /*now*/) override {
    if (disk_.fail) return std::unexpected("disk I/O error");
    const std::lock_guard lock(disk_.mutex);
    disk_.state.insert(disk_.state.end(), records.begin(), records.end());
    return {};
  }
  BackendResult<void> probe(WallTime /*now*/) override {
    if (disk_.fail) return std::unexpected("disk I/O error");
    return {};
  }
  BackendResult<bool> prune(WallTime /*now*/) override {
    ++disk_.prunes;
    return disk_.long_deletion.load();
  }
  BackendResult<StateRecords> load_state() override { return StateRecords{{"old", "1"}}; }
  BackendResult<std::vector<AlertRow>> open_alerts() override { return std::vector<AlertRow>{}; }
  void interrupt() override {}
  void hurry() override {}

 private:
  Disk& disk_;
};

class AsyncStoreTest : public ::testing::Test {
 protected:
  AsyncStoreTest() {
    options_.retry_first = 1ms;
    options_.retry_max = 4ms;
    options_.state_flush = 2ms;
  }

  void open() { open(clock_); }
  void open(Clock& clock) {
    Result<Spool> spool = Spool::open(dir_.path() / "spool", options_.max_spool_bytes);
    ASSERT_TRUE(spool) << spool.error().text();
    store_ = std::make_unique<AsyncStore>(
        options_,
        AsyncStore::Parts{.backend = std::make_unique<FakeBackend>(disk_),
                          .spool = std::move(*spool),
                          .copy = nullptr},
        clock, mailbox_);
    const Result<void> started = store_->start();
    ASSERT_TRUE(started) << started.error().text();
  }

  void commit(const std::string& key, std::size_t rows = 1) {
    std::vector<JournalRow> all(rows, transition(1));
    store_->commit(batch_of(key, std::move(all)), [this, key](std::expected<void, Error> result) {
      done_.push_back(result ? key : key + ": " + result.error().text());
    });
  }

  bool wait_done(std::size_t count) {
    return mailbox_.wait_until([&] { return done_.size() >= count; });
  }

  TempDir dir_;
  RealClock clock_;
  TestMailbox mailbox_;
  Disk disk_;
  StoreOptions options_;
  std::vector<std::string> done_;
  std::unique_ptr<AsyncStore> store_;
};

using Keys = std::vector<std::string>;

Keys numbered(int count) {
  Keys keys;
  for (int i = 0; i < count; ++i) keys.push_back("k" + std::to_string(i));
  return keys;
}

TEST_F(AsyncStoreTest, CommitsAndAnswersInOrder) {
  open();
  for (const std::string& key : numbered(200)) commit(key);
  ASSERT_TRUE(wait_done(200));
  EXPECT_EQ(done_, numbered(200));
  EXPECT_EQ(disk_.taken(), numbered(200));
  const StoreHealth health = store_->health();
  EXPECT_EQ(health.committed, 200U);
  EXPECT_EQ(health.pending, 0U);
  EXPECT_FALSE(health.oldest_pending);
  EXPECT_TRUE(health.last_success);
}

/// Stands until it is told otherwise.
class StandingClock final : public Clock {
 public:
  MonoTime now() const override { return MonoTime{Duration{now_.load()}}; }
  WallTime wall_now() const override { return wall_from_ns(now_.load()); }
  void advance(Duration step) { now_ += step.count(); }

 private:
  std::atomic<std::int64_t> now_{1'000'000'000};
};

TEST_F(AsyncStoreTest, ALongDeletionLeavesTheDatabaseToCommits) {
  StandingClock clock;
  disk_.long_deletion = true;
  open(clock);
  const auto commit_some = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      commit("k" + std::to_string(done_.size()));
      ASSERT_TRUE(wait_done(done_.size() + 1));
    }
  };
  commit_some(20);
  EXPECT_EQ(disk_.prunes, 1) << "no time has passed since";
  clock.advance(1s);
  commit_some(20);
  EXPECT_EQ(disk_.prunes, 2);
  store_.reset();  // before its clock
}

TEST_F(AsyncStoreTest, FailureSpoolsAnswersAndReplaysInOrderOnce) {
  open();
  commit("k0");
  ASSERT_TRUE(wait_done(1));
  disk_.fail = true;
  for (int i = 1; i < 50; ++i) commit("k" + std::to_string(i));
  ASSERT_TRUE(wait_done(50)) << "durable in the spool is an answer";
  EXPECT_EQ(done_, numbered(50));
  EXPECT_EQ(disk_.taken(), numbered(1));
  StoreHealth health = store_->health();
  EXPECT_EQ(health.spooled, 49U);
  EXPECT_GE(health.consecutive_failures, 1U);
  EXPECT_EQ(health.last_error, "disk I/O error");
  disk_.fail = false;
  commit("k50");
  ASSERT_TRUE(mailbox_.wait_until([&] { return disk_.taken().size() == 51; }));
  EXPECT_EQ(disk_.taken(), numbered(51));
  ASSERT_TRUE(mailbox_.wait_until([&] { return store_->health().spool_bytes == 0; }));
  health = store_->health();
  EXPECT_EQ(health.consecutive_failures, 0U);
  EXPECT_EQ(health.committed, 51U);
  EXPECT_EQ(health.last_error, "disk I/O error") << "kept for people";
}

TEST_F(AsyncStoreTest, SaysSinceWhenTheSpoolHoldsAnything) {
  open();
  EXPECT_FALSE(store_->health().spooled_since);
  const MonoTime began = clock_.now();
  disk_.fail = true;
  commit("a");
  commit("b");
  ASSERT_TRUE(wait_done(2));
  ASSERT_TRUE(store_->health().spooled_since);
  EXPECT_GE(*store_->health().spooled_since, began);
  EXPECT_GT(store_->health().consecutive_failures, 0U);
  disk_.fail = false;
  ASSERT_TRUE(mailbox_.wait_until([&] { return !store_->health().spooled_since; }));
  EXPECT_EQ(store_->health().consecutive_failures, 0U);
}

TEST_F(AsyncStoreTest, SpoolOfAnEarlierRunIsReplayedBeforeTheFirstCommit) {
  disk_.fail = true;
  open();
  commit("k0");
  commit("k1");
  ASSERT_TRUE(wait_done(2));
  ASSERT_TRUE(store_->close(5s)) << "what the spool holds is not lost";
  store_.reset();
  disk_.fail = false;
  disk_.known.insert("k0");  // had reached the database before the process died
  disk_.keys.push_back("k0");
  open();
  EXPECT_EQ(disk_.taken(), numbered(2));
  EXPECT_EQ(store_->health().duplicates, 1U);
}

TEST_F(AsyncStoreTest, BeyondQueueAndSpoolABatchIsRefusedAndCounted) {
  options_.max_spool_bytes = 1;
  options_.max_queue_rows = 5;
  open();
  disk_.fail = true;
  for (int i = 0; i < 5; ++i) commit("k" + std::to_string(i));
  ASSERT_TRUE(mailbox_.wait_until([&] { return disk_.attempts > 1; }));
  EXPECT_TRUE(done_.empty()) << "neither in the database nor in the spool";
  EXPECT_EQ(store_->health().pending, 5U);
  EXPECT_TRUE(store_->health().oldest_pending);
  commit("over");
  ASSERT_TRUE(wait_done(1));
  EXPECT_TRUE(done_[0].starts_with("over: store: queue is full (5 rows, ")) << done_[0];
  EXPECT_NE(done_[0].find("(bring the database back; this batch is not kept)"), std::string::npos);
  EXPECT_EQ(store_->health().refused, 1U);
  disk_.fail = false;
  ASSERT_TRUE(wait_done(6));
  EXPECT_EQ(disk_.taken(), numbered(5));
}

TEST_F(AsyncStoreTest, QueueBoundCountsBytesAndEqualityPasses) {
  options_.max_queue_rows = 3;
  open();
  commit("fits", 3);
  ASSERT_TRUE(wait_done(1));
  commit("too big", 4);
  ASSERT_TRUE(wait_done(2));
  EXPECT_EQ(done_[0], "fits");
  EXPECT_TRUE(done_[1].starts_with("too big: store: queue is full")) << done_[1];
}

TEST_F(AsyncStoreTest, RejectedBatchFailsAlone) {
  disk_.reject.insert("bad");
  open();
  commit("a");
  commit("bad");
  commit("b");
  ASSERT_TRUE(wait_done(3));
  EXPECT_EQ(done_, (Keys{"a", "bad: store: cannot take a batch: CHECK constraint failed", "b"}));
  EXPECT_EQ(store_->health().rejected, 1U);
  EXPECT_EQ(store_->health().consecutive_failures, 0U);
}

TEST_F(AsyncStoreTest, FullMailboxDelaysCompletionsAndLosesNone) {
  open();
  mailbox_.refuse_next(3);
  for (const std::string& key : numbered(20)) commit(key);
  ASSERT_TRUE(wait_done(20));
  EXPECT_EQ(done_, numbered(20));
  EXPECT_GT(mailbox_.refused(), 0);
}

TEST_F(AsyncStoreTest, CompletionMayCommitAgain) {
  open();
  bool second = false;
  store_->commit(batch_of("one", {transition(1)}), [&](std::expected<void, Error> first) {
    ASSERT_TRUE(first);
    store_->commit(batch_of("two", {transition(2)}),
                   [&](std::expected<void, Error> result) { second = result.has_value(); });
  });
  ASSERT_TRUE(mailbox_.wait_until([&] { return second; }));
}

TEST_F(AsyncStoreTest, CloseFlushesEverythingAndThenRefuses) {
  open();
  for (const std::string& key : numbered(500)) commit(key);
  store_->put("budget", "7");
  ASSERT_TRUE(store_->close(10s));
  EXPECT_EQ(disk_.taken().size(), 500U);
  EXPECT_EQ(disk_.state, (StateRecords{{"budget", "7"}}));
  ASSERT_TRUE(wait_done(500));
  commit("late");
  ASSERT_TRUE(wait_done(501));
  EXPECT_EQ(done_.back(), "late: store: is closed");
  EXPECT_TRUE(store_->close(1s)) << "idempotent";
}

TEST_F(AsyncStoreTest, CloseSaysWhatWasLost) {
  options_.max_spool_bytes = 1;
  open();
  disk_.fail = true;
  commit("a");
  commit("b");
  store_->put("k", "v");
  const Result<void> closed = store_->close(30ms);
  ASSERT_FALSE(closed);
  EXPECT_TRUE(closed.error().why.starts_with(
      "closed with 2 batches and some state records not written; last error: "))
      << closed.error().why;
}

TEST_F(AsyncStoreTest, StateIsReadBackAtOnceAndWrittenSoon) {
  open();
  EXPECT_EQ(store_->get("old"), "1");
  EXPECT_FALSE(store_->get("new"));
  store_->put("new", "a");
  store_->put("new", "b");
  EXPECT_EQ(store_->get("new"), "b");
  ASSERT_TRUE(mailbox_.wait_until([&] {
    const std::lock_guard lock(disk_.mutex);
    return !disk_.state.empty() && disk_.state.back().second == "b";
  }));
}

TEST_F(AsyncStoreTest, NoUpdateOfStateIsLostWhateverThreadsMakeThem) {
  open();
  const auto count = [&] {
    for (int i = 0; i < 1000; ++i) {
      store_->update("new", [](const std::optional<std::string>& kept) {
        return std::to_string(kept ? std::stoi(*kept) + 1 : 1);
      });
    }
  };
  std::thread one(count);
  std::thread other(count);
  one.join();
  other.join();
  EXPECT_EQ(store_->get("new"), "2000");
  ASSERT_TRUE(store_->close(10s));
  EXPECT_EQ(disk_.state.back(), (std::pair<std::string, std::string>{"new", "2000"}));
}

TEST_F(AsyncStoreTest, StateWaitsForTheDatabaseAndIsBounded) {
  options_.max_state_bytes = 10;  // "old" and "1" take 4
  open();
  disk_.fail = true;
  store_->put("k", "12345");
  store_->put("k", "123456");
  EXPECT_EQ(store_->get("k"), "12345");
  EXPECT_EQ(store_->health().state_refused, 1U);
  ASSERT_TRUE(mailbox_.wait_until([&] { return store_->health().consecutive_failures > 0; }));
  disk_.fail = false;
  ASSERT_TRUE(mailbox_.wait_until([&] {
    const std::lock_guard lock(disk_.mutex);
    return disk_.state == StateRecords{{"k", "12345"}};
  }));
}

TEST_F(AsyncStoreTest, ProbeTellsSuccessAndFailure) {
  open();
  int answers = 0;
  store_->probe([&](const Result<Duration>& took) {
    EXPECT_TRUE(took && *took >= Duration{0});
    ++answers;
  });
  ASSERT_TRUE(mailbox_.wait_until([&] { return answers == 1; }));
  disk_.fail = true;
  store_->probe([&](const Result<Duration>& took) {
    ASSERT_FALSE(took);
    EXPECT_EQ(took.error().why, "disk I/O error");
    ++answers;
  });
  ASSERT_TRUE(mailbox_.wait_until([&] { return answers == 2; }));
}

TEST_F(AsyncStoreTest, CreateAlertAnswersTheSameIdWhileOpenEvenWhileDown) {
  open();
  disk_.fail = true;
  std::vector<std::string> ids;
  const auto keep = [&](const Result<std::string>& id) { ids.push_back(id ? *id : "error"); };
  store_->create_alert({.type = "price_staleness", .message = "one"}, keep);
  store_->create_alert({.type = "price_staleness", .message = "two"}, keep);
  store_->create_alert({.type = "other", .message = "three"}, keep);
  ASSERT_TRUE(mailbox_.wait_until([&] { return ids.size() == 3; }));
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_NE(ids[0], ids[2]);
}

TEST_F(AsyncStoreTest, ManyThreadsCommitAndPut) {
  open();
  std::mutex mutex;
  int answered = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string key = std::to_string(t) + "/" + std::to_string(i);
        store_->put(key, key);
        store_->commit(batch_of(key, {transition(i)}), [&](const std::expected<void, Error>&) {
          const std::lock_guard lock(mutex);
          ++answered;
        });
        static_cast<void>(store_->health());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(mailbox_.wait_until([&] { return answered == 400; }));
  ASSERT_TRUE(store_->close(10s));
  EXPECT_EQ(disk_.taken().size(), 400U);
}

}  // namespace
}  // namespace feedwatch::store
