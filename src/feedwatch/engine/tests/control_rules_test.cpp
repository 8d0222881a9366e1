#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string of_stream(const std::string& name, const std::string& symbol) {
  return name + R"({kind="mark",symbol=")" + symbol + R"(",venue="v"})";
}

/// The words of the open alert.
std::string message(const ControlBench& bench) {
  return bench.control.alerts(0).at(0).row.message;
}

class ControlRules : public testing::Test {
 protected:
  void to(StreamStatus& stream, Level level, Reason reason) {
    stream = ControlBench::at(stream, level, reason, bench.clock.time);
    bench.put(stream);
  }

  ControlBench bench;
};

// ---- streams ----

TEST_F(ControlRules, never_received_and_staleness_exclude_each_other) {
  auto btc = bench.watch("BTC");
  to(btc, Level::stale, Reason::never_received);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("never_received", "BTC") + " critical"));
  // It comes, and is stale again before the other has lingered.
  bench.price(btc, "100");
  to(btc, Level::healthy, Reason::ok);
  bench.run_until(t0 + 20s);
  to(btc, Level::degraded, Reason::silent);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("never_received", "BTC") + " critical"))
      << "the board has it healthy";
  bench.run_until(t0 + 61s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlRules, price_that_came_once_is_stale_and_not_never_received) {
  auto btc = bench.watch("BTC");
  to(btc, Level::stale, Reason::never_received);
  bench.old_price(btc);
  bench.run_until(t0 + 5s);
  to(btc, Level::stale, Reason::silent);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("price_staleness", "BTC") + " critical"))
      << "in the place of the other";
}

class ControlFlapping : public ControlRules {
 protected:
  ControlFlapping() : btc(bench.watch("BTC")) { bench.old_price(btc); }

  /// Ten seconds past its limit every half minute.
  void outages(int count, bool fault = true) {
    for (int i = 0; i < count; ++i) {
      btc = ControlBench::at(btc, Level::degraded, fault ? Reason::silent : Reason::market_quiet,
                             bench.clock.time);
      btc.fault = fault;
      bench.put(btc);
      bench.run_until(bench.clock.time + 10s);
      to(btc, Level::healthy, Reason::ok);
      bench.run_until(bench.clock.time + 20s);
    }
  }
  void flap(bool on) {
    btc.flapping = on;
    btc.flapping_since = bench.clock.time;
    bench.put(btc);
  }

  StreamStatus btc;
};

TEST_F(ControlFlapping, is_one_alert_in_the_place_of_its_outages) {
  outages(3);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("price_staleness", "BTC") + " warning"));
  flap(true);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("flapping", "BTC") + " warning"));
  EXPECT_EQ(bench.control.alerts(0).at(0).row.started_at, bench.clock.wall_now());
  to(btc, Level::stale, Reason::silent);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("flapping", "BTC") + " critical"));
  bench.run_until(bench.clock.time + 10s);
  flap(false);
  bench.run_until(bench.clock.time + 1s);
  EXPECT_THAT(bench.open(), testing::Contains(of_stream("price_staleness", "BTC") + " critical"))
      << "no longer flapping, and still stale";
  bench.run_until(bench.clock.time + 60s);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("price_staleness", "BTC") + " critical"));
}

TEST_F(ControlFlapping, with_a_quiet_market_is_told_to_nobody) {
  outages(10, false);
  flap(true);
  outages(2);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("price_staleness", "BTC") + " warning"))
      << "two outages are no flapping, however often the market was quiet";
}

TEST_F(ControlFlapping, ends_ten_minutes_after_the_last_outage) {
  outages(3);
  flap(true);
  const MonoTime last = bench.clock.time - 30s;
  bench.run_until(last + 11min - 1s);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("flapping", "BTC") + " warning"));
  bench.run_until(last + 11min);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlFlapping, outages_of_a_venue_that_is_down_are_its_own) {
  bench.put(ControlBench::venue(false, t0));
  for (int i = 0; i < 4; ++i) {
    to(btc, Level::stale, Reason::disconnected);
    bench.run_until(bench.clock.time + 5s);
    to(btc, Level::healthy, Reason::ok);
    bench.run_until(bench.clock.time + 5s);
  }
  flap(true);
  bench.put(ControlBench::venue(true, bench.clock.time));
  bench.run_until(bench.clock.time + 70s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlRules, lost_subscription_waits_for_its_repair_and_is_one_with_staleness) {
  auto btc = bench.watch("BTC", true, event_driven());
  bench.old_price(btc);
  to(btc, Level::healthy, Reason::subscription_lost);
  bench.run_until(t0 + 29s);
  EXPECT_THAT(bench.open(), IsEmpty());
  to(btc, Level::healthy, Reason::ok);
  bench.run_until(t0 + 40s);
  EXPECT_THAT(bench.open(), IsEmpty()) << "repaired";
  EXPECT_THAT(bench.journal.rows<AlertRow>(), IsEmpty());

  to(btc, Level::healthy, Reason::subscription_lost);
  bench.run_until(t0 + 70s);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("subscription_lost", "BTC") + " warning"));
  to(btc, Level::stale, Reason::subscription_lost);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("subscription_lost", "BTC") + " critical"));
}

