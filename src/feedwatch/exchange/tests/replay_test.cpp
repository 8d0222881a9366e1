#include "feedwatch/exchange/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/exchange/tests/desk_world.hpp"

namespace feedwatch::exchange {
namespace {

using test::Heard;
using test::World;
using ::testing::HasSubstr;

constexpr std::int64_t t0 = 1'786'310'819'000;  // ms

std::string snapshot(std::string_view symbol, std::string_view last, std::int64_t ms, int cs) {
  return R"({"topic":"tickers.)" + std::string{symbol} +
         R"(","type":"snapshot","data":{"symbol":")" + std::string{symbol} + R"(","lastPrice":")" +
         std::string{last} + R"(","markPrice":"100.10","indexPrice":"100.20"},"cs":)" +
         std::to_string(cs) + R"(,"ts":)" + std::to_string(ms) + "}";
}
std::string delta(std::string_view symbol, std::string_view fields, std::int64_t ms, int cs) {
  return R"({"topic":"tickers.)" + std::string{symbol} + R"(","type":"delta","data":{"symbol":")" +
         std::string{symbol} + "\"" + std::string{fields} + R"(},"cs":)" + std::to_string(cs) +
         R"(,"ts":)" + std::to_string(ms) + "}";
}

/// AAA: snapshot 100.0 at 0 s, mark at 1 s, last 101.50 at 2 s, nothing of interest at 3 s, mark at
/// 4 s. BBB: snapshot 5.0 at 1 s.
std::vector<ReplayRecord> records() {
  return {
      {wall_from_ms(t0), R"({"success":true,"ret_msg":"","op":"subscribe"})"},
      {wall_from_ms(t0), snapshot("AAA", "100.0", t0, 10)},
      {wall_from_ms(t0 + 1000), delta("AAA", R"(,"markPrice":"100.11")", t0 + 1000, 11)},
      {wall_from_ms(t0 + 1000), snapshot("BBB", "5.0", t0 + 1000, 10)},
      {wall_from_ms(t0 + 2000), delta("AAA", R"(,"lastPrice":"101.50")", t0 + 2000, 12)},
      {wall_from_ms(t0 + 3000), R"({"topic":"kline.1.AAA","type":"snapshot","data":[],"ts":1})"},
      {wall_from_ms(t0 + 4000), delta("AAA", R"(,"markPrice":"100.12")", t0 + 4000, 13)},
  };
}

OpenReplay feed_of(std::vector<ReplayRecord> list) {
  return [list]() -> Result<ReplayFeed> {
    return [list, next = std::size_t{0}]() mutable -> Result<std::optional<ReplayRecord>> {
      if (next == list.size()) return std::nullopt;
      return list[next++];
    };
  };
}

struct Scene {
  explicit Scene(Replay::Options options = {}, std::vector<ReplayRecord> list = records()) {
    auto market = std::make_unique<Market>();
    auto replay = Replay::open(*market, *venues::find_venue("bybit-linear"),
                               feed_of(std::move(list)), options, World::anchor);
    EXPECT_TRUE(replay) << (replay ? "" : replay.error().text());
    world = std::make_unique<World>("bybit-linear", std::move(market), std::move(*replay));
  }
  std::unique_ptr<World> world;
};

TEST(Replay, PlaysFramesAsCapturedWithTheirTiming) {
  Scene scene;
  World& world = *scene.world;
  const PeerId peer = world.connect();
  world.run(30s);  // time begins with the first subscription
  const MonoTime began = world.now();
  world.subscribe(peer, 0, "AAA");
  world.run(10s);
  const auto data = world.data(peer);
  const auto all = records();
  ASSERT_EQ(data.size(), 4U);
  const std::array<std::size_t, 4> which{1, 2, 4, 6};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(data[i].text, all[which[i]].text);
    EXPECT_EQ(data[i].at - began, all[which[i]].at - wall_from_ms(t0));
  }
  EXPECT_TRUE(world.desk().source().ended());
}

TEST(Replay, SpeedShortensTheTiming) {
  Scene scene({.speed = 4.0});
  const PeerId peer = scene.world->connect();
  scene.world->subscribe(peer, 0, "AAA");
  scene.world->run(1s);
  ASSERT_EQ(scene.world->data(peer).size(), 4U);
  EXPECT_EQ(scene.world->data(peer)[2].at - World::start, 500ms);
}

TEST(Replay, AClientInTheMiddleGetsTheAssembledStateFirst) {
  Scene scene;
  World& world = *scene.world;
  const PeerId first = world.connect();
  world.subscribe(first, 0, "AAA");
  world.run(2500ms);
  const PeerId second = world.connect();
  world.subscribe(second, 0, "AAA");
  const auto heard = world.heard(second, "AAA");
  ASSERT_EQ(heard.size(), 3U);
  EXPECT_TRUE(heard[0].snapshot);
  EXPECT_EQ(heard[0].price, "101.50");
  EXPECT_EQ(heard[0].seq, 12U);
  EXPECT_EQ(heard[0].ts_event, wall_from_ms(t0 + 2000));
  EXPECT_EQ(heard[1].price, "100.11");
  world.run(10s);
  EXPECT_EQ(world.data(second).back().text, records().back().text);
}

TEST(Replay, AClientAfterTheEndGetsTheLastPricesAndThenSilence) {
  Scene scene;
  World& world = *scene.world;
  const PeerId first = world.connect();
  world.subscribe(first, 0, "BBB");
  world.run(60s);
  const PeerId late = world.connect();
  world.subscribe(late, 0, "AAA");
  world.run(60s);
  ASSERT_EQ(world.data(late).size(), 1U);
  EXPECT_EQ(world.heard(late, "AAA")[0].price, "101.50");
  EXPECT_EQ(world.heard(late, "AAA")[1].price, "100.12");
  EXPECT_TRUE(world.closed.empty());
}

