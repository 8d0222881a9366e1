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

TEST(ControlPulses, a_silent_strategys_positions_are_listed_the_largest_first) {
  ControlBench bench({}, with_pulse());
  const auto hold = [&](int number, const std::string& strategy) {
    ASSERT_TRUE(bench.control.put_position({.id = "p" + std::to_string(number),
                                            .venue = "v",
                                            .symbol = "S",
                                            .side = Side::buy,
                                            .entry_price = Decimal{10, 0},
                                            .quantity = Decimal{number, 0},
                                            .opened_at = bench.clock.wall_now()},
                                           {}, "bot", {.strategy = strategy, .rules = {}}));
    bench.settle();
  };
  for (int i = 1; i <= 12; ++i) hold(i, "trend");
  hold(99, "grid");
  EXPECT_EQ(bench.control.pulses(bench.clock.time).at(0).positions, 12U);
  ASSERT_TRUE(bench.control.beat("trend", PulseMark::failed, "no margin", bench.clock.time));
  const auto alert = [&] {
    for (const AlertView& view : bench.control.alerts(0)) {
      if (view.row.name == "signal_silence") return view.row;
    }
    return AlertRow{};
  };
  EXPECT_THAT(alert().message,
              testing::AllOf(HasSubstr("no margin; open positions: 12, v/S/p12 long 12 worth 120, "
                                       "v/S/p11 long 11 worth 110"),
                             testing::EndsWith("v/S/p3 long 3 worth 30 and 2 more")));
  EXPECT_THAT(alert().message, testing::Not(HasSubstr("p99")));
  EXPECT_THAT(alert().metadata,
              testing::AllOf(HasSubstr(R"("positions":12)"),
                             HasSubstr(R"("largest":[{"id":"p12","venue":"v","symbol":"S",)")));
  EXPECT_EQ(alert().labels, (Labels{{"pulse", "trend"}})) << "how many they are is no identity";
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

// ---- where we listen ourselves ----

PulseSource troubled(SourceTrouble trouble, std::string why, MonoTime since) {
  PulseSource source;
  source.trouble = trouble;
  source.why = std::move(why);
  source.since = since;
  return source;
}

TEST(ControlPulses, silence_says_how_the_source_fares) {
  ControlBench bench({}, with_pulse(), 64, nullptr, "trend");
  bench.source = PulseSource{.state = SourceState::authenticated};
  bench.run_until(t0 + 71s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(signal_silence{pulse="trend"} warning)"));
  EXPECT_THAT(message(bench), HasSubstr("its source is connected and gives no new signal"));
  EXPECT_TRUE(bench.control.pulses(bench.clock.time).at(0).source);
}

TEST(ControlPulses, a_rejected_token_is_told_at_once_and_in_the_silence) {
  ControlBench bench({}, with_pulse(), 64, nullptr, "trend");
  bench.source = troubled(SourceTrouble::rejected, "the token was rejected: expired", t0);
  bench.run_until(t0 + 2s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(signal_source_failing{pulse="trend"} warning)"));
  EXPECT_EQ(message(bench), "the source of trend: the token was rejected: expired");
  bench.run_until(t0 + 71s);
  ASSERT_EQ(bench.open().size(), 2U);
  bool said = false;
  for (const auto& view : bench.control.alerts(0)) {
    said = said || (view.row.name == "signal_silence" &&
                    view.row.message.ends_with("its source: the token was rejected: expired"));
  }
  EXPECT_TRUE(said);
}

TEST(ControlPulses, a_source_has_half_a_minute_to_come_back) {
  ControlOptions options = with_pulse();
  options.pulses.front().every = 1h;
  ControlBench bench({}, options, 64, nullptr, "trend");
  bench.source = troubled(SourceTrouble::disconnected, "closed by the peer with 1000", t0);
  bench.run_until(t0 + 29s);
  bench.source = PulseSource{.state = SourceState::authenticated};
  bench.run_until(t0 + 5min);
  EXPECT_THAT(bench.hook.keys(), IsEmpty());
  bench.source = troubled(SourceTrouble::disconnected, "closed by the peer with 1000", t0 + 5min);
  bench.run_until(t0 + 5min + 31s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(signal_source_failing{pulse="trend"} warning)"));
  EXPECT_EQ(message(bench), "the source of trend is not connected: closed by the peer with 1000");
  bench.run_until(t0 + 6min);
  EXPECT_EQ(bench.hook.keys().size(), 1U);
  bench.source = PulseSource{.state = SourceState::authenticated};
  bench.run_until(t0 + 8min);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST(ControlPulses, the_wait_for_a_connection_holds_no_other_trouble_back) {
  ControlBench bench({}, with_pulse(), 64, nullptr, "trend");
  bench.source = troubled(SourceTrouble::disconnected, "refused", t0);
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.open(), IsEmpty());
  bench.source = troubled(SourceTrouble::rejected, "the token was rejected", t0 + 10s);
  bench.run_until(t0 + 12s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(signal_source_failing{pulse="trend"} warning)"));
}

TEST(ControlPulses, an_alert_about_a_source_that_is_gone_ends) {
  AlertRow open;
  open.id = "old";
  open.name = "signal_source_failing";
  open.labels = {{"pulse", "trend"}};
  open.identity = R"(signal_source_failing{pulse="trend"})";
  open.severity = "warning";
  open.state = "firing";
  open.started_at = open.updated_at = FakeClock().wall_now() - 10min;
  ControlOptions options = with_pulse();
  options.pulses.front().every = 1h;
  ControlBench bench({{open}, {}}, options);
  bench.run_until(t0 + 2min);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST(ControlPulses, a_signal_kept_by_its_source_is_heard_at_its_own_time) {
  ControlBench bench({}, with_pulse());
  bench.run_until(t0 + 50s);
  ASSERT_TRUE(bench.control.beat("trend", PulseMark::beat, "kept", bench.clock.time, t0 + 20s));
  EXPECT_EQ(bench.control.pulses(bench.clock.time).at(0).silence, Duration(30s));
  ASSERT_TRUE(bench.control.beat("trend", PulseMark::beat, "", bench.clock.time, t0 + 1h));
  EXPECT_EQ(bench.control.pulses(bench.clock.time).at(0).silence, Duration(0s)) << "no future";
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
