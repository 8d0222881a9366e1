#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Type = Control::Event::Type;

std::string staleness(const std::string& symbol) {
  return R"(price_staleness{kind="mark",symbol=")" + symbol + R"(",venue="v"})";
}
const std::string line_down = R"(line_down{venue="v"})";
const std::string rate_limited = R"(rate_limited{venue="v"})";

class ControlAlerts : public testing::Test {
 protected:
  void receive_once(const StreamStatus& stream) {
    if (!bench.monitor.unchecked_slot(stream.stream).received) bench.old_price(stream);
  }
  void degrade(StreamStatus& stream, Reason reason = Reason::silent) {
    receive_once(stream);
    stream = ControlBench::at(stream, Level::degraded, reason, bench.clock.time);
    bench.put(stream);
  }
  void go_stale(StreamStatus& stream, Reason reason = Reason::silent) {
    if (reason != Reason::never_received) receive_once(stream);
    stream = ControlBench::at(stream, Level::stale, reason, bench.clock.time);
    bench.put(stream);
  }
  void heal(StreamStatus& stream) {
    stream = ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time);
    bench.put(stream);
  }

  ControlBench bench;
};

TEST_F(ControlAlerts, warning_at_degraded_critical_at_stale_one_alert) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  heal(btc);
  bench.run_until(t0 + 180s + 1ns);  // equality is healthy
  degrade(btc);
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " warning"));
  bench.run_until(t0 + 300s);
  go_stale(btc);
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " critical"));
  bench.run_until(t0 + 310s);
  heal(btc);
  bench.run_until(t0 + 370s);
  EXPECT_THAT(bench.open(), IsEmpty());

  const auto rows = bench.journal.rows<AlertRow>();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].id, rows[2].id);
  EXPECT_EQ(rows[0].started_at, bench.clock.wall_now() - 370s + 180s + 1ns);
  EXPECT_EQ(rows[2].state, "resolved");
  EXPECT_EQ(rows[2].resolved_at, bench.clock.wall_now());
  const auto transitions = bench.journal.rows<AlertTransitionRow>();
  ASSERT_EQ(transitions.size(), 3U);
  EXPECT_EQ(transitions[0].from + ">" + transitions[0].to, "pending>firing");
  EXPECT_EQ(transitions[1].severity, "critical");
  EXPECT_EQ(transitions[2].to, "resolved");
  bench.run_until(t0 + 375s);
  ASSERT_EQ(bench.hook.delivered.size(), 3U);
  EXPECT_TRUE(bench.hook.notices()[2].resolved());
}

TEST_F(ControlAlerts, a_stream_the_board_calls_healthy_again_is_not_called_stale_at_age_zero) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  heal(btc);
  bench.run_until(t0 + 301s);
  go_stale(btc);
  ASSERT_THAT(bench.open(), ElementsAre(staleness("BTC") + " critical"));
  bench.price(btc, "101");  // on the board; its status is still on the way
  bench.put(btc);
  ASSERT_THAT(bench.control.alerts(0), ::testing::SizeIs(1));  // lingers
  EXPECT_THAT(bench.control.alerts(0)[0].row.message, ::testing::HasSubstr("age 301.0s"));
}

TEST_F(ControlAlerts, message_has_age_limit_and_reason_and_metadata_the_symbol) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  bench.run_until(t0 + 300s + 500ms);
  go_stale(btc);
  const auto row = bench.control.alerts().at(0).row;
  EXPECT_EQ(row.message, "v/BTC/mark is stale: age 300.5s, limit 300s, silent");
  EXPECT_EQ(row.metadata, R"({"stale_symbols":["BTC"],"stream":"v/BTC/mark","age_seconds":300.5,)"
                          R"("reason":"silent","level":"stale"})");
}

