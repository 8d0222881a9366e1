/// Acceptance scenarios of the record of incidents that one monitor can show without a feed.
#include <type_traits>

#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

class Scenario : public World {};

TEST_F(Scenario, S01_ThreeTicksInTheWindowTheLastDeliveredByItsEnd) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
  for (const std::int64_t price : {1, 2, 3}) {
    send(s, price);
    wait(30ms);
  }
  run(10ms);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(monitor.delivery_counters()[0].conflated, 1U);
}

TEST_F(Scenario, S02_TheWallClockIsNoInput) {
  // By construction: ages and deadlines take boot time, and the two clocks do not mix.
  static_assert(!std::is_convertible_v<WallTime, MonoTime>);
  static_assert(!std::is_invocable_v<decltype(ages_at), const Slot&, WallTime>);
  static_assert(!std::is_invocable_v<decltype(level_at), const Slot&, WallTime>);
  static_assert(std::is_invocable_v<decltype(level_at), const Slot&, MonoTime>);
  static_assert(!std::is_invocable_v<decltype(&Monitor::on_time), Monitor&, WallTime, std::size_t>);
  SUCCEED();
}

TEST_F(Scenario, S03_DuplicateSubscribeIsOneDelivery) {
  const StreamId s = add("v/BTC/last");
  Recorder seen;
  for (int i = 0; i < 2; ++i)
    monitor.subscribe(s, {.name = "c", .delivery = DeliveryMode::in_line}, seen.callbacks());
  send(s, 100);
  run(1s);
  EXPECT_EQ(seen.prices.size(), 1U);
}

TEST_F(Scenario, S04_UnsubscribeDuringDispatchNoLaterCall) {
  const StreamId s = add("v/BTC/last");
  Recorder later;
  std::vector<Subscription> subscriptions;
  Callbacks first;
  first.on_price = [&](const Delivery&) {
    for (const Subscription each : subscriptions) monitor.unsubscribe(each);
  };
  subscriptions.push_back(
      monitor.subscribe(s, {.name = "0", .delivery = DeliveryMode::in_line}, first));
  for (const char* name : {"1", "2"}) {
    subscriptions.push_back(
        monitor.subscribe(s, {.name = name, .delivery = DeliveryMode::in_line}, later.callbacks()));
  }
  send(s, 100);
  run(1h);
  EXPECT_TRUE(later.prices.empty());
  EXPECT_TRUE(monitor.delivery_counters().empty());
}

TEST_F(Scenario, S15_AnEventWithoutPriceRenewsNothing) {
  const StreamId s = add("v/BTC/mark", tight());
  send(s, 100);
  for (int i = 0; i < 100; ++i) {
    run(200ms);
    Tick position_update = tick(s, 1);
    position_update.fields = {};
    EXPECT_EQ(send(position_update).type, Outcome::Type::ignored);
  }
  EXPECT_EQ(*ages_at(monitor.unchecked_slot(s), now).receive, 20s);
  EXPECT_EQ(*ages_at(monitor.unchecked_slot(s), now).confirmed, 20s);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::stale);
}

TEST_F(Scenario, S16_PriceZeroIsRejected) {
  const StreamId s = add("v/BTC/last");
  EXPECT_EQ(send(s, 0).rejection, Rejection::not_positive);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::unknown);
}

TEST_F(Scenario, S25_TheSameSymbolOnTwoExchangesNeverMixes) {
  const StreamId a = add("binance-usdm/BTCUSDT/mark", tight());
  const StreamId b = add("bybit-linear/BTCUSDT/mark", tight());
  const StreamId other_kind = add("binance-usdm/BTCUSDT/last", tight());
  Recorder seen;
  const ConsumerOptions stop{.name = "trailing_stop", .delivery = DeliveryMode::in_line};
  monitor.subscribe(b, stop, seen.callbacks());
  const Subscription of_a = monitor.subscribe(a, stop, seen.callbacks());
  send(a, 100);
  EXPECT_EQ(refusal(b, 1h), RefusalCode::unknown);
  EXPECT_EQ(refusal(other_kind, 1h), RefusalCode::unknown);
  send(b, 200);
  monitor.unsubscribe(of_a);
  wait(200ms);
  send(b, 201);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{100, 200, 201})) << "b is another stream";
  EXPECT_EQ(price(a, 1h)->prices.price, (Decimal{100, 0}));
  monitor.remove_stream(a, now);
  EXPECT_FALSE(refusal(b, 1h).has_value());
}

TEST_F(Scenario, S27_ADeltaWithoutPriceKeepsThePreviousAndConfirmsTheFeed) {
  StreamOptions options = options_of("bybit-linear/BTCUSDT/last", tight());
  options.absent_is_unchanged = true;
  const StreamId s = add(options);
  send(s, 100);
  for (int i = 0; i < 200; ++i) {
    run(100ms);
    Tick delta = tick(s, 1);
    delta.fields = {};
    send(delta);
  }
  const Ages ages = ages_at(monitor.unchecked_slot(s), now);
  EXPECT_EQ(*ages.level, 0s) << "the feed is judged by its topic";
  EXPECT_EQ(*ages.receive, 20s) << "the price by its own age";
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::healthy);
  EXPECT_EQ(refusal(s, 5s), RefusalCode::too_old);
  EXPECT_EQ(price(s, 20s)->prices.price, (Decimal{100, 0}));
}

TEST_F(Scenario, S29_ANeverUpdatedStreamStandsInEveryListOfStaleOnes) {
  const StreamId s = add("v/BTC/mark");
  send(add("v/ETH/mark"), 100);
  run(1h);
  EXPECT_EQ(level_at(monitor.unchecked_slot(s), now), Level::stale);
  EXPECT_EQ(monitor.unchecked_slot(s).level, Level::stale);
  EXPECT_EQ(monitor.unchecked_slot(s).reason, Reason::never_received);
  EXPECT_EQ(monitor.staleness(monitor.options(s).key, now), Duration::max());
  EXPECT_EQ(refusal(s, Duration::max()), RefusalCode::never_received);
}

}  // namespace
}  // namespace feedwatch
