#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/control_rate.hpp"
#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::IsEmpty;

TEST(ControlRows, one_transition_row_a_change_with_what_was_merged) {
  ControlBench bench;
  auto btc = bench.watch("BTC");
  bench.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));
  bench.board.put(ControlBench::at(btc, Level::degraded, Reason::silent, t0 + 1s));
  bench.board.put(ControlBench::at(btc, Level::stale, Reason::silent, t0 + 2s));
  bench.deliver_status();
  bench.board.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0 + 3s));
  bench.board.put(ControlBench::at(btc, Level::degraded, Reason::silent, t0 + 4s));
  bench.board.put(ControlBench::at(btc, Level::stale, Reason::silent, t0 + 5s));
  bench.deliver_status();
  bench.put(ControlBench::at(btc, Level::stale, Reason::silent, t0 + 5s));

  std::vector<std::string> texts;
  for (const auto& row : bench.journal.rows<StreamTransitionRow>()) {
    texts.push_back(row.from + ">" + row.to + " " + row.reason + " " + std::to_string(row.merged));
  }
  EXPECT_THAT(texts, testing::ElementsAre("unknown>healthy ok 0", "healthy>stale silent 1",
                                          "healthy>stale silent 2", "healthy>stale silent 0"));
  EXPECT_EQ(bench.control.counters().transitions, 4U);
  EXPECT_EQ(bench.control.counters().transitions_merged, 3U);
}

TEST(ControlRows, repair_is_one_row_begun_and_ended_once) {
  ControlBench bench;
  auto btc = bench.watch("BTC");
  RepairStatus repair{.id = 7, .started = t0 + 4s, .line = "v/market#1"};
  btc.repairs = {repair};
  bench.put(btc);
  repair.ended = t0 + 5s;
  repair.ok = true;
  btc.repairs = {repair};
  bench.put(btc);
  bench.put(btc);  // said again: no news
  const auto rows = bench.journal.rows<RepairRow>();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].id, rows[1].id);
  EXPECT_EQ(rows[0].ok, std::nullopt);
  EXPECT_EQ(rows[1].ok, true);
  EXPECT_EQ(rows[1].step, "resubscribe");
  EXPECT_EQ(bench.event_texts(Control::Event::Type::repair_started).size(), 1U);
  EXPECT_THAT(bench.event_texts(Control::Event::Type::repair_ended),
              testing::ElementsAre("v/BTC/mark resubscribe ok"));
}

TEST(ControlRows, repair_begun_and_ended_between_two_looks_is_told_whole) {
  ControlBench bench;
  auto btc = bench.watch("BTC");
  btc.repairs = {{.id = 1, .started = t0, .ended = t0 + 1s, .ok = true, .line = "l"}};
  bench.put(btc);
  EXPECT_EQ(bench.event_texts(Control::Event::Type::repair_started).size(), 1U);
  EXPECT_EQ(bench.event_texts(Control::Event::Type::repair_ended).size(), 1U);
  EXPECT_EQ(bench.journal.rows<RepairRow>().size(), 1U);
}

TEST(ControlViews, level_and_ages_are_of_the_asked_instant) {
  ControlBench bench;
  auto btc = bench.watch("BTC");
  bench.price(btc, "100.50");
  bench.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));

  const auto at = [&](Duration age) { return *bench.control.stream(btc.info->key, t0 + age); };
  EXPECT_EQ(at(180s).level, Level::healthy);
  EXPECT_EQ(at(180s + 1ns).level, Level::degraded) << "no timer had to run";
  EXPECT_EQ(at(300s + 1ns).level, Level::stale);
  const StreamView view = at(301s);
  EXPECT_EQ(view.reason, Reason::silent);
  EXPECT_TRUE(view.fault);
  EXPECT_EQ(view.ages.receive, 301s);
  EXPECT_EQ(view.level_since, bench.clock.wall_now() + 300s);
  EXPECT_EQ(view.last_update, bench.clock.wall_now());
  EXPECT_EQ(view.prices->price, *Decimal::parse("100.50"));
  EXPECT_EQ(view.ticks, 1U);
  EXPECT_EQ(bench.control.stream({"v", "ETH", Kind::mark}, t0), std::nullopt);
}

TEST(ControlViews, never_received_has_no_age_and_no_price) {
  ControlBench bench;
  auto btc = bench.watch("BTC");
  bench.put(btc);
  const auto view = bench.control.streams(t0 + 1s).at(0);
  EXPECT_EQ(view.level, Level::unknown);
  EXPECT_EQ(view.ages.level, std::nullopt);
  EXPECT_EQ(view.prices, std::nullopt);
  EXPECT_EQ(view.last_update, std::nullopt);
}