TEST_F(ControlAlerts, api_row_and_notification_say_the_same) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  heal(btc);
  bench.put(ControlBench::venue(false, t0));
  bench.run_until(t0 + 200s);
  degrade(btc, Reason::disconnected);  // held back by line_down, with an age of 200 s
  bench.put(ControlBench::venue(true, t0 + 200s));
  bench.run_until(t0 + 262s);
  const auto shown = [&] { return bench.control.alerts(0).at(0).row; };
  ASSERT_EQ(shown().identity, staleness("BTC"));
  EXPECT_THAT(shown().message, HasSubstr("age 26"));
  EXPECT_EQ(shown().message, bench.journal.rows<AlertRow>().back().message);
  btc.detail = "another word";
  bench.put(btc);
  EXPECT_EQ(shown().message, bench.journal.rows<AlertRow>().back().message);
  bench.run_until(t0 + 268s + 4h);
  const auto rows = bench.journal.rows<AlertRow>();
  EXPECT_THAT(rows.back().message, HasSubstr("another word")) << "the repeat";
  EXPECT_EQ(shown().message, rows.back().message);
  EXPECT_EQ(shown().metadata, rows.back().metadata);
  EXPECT_THAT(bench.hook.notices().back().message, HasSubstr("another word"));
}

TEST_F(ControlAlerts, never_received_says_so) {
  auto btc = bench.watch("BTC");
  bench.run_until(t0 + 31s);
  go_stale(btc, Reason::never_received);
  const auto row = bench.control.alerts().at(0).row;
  EXPECT_EQ(row.identity, R"(never_received{kind="mark",symbol="BTC",venue="v"})");
  EXPECT_EQ(row.severity, "critical");
  EXPECT_THAT(row.message, HasSubstr("has never been received"));
  EXPECT_THAT(row.metadata, HasSubstr(R"("age_seconds":null)"));
}

TEST_F(ControlAlerts, silence_is_critical_only_for_required_clocked_streams) {
  auto optional = bench.watch("OPT", false);
  auto event = bench.watch("EVT", true, event_driven());
  go_stale(optional);
  go_stale(event);
  EXPECT_THAT(bench.open(), testing::UnorderedElementsAre(staleness("OPT") + " warning",
                                                          staleness("EVT") + " warning"));
}

TEST_F(ControlAlerts, event_streams_are_critical_for_what_is_more_than_silence_as_in_health) {
  auto event = bench.watch("EVT", true, event_driven());
  go_stale(event, Reason::rejecting);
  EXPECT_THAT(bench.open(),
              ElementsAre(R"(rejecting{kind="mark",symbol="EVT",venue="v"} critical)"));
  auto lost = bench.watch("LOST", true, event_driven(), "w");
  go_stale(lost, Reason::disconnected);
  EXPECT_THAT(
      bench.open(),
      testing::Contains(R"(price_staleness{kind="mark",symbol="LOST",venue="w"} critical)"));
}

TEST_F(ControlAlerts, no_fault_no_alert) {
  auto btc = bench.watch("BTC");
  btc = ControlBench::at(btc, Level::stale, Reason::market_quiet, t0);
  btc.fault = false;
  bench.put(btc);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlAlerts, ten_stale_streams_for_an_hour_are_ten_alerts_told_once) {
  std::vector<StreamStatus> streams;
  for (int i = 0; i < 10; ++i) streams.push_back(bench.watch("S" + std::to_string(i)));
  for (auto& stream : streams) degrade(stream);
  bench.run_until(t0 + 120s);
  for (auto& stream : streams) {
    stream.repair_exhausted = true;
    go_stale(stream);
  }
  for (int minute = 3; minute <= 60; ++minute) {
    bench.run_until(t0 + std::chrono::minutes{minute});
    for (auto& stream : streams) bench.put(stream);
    EXPECT_EQ(bench.open().size(), 10U);
  }
  EXPECT_EQ(bench.hook.notices().size(), 20U) << "a warning and a critical each";
  EXPECT_EQ(bench.hook.delivered.size(), 2U) << "and a message of each for all of them";
  bench.run_until(t0 + 4h - 1ms);
  EXPECT_EQ(bench.hook.delivered.size(), 2U);
  bench.run_until(t0 + 4h + 6s);
  EXPECT_EQ(bench.hook.notices().size(), 30U) << "the repeat";
  EXPECT_EQ(bench.hook.delivered.size(), 3U);
}

