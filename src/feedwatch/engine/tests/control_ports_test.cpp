// The control on ports that fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(ControlPortsTest, alert_survives_a_failing_journal_and_is_delivered_meanwhile) {
  ControlBench bench;
  auto btc = bench.watch("BTC");
  bench.old_price(btc);
  bench.journal.fail_next = 1'000'000;
  bench.put(ControlBench::at(btc, Level::degraded, Reason::silent, t0));
  bench.run_until(t0 + 6s);
  EXPECT_EQ(bench.hook.delivered.size(), 1U) << "a dead store does not silence alerts";
  EXPECT_THAT(bench.journal.rows<AlertRow>(), IsEmpty());
  bench.run_until(t0 + 30s);
  EXPECT_THAT(bench.open(), testing::Contains("store_down warning"));
  EXPECT_EQ(bench.control.health(bench.clock.time).components.at(2).status,
            health::Status::unhealthy);

  bench.journal.fail_next = 0;
  bench.run_until(t0 + 100s);
  const auto rows = bench.journal.rows<AlertRow>();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].name, "price_staleness");
  EXPECT_EQ(rows[1].name + " " + rows[1].state, "store_down firing");
  EXPECT_EQ(rows[2].name + " " + rows[2].state, "store_down resolved");
  EXPECT_EQ(bench.control.counters().journal_dropped_rows, 0U);
  EXPECT_TRUE(bench.control.drained());
}

TEST(ControlPortsTest, one_failed_commit_raises_no_alert) {
  ControlBench bench;
  bench.journal.fail_next = 1;
  bench.put(ControlBench::at(bench.watch("BTC"), Level::degraded, Reason::silent, t0));
  bench.run_until(t0 + 30s);
  EXPECT_EQ(bench.open().size(), 1U);
  EXPECT_EQ(bench.control.counters().journal_errors, 1U);
}

TEST(ControlPortsTest, dead_sink_raises_an_alert_through_the_others) {
  ControlBench bench;
  bench.hook.result = {SinkResult::Status::retry, "connection refused", std::nullopt};
  bench.put(ControlBench::at(bench.watch("BTC"), Level::degraded, Reason::silent, t0));
  bench.run_until(t0 + 60s);
  EXPECT_THAT(bench.open(), testing::Contains(R"(sink_failing{sink="hook"} warning)"));
  ASSERT_EQ(bench.log.delivered.size(), 2U);
  EXPECT_THAT(bench.log.notices()[1].message, HasSubstr("connection refused"));
  EXPECT_EQ(bench.control.health(bench.clock.time).components.at(3).status,
            health::Status::degraded);

  bench.hook.result = {};
  bench.run_until(t0 + 10min);
  EXPECT_THAT(bench.open(), testing::Not(testing::Contains(HasSubstr("sink_failing"))));
  EXPECT_EQ(bench.hook.delivered.size(), 1U) << "nothing about itself";
  EXPECT_TRUE(bench.log.notices().back().resolved());
  EXPECT_GE(bench.control.counters().notification_retries, 5U);
}

TEST(ControlPortsTest, refusal_for_good_raises_the_alert_at_once_with_its_reason) {
  for (const auto status : {SinkResult::Status::failed, SinkResult::Status::gone}) {
    ControlBench bench;
    bench.hook.result = {status, "HTTP 404", std::nullopt};
    bench.put(ControlBench::at(bench.watch("BTC"), Level::degraded, Reason::silent, t0));
    bench.run_until(t0 + 5s - 1ns);
    EXPECT_EQ(bench.open().size(), 1U);
    bench.run_until(t0 + 5s);
    EXPECT_EQ(bench.open().size(), 2U);
    bench.run_until(t0 + 10s);
    EXPECT_THAT(bench.log.notices().back().message, HasSubstr("HTTP 404"));
  }
}

TEST(ControlPortsTest, failure_that_may_pass_raises_the_alert_after_two_minutes) {
  ControlBench bench;
  bench.hook.result = {SinkResult::Status::retry, "503", 10min};
  bench.put(ControlBench::at(bench.watch("BTC"), Level::degraded, Reason::silent, t0));
  bench.run_until(t0 + 125s - 1ns);
  EXPECT_EQ(bench.open().size(), 1U);
  bench.run_until(t0 + 125s);
  EXPECT_EQ(bench.open().size(), 2U);
}

TEST(ControlPortsTest, stopping_does_not_wait_for_siblings) {
  ControlBench bench;
  bench.put(ControlBench::at(bench.watch("BTC"), Level::degraded, Reason::silent, t0));
  EXPECT_FALSE(bench.control.drained());
  bench.control.hurry(t0);
  bench.settle();
  EXPECT_TRUE(bench.control.drained());
  EXPECT_EQ(bench.hook.delivered.size(), 1U);
}

TEST(ControlPortsTest, idle_control_sleeps) {
  ControlBench bench;
  auto btc = bench.watch("BTC");
  bench.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));
  bench.run_until(t0 + 10s);
  EXPECT_EQ(bench.wakeup.armed, t0 + 30s) << "the next probe of the store";
}

TEST(ControlPortsTest, same_input_same_events) {
  const auto run = [] {
    ControlBench bench;
    bench.hook.result = {SinkResult::Status::retry, "503", std::nullopt};
    for (int i = 0; i < 5; ++i) {
      bench.put(ControlBench::at(bench.watch("S" + std::to_string(i)), Level::degraded,
                                 Reason::silent, t0));
    }
    bench.run_until(t0 + 10min);
    std::string text;
    for (const auto& event : bench.events) {
      text += std::to_string(to_ns(event.at)) + " " + event.subject + " " + event.text + "\n";
    }
    return text;
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace feedwatch::engine