TEST_F(ControlRules, staleness_speaks_for_a_lost_subscription_that_is_found_behind_it) {
  auto btc = bench.watch("BTC", true, event_driven());
  bench.old_price(btc);
  to(btc, Level::degraded, Reason::silent);
  bench.run_until(t0 + 10s);
  to(btc, Level::degraded, Reason::subscription_lost);
  bench.run_until(t0 + 60s);
  EXPECT_THAT(bench.open(), ElementsAre(of_stream("price_staleness", "BTC") + " warning"));
}

// ---- venues ----

TEST_F(ControlRules, late_venue_is_one_alert_after_ten_seconds) {
  auto btc = bench.watch("BTC");
  auto eth = bench.watch("ETH", false);
  bench.old_price(btc);
  bench.old_price(eth);
  bench.put(ControlBench::venue(true, t0));
  to(btc, Level::degraded, Reason::venue_lag);
  to(eth, Level::stale, Reason::venue_lag);
  EXPECT_THAT(bench.open(), IsEmpty());
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(venue_lag{venue="v"} warning)"));
  EXPECT_THAT(message(bench), HasSubstr("v/BTC/mark and 1 more"));
  to(btc, Level::stale, Reason::venue_lag);
  EXPECT_THAT(bench.open(), ElementsAre(R"(venue_lag{venue="v"} critical)"));
  bench.run_until(t0 + 20s);
  to(btc, Level::healthy, Reason::ok);
  to(eth, Level::healthy, Reason::ok);
  bench.run_until(t0 + 80s);
  EXPECT_THAT(bench.open(), IsEmpty());
  EXPECT_EQ(bench.journal.rows<AlertRow>().front().name, "venue_lag");
}

TEST_F(ControlRules, venue_ahead_of_our_clock_is_told_once_for_all_its_streams) {
  auto btc = bench.watch("BTC");
  auto eth = bench.watch("ETH");
  bench.put(ControlBench::venue(true, t0));
  to(btc, Level::healthy, Reason::clock_suspect);
  to(eth, Level::healthy, Reason::clock_suspect);
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(clock_suspect{venue="v"} warning)"));
}

// ---- lines ----

class ControlLines : public ControlRules {
 protected:
  /// Loses its connection and has another at once.
  void lose(LineStatus& line) {
    ++line.losses;
    ++line.unplanned_closes;
    line.lost_at = bench.clock.time;
    line.last_frame = line.as_of = bench.clock.time;
    bench.put(line);
  }
  LineStatus line(std::uint32_t id, const std::string& venue) {
    LineStatus made{.line = LineId{id}, .name = venue + "/a", .venue = venue};
    made.state = LineState::live;
    made.topics = 1;
    made.up = true;
    made.last_frame = made.as_of = bench.clock.time;
    return made;
  }
};

