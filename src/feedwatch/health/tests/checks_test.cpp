#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/health/checks.hpp"
#include "feedwatch/health/registry.hpp"

namespace feedwatch::health {
namespace {

using testing::HasSubstr;
constexpr Duration ns{1};

TEST(StoreCheck, unknown_before_the_first_answer) {
  EXPECT_EQ(check_store({}).status, Status::unknown);
}

TEST(StoreCheck, healthy_after_a_success) {
  StoreEvidence store;
  store.last_success_age = 1s;
  EXPECT_EQ(check_store(store).status, Status::healthy);
  store.oldest_pending = 10s;
  EXPECT_EQ(check_store(store).status, Status::healthy);
  store.oldest_pending = 10s + ns;
  EXPECT_EQ(check_store(store).status, Status::unhealthy) << "a commit hangs";
}

TEST(StoreCheck, failing_is_degraded_then_unhealthy) {
  StoreEvidence store;
  store.last_success_age = 1s;
  store.consecutive_failures = 1;
  store.failing_for = 10s;
  store.last_error = "disk full";
  EXPECT_EQ(check_store(store).status, Status::degraded);
  EXPECT_THAT(*check_store(store).message, HasSubstr("disk full"));
  store.failing_for = 10s + ns;
  EXPECT_EQ(check_store(store).status, Status::unhealthy);
}

TEST(StoreCheck, spooling_is_degraded_and_losing_rows_critical) {
  StoreEvidence store;
  store.last_success_age = 1s;
  store.self = {.failures = 2, .spooled = 3, .spool_age = 12s, .last_error = "disk is full"};
  EXPECT_EQ(check_store(store).status, Status::degraded);
  EXPECT_EQ(check_store(store).message, "3 batches in the spool only for 12.0s: disk is full");
  store.dropped_lately = 1;
  EXPECT_EQ(check_store(store).status, Status::critical);
}

TEST(StoreCheck, a_database_that_fails_behind_an_empty_spool_is_degraded) {
  StoreEvidence store;
  store.last_success_age = 1s;
  store.self = {.failures = 1, .last_error = "database is locked"};
  EXPECT_EQ(check_store(store).status, Status::degraded);
  EXPECT_EQ(check_store(store).message, "the database fails: database is locked");
}

TEST(StoreCheck, a_probe_that_fails_or_gets_no_answer_in_two_seconds_is_degraded) {
  StoreEvidence store;
  store.last_success_age = 1s;
  store.probe = {.took = 5ms, .waiting = {}, .error = "disk I/O error"};
  EXPECT_EQ(check_store(store).status, Status::degraded);
  EXPECT_EQ(check_store(store).message, "the probe fails: disk I/O error");
  store.probe = {.took = 5ms, .waiting = 2s, .error = ""};
  EXPECT_EQ(check_store(store).status, Status::healthy);
  store.probe.waiting = 2s + ns;
  EXPECT_EQ(check_store(store).status, Status::degraded);
  EXPECT_EQ(check_store(store).message, "the probe has had no answer for 2.0s");
  store.probe.waiting = 10s + ns;
  EXPECT_EQ(check_store(store).status, Status::unhealthy);
}

TEST(StoreCheck, says_when_its_good_word_was_true) {
  StoreEvidence store;
  store.last_success_age = 60s + ns;
  Verdict verdict = check_store(store);
  EXPECT_EQ(verdict.status, Status::healthy);
  expire(verdict);
  EXPECT_EQ(verdict.status, Status::unknown) << "it is asked every 30 s";
  store.consecutive_failures = 1;
  store.failing_for = 70s;
  verdict = check_store(store);
  expire(verdict);
  EXPECT_EQ(verdict.status, Status::unhealthy) << "a failure is known now";
}

TEST(NotifierCheck, worst_only_when_all_fail) {
  SinkEvidence good{.name = "log"};
  SinkEvidence bad{.name = "hook", .failing = true, .consecutive_failures = 7, .last_error = "503"};
  EXPECT_EQ(check_notifier({good}).status, Status::healthy);
  EXPECT_EQ(check_notifier({good, bad}).status, Status::degraded);
  EXPECT_EQ(check_notifier({bad}).status, Status::unhealthy);
  EXPECT_THAT(*check_notifier({good, bad}).message, HasSubstr("hook (503)"));
  EXPECT_EQ(check_notifier({good, bad}).error_count, 7U);
}

}  // namespace
}  // namespace feedwatch::health
