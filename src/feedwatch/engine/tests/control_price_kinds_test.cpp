// Rules that go by different kinds of price.

#include <fmt/format.h>
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
using Words = std::vector<std::string>;

/// A derivatives venue; that it has `last` too is for each test to say.
class FakeSources final : public PriceSources {
 public:
  FakeSources(bool with_last, bool is_configured)
      : configured(is_configured), with_last_(with_last) {}
  std::optional<Kind> kind_at(const std::string&) const override {
    return configured ? std::optional(Kind::mark) : std::nullopt;
  }
  bool has_kind(const std::string&, Kind kind) const override {
    return configured && (kind == Kind::mark || (kind == Kind::last && with_last_));
  }
  void want(const StreamKey& stream, PriceNeed need, Done done) override {
    asked.push_back((need == PriceNeed::every ? "" : "newest of ") + stream.text());
    done({});
  }
  void unwant(const StreamKey& stream) override { asked.push_back("not " + stream.text()); }

  bool configured;
  Words asked;

 private:
  bool with_last_;
};

ControlOptions aged_by_last() {
  ControlOptions options;
  options.positions.divergence.reset();
  options.positions.aged_price = Kind::last;
  options.position_rules.trailing.emplace();
  options.position_rules.aged.emplace();
  return options;
}

/// Mark and last of one symbol on the tap, and an aged position long at 100.
class World {
 public:
  explicit World(const ControlOptions& options, bool with_last = true, bool configured = true)
      : sources(with_last, configured),
        bench({}, options, 64, &sources),
        mark(bench.watch("S")),
        last(bench.watch("S", true, event_driven(), "v", Kind::last)) {
    for (const StreamStatus& stream : {mark, last}) {
      PriceTap::attach(bench.monitor, stream.stream, bench.tap);
      bench.price(stream, "100");
      bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
    }
    bench.deliver_prices();
    hold("p1");
  }

  void hold(const std::string& id, PositionTerms terms = {}) {
    ASSERT_TRUE(bench.control.put_position({.id = id,
                                            .venue = "v",
                                            .symbol = "S",
                                            .side = Side::buy,
                                            .entry_price = Decimal{100, 0},
                                            .quantity = Decimal{id == "p1" ? 2 : 3, 0},
                                            .opened_at = FakeClock().wall_now() - 4h},
                                           {}, "bot", std::move(terms)));
    bench.settle();
  }
  /// A second later.
  void prices(const char* at_mark, const char* at_last) {
    bench.run_until(bench.clock.time + 1s);
    bench.price(mark, at_mark);
    if (at_last != nullptr) bench.price(last, at_last);
    bench.deliver_prices();
  }
  Words told() const {
    Words words;
    for (const PositionDecisionRow& row : bench.decided) {
      if (row.type == "phase_change" || row.type == "rolled_back") continue;
      words.push_back(fmt::format("{} {} {}", row.position, row.type, row.price.value_or("")));
    }
    return words;
  }

  FakeSources sources;
  ControlBench bench;
  StreamStatus mark, last;
};

TEST(ControlPriceKinds, each_rule_goes_by_its_own) {
  World world(aged_by_last());
  EXPECT_THAT(world.sources.asked, ElementsAre("v/S/mark", "v/S/last"));
  world.prices("101", "100");
  EXPECT_THAT(world.told(), IsEmpty()) << "mark has reached the target, last has not";
  world.prices("100", "102");
  EXPECT_THAT(world.told(), ElementsAre("p1 target_reached 102")) << "and no stop is active";
  world.prices("102", "102");
  EXPECT_THAT(world.told(), ElementsAre("p1 target_reached 102", "p1 activated 102"));
  ASSERT_TRUE(world.bench.control.close_position({"v", "S", "p1"}));
  EXPECT_THAT(world.sources.asked, Contains("not v/S/mark"));
  EXPECT_THAT(world.sources.asked, Contains("not v/S/last"));
}

TEST(ControlPriceKinds, whoever_goes_by_the_refused_one_is_refused) {
  World world(aged_by_last());
  PositionTerms no_aged;
  no_aged.rules.aged = *aged_override("off");
  world.hold("p2", no_aged);
  for (int second = 0; second < 45; ++second) world.prices("100", nullptr);
  const auto& positions = world.bench.control.positions();
  const auto p1 = positions.view({"v", "S", "p1"}, world.bench.clock.time);
  EXPECT_EQ(p1->stream, "v/S/last");
  EXPECT_TRUE(p1->refusal);
  EXPECT_TRUE(positions.view({"v", "S", "p2"}, world.bench.clock.time)->price);
  EXPECT_THAT(world.bench.open(),
              ElementsAre(R"(position_unprotected{position="p1",symbol="S",venue="v"} critical)"));
  world.prices("102", nullptr);
  EXPECT_THAT(world.told(), ElementsAre("p1 activated 102", "p2 activated 102"))
      << "stops go on by their own";
}

