#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

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

TEST(NotifierCheck, worst_only_when_all_fail) {
  SinkEvidence good{.name = "log"};
  SinkEvidence bad{.name = "hook", .failing = true, .consecutive_failures = 7, .last_error = "503"};
  EXPECT_EQ(check_notifier({good}).status, Status::healthy);
  EXPECT_EQ(check_notifier({good, bad}).status, Status::degraded);
  EXPECT_EQ(check_notifier({bad}).status, Status::unhealthy);
  EXPECT_THAT(*check_notifier({good, bad}).message, HasSubstr("hook (503)"));
  EXPECT_EQ(check_notifier({good, bad}).error_count, 7U);
}

TEST(SelfCheck, remembers_a_stall_for_a_minute) {
  SelfEvidence self;
  EXPECT_EQ(check_self(self).status, Status::healthy);
  self = {.stalls = 2, .max_stall = 3s, .since_last_stall = 60s};
  EXPECT_EQ(check_self(self).status, Status::degraded);
  self.since_last_stall = 60s + ns;
  EXPECT_EQ(check_self(self).status, Status::healthy);
}

TEST(SelfCheck, a_recording_that_stopped_degrades) {
  SelfEvidence self;
  EXPECT_EQ(check_self(self).status, Status::healthy);
  self.recording_failed = true;
  EXPECT_EQ(check_self(self).status, Status::degraded);
  EXPECT_NE(check_self(self).message->find("recording stopped"), std::string::npos);
}

TEST(SelfCheck, a_loop_that_does_not_answer_is_critical_after_two_seconds) {
  SelfEvidence self{.stalls = 0, .max_stall = {}, .since_last_stall = {}, .since_beat = 2s};
  EXPECT_EQ(check_self(self).status, Status::healthy);
  self.since_beat = 2s + ns;
  EXPECT_EQ(check_self(self).status, Status::critical);
}

std::vector<Component> run(const Registry& registry) {
  MonoTime time{};
  return registry.run(wall_from_ns(42), [&time] { return time += 3ms; });
}

TEST(Registry, a_check_that_throws_is_critical_and_stops_no_other) {
  Registry registry;
  registry.add("a", "t", true, []() -> Verdict { throw std::runtime_error("no such table"); });
  registry.add("b", "t", true, []() -> Verdict { throw 7; });
  registry.add("c", "t", true, [] { return Verdict{Status::healthy, std::nullopt, 0, {}}; });
  const auto components = run(registry);
  ASSERT_EQ(components.size(), 3U);
  EXPECT_EQ(components[0].status, Status::critical);
  EXPECT_EQ(components[0].error_message, "no such table");
  EXPECT_EQ(components[1].status, Status::critical);
  EXPECT_EQ(components[2].status, Status::healthy);
  EXPECT_EQ(components[2].last_check, wall_from_ns(42));
  EXPECT_DOUBLE_EQ(components[2].response_time_ms, 3.0);
}

Component component(Status status, bool required = true) {
  Component made;
  made.status = status;
  made.required = required;
  return made;
}

TEST(RollUp, is_the_worst_of_the_required) {
  EXPECT_EQ(roll_up({component(Status::healthy), component(Status::critical)}), Status::critical);
  EXPECT_EQ(roll_up({component(Status::degraded), component(Status::unhealthy)}),
            Status::unhealthy);
  EXPECT_EQ(roll_up({component(Status::healthy), component(Status::healthy)}), Status::healthy);
}

TEST(RollUp, optional_caps_at_degraded) {
  for (const Status status :
       {Status::degraded, Status::unhealthy, Status::critical, Status::unknown}) {
    EXPECT_EQ(roll_up({component(Status::healthy), component(status, false)}), Status::degraded);
  }
}

TEST(RollUp, unknown_is_never_healthy_and_hides_nothing) {
  EXPECT_EQ(roll_up({}), Status::unknown);
  EXPECT_EQ(roll_up({component(Status::healthy), component(Status::unknown)}), Status::unknown);
  EXPECT_EQ(roll_up({component(Status::degraded), component(Status::unknown)}), Status::unknown);
  EXPECT_EQ(roll_up({component(Status::unhealthy), component(Status::unknown)}), Status::unhealthy);
}

}  // namespace
}  // namespace feedwatch::health
