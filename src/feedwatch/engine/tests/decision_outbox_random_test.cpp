#include <gtest/gtest.h>

#include <iterator>
#include <map>

#include "feedwatch/base/random.hpp"
#include "feedwatch/engine/tests/outbox_world.hpp"

namespace feedwatch::engine {
namespace {

using Status = SinkResult::Status;
using World = OutboxWorld;

/// Whatever fails, is killed or goes away: every decision arrives, and none before the one in front
/// of it has.
TEST(DecisionOutbox, in_any_weather_everything_arrives_in_order) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    World world({.in_flight = 3,
                 .page = 5,
                 .rows = 8,
                 .rows_of_position = 3,
                 .known = seed % 2 == 0 ? 40U : 2U,
                 .told = 6,
                 .seed = seed});
    Random random(seed);
    std::map<std::string, std::int64_t> acknowledged;
    const auto take_one = [&] {
      if (world.flying.empty()) return;
      const auto at = std::next(world.flying.begin(),
                                static_cast<std::ptrdiff_t>(random.below(world.flying.size())));
      const std::string id = at->first;
      const std::int64_t number = std::stoll(id.substr(2));
      std::int64_t& newest = acknowledged[id.substr(0, 1)];
      ASSERT_LE(number, newest + 1) << id << " before the one in front of it";
      switch (random.below(6)) {
        case 0:
          return world.fail(id);
        case 1:
          return world.answer(id, {Status::gone, "HTTP 401", {}});
        default:
          newest = std::max(newest, number);
          return world.accept(id);
      }
    };
    for (int i = 0; i < 300; ++i) {
      switch (random.below(12)) {
        case 0:
          world.database_down = true;
          break;
        case 1:
          world.database_is_back();
          break;
        case 2:
          // Else what is new may overtake what is old: the one exception.
          world.unreadable = world.caught_up && random.below(2) == 0;
          break;
        case 3:
          world.run_until(world.now + random.between(0s, 12s));
          break;
        case 4:
          if (random.below(4) != 0) break;
          world.database_is_back();
          world.unreadable = false;
          world.restart();
          break;
        case 5:
        case 6:
        case 7:
          take_one();
          break;
        default:
          world.decide(std::string(1, static_cast<char>('a' + random.below(4))));
      }
      world.step();
      if (HasFatalFailure()) return;
    }
    world.database_is_back();
    world.unreadable = false;
    for (int i = 0; i < 3'000 && (i < 10 || acknowledged != world.numbers); ++i) {
      take_one();
      world.run_until(world.now + 2s);
      if (HasFatalFailure()) return;
    }
    EXPECT_EQ(acknowledged, world.numbers);
    EXPECT_EQ(world.box->counters().lost, 0U);
  }
}

}  // namespace
}  // namespace feedwatch::engine
