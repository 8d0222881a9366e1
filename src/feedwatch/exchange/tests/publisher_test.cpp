#include "feedwatch/exchange/publisher.hpp"

#include <gtest/gtest.h>

namespace feedwatch::exchange {
namespace {

const venues::ChannelSheet& channel(std::string_view venue, std::size_t index) {
  return venues::find_venue_side(venue)->sheet().channels[index];
}
const venues::ChannelSheet& mark_price() {
  return channel("binance-usdm", 0);
}
const venues::ChannelSheet& book_ticker() {
  return channel("binance-usdm", 1);
}
const venues::ChannelSheet& tickers() {
  return channel("bybit-linear", 0);
}
const venues::ChannelSheet& orderbook() {
  return channel("bybit-linear", 1);
}

constexpr MonoTime grid = mono_from_ns(250'000'000);
MonoTime at(Duration since) {
  return MonoTime{} + 1h + since;
}

Kinds kinds(std::initializer_list<Kind> list) {
  Kinds out;
  for (const Kind kind : list) out.add(kind);
  return out;
}

Emission say(TopicPublisher& publisher, MonoTime now) {
  const auto emission = publisher.emission(now);
  EXPECT_TRUE(emission);
  if (!emission) return {};
  publisher.sent(*emission, now);
  return *emission;
}

TEST(Pace, FollowsFromTheSheet) {
  EXPECT_EQ(pace_of(mark_price()), Pace::clock);
  EXPECT_EQ(pace_of(book_ticker()), Pace::on_change);
  EXPECT_EQ(pace_of(tickers()), Pace::delta);
  EXPECT_EQ(pace_of(orderbook()), Pace::repeat);
  EXPECT_EQ(pace_of(channel("okx", 2)), Pace::repeat);
}

TEST(Publisher, MarkPriceSpeaksOnTheFixedClockWhateverChanges) {
  TopicPublisher publisher(mark_price(), grid);
  publisher.on_subscribed(at(100ms));
  EXPECT_EQ(publisher.due(), at(250ms));
  publisher.on_change(every_kind, at(150ms));
  EXPECT_EQ(publisher.due(), at(250ms));
  EXPECT_FALSE(publisher.emission(at(250ms) - 1ns));
  EXPECT_TRUE(say(publisher, at(250ms)).snapshot);
  EXPECT_EQ(publisher.due(), at(1250ms));
  // A late wake-up does not shift the clock.
  say(publisher, at(1400ms));
  EXPECT_EQ(publisher.due(), at(2250ms));
}

TEST(Publisher, OkxMarkPriceSpeaksOnChangeAndByItsClock) {
  TopicPublisher publisher(channel("okx", 2), grid);
  publisher.on_subscribed(at(0s));
  say(publisher, at(0s));
  EXPECT_EQ(publisher.due(), at(10s));
  publisher.on_change(kinds({Kind::mark}), at(50ms));
  publisher.on_change(kinds({Kind::mark}), at(120ms));
  EXPECT_EQ(publisher.due(), at(200ms)) << "changes are sent together";
  say(publisher, at(200ms));
  publisher.on_change(kinds({Kind::last}), at(1s));
  EXPECT_EQ(publisher.due(), at(10'200ms)) << "what it does not carry is no change";
  publisher.on_change(kinds({Kind::mark}), at(3s));
  EXPECT_EQ(publisher.due(), at(3s));
  say(publisher, at(3s));
  EXPECT_EQ(publisher.due(), at(13s));
}

TEST(Publisher, BookTickerSpeaksAtEveryChangeOfTheQuoteAndNeverElse) {
  TopicPublisher publisher(book_ticker(), grid);
  publisher.on_subscribed(at(0s));
  EXPECT_EQ(publisher.due(), never_mono);
  publisher.on_change(kinds({Kind::mark, Kind::last}), at(1s));
  EXPECT_EQ(publisher.due(), never_mono);
  publisher.on_change(kinds({Kind::quote}), at(2s));
  EXPECT_EQ(publisher.due(), at(2s));
  say(publisher, at(2s));
  EXPECT_EQ(publisher.due(), never_mono);
}

TEST(Publisher, TickersSpeakFullStateFirstThenWhatChanged) {
  TopicPublisher publisher(tickers(), grid);
  publisher.on_subscribed(at(0s));
  EXPECT_TRUE(say(publisher, at(0s)).snapshot);
  EXPECT_EQ(publisher.due(), never_mono);
  publisher.on_change(kinds({Kind::mark}), at(30ms));
  publisher.on_change(kinds({Kind::index}), at(60ms));
  EXPECT_EQ(publisher.due(), at(100ms));
  const Emission delta = say(publisher, at(100ms));
  EXPECT_FALSE(delta.snapshot);
  EXPECT_EQ(delta.changed, kinds({Kind::mark, Kind::index}));
  publisher.on_change(kinds({Kind::last}), at(5s));
  EXPECT_EQ(publisher.due(), at(5s));
  EXPECT_EQ(say(publisher, at(5s)).changed, kinds({Kind::last}));
}

TEST(Publisher, WhatWasDroppedIsInTheNextDelta) {
  TopicPublisher publisher(tickers(), grid);
  publisher.on_subscribed(at(0s));
  say(publisher, at(0s));
  publisher.on_change(kinds({Kind::last}), at(1s));
  publisher.dropped(at(1s));
  publisher.on_change(kinds({Kind::mark}), at(2s));
  EXPECT_EQ(say(publisher, at(2s)).changed, kinds({Kind::last, Kind::mark}));
}

TEST(Publisher, ADroppedSnapshotIsStillToCome) {
  TopicPublisher publisher(tickers(), grid);
  publisher.on_subscribed(at(0s));
  publisher.dropped(at(0s));
  publisher.on_change(kinds({Kind::mark}), at(1s));
  EXPECT_TRUE(say(publisher, at(1s)).snapshot);
}

TEST(Publisher, OrderbookSpeaksAtChangesAndRepeatsAfterThreeSeconds) {
  TopicPublisher publisher(orderbook(), grid);
  publisher.on_subscribed(at(0s));
  say(publisher, at(0s));
  EXPECT_EQ(publisher.due(), at(3s));
  publisher.on_change(kinds({Kind::quote}), at(1s));
  EXPECT_EQ(publisher.due(), at(1s));
  say(publisher, at(1s));
  EXPECT_EQ(publisher.due(), at(4s));
  EXPECT_FALSE(publisher.emission(at(4s) - 1ns));
  EXPECT_TRUE(say(publisher, at(4s)).snapshot);
}

TEST(Publisher, ResubscribingBringsTheFullStateAgain) {
  TopicPublisher publisher(tickers(), grid);
  publisher.on_subscribed(at(0s));
  say(publisher, at(0s));
  publisher.on_subscribed(at(1s));
  EXPECT_TRUE(say(publisher, at(1s)).snapshot);
}

}  // namespace
}  // namespace feedwatch::exchange
