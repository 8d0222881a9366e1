#include <gtest/gtest.h>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues {
namespace {

TEST(Registry, KnowsItsVenuesByNameAndNoOther) {
  ASSERT_GE(venue_names().size(), 2U);
  for (const std::string_view name : venue_names()) {
    ASSERT_NE(find_venue(name), nullptr) << name;
    ASSERT_NE(find_venue_side(name), nullptr) << name;
    EXPECT_EQ(find_venue(name)->sheet().name, name);
    EXPECT_EQ(&find_venue_side(name)->sheet(), &find_venue(name)->sheet());
  }
  EXPECT_EQ(find_venue("no-such-venue"), nullptr);
  EXPECT_EQ(find_venue_side(""), nullptr);
}

TEST(Registry, ChannelForAKind) {
  const VenueSheet& binance = find_venue("binance-usdm")->sheet();
  EXPECT_EQ(channel_for(binance, Kind::mark), 0);
  EXPECT_EQ(channel_for(binance, Kind::index), 0);
  EXPECT_EQ(channel_for(binance, Kind::quote), 1);
  EXPECT_EQ(channel_for(binance, Kind::last), 2);
  const VenueSheet& bybit = find_venue("bybit-linear")->sheet();
  EXPECT_EQ(channel_for(bybit, Kind::last), 0);
  EXPECT_EQ(channel_for(bybit, Kind::quote), 1);
}

/// What the rest of the product takes for granted about any sheet.
TEST(Registry, EverySheetIsWhole) {
  for (const std::string_view name : venue_names()) {
    const VenueSheet& sheet = find_venue(name)->sheet();
    EXPECT_TRUE(sheet.ws_url.starts_with("wss://"));
    EXPECT_TRUE(sheet.rest_url.starts_with("https://"));
    EXPECT_GT(sheet.dials.count, 0U);
    EXPECT_GT(sheet.messages.count, 0U);
    EXPECT_GT(sheet.max_topics_per_line, 0U);
    EXPECT_GT(sheet.max_topics_per_request, 0U);
    EXPECT_GT(sheet.max_request_chars, 0U);
    EXPECT_EQ(sheet.ping == PingStyle::text, !find_venue(name)->ping_text().empty());
    for (const ChannelSheet& channel : sheet.channels) {
      EXPECT_TRUE(channel.seq_orders || !channel.seq_comparable)
          << channel.name << ": numbers that mean the same everywhere mean an order";
      const bool beats = channel.beats != BeatScope::none;
      EXPECT_EQ(channel.kinds.empty(), beats) << channel.name;
      const bool clocked = channel.cadence.type == CadenceType::clocked;
      EXPECT_EQ(clocked, channel.cadence.period > Duration::zero()) << channel.name;
      EXPECT_EQ(clocked || beats, channel.suspect_after == Duration::zero()) << channel.name;
    }
  }
}

TEST(Registry, DecodeErrorCodesHaveTheirOwnNames) {
  EXPECT_EQ(to_text(DecodeErrorCode::not_json), "not_json");
  EXPECT_EQ(to_text(DecodeErrorCode::unknown_message), "unknown_message");
}

}  // namespace
}  // namespace feedwatch::venues