TEST_F(ControlAlerts, rows_at_once_first_notification_after_group_wait) {
  auto btc = bench.watch("BTC");
  degrade(btc);
  EXPECT_EQ(bench.journal.rows<AlertRow>().size(), 1U);
  EXPECT_EQ(bench.journal.rows<NotificationRow>().size(), 2U) << "one a sink, in the same batch";
  bench.run_until(t0 + 5s - 1ns);
  EXPECT_THAT(bench.hook.delivered, IsEmpty());
  bench.run_until(t0 + 5s);
  ASSERT_EQ(bench.hook.delivered.size(), 1U);
  const auto row = bench.journal.rows<AlertRow>().at(0);
  EXPECT_EQ(bench.hook.delivered[0].id, row.id + "/firing/warning");
  const auto last = bench.journal.rows<NotificationRow>().back();
  EXPECT_EQ(last.state, "delivered");
  EXPECT_EQ(last.attempts, 1);
  EXPECT_TRUE(bench.control.drained());
}

TEST_F(ControlAlerts, line_down_after_ten_seconds_speaks_for_its_streams) {
  auto btc = bench.watch("BTC");
  heal(btc);
  bench.put(ControlBench::venue(false, t0));
  bench.run_until(t0 + 3s);
  degrade(btc, Reason::disconnected);
  bench.run_until(t0 + 10s - 1ns);
  EXPECT_THAT(bench.open(), IsEmpty());
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.open(), ElementsAre(line_down + " critical"));
  bench.run_until(t0 + 60s);
  go_stale(btc, Reason::disconnected);
  EXPECT_THAT(bench.open(), ElementsAre(line_down + " critical"));
  EXPECT_EQ(bench.journal.rows<AlertRow>().at(0).started_at,
            bench.clock.wall_now() - (bench.clock.time - t0));
}

TEST_F(ControlAlerts, child_still_bad_fires_within_a_second_of_line_down_resolving) {
  auto btc = bench.watch("BTC");
  auto eth = bench.watch("ETH");
  heal(btc);
  heal(eth);
  bench.put(ControlBench::venue(false, t0));
  bench.run_until(t0 + 60s);
  go_stale(btc, Reason::disconnected);
  go_stale(eth, Reason::disconnected);
  bench.put(ControlBench::venue(true, bench.clock.time));
  heal(eth);
  bench.run_until(t0 + 120s);
  EXPECT_THAT(bench.open(), IsEmpty()) << "line_down resolved, the release is running";
  bench.run_until(t0 + 121s);
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " critical"));
}

TEST_F(ControlAlerts, line_that_is_back_speaks_for_streams_until_they_are_heard_on_it) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  btc.line = "v/a";
  LineStatus line{.line = LineId{1}, .name = "v/a", .venue = "v"};
  line.state = LineState::live;
  line.up = true;
  line.up_since = t0;
  bench.put(line);
  heal(btc);
  bench.put(ControlBench::venue(false, t0));
  bench.run_until(t0 + 400s);
  EXPECT_THAT(bench.open(), ElementsAre(line_down + " critical"));
  line.state = LineState::subscribing;
  line.up = false;
  line.up_since = bench.clock.time;
  bench.put(line);
  btc.repair_exhausted = true;  // silent for long enough, on whatever line
  go_stale(btc);
  EXPECT_THAT(bench.open(), ElementsAre(line_down + " critical"));
  bench.run_until(t0 + 401s);
  line.state = LineState::live;
  line.up = true;
  line.up_since = bench.clock.time;
  bench.put(line);
  bench.put(ControlBench::venue(true, bench.clock.time));
  EXPECT_THAT(bench.open(), ElementsAre(line_down + " critical"));
  bench.run_until(t0 + 463s);
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " critical"));
}

TEST_F(ControlAlerts, other_line_of_the_venue_does_not_speak_for_a_stream) {
  auto btc = bench.watch("BTC");
  btc.line = "v/a";
  LineStatus line{.line = LineId{1}, .name = "v/a", .venue = "v"};
  line.state = LineState::live;
  line.up = true;
  line.up_since = t0;
  bench.put(line);
  bench.price(btc, "100");
  heal(btc);
  bench.run_until(t0 + 280s);
  bench.put(ControlBench::venue(false, bench.clock.time));
  bench.run_until(t0 + 301s);
  go_stale(btc);
  EXPECT_THAT(bench.open(), testing::UnorderedElementsAre(line_down + " critical",
                                                          staleness("BTC") + " critical"));
}

