// Last and mark of symbols somebody holds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* diverged = R"(kind_divergence{symbol="HNTUSDT",venue="v"} warning)";

PositionKey key(const std::string& id) {
  return {"v", "HNTUSDT", id};
}

/// A venue with both prices of HNTUSDT, and a position there.
class Held {
 public:
  explicit Held(Recovered recovered = {}, ControlOptions options = {}, bool priced = true)
      : bench(std::move(recovered), std::move(options)),
        mark(bench.watch("HNTUSDT", true, clocked(1s))),
        last(bench.watch("HNTUSDT", true, event_driven(), "v", Kind::last)) {
    if (!priced) return;
    prices("1.616", "1.616");
    for (const StreamStatus& stream : {mark, last}) {
      bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
    }
  }

  void hold(const std::string& id = "p1") {
    ASSERT_TRUE(bench.control.put_position({.id = id,
                                            .venue = "v",
                                            .symbol = "HNTUSDT",
                                            .side = Side::buy,
                                            .entry_price = *Decimal::parse("1.6"),
                                            .quantity = *Decimal::parse(id == "p1" ? "100" : "50"),
                                            .opened_at = bench.clock.wall_now() - 1min},
                                           {}, "bot"));
    bench.settle();
  }

  void prices(const char* at_mark, const char* at_last) {
    bench.price(mark, at_mark);
    bench.price(last, at_last);
  }
  /// These, each second, until `end`.
  void go(const char* at_mark, const char* at_last, MonoTime end) {
    while (bench.clock.time < end) {
      prices(at_mark, at_last);
      bench.run_until(bench.clock.time + 1s);
    }
  }

  ControlBench bench;
  StreamStatus mark, last;
};

TEST(ControlDivergence, is_told_once_when_it_has_lasted_and_ends_when_they_agree_again) {
  Held world;
  world.hold();
  world.hold("p2");
  world.go("1.616", "1.62", t0 + 10s);
  EXPECT_THAT(world.bench.open(), IsEmpty());
  world.go("1.616", "3.31", t0 + 14s);
  EXPECT_THAT(world.bench.open(), IsEmpty()) << "three seconds are not longer than three";
  world.go("1.616", "3.31", t0 + 20s);
  ASSERT_THAT(world.bench.open(), ElementsAre(diverged));
  const AlertRow row = world.bench.control.alerts(0)[0].row;
  EXPECT_THAT(row.message,
              AllOf(HasSubstr("last 3.31"), HasSubstr("mark 1.616"),
                    HasSubstr("104.83 % apart, more than 1 %"), HasSubstr("positions there: 2")));
  EXPECT_THAT(row.metadata,
              AllOf(HasSubstr(R"("last":"3.31")"), HasSubstr(R"("mark":"1.616")"),
                    HasSubstr(R"("last_age_seconds":)"), HasSubstr(R"("mark_age_seconds":)"),
                    HasSubstr(R"("difference_percent":"104.83")"),
                    HasSubstr(R"("limit_percent":"1")"), HasSubstr(R"("positions":2)")));
  world.go("1.616", "3.31", t0 + 5min);
  EXPECT_THAT(world.bench.journal.rows<AlertRow>(), SizeIs(1)) << "once";
  world.go("1.616", "1.616", t0 + 5min + 50s);
  EXPECT_THAT(world.bench.open(), ElementsAre(diverged)) << "it lingers as every alert";
  world.go("1.616", "1.616", t0 + 6min + 10s);
  EXPECT_THAT(world.bench.open(), IsEmpty());
}

TEST(ControlDivergence, nobody_is_told_of_a_symbol_nobody_holds) {
  Held world;
  world.go("1.616", "3.31", t0 + 30s);
  EXPECT_THAT(world.bench.open(), IsEmpty());
}

TEST(ControlDivergence, a_refused_price_neither_begins_nor_ends_it) {
  Held world;
  world.hold();
  world.go("1.616", "3.31", t0 + 2s);
  // The last of before stays accepted for 15 s and refused after; mark goes on.
  const auto only_mark = [&](MonoTime end) {
    while (world.bench.clock.time < end) {
      world.bench.price(world.mark, "1.616");
      world.bench.run_until(world.bench.clock.time + 1s);
    }
  };
  world.go("1.616", "1.616", t0 + 4s);
  only_mark(t0 + 60s);
  world.go("1.616", "3.31", t0 + 62s);
  only_mark(t0 + 64s);
  EXPECT_THAT(world.bench.open(), IsEmpty());
  world.go("1.616", "3.31", t0 + 70s);
  ASSERT_THAT(world.bench.open(), ElementsAre(diverged));
  only_mark(t0 + 5min);
  EXPECT_THAT(world.bench.open(), testing::Contains(diverged)) << "nobody saw it end";
}

TEST(ControlDivergence, ends_with_the_last_position) {
  Held world;
  world.hold();
  world.hold("p2");
  world.go("1.616", "3.31", t0 + 10s);
  ASSERT_THAT(world.bench.open(), ElementsAre(diverged));
  ASSERT_TRUE(world.bench.control.close_position(key("p1")));
  world.bench.settle();
  EXPECT_THAT(world.bench.open(), ElementsAre(diverged));
  ASSERT_TRUE(world.bench.control.close_position(key("p2")));
  world.bench.settle();
  EXPECT_THAT(world.bench.open(), IsEmpty());
}

TEST(ControlDivergence, limit_and_time_are_the_configurations) {
  ControlOptions options;
  options.positions.divergence->percent = Decimal{2, 0};
  options.positions.divergence->longer_than = 10s;
  Held world({}, options);
  world.hold();
  world.go("100", "102", t0 + 30s);
  EXPECT_THAT(world.bench.open(), IsEmpty());
  world.go("100", "102.1", t0 + 40s);
  EXPECT_THAT(world.bench.open(), IsEmpty());
  world.go("100", "102.1", t0 + 43s);
  EXPECT_THAT(world.bench.open(), ElementsAre(diverged));
  options.positions.divergence.reset();
  Held quiet({}, options);
  quiet.hold();
  quiet.go("100", "200", t0 + 30s);
  EXPECT_THAT(quiet.bench.open(), IsEmpty());
}

TEST(ControlDivergence, an_earlier_runs_ends_only_when_the_two_were_seen_to_agree) {
  Recovered known;
  {
    Held world;
    world.hold();
    world.go("1.616", "3.31", t0 + 10s);
    known.positions.push_back(world.bench.journal.rows<PositionRow>().back());
    known.open_alerts.push_back(world.bench.control.alerts(0)[0].row);
  }
  Held world(known, {}, false);
  world.bench.put(world.mark);
  world.bench.put(world.last);
  world.bench.run_until(t0 + 2min);
  EXPECT_THAT(world.bench.open(), testing::Contains(diverged));
  world.go("1.616", "1.616", t0 + 4min);
  EXPECT_THAT(world.bench.open(), IsEmpty());
  known.positions.clear();
  Held nobody(known, {}, false);
  nobody.bench.put(nobody.mark);
  nobody.bench.run_until(t0 + 2min);
  EXPECT_THAT(nobody.bench.open(), IsEmpty()) << "nobody holds it any more";
}

}  // namespace
}  // namespace feedwatch::engine