TEST(Replay, AfterASilenceTheNextFrameHoldsWhatWasMissed) {
  Scene scene;
  World& world = *scene.world;
  const PeerId peer = world.connect();
  world.subscribe(peer, 0, "AAA");
  world.run(1500ms);
  world.fault({.kind = FaultKind::silent_all, .heals = Heals::after, .duration = 1s});
  world.run(10s);
  const auto heard = world.heard(peer, "AAA", World::start + 2s);
  ASSERT_EQ(heard.size(), 3U);
  EXPECT_EQ(heard[0].price, "101.50");
  EXPECT_FALSE(heard[0].snapshot);
  EXPECT_EQ(heard[1].price, "100.12");
}

TEST(Replay, LoopBeginsAgain) {
  Scene scene({.loop = true});
  const PeerId peer = scene.world->connect();
  scene.world->subscribe(peer, 0, "AAA");
  scene.world->run(7s);
  EXPECT_GT(scene.world->data(peer).size(), 5U);
  EXPECT_FALSE(scene.world->desk().source().ended());
}

TEST(Replay, RestampMovesEveryTimeToNow) {
  Scene scene({.restamp = true});
  World& world = *scene.world;
  const PeerId peer = world.connect();
  world.subscribe(peer, 0, "AAA");
  world.run(10s);
  for (const test::Received& r : world.data(peer)) {
    EXPECT_EQ(test::decode("bybit-linear", r.text).front().ts_event, World::anchor.at(r.at));
  }
  EXPECT_EQ(world.heard(peer, "AAA")[0].seq, 10U);
}

/// As a capture without times is read: frames 100 ms apart, beginning nowhere.
std::vector<ReplayRecord> untimed() {
  auto list = records();
  for (std::size_t i = 0; i < list.size(); ++i) {
    list[i].at = WallTime{} + (i + 1) * 100ms;
    list[i].timed = false;
  }
  return list;
}

TEST(Replay, RestampMovesTheTimesOfACaptureWithoutTimes) {
  Scene scene({.restamp = true}, untimed());
  World& world = *scene.world;
  const PeerId peer = world.connect();
  world.subscribe(peer, 0, "AAA");
  world.run(10s);
  const auto data = world.data(peer);
  ASSERT_EQ(data.size(), 4U);
  for (const test::Received& r : data) {
    EXPECT_EQ(test::decode("bybit-linear", r.text).front().ts_event, World::anchor.at(r.at));
  }
  EXPECT_EQ(data[1].at - data[0].at, 100ms);
}

TEST(Replay, WithoutTimesAnOldTradeStaysAsOldAsItWas) {
  auto list = untimed();
  list.resize(3);
  list[2].text = delta("AAA", R"(,"markPrice":"100.11")", t0 - 60'000, 11);
  Scene scene({.restamp = true}, list);
  World& world = *scene.world;
  const PeerId peer = world.connect();
  world.subscribe(peer, 0, "AAA");
  world.run(10s);
  const auto data = world.data(peer);
  ASSERT_EQ(data.size(), 2U);
  EXPECT_EQ(test::decode("bybit-linear", data[1].text).front().ts_event,
            World::anchor.at(data[1].at) - 60s);
}

TEST(Replay, TheSlowestSpeedIsNeverDone) {
  Scene scene({.speed = 1e-300});
  World& world = *scene.world;
  const PeerId peer = world.connect();
  world.subscribe(peer, 0, "AAA");
  world.run(10s);
  EXPECT_EQ(world.data(peer).size(), 1U);  // the first one, at once
  EXPECT_GE(world.desk().source().next_deadline(), never_mono - 1h);
  EXPECT_FALSE(world.desk().source().ended());
}

TEST(Replay, SymbolsAreKnownBeforeAnythingIsPlayed) {
  Scene scene;
  EXPECT_TRUE(scene.world->desk().market().find("BBB"));
  EXPECT_THAT(
      scene.world->desk().on_rest("/v5/market/instruments-info?category=linear", World::start).body,
      HasSubstr("BBB"));
}

TEST(Replay, ErrorsNameWhatIsWrong) {
  Market market;
  const venues::Venue& venue = *venues::find_venue("bybit-linear");
  EXPECT_THAT(Replay::open(market, venue, feed_of({}), {}, World::anchor).error().text(),
              HasSubstr("bybit-linear"));
  EXPECT_FALSE(Replay::open(market, venue, feed_of(records()), {.speed = 0.0}, World::anchor));
  const OpenReplay broken = []() -> Result<ReplayFeed> {
    return std::unexpected(Error{"x.zst", "no such file", ""});
  };
  EXPECT_EQ(Replay::open(market, venue, broken, {}, World::anchor).error().what, "x.zst");
}

TEST(ShiftTimes, MovesTimesAndNothingElse) {
  const WallTime around = wall_from_ms(1'680'652'700'430);
  EXPECT_EQ(shift_times(R"({"u":2710246762461,"T":1680652700430,"E":1680652700435,"b":"28145.10"})",
                        around, 1s),
            R"({"u":2710246762461,"T":1680652701430,"E":1680652701435,"b":"28145.10"})");
  EXPECT_EQ(shift_times("16806527004300", around, 1s), "16806527004300");
  EXPECT_EQ(shift_times("1680652700430", around, -500ms), "1680652699930");
}

}  // namespace
}  // namespace feedwatch::exchange