TEST_F(ControlAlerts, venue_without_wanted_streams_is_not_down) {
  bench.put(ControlBench::venue(false, t0));
  bench.run_until(t0 + 1h);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlAlerts, line_down_of_optional_streams_is_a_warning) {
  auto btc = bench.watch("BTC", false);
  heal(btc);
  bench.put(ControlBench::venue(false, t0));
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.open(), ElementsAre(line_down + " warning"));
}

TEST_F(ControlAlerts, short_loss_of_the_line_leaves_no_trace) {
  auto btc = bench.watch("BTC");
  heal(btc);
  bench.put(ControlBench::venue(false, t0));
  bench.run_until(t0 + 5s);
  degrade(btc, Reason::disconnected);
  bench.run_until(t0 + 9s);
  bench.put(ControlBench::venue(true, bench.clock.time));
  bench.run_until(t0 + 9s + 500ms);
  heal(btc);
  bench.run_until(t0 + 1h);
  EXPECT_THAT(bench.journal.rows<AlertRow>(), IsEmpty());
}

TEST_F(ControlAlerts, rate_limit_takes_over_from_line_down_and_back) {
  auto btc = bench.watch("BTC");
  heal(btc);
  bench.put(ControlBench::venue(false, t0));
  bench.run_until(t0 + 20s);
  EXPECT_THAT(bench.open(), ElementsAre(line_down + " critical"));
  auto limited = ControlBench::venue(false, t0);
  limited.limited_until = t0 + 140s;
  bench.put(limited);
  EXPECT_THAT(bench.open(), ElementsAre(rate_limited + " critical"));
  bench.run_until(t0 + 100s);
  go_stale(btc, Reason::rate_limited);
  EXPECT_THAT(bench.open(), ElementsAre(rate_limited + " critical"));
  // The limit ends by time alone; line_down has to hold anew, and speaks for the stream meanwhile.
  bench.run_until(t0 + 150s);
  EXPECT_THAT(bench.open(),
              testing::UnorderedElementsAre(line_down + " critical", rate_limited + " critical"));
  bench.run_until(t0 + 201s);
  EXPECT_THAT(bench.open(), ElementsAre(line_down + " critical"));
}

TEST_F(ControlAlerts, rate_limit_is_a_warning_at_once_and_rises_when_the_venue_stays_down) {
  auto btc = bench.watch("BTC");
  heal(btc);
  auto limited = ControlBench::venue(false, t0);
  limited.limited_until = t0 + 1h;
  bench.put(limited);
  EXPECT_THAT(bench.open(), ElementsAre(rate_limited + " warning"));
  bench.run_until(t0 + 10s - 1ns);
  EXPECT_THAT(bench.open(), ElementsAre(rate_limited + " warning"));
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.open(), ElementsAre(rate_limited + " critical"));
}

TEST_F(ControlAlerts, repair_exhausted_gives_way_to_staleness) {
  auto btc = bench.watch("BTC");
  heal(btc);
  btc.repair_exhausted = true;
  bench.put(btc);
  EXPECT_THAT(bench.open(),
              ElementsAre(R"(repair_exhausted{kind="mark",symbol="BTC",venue="v"} critical)"));
  bench.run_until(t0 + 180s);
  degrade(btc);
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " critical")) << "and says no less";
}

TEST_F(ControlAlerts, quarantine_and_rejecting_are_one_alert_each) {
  auto bad = bench.watch("BAD");
  bad.quarantined = true;
  bad.detail = "Invalid symbol";
  bench.put(bad);
  EXPECT_THAT(bench.open(),
              ElementsAre(R"(quarantined{kind="mark",symbol="BAD",venue="v"} warning)"));
  go_stale(bad, Reason::quarantined);
  EXPECT_THAT(bench.open(),
              ElementsAre(R"(quarantined{kind="mark",symbol="BAD",venue="v"} critical)"))
      << "health is critical, and price_staleness waits behind this alert for ever";
  EXPECT_THAT(bench.control.alerts().at(0).row.message, HasSubstr("Invalid symbol"));

  auto odd = bench.watch("ODD", true, clocked(1s), "w");
  odd = ControlBench::at(odd, Level::healthy, Reason::rejecting, t0);
  bench.put(odd);
  go_stale(odd, Reason::rejecting);
  EXPECT_THAT(bench.open(),
              testing::Contains(R"(rejecting{kind="mark",symbol="ODD",venue="w"} critical)"));
  EXPECT_EQ(bench.open().size(), 2U);
}

