// Decisions that are told to a receiver, and what is said when they do not arrive.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Status = SinkResult::Status;

constexpr const char* undelivered = R"(decision_undelivered{webhook="bot"} critical)";
constexpr const char* refused = R"(decision_refused{webhook="bot"} warning)";

ControlOptions trailing() {
  ControlOptions options;
  options.position_rules.trailing.emplace();
  return options;
}

Position position(const std::string& id) {
  return {.id = id,
          .venue = "v",
          .symbol = "S",
          .side = Side::buy,
          .entry_price = *Decimal::parse("100"),
          .quantity = *Decimal::parse("2"),
          .opened_at = FakeClock().wall_now() - 1min};
}

/// A control that tells a bot of the decisions about two positions on one stream.
class Receivers {
 public:
  explicit Receivers(FakeMarks& marks, Recovered recovered = {})
      : bench(std::move(recovered), trailing(), 64, nullptr, {}, &marks), stream(bench.watch("S")) {
    PriceTap::attach(bench.monitor, stream.stream, bench.tap);
    bench.price(stream, "100");
    bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
    bench.deliver_prices();
  }
  void hold(const std::string& id) {
    ASSERT_TRUE(bench.control.put_position(position(id), {}, "bot"));
    bench.settle();
  }
  /// A second later.
  void price(const char* text) {
    bench.run_until(bench.clock.time + 1s);
    bench.price(stream, text);
    bench.deliver_prices();
  }
  void pass(Duration time) {
    for (const MonoTime end = bench.clock.time + time; bench.clock.time < end;) price("102");
  }
  SinkView view() const { return bench.control.receivers().front(); }

  ControlBench bench;
  StreamStatus stream;
};

TEST(ControlReceivers, a_decision_is_told_once_it_is_written) {
  FakeMarks marks;
  Receivers world(marks);
  world.hold("p1");
  world.bench.journal.hanging = true;
  world.price("102");
  EXPECT_THAT(world.bench.bot.delivered, IsEmpty());
  world.bench.journal.hanging = false;
  world.bench.settle();
  EXPECT_THAT(world.bench.bot.delivered, ElementsAre(HasSubstr("v/S/p1/")));
  EXPECT_EQ(world.bench.bot.sent_at, world.bench.clock.wall_now());
  EXPECT_EQ(world.view().delivered, 1U);
  EXPECT_EQ(world.view().pending, 0U);
}

TEST(ControlReceivers, what_does_not_arrive_for_ten_seconds_is_an_alert_until_it_does) {
  FakeMarks marks;
  Receivers world(marks);
  world.hold("p1");
  world.bench.bot.result = {Status::retry, "HTTP 503", {}};
  world.price("102");
  world.pass(8s);
  EXPECT_THAT(world.bench.open(), IsEmpty());
  world.pass(3s);
  EXPECT_THAT(world.bench.open(), Contains(undelivered));
  const AlertRow row = world.bench.control.alerts(0).front().row;
  EXPECT_THAT(row.message, HasSubstr("v/S/p1"));
  EXPECT_THAT(row.message, HasSubstr("HTTP 503"));
  EXPECT_GT(world.view().retries, 1U);
  world.bench.bot.result = {};
  world.pass(95s);
  EXPECT_THAT(world.bench.open(), testing::Not(Contains(undelivered)));
  EXPECT_EQ(world.view().pending, 0U);
}

TEST(ControlReceivers, what_is_refused_for_good_is_said_and_what_follows_is_told) {
  FakeMarks marks;
  Receivers world(marks);
  world.hold("p1");
  world.hold("p2");
  world.bench.bot.result = {Status::failed, "HTTP 422", {}};
  world.price("102");
  EXPECT_THAT(world.bench.open(), Contains(refused));
  EXPECT_THAT(world.bench.event_texts(Control::Event::Type::position),
              Contains(HasSubstr("refused for good by bot: HTTP 422")));
  EXPECT_EQ(world.view().refused, 2U);
  world.bench.bot.result = {};
  world.price("90");
  EXPECT_THAT(world.bench.bot.delivered, SizeIs(2));
  world.bench.run_until(world.bench.clock.time + 12min);
  EXPECT_THAT(world.bench.open(), testing::Not(Contains(refused)));
}

TEST(ControlReceivers, a_restart_tells_what_was_not_acknowledged_under_the_same_key) {
  FakeMarks marks;
  Recovered known;
  {
    Receivers world(marks);
    world.hold("p1");
    world.hold("p2");
    world.bench.bot.silent = true;
    world.price("102");
    world.bench.bot.silent = false;
    world.bench.bot.answer();  // p1's arrives, p2's is under way
    world.bench.bot.silent = true;
    world.pass(3s);
    marks.written = world.bench.journal.rows<PositionDecisionRow>();
    ASSERT_THAT(marks.written, SizeIs(2));
    for (const AlertView& view : world.bench.control.alerts(0)) {
      known.open_alerts.push_back(view.row);
    }
  }
  Receivers world(marks, known);
  world.bench.run_until(world.bench.clock.time + 20s);
  EXPECT_THAT(world.bench.bot.delivered, ElementsAre(marks.written[1].id));
}

TEST(ControlReceivers, an_alert_about_a_webhook_ends_when_it_is_configured_no_more) {
  FakeMarks marks;
  Recovered known;
  {
    Receivers world(marks);
    world.hold("p1");
    world.bench.bot.result = {Status::retry, "HTTP 503", {}};
    world.price("102");
    world.pass(12s);
    known.open_alerts = {world.bench.control.alerts(0).front().row};
    ASSERT_EQ(known.open_alerts[0].name, "decision_undelivered");
  }
  ControlBench bench(known, trailing());
  const StreamStatus stream = bench.watch("S");
  bench.price(stream, "100");
  bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
  EXPECT_THAT(bench.open(), Contains(undelivered));
  bench.run_until(bench.clock.time + 90s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST(ControlReceivers, the_notifier_says_how_they_fare) {
  FakeMarks marks;
  Receivers world(marks);
  world.hold("p1");
  world.bench.bot.result = {Status::gone, "HTTP 401", {}};
  world.price("102");
  world.pass(12s);
  const HealthView health = world.bench.control.health(world.bench.clock.time);
  const auto notifier = std::ranges::find(health.components, "Notifier", &health::Component::name);
  ASSERT_NE(notifier, health.components.end());
  EXPECT_THAT(notifier->error_message.value_or(""), HasSubstr("decisions to bot (HTTP 401)"));
}

}  // namespace
}  // namespace feedwatch::engine
