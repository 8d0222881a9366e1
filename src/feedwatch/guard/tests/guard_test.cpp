#include "feedwatch/guard/guard.hpp"

#include <gtest/gtest.h>

#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

class GuardTest : public World {
 public:
  using World::now;
  using World::send;

 protected:
  std::uint64_t count(std::string_view consumer, std::string_view verdict,
                      std::string_view reason) const {
    for (const Decisions::Row& row : decisions.rows()) {
      if (row.consumer == consumer && row.verdict == verdict && row.reason == reason) {
        return row.count;
      }
    }
    return 0;
  }
  struct ClockOfTest final : Clock {
    explicit ClockOfTest(const MonoTime& at) : now_(at) {}
    MonoTime now() const override { return now_; }
    WallTime wall_now() const override { return anchor.at(now_); }

   private:
    const MonoTime& now_;
  };
  Decisions decisions;
  ClockOfTest clock{now};
};

TEST_F(GuardTest, CountsEveryDecisionByConsumerVerdictAndReason) {
  const StreamId s = add("v/BTC/mark");
  Guard guard(monitor, decisions, "api", clock);
  Guard other(monitor, decisions, "stops", clock);
  EXPECT_FALSE(guard.price_at(s, {.max_age = 1h}, now).has_value());
  send(s, 100);
  EXPECT_TRUE(guard.price_at(s, {.max_age = 5s}, now).has_value());
  EXPECT_FALSE(other.price_at(s, {.max_age = 5s}, now + 6s).has_value());
  EXPECT_FALSE(
      guard.price_at(StreamKey{"v", "none", Kind::last}, {.max_age = 1h}, now).has_value());
  EXPECT_EQ(count("api", "refused", "unknown"), 1U);
  EXPECT_EQ(count("api", "accepted", "ok"), 1U);
  EXPECT_EQ(count("api", "refused", "unconfigured"), 1U);
  EXPECT_EQ(count("stops", "refused", "too_old"), 1U);
  EXPECT_EQ(decisions.rows().size(), 4U);
}

TEST_F(GuardTest, ADegradedPriceIsNotedOncePerEpisode) {
  const StreamId s = add("v/BTC/mark");
  const StreamId t = add("v/ETH/mark");
  send(s, 100);
  send(t, 100);
  Guard guard(monitor, decisions, "api", clock);
  const PriceRequest options{.max_age = 1h};
  EXPECT_FALSE(guard.price_at(s, options, now)->first_degraded);
  EXPECT_TRUE(guard.price_at(s, options, now + 181s)->first_degraded);
  EXPECT_FALSE(guard.price_at(s, options, now + 182s)->first_degraded);
  EXPECT_TRUE(guard.price_at(t, options, now + 182s)->first_degraded);
  wait(200s);
  send(s, 101);
  EXPECT_FALSE(guard.price_at(s, options, now)->first_degraded);
  EXPECT_TRUE(guard.price_at(s, options, now + 181s)->first_degraded);
  EXPECT_EQ(count("api", "degraded", "degraded"), 4U);
}

TEST_F(GuardTest, AnEpisodeNobodyAskedAboutInBetweenIsANewOne) {
  const StreamId s = add("v/BTC/mark");
  send(s, 100);
  Guard guard(monitor, decisions, "api", clock);
  const PriceRequest options{.max_age = 1h};
  run(180s);
  EXPECT_TRUE(guard.price_at(s, options, now + ns)->first_degraded) << "before its timer ran";
  run(1s);
  EXPECT_FALSE(guard.price_at(s, options, now)->first_degraded) << "the timer is no new episode";
  send(s, 101);
  run(181s);
  EXPECT_TRUE(guard.price_at(s, options, now)->first_degraded);
  EXPECT_FALSE(guard.price_at(s, options, now)->first_degraded);
}

TEST_F(GuardTest, ReadsTheClockItself) {
  const StreamId s = add("v/BTC/mark");
  send(s, 100);
  Guard guard(monitor, decisions, "api", clock);
  wait(5s);
  EXPECT_TRUE(guard.price(s, {.max_age = 5s}).has_value());
  wait(ns);
  EXPECT_EQ(guard.price(s, {.max_age = 5s}).error().code, RefusalCode::too_old);
}

