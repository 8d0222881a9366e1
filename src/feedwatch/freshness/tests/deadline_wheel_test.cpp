#include "feedwatch/freshness/deadline_wheel.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "feedwatch/base/random.hpp"

namespace feedwatch {
namespace {

struct Streams {
  std::vector<MonoTime> truly;
  std::size_t looks = 0;
  explicit Streams(std::size_t count) : truly(count, never_mono) {}

  MonoTime due(std::uint32_t number) {
    ++looks;
    return truly[number];
  }
  void prefetch(std::uint32_t) {}
};

constexpr MonoTime t0{100'000s};

struct Fired {
  MonoTime at;
  std::uint32_t number;
  friend bool operator==(const Fired&, const Fired&) = default;
};

class Wheel : public ::testing::Test {
 protected:
  Wheel() {
    for (std::uint32_t number = 0; number < streams.truly.size(); ++number) wheel.begin(number);
  }
  void arm(std::uint32_t number, MonoTime at) {
    streams.truly[number] = at;
    if (at == never_mono) {
      wheel.remove(number);
    } else {
      wheel.set_not_later(number, at);
    }
  }
  /// The truth changes by what is set, by evidence that says so, exactly or carefully, or by
  /// evidence that tells the wheel nothing.
  void move(std::uint32_t number, MonoTime at, MonoTime now, std::uint64_t how) {
    const bool later = at >= streams.truly[number];  // of no deadline it is never
    streams.truly[number] = at;
    if (how == 0 && later) return;
    const MonoTime said = how == 1 ? at : std::max(at - 3ms, now);
    const bool near = said - now <= DeadlineWheel::longest && wheel.is_quiet(number, now);
    if ((how == 1 || how == 2) && near) return wheel.renew(number, said);
    wheel.set_not_later(number, at);
  }
  /// Everything up to `now`, each deadline once, as the monitor runs it.
  std::vector<Fired> run(MonoTime now) {
    std::vector<Fired> fired;
    while (wheel.next() <= now) {
      wheel.prepare(now, streams);
      std::uint32_t number = 0;
      while (wheel.take(now, number, streams)) {
        fired.push_back({streams.truly[number], number});
        streams.truly[number] = never_mono;
      }
    }
    return fired;
  }

  Streams streams{5000};
  DeadlineWheel wheel;
};

TEST_F(Wheel, FiresAtTheNanosecondAndNotOneBefore) {
  arm(7, t0 + 3s + 1ns);
  EXPECT_LE(wheel.next(), t0 + 3s + 1ns);
  EXPECT_TRUE(run(t0 + 3s).empty());
  EXPECT_EQ(wheel.next(), t0 + 3s + 1ns) << "exact once its bucket is ready";
  EXPECT_EQ(run(t0 + 3s + 1ns), (std::vector<Fired>{{t0 + 3s + 1ns, 7}}));
  EXPECT_EQ(wheel.next(), never_mono);
}

TEST_F(Wheel, OrdersByTimeThenByNumber) {
  arm(3, t0 + 5s);
  arm(2, t0 + 5s);
  arm(9, t0 + 5s - 1ns);
  arm(1, t0 + 4s);
  arm(4, t0 + 400h);
  const std::vector<Fired> expected{
      {t0 + 4s, 1}, {t0 + 5s - 1ns, 9}, {t0 + 5s, 2}, {t0 + 5s, 3}, {t0 + 400h, 4}};
  EXPECT_EQ(run(t0 + 500h), expected);
}

TEST_F(Wheel, ADeadlineThatEvidenceHasOvertakenMovesWithoutFiring) {
  arm(1, t0 + 3s);
  streams.truly[1] = t0 + 60s;  // ticks came; nobody told the wheel
  EXPECT_TRUE(run(t0 + 59s).empty());
  EXPECT_EQ(run(t0 + 60s).size(), 1U);
}

TEST_F(Wheel, AnEarlierDeadlineReplacesTheLaterAndFiresOnce) {
  arm(1, t0 + 300s);
  arm(1, t0 + 1s);
  EXPECT_EQ(run(t0 + 1s).size(), 1U);
  EXPECT_TRUE(run(t0 + 1000s).empty());
  arm(1, t0 + 2000s);
  arm(1, t0 + 1500s);
  arm(1, t0 + 2000s);
  EXPECT_EQ(run(t0 + 3000s), (std::vector<Fired>{{t0 + 2000s, 1}})) << "no entry fires twice";
}

TEST_F(Wheel, NeverRemoves) {
  arm(1, t0 + 1s);
  arm(1, never_mono);
  EXPECT_TRUE(run(t0 + 10s).empty());
  EXPECT_EQ(wheel.next(), never_mono);
}

TEST_F(Wheel, WhatIsRemovedLeavesNothingReadyBehind) {
  for (const std::uint32_t number : {1U, 2U, 3U}) arm(number, t0 + 600us);
  wheel.prepare(t0 + 500us, streams);
  EXPECT_EQ(wheel.next(), t0 + 600us) << "ready";
  arm(2, never_mono);
  EXPECT_EQ(wheel.size(), 2U);
  EXPECT_EQ(run(t0 + 600us), (std::vector<Fired>{{t0 + 600us, 1}, {t0 + 600us, 3}}));
}

TEST_F(Wheel, SetNotLaterKeepsTheEarlier) {
  arm(1, t0 + 1s);
  wheel.set_not_later(1, t0 + 2s);
  EXPECT_LE(wheel.next(), t0 + 1s);
  EXPECT_EQ(run(t0 + 1s).size(), 1U);
}

TEST_F(Wheel, WhatIsArmedInThePastFiresAtOnce) {
  wheel.prepare(t0, streams);
  arm(1, t0 - 5s);
  EXPECT_EQ(wheel.next(), t0 - 5s);
  EXPECT_EQ(run(t0).size(), 1U);
}

TEST_F(Wheel, ATickMovesNothingAndNobodyLooksAtItsStream) {
  wheel.prepare(t0, streams);
  arm(1, t0 + 3s);
  for (Duration heard{}; heard < 1h; heard += 1s) {
    EXPECT_TRUE(wheel.is_quiet(1, t0 + heard));
    streams.truly[1] = t0 + heard + 3s;
    wheel.renew(1, streams.truly[1]);
    EXPECT_TRUE(run(t0 + heard).empty());
    EXPECT_EQ(wheel.size(), 1U);
  }
  EXPECT_EQ(streams.looks, 0U);
  EXPECT_EQ(run(t0 + 1h + 3s).size(), 1U);
  EXPECT_FALSE(wheel.is_quiet(1, t0 + 1h + 3s));
}

/// The boot-time clock runs on while the machine sleeps.
TEST_F(Wheel, ASleepOfMonthsHidesNothing) {
  for (const Duration sleep : {24h * 20, 24h * 30, 24h * 60, 24h * 400}) {
    SCOPED_TRACE(sleep / 24h);
    const MonoTime start = t0 + sleep * 3;
    wheel.prepare(start, streams);
    arm(1, start + 3s);
    EXPECT_TRUE(wheel.is_quiet(1, start));
    EXPECT_FALSE(wheel.is_quiet(1, start + sleep));
    arm(2, start + sleep - 1ms);
    arm(3, start + sleep + 3s);
    const std::vector<Fired> expected{{start + 3s, 1}, {start + sleep - 1ms, 2}};
    EXPECT_EQ(run(start + sleep), expected);
    arm(4, start);
    EXPECT_EQ(run(start + sleep), (std::vector<Fired>{{start, 4}})) << "long past";
    EXPECT_EQ(run(start + sleep + 3s), (std::vector<Fired>{{start + sleep + 3s, 3}}));
  }
}

TEST_F(Wheel, ADeadlineLongPastComesBeforeOneAheadWhateverTheUptime) {
  for (const Duration up : {24h * 5, 24h * 20, 24h * 27, 24h * 300}) {
    SCOPED_TRACE(up / 24h);
    wheel = DeadlineWheel();
    wheel.begin(0);
    wheel.prepare(MonoTime{up}, streams);
    wheel.set_not_later(0, MonoTime{up} + 90s);
    wheel.set_not_later(0, MonoTime::min());
    EXPECT_LE(wheel.next(), MonoTime{up});
    EXPECT_FALSE(wheel.is_quiet(0, MonoTime{up}));
  }
}

TEST_F(Wheel, NoEntryIsHungFurtherThanItsReach) {
  wheel = DeadlineWheel(1s);
  for (std::uint32_t number = 0; number < 2; ++number) wheel.begin(number);
  wheel.prepare(t0, streams);
  std::size_t most = 0;
  MonoTime now = t0;
  for (int i = 0; i < 5000; ++i, now += 1ms) {
    arm(0, t0 + 1h);  // displaced again and again
    wheel.set_not_later(0, now + 500us);
    EXPECT_TRUE(run(now).empty());
    most = std::max(most, wheel.size());
  }
  EXPECT_LE(most, 2'100U);
  EXPECT_EQ(run(t0 + 1h), (std::vector<Fired>{{t0 + 1h, 0}}));
}

/// Two of 2^32 ticks cannot be told from "not armed" and "ready".
TEST_F(Wheel, TicksWithoutANameOfTheirOwnAreNotLost) {
  constexpr std::int64_t turn = std::int64_t{1} << 52U;  // 2^32 ticks
  const MonoTime edge = mono_from_ns(3 * turn);
  for (Duration before = 4ms; before > -2ms; before -= 500us) {
    wheel = DeadlineWheel();
    wheel.begin(2);
    wheel.prepare(edge - before, streams);
    arm(1, edge - before + 250us);
    arm(2, edge - 600us);
    EXPECT_EQ(run(edge - before + 250us).size(), before - 250us > 600us ? 1U : 2U);
    run(edge + 2ms);
  }
}

TEST_F(Wheel, AFullBucketComesInSlices) {
  for (std::uint32_t i = 0; i < 5000; ++i) arm(i, t0 + 3s);
  const auto take_all = [&] {
    std::uint32_t number = 0;
    std::size_t taken = 0;
    while (wheel.take(t0 + 3s, number, streams)) ++taken;
    return taken;
  };
  wheel.prepare(t0, streams);
  wheel.prepare(t0 + 3s, streams);
  const std::size_t first = take_all();
  EXPECT_LT(first, 5000U) << "one call looks at a slice only";
  EXPECT_LE(wheel.next(), t0 + 3s) << "and says that there is more";
  std::size_t rest = 0;
  while (wheel.next() <= t0 + 3s) {
    wheel.prepare(t0 + 3s, streams);
    rest += take_all();
  }
  EXPECT_EQ(first + rest, 5000U);
}

/// Against a sorted map, with deadlines that move earlier, later and away, near and far.
TEST_F(Wheel, AgreesWithASortedMap) {
  Random random{42};
  MonoTime now = t0;
  std::map<std::pair<MonoTime, std::uint32_t>, bool> model;
  const auto forget = [&](std::uint32_t number) { model.erase({streams.truly[number], number}); };
  std::size_t fired_in_all = 0;
  for (int round = 0; round < 3000; ++round) {
    for (int i = 0; i < 20; ++i) {
      const auto number = static_cast<std::uint32_t>(random.below(500));
      const Duration far{static_cast<std::int64_t>(random.next() >> (20 + random.below(40)))};
      forget(number);
      const MonoTime at = now + std::min<Duration>(far, 200h);
      move(number, at, now, random.below(4));
      model[{streams.truly[number], number}] = true;
    }
    now += Duration{static_cast<std::int64_t>(random.next() >> (24 + random.below(36)))};
    std::vector<Fired> expected;
    while (!model.empty() && model.begin()->first.first <= now) {
      expected.push_back({model.begin()->first.first, model.begin()->first.second});
      model.erase(model.begin());
    }
    ASSERT_EQ(run(now), expected) << "round " << round;
    fired_in_all += expected.size();
    const MonoTime first = model.empty() ? never_mono : model.begin()->first.first;
    ASSERT_LE(wheel.next(), first);
  }
  EXPECT_GT(fired_in_all, 10'000U);
}

/// Near the edges of buckets of every level, and anywhere between them.
Duration any_distance() {
  const int bits = *rc::gen::inRange(0, 54);  // the wheel turns 36 years
  const auto edge = std::int64_t{1} << static_cast<unsigned>(bits);
  const std::int64_t beside = *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-1, 2),
                                              rc::gen::inRange<std::int64_t>(0, edge));
  return Duration{std::max<std::int64_t>(0, edge + beside)};
}

RC_GTEST_FIXTURE_PROP(Wheel, FiresAsASortedSetWould, ()) {
  std::set<std::pair<MonoTime, std::uint32_t>> model;
  MonoTime now = t0;
  for (int steps = *rc::gen::inRange(1, 60); steps > 0; --steps) {
    const auto number = *rc::gen::inRange<std::uint32_t>(0, 8);
    const int what = *rc::gen::inRange(0, 8);
    if (what == 0) {
      model.erase({streams.truly[number], number});
      arm(number, never_mono);
    } else if (what < 6) {
      const MonoTime at = now + any_distance();
      model.erase({streams.truly[number], number});
      model.insert({at, number});
      move(number, at, now, *rc::gen::inRange<std::uint64_t>(0, 4));
    } else {
      now = model.empty() || what == 6 ? now + any_distance() : model.begin()->first;
      std::vector<Fired> expected;
      while (!model.empty() && model.begin()->first <= now) {
        expected.push_back({model.begin()->first, model.begin()->second});
        model.erase(model.begin());
      }
      RC_ASSERT(run(now) == expected);
    }
    RC_ASSERT(wheel.next() <= (model.empty() ? never_mono : model.begin()->first));
  }
}

}  // namespace
}  // namespace feedwatch
