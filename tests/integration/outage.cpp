#include "outage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace feedwatch::integration {
namespace {

constexpr Duration on_sockets = 500ms;  ///< what sockets and threads may take beyond a limit
constexpr Duration recovery = 6s;

bool all_newer(const World& world, MonoTime than) {
  return std::ranges::all_of(streams_of(outage_symbols, "mark"), [&](const std::string& stream) {
    return world.slot(stream).carried > than;
  });
}

/// When the last of the streams had its first datum, by the stamp of its bytes.
MonoTime last_of(const World& world) {
  MonoTime last{};
  for (const std::string& stream : streams_of(outage_symbols, "mark")) {
    last = std::max(last, world.slot(stream).changed);
  }
  return last;
}

}  // namespace

void expect_outage_survived(World& world, Duration length) {
  world.start_healthy();
  const MonoTime began = world.begin_outage();
  ASSERT_TRUE(world.wait([&] { return world.now() >= began + length; }, length + 1s));
  for (const std::string& stream : streams_of(outage_symbols, "mark")) {
    EXPECT_FALSE(world.price(stream, {.max_age = length * 2})) << stream;
  }
  const MonoTime healed = world.end_outage();
  ASSERT_TRUE(world.wait([&] { return all_newer(world, healed); })) << world.story();
  EXPECT_LE(last_of(world) - healed, recovery + on_sockets) << world.story();

  ASSERT_TRUE(world.wait([&] { return !world.alerts("resolved").empty(); })) << world.story();
  const auto fired = world.alerts("firing");
  ASSERT_EQ(fired.size(), 1U) << world.story();
  EXPECT_THAT(fired.front().event.subject, testing::HasSubstr("line_down"));
  EXPECT_EQ(world.alerts("resolved").size(), 1U) << world.story();
  EXPECT_TRUE(all_newer(world, healed));
}

}  // namespace feedwatch::integration
