// A venue out of reach: issue "what it must show", on sockets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "outage.hpp"

namespace feedwatch::integration {
namespace {

// Half a minute instead of half an hour, which ./x long takes: what matters is that the
// pathfinder's next dial is never further away than four seconds.
TEST(Outage, EndsWithFreshDataWithinSixSecondsAndIsOneAlert) {
  World world({.exchange = {.venue = "binance-usdm", .symbols = outage_symbols, .rate = 2},
               .streams = streams_of(outage_symbols, "mark")});
  expect_outage_survived(world, 25s);
}

}  // namespace
}  // namespace feedwatch::integration
