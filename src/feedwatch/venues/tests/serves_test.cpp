#include <gtest/gtest.h>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues {
namespace {

TEST(Serves, HostAndPathTogetherNameTheVenue) {
  const VenueSide& bybit = *find_venue_side("bybit-linear");
  EXPECT_TRUE(serves(bybit, "wss://stream.bybit.com/v5/public/linear"));
  EXPECT_TRUE(serves(bybit, "wss://stream.bybit.com:443/v5/public/linear"));
  EXPECT_FALSE(serves(bybit, "wss://stream.bybit.com/v5/public/spot")) << "same host, other venue";
  EXPECT_TRUE(serves(*find_venue_side("bybit-spot"), "wss://stream.bybit.com/v5/public/spot"));
  EXPECT_FALSE(serves(bybit, "wss://evil.example/v5/public/linear"));
  const VenueSide& binance = *find_venue_side("binance-usdm");
  EXPECT_TRUE(serves(binance, "wss://fstream.binance.com/stream?streams=a@trade/b@bookTicker"));
  EXPECT_FALSE(serves(binance, "wss://stream.binance.com/stream?streams=a@bookTicker"));
}

TEST(Serves, SimulatorsLiveOnLoopback) {
  const VenueSide& bybit = *find_venue_side("bybit-linear");
  for (const std::string_view host : {"127.0.0.1:9001", "localhost", "[::1]:9001", "[::1]"}) {
    EXPECT_TRUE(serves(bybit, "ws://" + std::string(host) + "/v5/public/linear")) << host;
  }
  EXPECT_FALSE(serves(bybit, "ws://[::2]/v5/public/linear"));
}

TEST(Serves, WhatIsNoUrlServesNobody) {
  for (const std::string_view url : {"", "://", "stream.bybit.com/v5/public/linear", "wss://"}) {
    for (const std::string_view name : venue_names()) {
      EXPECT_FALSE(serves(*find_venue_side(name), url)) << url;
    }
  }
}

}  // namespace
}  // namespace feedwatch::venues
