#include <algorithm>
#include <atomic>
#include <thread>

#include "feedwatch/store/tests/pg_fixture.hpp"

namespace feedwatch::store {
namespace {

class PgFaults : public PgFixture {};

TEST_F(PgFaults, RestartedInOrder) {
  open();
  commit_range(0, 20);
  ASSERT_TRUE(wait_done(20));
  server_->stop();
  commit_range(20, 60);
  ASSERT_TRUE(wait_done(60)) << "durable in the spool while the server refuses connections";
  EXPECT_EQ(store_->health().spooled, 40U);
  EXPECT_FALSE(store_->health().last_error.empty());
  server_->start();
  ASSERT_TRUE(wait_replayed());
  expect_all(60);
}

TEST_F(PgFaults, KilledAtOnce) {
  open();
  commit_range(0, 100);
  server_->kill();
  commit_range(100, 200);
  ASSERT_TRUE(wait_done(200));
  server_->start();
  ASSERT_TRUE(wait_replayed());
  expect_all(200);
}

TEST_F(PgFaults, HungServerKeepsNobodyWaitingButTheWriter) {
  options_.server_timeout = 300ms;
  open();
  commit_range(0, 10);
  ASSERT_TRUE(wait_done(10));
  server_->suspend();
  const MonoTime began = clock_.now();
  commit_range(10, 1000);
  EXPECT_LT(clock_.now() - began, 250ms) << "callers only queue";
  ASSERT_TRUE(wait_done(1000));
  EXPECT_LT(clock_.now() - began, 3s) << "the time-out, then the spool";
  EXPECT_EQ(store_->health().last_error, "the server has not answered for 0.3 s");
  server_->resume();
  ASSERT_TRUE(wait_replayed());
  expect_all(1000);
}

TEST_F(PgFaults, SessionsEndedInTheMiddleOfTransactions) {
  open();
  std::atomic<bool> ending = false;
  std::thread killer([&] {
    while (!ending) {
      server_->ask("postgres",
                   "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                   "application_name = 'feedwatch'");
    }
  });
  for (int i = 0; i < 3000; i += 100) {
    commit_range(i, i + 100);
    EXPECT_TRUE(wait_done(static_cast<std::size_t>(i) + 100));
  }
  ending = true;
  killer.join();
  EXPECT_GT(store_->health().spool_writes, 0U) << "it was hit";
  ASSERT_TRUE(wait_replayed());
  expect_all(3000);
}

TEST_F(PgFaults, CloseKeepsItsLimitWhileTheServerHangs) {
  options_.server_timeout = 30s;
  open();
  server_->suspend();
  commit_range(0, 3);
  store_->put("offset", "1");
  const MonoTime began = clock_.now();
  ASSERT_TRUE(store_->close(2s)) << "the spool has the rows and the copy has the state";
  EXPECT_LT(clock_.now() - began, 3s);
  server_->resume();
  store_.reset();
  open();
  expect_all(3);
  EXPECT_EQ(store_->get("offset"), "1");
}

TEST_F(PgFaults, DatabaseThatTakesNoWritesForAWhile) {
  open();
  server_->ask("postgres",
               "ALTER DATABASE " + database_ + " SET default_transaction_read_only = on");
  server_->ask("postgres",
               "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
               "application_name = 'feedwatch'");
  commit_range(0, 5);
  ASSERT_TRUE(wait_done(5));
  EXPECT_GE(store_->health().spooled, 5U) << "nothing wrong with the batches";
  EXPECT_EQ(store_->health().rejected, 0U);
  server_->ask("postgres", "ALTER DATABASE " + database_ + " RESET default_transaction_read_only");
  server_->ask("postgres",
               "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
               "application_name = 'feedwatch'");
  ASSERT_TRUE(wait_replayed());
  expect_all(5);
}

// ---- starting without it ------------------------------------------------------------------------

class PgStart : public PgFixture {};

TEST_F(PgStart, OutOfReachTheStoreBeginsWithWhatItKnewAndSpools) {
  open();
  const NotificationRow note{"n1", "a1", "hook", "pending", "{}", 0, wall_from_ns(1'000), {}, ""};
  commit(batch_of("k1", {alert_row("a1"), note, silence_row("s1"), alert_row("a2")}));
  commit(batch_of("k2", {alert_row("a2", "resolved")}));
  ASSERT_TRUE(wait_done(2));
  store_->put("budget", "7");
  ASSERT_TRUE(store_->close(5s));
  store_.reset();
  server_->stop();

  open();
  EXPECT_EQ(store_->get("budget"), "7");
  const auto reader = store_->reader();
  ASSERT_TRUE(reader) << reader.error().text();
  ASSERT_EQ((*reader)->open_alerts()->size(), 1U);
  EXPECT_EQ((*reader)->open_alerts()->front().id, "a1");
  EXPECT_EQ((*reader)->pending_notifications()->size(), 1U);
  EXPECT_EQ((*reader)->silences()->size(), 1U);
  EXPECT_EQ((*reader)->resolved_alerts()->size(), 1U);
  EXPECT_GT(store_->health().consecutive_failures, 0U) << "trouble is known from the start";

  commit(batch_of("k3", {alert_row("a1", "resolved")}));
  commit(batch_of("k4", {alert_row("a3")}));
  store_->put("budget", "8");
  ASSERT_TRUE(wait_done(4));
  // And once more: what was spooled is part of what is known.
  ASSERT_TRUE(store_->close(5s)) << "everything is somewhere";
  store_.reset();
  open();
  EXPECT_EQ(store_->get("budget"), "8");
  ASSERT_EQ((*store_->reader())->open_alerts()->size(), 1U);
  EXPECT_EQ((*store_->reader())->open_alerts()->front().id, "a3");

  server_->start();
  ASSERT_TRUE(wait_replayed());
  ASSERT_EQ(query()->open_alerts()->size(), 1U);
  EXPECT_EQ(query()->open_alerts()->front().id, "a3");
  ASSERT_TRUE(mailbox_.wait_until([&] {
    return server_->ask(database_,
                        "SELECT convert_from(value, 'UTF8') FROM feedwatch.state WHERE "
                        "key = 'budget'") == "8";
  }));
}

TEST_F(PgStart, StateOfARunThatEndedWithoutTheDatabaseIsTheNewest) {
  open();
  store_->put("budget", "1");
  ASSERT_TRUE(store_->close(5s));
  store_.reset();
  server_->stop();
  open();
  store_->put("budget", "2");
  ASSERT_TRUE(store_->close(5s));
  store_.reset();
  server_->start();
  open();
  EXPECT_EQ(store_->get("budget"), "2");
}

TEST_F(PgStart, WhatOnlyTheDatabaseKnewIsToldWhenItIsMet) {
  open();
  const NotificationRow note{"n1", "a1", "hook", "pending", "{}", 0, wall_from_ns(1'000), {}, ""};
  const NotificationRow last{"n2", "a2", "hook", "pending", "{}", 0, wall_from_ns(1'000), {}, ""};
  commit(batch_of("k1", {alert_row("a1"), note, alert_row("a2"), alert_row("a4")}));
  commit(batch_of("k2", {alert_row("a2", "resolved"), last}));
  store_->put("budget", "7");
  ASSERT_TRUE(wait_done(2));
  ASSERT_TRUE(store_->close(5s));
  store_.reset();
  server_->stop();

  // Another machine, or an empty state directory.
  options_.state_dir = dir_.path() / "elsewhere";
  std::vector<std::string> told;
  options_.on_alert = [&](const AlertRow& row, const std::vector<NotificationRow>& notes) {
    told.push_back(row.id + " " + row.state + " " + (notes.empty() ? "-" : notes.front().id));
  };
  open();
  EXPECT_TRUE((*store_->reader())->open_alerts()->empty());
  // The same trouble as a4, found by ourselves: one alert an identity all the same.
  AlertRow again = alert_row("a4");
  again.id = "b1";
  again.message = "again";
  commit(
      batch_of("k3", {again, AlertTransitionRow{"b1", wall_from_ns(1'000), "", "firing", "", ""}}));
  ASSERT_TRUE(wait_done(3));
  server_->start();
  ASSERT_TRUE(wait_replayed());
  ASSERT_TRUE(mailbox_.wait_until([&] { return told.size() >= 2; }));
  std::ranges::sort(told);
  EXPECT_EQ(told.at(0), "a1 firing n1");
  EXPECT_EQ(told.at(1), "a2 resolved n2");
  EXPECT_EQ(store_->get("budget"), "7");
  const auto open_rows = query()->open_alerts();
  ASSERT_EQ(open_rows->size(), 2U);
  EXPECT_EQ(query()->alert("a4")->value().message, "again");
  EXPECT_FALSE(query()->alert("b1")->has_value());
  // What its writer says of b1 from now on is said of a4.
  AlertRow over = again;
  over.state = "resolved";
  over.resolved_at = over.updated_at;
  commit(batch_of("k4", {over}));
  ASSERT_TRUE(wait_done(4));
  EXPECT_EQ(done_.back(), "ok");
  EXPECT_EQ(query()->alert("a4")->value().state, "resolved");
}

TEST_F(PgStart, HungServerDelaysTheStartByItsTimeOutOnly) {
  options_.server_timeout = 300ms;
  server_->suspend();
  const MonoTime began = clock_.now();
  open();
  EXPECT_LT(clock_.now() - began, 1500ms);
  commit_range(0, 5);
  ASSERT_TRUE(wait_done(5));
  server_->resume();
  ASSERT_TRUE(wait_replayed());
  expect_all(5);
}

TEST_F(PgStart, ADamagedCopyIsMadeAnew) {
  open();
  commit(batch_of("k1", {alert_row("a1")}));
  ASSERT_TRUE(wait_done(1));
  store_.reset();
  const auto copy = options_.state_dir / "feedwatch-copy.db";
  ASSERT_TRUE(std::filesystem::exists(copy));
  std::ofstream(copy) << std::string(8192, 'x');
  open();
  store_.reset();
  EXPECT_TRUE(std::filesystem::exists(copy.string() + ".damaged"));
  server_->stop();
  open();
  EXPECT_EQ((*store_->reader())->open_alerts()->size(), 1U);
}

}  // namespace
}  // namespace feedwatch::store