TEST(ControlViews, alerts_open_first_then_resolved_newest_first_and_bounded) {
  ControlBench bench;
  std::vector<StreamStatus> streams;
  for (const char* symbol : {"A", "B", "C"}) streams.push_back(bench.watch(symbol));
  for (const auto& stream : streams) {
    bench.put(ControlBench::at(stream, Level::degraded, Reason::silent, bench.clock.time));
    bench.run_until(bench.clock.time + 1s);
  }
  for (const std::size_t i : {0U, 1U}) {
    bench.put(ControlBench::at(streams[i], Level::healthy, Reason::ok, bench.clock.time));
    bench.run_until(bench.clock.time + 70s);
  }
  const auto all = bench.control.alerts();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_TRUE(all[0].open);
  EXPECT_EQ(all[0].row.labels[1].second, "C");
  EXPECT_EQ(all[1].row.labels[1].second, "B");
  EXPECT_EQ(all[2].row.labels[1].second, "A");
  EXPECT_EQ(bench.control.alerts(1).size(), 2U);
  EXPECT_EQ(bench.control.alerts(0).size(), 1U);
}

TEST(ControlViews, line_rate_is_measured_over_ten_seconds) {
  ControlBench bench;
  LineStatus line{.line = LineId{1}, .name = "v/market#1", .venue = "v"};
  line.last_frame = t0;
  for (int second = 0; second <= 30; ++second) {
    bench.clock.time = t0 + std::chrono::seconds{second};
    line.frames = static_cast<std::uint64_t>(second) * (second > 15 ? 8U : 4U);
    bench.put(line);
  }
  EXPECT_DOUBLE_EQ(bench.control.lines(t0 + 30s).at(0).frames_per_second, 8.0);
  EXPECT_EQ(bench.control.lines(t0 + 30s).at(0).last_frame_age, 30s);
  EXPECT_DOUBLE_EQ(bench.control.lines(t0 + 40s).at(0).frames_per_second, 0.0);
  line.removed = true;
  bench.put(line);
  EXPECT_THAT(bench.control.lines(t0 + 40s), IsEmpty());
}

TEST(ControlViews, a_line_lost_and_dialled_again_between_two_looks_is_told) {
  ControlBench bench;
  LineStatus line{.line = LineId{1}, .name = "v/market#1", .venue = "v"};
  line.state = LineState::handshaking;
  line.reason = Reason::disconnected;
  bench.put(line);
  bench.put(line);
  EXPECT_EQ(bench.event_texts(Control::Event::Type::line_state).size(), 1U);
  line.unplanned_closes = 1;
  line.detail = "the connection did not open within 10 s";
  bench.put(line);
  const auto told = bench.event_texts(Control::Event::Type::line_state);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told.back(),
            "v/market#1 handshaking -> backing_off -> handshaking disconnected: the connection did "
            "not open within 10 s");
}

TEST(RateMeter, many_close_readings_keep_the_window) {
  RateMeter meter;
  for (int i = 0; i <= 30'000; ++i) {
    meter.add(t0 + std::chrono::milliseconds{i}, static_cast<std::uint64_t>(i));
  }
  EXPECT_NEAR(meter.per_second(t0 + 30s), 1000.0, 1.0);
}

TEST(RateMeter, counter_that_starts_again_is_another_line) {
  RateMeter meter;
  meter.add(t0, 1'000);
  meter.add(t0 + 1s, 2'000);
  meter.add(t0 + 2s, 5);
  EXPECT_EQ(meter.per_second(t0 + 2s), 0.0);
  meter.add(t0 + 3s, 10);
  EXPECT_DOUBLE_EQ(meter.per_second(t0 + 3s), 5.0);
}

class ControlHealth : public testing::Test {
 protected:
  health::Component component(std::size_t index, MonoTime now) {
    return bench.control.health(now).components.at(index);
  }
  ControlBench bench;
};

TEST_F(ControlHealth, unknown_without_wanted_streams) {
  const auto view = bench.control.health(t0);
  EXPECT_EQ(view.status, health::Status::unknown);
  EXPECT_EQ(view.components.at(0).name, "WebSocket Streams");
  EXPECT_EQ(view.components.at(1).name, "Price Updates");
  EXPECT_EQ(view.components.at(2).name, "Database");
  EXPECT_EQ(view.components.at(2).status, health::Status::healthy) << "the probe was answered";
  EXPECT_FALSE(bench.control.ready(t0));
}

TEST_F(ControlHealth, healthy_and_critical_at_the_instant_asked) {
  auto btc = bench.watch("BTC");
  bench.put(btc);
  EXPECT_EQ(bench.control.health(t0).status, health::Status::unknown);
  EXPECT_FALSE(bench.control.ready(t0));
  bench.price(btc, "100");
  bench.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));
  EXPECT_TRUE(bench.control.ready(t0));
  bench.run_until(t0 + 180s);  // the store is asked meanwhile
  EXPECT_EQ(bench.control.health(t0 + 180s).status, health::Status::healthy);
  EXPECT_EQ(bench.control.health(t0 + 181s).status, health::Status::degraded);
  EXPECT_EQ(bench.control.health(t0 + 301s).status, health::Status::critical);
  EXPECT_TRUE(bench.control.ready(t0 + 301s)) << "readiness does not depend on a venue afterwards";
}

