#include "feedwatch/app/venue_homes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::app {
namespace {

engine::ShardOptions options(const std::vector<std::string>& names) {
  engine::ShardOptions all;
  all.seed = 7;
  for (const std::string& name : names) {
    engine::VenueOptions venue;
    venue.name = name;
    venue.venue = venues::find_venue("kraken");
    all.venues.push_back(venue);
  }
  return all;
}

std::vector<std::string> names(const engine::ShardOptions& part) {
  std::vector<std::string> out;
  for (const auto& venue : part.venues) out.push_back(venue.name);
  return out;
}

TEST(VenueHomes, VenuesAreSpreadInTheirOrder) {
  VenueHomes homes(2);
  const auto parts = homes.divide(options({"a", "b", "c"}));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(names(parts[0]), (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(names(parts[1]), (std::vector<std::string>{"b"}));
  EXPECT_EQ(parts[1].shard, 1);
  EXPECT_EQ(parts[1].shards, 2);
  EXPECT_EQ(parts[1].seed, 7U);
  EXPECT_EQ(homes.of("b"), 1U);
  EXPECT_EQ(homes.of("nowhere"), 0U);
}

TEST(VenueHomes, KnownOnesStayWhereTheyAreAndNewOnesGoWhereThereAreFewest) {
  VenueHomes homes(2);
  (void)homes.divide(options({"a", "b", "c", "d"}));
  const auto parts = homes.divide(options({"new", "d", "b"}));
  EXPECT_EQ(names(parts[0]), (std::vector<std::string>{"new"}));
  EXPECT_EQ(names(parts[1]), (std::vector<std::string>{"d", "b"}));
  EXPECT_EQ(homes.of("a"), 0U);
  EXPECT_EQ(homes.of("d"), 1U);
}

}  // namespace
}  // namespace feedwatch::app