TEST_F(ControlAlerts, trouble_of_a_stream_that_stayed_healthy_ends_after_it_began_and_lingers) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  heal(btc);
  bench.run_until(t0 + 100s);
  btc.reason = Reason::rejecting;
  bench.put(btc);
  ASSERT_EQ(bench.open().size(), 1U);
  bench.run_until(t0 + 110s);
  btc.reason = Reason::ok;  // a good tick; the level never moved
  bench.put(btc);
  EXPECT_EQ(bench.open().size(), 1U) << "keep_firing";
  bench.run_until(t0 + 120s);
  btc.reason = Reason::rejecting;
  bench.put(btc);
  bench.run_until(t0 + 130s);
  btc.reason = Reason::ok;
  bench.put(btc);
  bench.run_until(t0 + 190s);
  EXPECT_THAT(bench.open(), IsEmpty());
  const auto rows = bench.journal.rows<AlertRow>();
  ASSERT_EQ(rows.size(), 2U) << "one episode, fired and resolved";
  EXPECT_EQ(rows[1].started_at + 90s, rows[1].resolved_at);
}

TEST_F(ControlAlerts, rate_limit_of_a_live_venue_ends_after_it_began_and_lingers) {
  auto btc = bench.watch("BTC");
  heal(btc);
  bench.put(ControlBench::venue(true, t0));
  bench.run_until(t0 + 100s);
  auto limited = ControlBench::venue(true, t0);
  limited.limited_until = t0 + 110s;
  bench.put(limited);
  EXPECT_THAT(bench.open(), ElementsAre(rate_limited + " warning"));
  bench.run_until(t0 + 170s - 1ns);
  EXPECT_THAT(bench.open(), ElementsAre(rate_limited + " warning"));
  bench.run_until(t0 + 170s);
  EXPECT_THAT(bench.open(), IsEmpty());
  const auto rows = bench.journal.rows<AlertRow>();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].started_at + 70s, rows[1].resolved_at);
}

TEST_F(ControlAlerts, removed_stream_takes_its_alert_along_at_once) {
  auto btc = bench.watch("BTC");
  degrade(btc);
  btc.removed = true;
  bench.put(btc);
  EXPECT_THAT(bench.open(), IsEmpty());
  EXPECT_EQ(bench.journal.rows<AlertRow>().back().state, "resolved");
  EXPECT_THAT(bench.control.streams(t0), IsEmpty());
}

TEST_F(ControlAlerts, same_symbol_on_two_venues_is_two_alerts) {
  auto here = bench.watch("BTC");
  auto there = bench.watch("BTC", true, clocked(1s), "w");
  degrade(here);
  degrade(there);
  heal(here);
  bench.run_until(t0 + 60s);
  EXPECT_THAT(bench.open(),
              ElementsAre(R"(price_staleness{kind="mark",symbol="BTC",venue="w"} warning)"));
}

TEST_F(ControlAlerts, observer_hears_every_decision_in_order) {
  auto btc = bench.watch("BTC");
  heal(btc);
  bench.run_until(t0 + 180s);
  btc.suspect_since = t0 + 4s;
  degrade(btc);
  EXPECT_THAT(
      bench.event_texts(Type::stream_level),
      ElementsAre("v/BTC/mark unknown -> healthy", "v/BTC/mark healthy -> degraded silent"));
  EXPECT_THAT(bench.event_texts(Type::suspect), ElementsAre("v/BTC/mark suspect"));
  EXPECT_THAT(bench.event_texts(Type::alert), ElementsAre(staleness("BTC") + " firing warning"));
  bench.run_until(t0 + 190s);
  EXPECT_EQ(bench.event_texts(Type::notification).size(), 2U);
}

}  // namespace
}  // namespace feedwatch::engine