TEST_F(ControlLines, three_losses_in_five_minutes_flap) {
  LineStatus a = line(1, "v");
  bench.put(a);
  lose(a);
  bench.run_until(t0 + 4min);
  lose(a);
  bench.run_until(t0 + 5min + 1s);
  lose(a);
  EXPECT_THAT(bench.open(), IsEmpty()) << "never three in five minutes";
  bench.run_until(t0 + 8min);
  lose(a);
  EXPECT_THAT(bench.open(), ElementsAre(R"(flapping{line="v/a",venue="v"} warning)"));
  // The last five minutes hold one at most from t0 + 10 min 1 s on; a minute later it is over.
  bench.run_until(t0 + 11min);
  EXPECT_EQ(bench.open().size(), 1U);
  bench.run_until(t0 + 11min + 2s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlLines, what_is_lost_while_the_venue_is_down_is_no_flapping) {
  auto btc = bench.watch("BTC");
  to(btc, Level::healthy, Reason::ok);
  LineStatus a = line(1, "v");
  bench.put(a);
  bench.put(ControlBench::venue(false, t0));
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(line_down{venue="v"} critical)"));
  for (int i = 0; i < 5; ++i) {
    bench.run_until(bench.clock.time + 2s);
    lose(a);
  }
  bench.put(ControlBench::venue(true, bench.clock.time));
  bench.run_until(t0 + 2min);
  EXPECT_THAT(bench.open(), IsEmpty());
}

// ---- ourselves ----

class ControlSuspects : public ControlLines {
 protected:
  ControlSuspects() : a(line(1, "v")), b(line(2, "w")) { speak({&a, &b}); }

  /// A status each second, and a frame of those that speak.
  void speak(const std::vector<LineStatus*>& speakers) {
    for (LineStatus* each : {&a, &b}) {
      each->as_of = bench.clock.time;
      if (std::ranges::find(speakers, each) != speakers.end()) each->last_frame = each->as_of;
      bench.board.put(*each);
    }
    bench.deliver_status();
  }
  void seconds(int count, const std::vector<LineStatus*>& speakers) {
    for (int i = 0; i < count; ++i) {
      bench.run_until(bench.clock.time + 1s);
      speak(speakers);
    }
  }

  LineStatus a, b;
};

TEST_F(ControlSuspects, all_lines_of_two_venues_fall_silent_together) {
  auto btc = bench.watch("BTC");
  to(btc, Level::healthy, Reason::ok);
  seconds(20, {&a, &b});
  seconds(5, {});
  EXPECT_THAT(bench.open(), IsEmpty());
  seconds(1, {});
  EXPECT_THAT(bench.open(), ElementsAre("monitor_suspect critical"));
  EXPECT_THAT(message(bench), HasSubstr("2 of 2 lines of all 2 venues"));
  // It explains what follows, and is explained by nothing.
  bench.old_price(btc);
  to(btc, Level::stale, Reason::disconnected);
  bench.put(ControlBench::venue(false, bench.clock.time));
  seconds(60, {});
  EXPECT_THAT(bench.open(), ElementsAre("monitor_suspect critical"));
  // One venue speaks again: what the other does is its own.
  seconds(59, {&b});
  EXPECT_THAT(bench.open(), ElementsAre("monitor_suspect critical"));
  seconds(3, {&b});
  EXPECT_THAT(bench.open(), ElementsAre(R"(line_down{venue="v"} critical)"));
}

TEST_F(ControlSuspects, takes_back_what_was_told_before_enough_was_seen) {
  auto btc = bench.watch("BTC");
  to(btc, Level::healthy, Reason::ok);
  bench.old_price(btc);
  seconds(5, {});
  to(btc, Level::degraded, Reason::silent);
  bench.put(ControlBench::venue(false, bench.clock.time));
  EXPECT_EQ(bench.open().size(), 1U);
  seconds(20, {});
  EXPECT_THAT(bench.open(), ElementsAre("monitor_suspect critical"));
}

TEST_F(ControlSuspects, one_of_two_venues_is_its_own_affair) {
  auto btc = bench.watch("BTC");
  to(btc, Level::healthy, Reason::ok);
  seconds(20, {&a, &b});
  bench.put(ControlBench::venue(false, bench.clock.time));
  seconds(30, {&b});
  EXPECT_THAT(bench.open(), ElementsAre(R"(line_down{venue="v"} critical)"));
}

TEST_F(ControlSuspects, one_after_the_other_is_no_suspicion) {
  seconds(10, {&a, &b});
  seconds(10, {&a});
  seconds(30, {});
  EXPECT_THAT(bench.open(), IsEmpty()) << "the first had been silent for long";
}

TEST_F(ControlSuspects, closed_lines_have_fallen_at_once) {
  seconds(10, {&a, &b});
  for (LineStatus* each : {&a, &b}) {
    each->state = LineState::backing_off;
    each->lost_at = bench.clock.time;
  }
  speak({});
  EXPECT_THAT(bench.open(), ElementsAre("monitor_suspect critical"));
  seconds(1, {});
  for (LineStatus* each : {&a, &b}) each->state = LineState::live;
  seconds(61, {&a, &b});
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlSuspects, no_name_of_any_venue_is_resolved) {
  for (LineStatus* each : {&a, &b}) {
    each->state = LineState::backing_off;
    each->last_frame.reset();
    each->failed_dial = DialPhase::resolving;
    each->failed_at = bench.clock.time;
  }
  b.failed_dial.reset();
  speak({});
  EXPECT_THAT(bench.open(), IsEmpty()) << "not yet tried";
  b.failed_dial = DialPhase::resolving;
  speak({});
  EXPECT_THAT(bench.open(), ElementsAre("monitor_suspect critical"));
  EXPECT_THAT(message(bench), HasSubstr("no name is resolved at any of 2 venues"));
  seconds(1, {});
  a.state = LineState::handshaking;
  a.state_since = bench.clock.time;
  a.failed_dial.reset();
  seconds(1, {});
  a.state = LineState::live;
  seconds(61, {&a});
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlSuspects, own_stall_is_told_and_accuses_nobody) {
  auto btc = bench.watch("BTC");
  to(btc, Level::healthy, Reason::ok);
  seconds(10, {&a, &b});
  bench.clock.time += 9s;  // nobody is called
  bench.old_price(btc);
  btc = ControlBench::at(btc, Level::stale, Reason::self_stall, bench.clock.time);
  bench.board.put(btc);
  speak({});
  EXPECT_THAT(bench.open(), ElementsAre("monitor_suspect critical"));
  EXPECT_THAT(message(bench), HasSubstr("it did not run for 9s"));
  to(btc, Level::healthy, Reason::ok);
  seconds(70, {&a, &b});
  EXPECT_THAT(bench.open(), IsEmpty());
}

}  // namespace
}  // namespace feedwatch::engine
