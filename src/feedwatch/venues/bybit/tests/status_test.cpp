#include <gtest/gtest.h>

#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues {
namespace {

std::string entry(std::string_view state, std::string_view more) {
  return R"({"id":"4d95b2a0","title":"t\u003006","state":")" + std::string(state) +
         R"(","begin":"1751596902000","end":"1751597011000","href":"","uidSuffix":[])" +
         std::string(more) + "}";
}

std::string message(std::string_view entries) {
  return R"({"topic":"system.status","ts":1751858399649,"data":[)" + std::string(entries) + "]}";
}

/// What the venue makes of it: whether it trades; nullopt when it says nothing of this venue.
std::optional<bool> told(std::string_view venue, const std::string& text) {
  const test::Reading reading(*find_venue(venue), text);
  EXPECT_TRUE(reading.type.has_value()) << text;
  if (reading.type == MessageType::ignored) return std::nullopt;
  EXPECT_EQ(reading.type, MessageType::status) << text;
  return reading.out.status->trading;
}

constexpr std::string_view all = R"(,"serviceTypes":[2,3,4,5],"product":[1,2],"env":1)";

TEST(BybitStatus, StatesOfAMaintenance) {
  for (const std::string_view venue : {"bybit-linear", "bybit-spot"}) {
    EXPECT_EQ(told(venue, message(entry("completed", all))), true) << venue;
    EXPECT_EQ(told(venue, message(entry("canceled", all))), true) << venue;
    EXPECT_EQ(told(venue, message(entry("ongoing", all))), false) << venue;
    EXPECT_EQ(told(venue, message(entry("scheduled", all))), std::nullopt) << venue;
    EXPECT_EQ(told(venue, message("")), std::nullopt) << venue;
  }
}

TEST(BybitStatus, OneThatLastsOutweighsThoseThatAreOver) {
  const std::string both = entry("ongoing", all) + "," + entry("completed", all);
  EXPECT_EQ(told("bybit-spot", message(both)), false);
}

TEST(BybitStatus, EachOfSeveralIsNamed) {
  const auto named = [](std::string_view id, std::string_view state) {
    return R"({"id":")" + std::string(id) + R"(","state":")" + std::string(state) + R"("})";
  };
  const test::Reading reading(*find_venue("bybit-linear"),
                              message(named("a", "ongoing") + "," + named("b", "completed") + "," +
                                      named("c", "ongoing") + "," + named("d", "scheduled")));
  ASSERT_EQ(reading.type, MessageType::status);
  EXPECT_EQ(reading.out.status->lasting, (std::vector<std::string>{R"("a")", R"("c")"}));
  EXPECT_EQ(reading.out.status->over, (std::vector<std::string>{R"("b")"}));
  EXPECT_FALSE(reading.out.status->trading);
  std::string many = named("0", "ongoing");
  for (int i = 1; i < 1'000; ++i) many += "," + named(std::to_string(i), "ongoing");
  const test::Reading bounded(*find_venue("bybit-linear"), message(many));
  EXPECT_EQ(bounded.out.status->lasting.size(), 64U);
}

TEST(BybitStatus, OnlyWhatConcernsTheVenue) {
  const auto spot = [](std::string_view more) {
    return told("bybit-spot", message(entry("ongoing", more)));
  };
  EXPECT_EQ(spot(R"(,"product":[1,3])"), std::nullopt) << "futures and options";
  EXPECT_EQ(told("bybit-linear", message(entry("ongoing", R"(,"product":[1,3])"))), false);
  EXPECT_EQ(spot(R"(,"product":[2],"serviceTypes":[4])"), std::nullopt) << "private streams";
  EXPECT_EQ(spot(R"(,"product":[2],"serviceTypes":["5"])"), false) << "market data";
  EXPECT_EQ(spot(R"(,"product":[],"serviceTypes":[])"), false) << "named nobody: everybody";
  EXPECT_EQ(spot(R"(,"product":null)"), false);
  EXPECT_EQ(spot(R"(,"env":2)"), std::nullopt) << "the demo service";
}

TEST(BybitStatus, TheWordsOfTheVenue) {
  const test::Reading reading(*find_venue("bybit-linear"), message(entry("ongoing", all)));
  ASSERT_EQ(reading.type, MessageType::status);
  EXPECT_EQ(reading.out.status->detail, "ongoing: t006");
}

TEST(BybitStatus, DataThatIsNoList) {
  const Venue& venue = *find_venue("bybit-spot");
  const test::Reading object(venue, R"({"topic":"system.status","data":{}})");
  EXPECT_TRUE(object.failed_with(DecodeErrorCode::bad_value, "data"));
  const test::Reading none(venue, R"({"topic":"system.status"})");
  EXPECT_TRUE(none.failed_with(DecodeErrorCode::missing_field, "data"));
  EXPECT_EQ(told("bybit-spot", message(R"(7,"x",null,[{"state":"ongoing"}])")), std::nullopt);
}

TEST(BybitStatus, WhatTheVenuesSideSaysIsUnderstood) {
  for (const std::string_view venue : {"bybit-linear", "bybit-spot"}) {
    const VenueSide& side = *find_venue_side(venue);
    EXPECT_EQ(told(venue, side.encode_status(false, wall_from_ms(1000))), false);
    EXPECT_EQ(told(venue, side.encode_status(true, wall_from_ms(1000))), true);
  }
}

}  // namespace
}  // namespace feedwatch::venues
