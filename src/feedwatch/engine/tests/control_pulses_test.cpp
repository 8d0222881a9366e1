#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"
#include "feedwatch/engine/watchdog.hpp"

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The words of the open alert.
std::string message(const ControlBench& bench) {
  return bench.control.alerts(0).at(0).row.message;
}

// ---- pulses ----

ControlOptions with_pulse() {
  ControlOptions options;
  options.pulses.push_back({.name = "trend", .every = 60s, .grace = 10s, .required = true});
  return options;
}

TEST(ControlPulses, silence_is_told_by_name_and_grows_and_ends) {
  ControlBench bench({}, with_pulse());
  ASSERT_TRUE(bench.control.beat("trend", PulseMark::beat, "", bench.clock.time));
  bench.settle();
  bench.run_until(t0 + 70s);
  EXPECT_THAT(bench.open(), IsEmpty());
  bench.run_until(t0 + 70s + 1ns);
  EXPECT_THAT(bench.open(), ElementsAre(R"(signal_silence{pulse="trend"} warning)"));
  EXPECT_THAT(message(bench), HasSubstr("trend has not been heard for"));
  bench.run_until(t0 + 131s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(signal_silence{pulse="trend"} critical)"));
  ASSERT_TRUE(bench.control.beat("trend", PulseMark::started, "", bench.clock.time));
  bench.settle();
  bench.run_until(t0 + 131s + 60s);
  EXPECT_THAT(bench.open(), IsEmpty());
  const auto rows = bench.journal.rows<PulseRow>();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].mark, "started");
}

TEST(ControlPulses, failure_is_told_at_once_with_its_words) {
  ControlBench bench({}, with_pulse());
  ASSERT_TRUE(bench.control.beat("trend", PulseMark::failed, "no margin", bench.clock.time));
  EXPECT_THAT(bench.open(), ElementsAre(R"(signal_silence{pulse="trend"} warning)"));
  EXPECT_EQ(message(bench), "trend says that it failed: no margin");
}

TEST(ControlPulses, restart_neither_fires_nor_forgets) {
  AlertRow open;
  open.id = "old";
  open.name = "signal_silence";
  open.labels = {{"pulse", "trend"}};
  open.identity = R"(signal_silence{pulse="trend"})";
  open.severity = "critical";
  open.state = "firing";
  open.started_at = open.updated_at = FakeClock().wall_now() - 10min;
  const PulseRow beat{.name = "trend", .mark = "beat", .at = FakeClock().wall_now() - 11min};
  Recovered known;
  known.pulses = {beat};
  {
    ControlBench bench(known, with_pulse());
    bench.run_until(t0 + 70s);
    EXPECT_THAT(bench.open(), IsEmpty()) << "it may have beaten while nobody listened";
    bench.run_until(t0 + 71s);
    EXPECT_EQ(bench.open().size(), 1U);
  }
  known.open_alerts = {open};
  ControlBench bench(known, with_pulse());
  bench.run_until(t0 + 60s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(signal_silence{pulse="trend"} critical)"));
  bench.run_until(t0 + 10min);
  EXPECT_THAT(bench.open(), ElementsAre(R"(signal_silence{pulse="trend"} critical)"));
  EXPECT_THAT(bench.journal.rows<AlertRow>(), IsEmpty()) << "not fired again";
}

TEST(ControlPulses, unknown_name_is_refused_and_signals_is_not) {
  ControlBench bench;
  EXPECT_FALSE(bench.control.beat("trend", PulseMark::beat, "", t0));
  EXPECT_THAT(bench.control.pulses(t0), IsEmpty());
  ASSERT_TRUE(bench.control.beat("signals", PulseMark::beat, "", t0));
  bench.settle();
  bench.run_until(t0 + 300s);
  EXPECT_THAT(bench.open(), IsEmpty());
  bench.run_until(t0 + 301s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(signal_silence{pulse="signals"} warning)"));
}

// ---- watchdog ----

TEST(ControlWatchdog, always_fires_and_is_repeated_for_whom_it_is_meant) {
  ControlOptions options;
  options.watchdog = WatchdogOptions{.repeat = 5min, .sinks = {"hook"}};
  ControlBench bench({}, options);
  EXPECT_THAT(bench.open(), ElementsAre("Watchdog info"));
  bench.run_until(t0 + 21min);
  EXPECT_THAT(bench.hook.keys(), testing::SizeIs(5)) << "at once, and every five minutes";
  EXPECT_THAT(bench.log.keys(), IsEmpty());
}

TEST(ControlWatchdog, repeats_go_on_in_the_next_run_under_keys_of_their_own) {
  ControlOptions options;
  options.watchdog = WatchdogOptions{.repeat = 5min, .sinks = {"hook"}};
  AlertRow open;
  open.id = "old";
  open.name = open.identity = "Watchdog";
  open.severity = "info";
  open.state = "firing";
  open.started_at = open.updated_at = FakeClock().wall_now() - 12min;
  ControlBench bench({{open}, {}}, options);
  bench.run_until(t0 + 9min);
  const auto keys = bench.hook.keys();
  ASSERT_THAT(keys, testing::SizeIs(2));
  for (const std::string& key : keys) {
    EXPECT_THAT(key, testing::StartsWith("old/firing/info/repeat-"));
  }
  EXPECT_NE(keys[0], keys[1]);
}

TEST(ControlWatchdog, switched_off_it_ends) {
  AlertRow open;
  open.id = "old";
  open.name = open.identity = "Watchdog";
  open.severity = "info";
  open.state = "firing";
  ControlBench bench({{open}, {}});
  bench.run_until(t0 + 61s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST(Heartbeat, only_while_the_loop_and_the_store_advance) {
  EXPECT_TRUE(may_beat({.loop_silence = 1s, .store_silence = 31s}));
  EXPECT_TRUE(may_beat({.loop_silence = std::nullopt, .store_silence = 31s}));
  EXPECT_FALSE(may_beat({.loop_silence = 5s, .store_silence = 31s}));
  EXPECT_FALSE(may_beat({.loop_silence = 1s, .store_silence = 2min}));
  EXPECT_FALSE(may_beat({.loop_silence = 1s, .store_silence = std::nullopt}));
}

}  // namespace
}  // namespace feedwatch::engine