/// Both rules go by one stream, whose prices come so late: a stop's limit is 15 s there.
Words told_by_prices_of(Duration age) {
  ControlOptions options = aged_by_last();
  options.positions.trailing_price = Kind::last;
  World world(options);
  EXPECT_THAT(world.sources.asked, ElementsAre("v/S/last"));
  world.bench.run_until(world.bench.clock.time + 60s);
  for (const char* price : {"100.1", "102"}) {
    world.bench.monitor.update_price({"v", "S", Kind::last}, *Decimal::parse(price),
                                     {.mono_recv = world.bench.clock.time - age});
    world.bench.deliver_prices();
    world.bench.run_until(world.bench.clock.time + 2s);
  }
  return world.told();
}

TEST(ControlPriceKinds, aged_positions_go_by_prices_of_half_a_minute) {
  EXPECT_THAT(told_by_prices_of(0s), ElementsAre("p1 activated 102")) << "aged waits for a stop";
  EXPECT_THAT(told_by_prices_of(20s), ElementsAre("p1 target_reached 102"));
  EXPECT_THAT(told_by_prices_of(40s), IsEmpty());
}

TEST(ControlPriceKinds, where_the_venue_has_it_not_the_usual_one_is_taken) {
  World world(aged_by_last(), false);
  EXPECT_THAT(world.sources.asked, ElementsAre("v/S/mark"));
  world.prices("101", "100");
  EXPECT_THAT(world.told(), ElementsAre("p1 target_reached 101"));
}

TEST(ControlPriceKinds, stops_may_go_by_last_and_aged_positions_by_mark) {
  ControlOptions options = aged_by_last();
  options.positions.aged_price.reset();
  options.positions.trailing_price = Kind::last;
  World world(options);
  EXPECT_THAT(world.sources.asked, ElementsAre("v/S/last", "v/S/mark"));
  world.prices("100", "102");
  EXPECT_THAT(world.told(), ElementsAre("p1 activated 102"));
}

/// Its prices need not wake anybody: whoever compares looks each second.
TEST(ControlPriceKinds, what_is_only_compared_is_not_on_the_tap_until_a_rule_goes_by_it) {
  ControlOptions options = aged_by_last();
  options.positions.divergence.emplace();
  options.position_rules.aged.reset();
  World world(options);
  EXPECT_THAT(world.sources.asked, ElementsAre("v/S/mark", "newest of v/S/last"));
  PositionTerms aged;
  aged.rules.aged = *aged_override("on");
  world.hold("p2", aged);
  EXPECT_THAT(world.sources.asked, SizeIs(3));
  EXPECT_EQ(world.sources.asked.back(), "v/S/last");
  world.prices("101", "102");
  EXPECT_THAT(world.told(), ElementsAre("p2 target_reached 102"));
  ASSERT_TRUE(world.bench.control.close_position({"v", "S", "p2"}));
  world.prices("101", "102");
  EXPECT_THAT(world.sources.asked, SizeIs(4));
  EXPECT_EQ(world.sources.asked.back(), "newest of v/S/last");
  world.prices("101", "102");
  EXPECT_THAT(world.sources.asked, SizeIs(4)) << "once";
}

/// A position may be there before its venue is configured, and after: each reload is found.
TEST(ControlPriceKinds, a_venue_that_comes_and_goes_brings_and_takes_the_price_of_a_rule) {
  World world(aged_by_last(), true, false);
  world.prices("100", "102");
  EXPECT_THAT(world.told(), IsEmpty()) << "what is watched of it is mark";
  world.prices("100", "100");
  world.sources.configured = true;
  world.prices("100", "100");
  world.prices("101", "100");
  EXPECT_THAT(world.told(), IsEmpty()) << "mark is not what it goes by any more";
  world.prices("100", "102");
  EXPECT_THAT(world.told(), ElementsAre("p1 target_reached 102"));
  world.prices("100", "100");
  world.sources.configured = false;
  world.prices("100", "102");
  EXPECT_THAT(world.told(), SizeIs(1));
  world.prices("101", nullptr);
  EXPECT_THAT(world.told(), ElementsAre("p1 target_reached 102", "p1 target_reached 101"));
}

TEST(ControlPriceKinds, a_list_that_switches_a_rule_on_has_its_price_watched) {
  ControlOptions options = aged_by_last();
  options.position_rules.aged.reset();
  World world(options);
  EXPECT_THAT(world.sources.asked, ElementsAre("v/S/mark"));
  PositionList::Element element{
      .position = world.bench.control.positions().book().find({"v", "S", "p1"})->position,
      .dated = true,
      .said = {.aged = true}};
  element.terms.rules.aged = *aged_override("on");
  PositionList list{.ready = true};
  list.elements.push_back(std::move(element));
  ASSERT_TRUE(world.bench.control.list_positions("bot", std::move(list)));
  world.bench.settle();
  EXPECT_THAT(world.sources.asked, ElementsAre("v/S/mark", "v/S/last"));
  world.prices("100", "102");
  EXPECT_THAT(world.told(), ElementsAre("p1 target_reached 102"));
}

}  // namespace
}  // namespace feedwatch::engine