TEST_F(GuardTest, TheClockIsReadAfterThePrice) {
  // A price that is stored between the two looks would otherwise lie in the future.
  struct BusyClock final : Clock {
    MonoTime now() const override {
      test.send(stream, 101);
      return test.now;
    }
    WallTime wall_now() const override { return {}; }
    explicit BusyClock(GuardTest& owner, StreamId id) : test(owner), stream(id) {}
    GuardTest& test;
    StreamId stream;
  };
  const StreamId s = add("v/BTC/mark");
  send(s, 100);
  const BusyClock busy(*this, s);
  Guard guard(monitor, decisions, "api", busy);
  EXPECT_EQ(guard.price(s, {.max_age = 5s})->price.prices.price, (Decimal{100, 0}));
}

/// Semantics §5: live, then the sibling, then the bridge, each within its own limit.
class Intents : public GuardTest {
 protected:
  void SetUp() override {
    mark = add("v/BTC/mark");
    last = add("v/BTC/last");
    send(mark, 100);
  }
  std::expected<GuardedPrice, Refusal> reduce() {
    return guard.price(
        mark, {.max_age = 5s,
               .intent = Intent::reduce_risk,
               .sources = {.sibling = Kind::last, .sibling_max_age = 10s, .bridge_max_age = 30s}});
  }
  void bridge(std::int64_t price) {
    ASSERT_TRUE(monitor.update_bridge(mark, {Decimal{price, 0}, {}}, {.mono_recv = now}));
  }
  StreamId mark;
  StreamId last;
  Guard guard{monitor, decisions, "stops", clock};
};

TEST_F(Intents, ALivePriceComesFirst) {
  send(last, 101);
  bridge(102);
  EXPECT_EQ(reduce()->source, PriceSource::live);
  EXPECT_EQ(reduce()->price.prices.price, (Decimal{100, 0}));
}

TEST_F(Intents, ThenTheSiblingWithinItsOwnLimit) {
  wait(6s);
  send(last, 101);
  bridge(102);
  EXPECT_EQ(reduce()->source, PriceSource::sibling);
  EXPECT_EQ(reduce()->price.prices.price, (Decimal{101, 0}));
  wait(10s);
  EXPECT_EQ(reduce()->source, PriceSource::sibling) << "equality passes";
  wait(ns);
  EXPECT_EQ(reduce()->source, PriceSource::bridge);
}

TEST_F(Intents, ThenTheBridgeWithItsOwnAge) {
  wait(20s);
  bridge(102);
  wait(3s);
  const auto answer = reduce();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->source, PriceSource::bridge);
  EXPECT_EQ(answer->price.receive_age, 3s);
  EXPECT_EQ(count("stops", "accepted", "bridge"), 1U);
}

TEST_F(Intents, NoneMeansTheRefusalOfTheLivePrice) {
  wait(6s);
  const auto answer = reduce();
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, RefusalCode::too_old);
  EXPECT_EQ(answer.error().age, 6s);
  EXPECT_EQ(count("stops", "refused", "too_old"), 1U);
}

TEST_F(Intents, WhoIncreasesRiskGetsALivePriceOrNone) {
  wait(6s);
  send(last, 101);
  bridge(102);
  EXPECT_FALSE(
      guard
          .price(mark,
                 {.max_age = 5s,
                  .intent = Intent::increase_risk,
                  .sources = {.sibling = Kind::last, .sibling_max_age = 1h, .bridge_max_age = 1h}})
          .has_value());
}

TEST_F(Intents, NothingIsUsedThatWasNotConfigured) {
  wait(6s);
  send(last, 101);
  bridge(102);
  EXPECT_FALSE(guard.price(mark, {.max_age = 5s, .intent = Intent::reduce_risk}).has_value());
}

TEST_F(Intents, ABridgeRenewsNothingOfItsStream) {
  wait(200s);
  bridge(102);
  EXPECT_EQ(monitor.staleness({"v", "BTC", Kind::mark}, now), 200s);
  EXPECT_EQ(level_at(monitor.unchecked_slot(mark), now), Level::degraded);
}

TEST_F(Intents, ABridgePriceOfZeroIsRefused) {
  EXPECT_NE(monitor.update_bridge(mark, {}, {.mono_recv = now}).error().text().find("above zero"),
            std::string::npos);
  EXPECT_FALSE(monitor.unchecked_slot(mark).has_bridge);
}

TEST_F(Intents, ABridgeDoesNotOutliveItsStream) {
  bridge(102);
  monitor.remove_stream(mark, now);
  wait(6s);
  EXPECT_EQ(reduce().error().code, RefusalCode::unconfigured);
  mark = add("v/BTC/mark");
  EXPECT_FALSE(reduce().has_value());
}

}  // namespace
}  // namespace feedwatch