TEST_F(ControlHealth, ready_waits_for_the_streams_of_patterns) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  VenueStatus venue = ControlBench::venue(true, t0);
  venue.awaits_instruments = true;
  bench.put(venue);
  bench.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));
  EXPECT_FALSE(bench.control.ready(t0));
  venue.awaits_instruments = false;
  bench.put(venue);
  EXPECT_TRUE(bench.control.ready(t0));
}

TEST_F(ControlHealth, once_ready_a_new_stream_or_the_end_of_all_changes_nothing) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  bench.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));
  ASSERT_TRUE(bench.control.ready(t0));
  bench.put(bench.watch("ETH"));  // listed by the venue later, silent so far
  EXPECT_TRUE(bench.control.ready(t0));
  btc.removed = true;
  bench.put(btc);
  EXPECT_TRUE(bench.control.ready(t0));
}

TEST_F(ControlHealth, a_store_that_is_not_heard_of_any_more_is_unknown) {
  EXPECT_EQ(component(2, t0 + 60s).status, health::Status::healthy);
  EXPECT_EQ(component(2, t0 + 61s).status, health::Status::unknown);
}

TEST_F(ControlHealth, rest_of_venues_is_a_component_once_it_is_asked) {
  VenueStatus venue = ControlBench::venue(true, t0);
  bench.put(venue);
  EXPECT_EQ(bench.control.health(t0).components.size(), 4U);
  venue.rest.emplace();
  bench.put(venue);
  EXPECT_EQ(component(4, t0).name, "Exchange API");
  EXPECT_EQ(component(4, t0).status, health::Status::unknown);
  venue.rest->good_at = t0;
  bench.put(venue);
  EXPECT_EQ(component(4, t0).status, health::Status::healthy);
  venue.rest->denied_until = t0 + 60s;
  bench.put(venue);
  EXPECT_EQ(component(4, t0 + 1s).error_message, "v told us to stay away for 59s");
  EXPECT_EQ(component(4, t0 + 60s).status, health::Status::healthy);
  venue.limited_until = t0 + 90s;
  bench.put(venue);
  EXPECT_EQ(component(4, t0 + 61s).error_message, "v told us to stay away for 29s");
}

TEST_F(ControlHealth, reports_from_outside_are_components_for_their_time) {
  ASSERT_TRUE(bench.control.report({.name = "risk_manager",
                                    .status = health::Status::unhealthy,
                                    .message = "limit",
                                    .ttl = 9s}));
  EXPECT_EQ(component(4, t0).name, "risk_manager");
  EXPECT_EQ(component(4, t0).status, health::Status::unhealthy);
  EXPECT_FALSE(component(4, t0).required);
  EXPECT_EQ(component(4, t0 + 10s).status, health::Status::unknown);
  EXPECT_FALSE(bench.control.report({.name = "Database", .status = health::Status::healthy}))
      << "nobody speaks for our own";
  EXPECT_TRUE(bench.control.withdraw("risk_manager"));
  EXPECT_FALSE(bench.control.withdraw("risk_manager"));
  EXPECT_EQ(bench.control.health(t0).components.size(), 4U);
}

TEST_F(ControlHealth, a_required_report_that_fell_silent_is_not_ready_at_first) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  ASSERT_TRUE(bench.control.report(
      {.name = "risk_manager", .status = health::Status::healthy, .ttl = 9s, .required = true}));
  bench.clock.time += 10s;
  bench.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));
  EXPECT_FALSE(bench.control.readiness(bench.clock.time).components);
  ASSERT_TRUE(bench.control.report(
      {.name = "risk_manager", .status = health::Status::critical, .ttl = 9s, .required = true}));
  EXPECT_TRUE(bench.control.readiness(bench.clock.time).components) << "bad is known";
  bench.clock.time += 10s;
  EXPECT_TRUE(bench.control.ready(bench.clock.time)) << "stays";
}

TEST_F(ControlHealth, trouble_names_its_cause) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  bench.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));
  EXPECT_EQ(component(1, t0 + 301s).status, health::Status::critical);
  EXPECT_EQ(component(1, t0 + 301s).because_of, "WebSocket Streams");
  EXPECT_EQ(component(0, t0 + 301s).because_of, std::nullopt);
}

TEST_F(ControlHealth, not_ready_before_the_store_has_answered) {
  ControlBench other;
  EXPECT_FALSE(other.control.ready(t0));
  FakeJournal silent;
  StatusBoard board([] {});
  Control control({},
                  {.clock = other.clock,
                   .wakeup = other.wakeup,
                   .journal = silent,
                   .sinks = {},
                   .status = board,
                   .monitor = other.monitor,
                   .self = [] { return health::SelfEvidence{}; }},
                  {});
  control.start();
  auto btc = other.watch("BTC");
  other.price(btc, "100");
  board.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));
  control.on_status(t0);
  EXPECT_FALSE(control.ready(t0));
  EXPECT_EQ(control.health(t0).components.at(2).status, health::Status::unknown);
  EXPECT_EQ(control.health(t0).components.at(3).name, "Monitor");
  while (silent.answer()) {
  }
  EXPECT_TRUE(control.ready(t0));
}

}  // namespace
}  // namespace feedwatch::engine
