#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "feedwatch/base/random.hpp"
#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/base/utf8.hpp"
#include "feedwatch/venues/tests/support.hpp"

/// encode ∘ decode: what the venue's side says is what the client's side understands.
namespace feedwatch::venues {
namespace {

Decimal random_price(Random& random) {
  const int scale = static_cast<int>(random.below(13));
  return {static_cast<Decimal::Mantissa>(random.below(1ULL << (1 + random.below(62))) + 1), scale};
}

MarketState random_state(Random& random, std::string_view symbol) {
  MarketState state{.symbol = symbol,
                    .last = random_price(random),
                    .bid = random_price(random),
                    .ask = random_price(random),
                    .mark = random_price(random),
                    .index = random_price(random),
                    .seq = random.next() >> random.below(64)};
  state.now = wall_from_ms(static_cast<std::int64_t>(1 + random.below(4'000'000'000'000)));
  state.traded = state.now - std::chrono::milliseconds(random.below(1000));
  state.last_changed = random.below(2) == 0;
  state.mark_changed = random.below(2) == 0;
  state.index_changed = random.below(2) == 0;
  state.quote_changed = random.below(2) == 0;
  state.snapshot = random.below(4) == 0;
  return state;
}

struct Expected {
  Decimal price;
  bool carried = true;
};

Expected expected_of(const MarketState& state, Kind kind, bool deltas) {
  const auto carried = [&](bool changed) { return !deltas || state.snapshot || changed; };
  switch (kind) {
    case Kind::last:
      return {state.last, carried(state.last_changed)};
    case Kind::mark:
      return {state.mark, carried(state.mark_changed)};
    case Kind::index:
      return {state.index, carried(state.index_changed)};
    case Kind::quote:
      return {state.bid, true};
  }
  return {};
}

void check_tick(const WireTick& tick, const ChannelSheet& channel, const MarketState& state) {
  const Expected expected = expected_of(state, tick.kind, channel.absent_is_unchanged);
  EXPECT_EQ(tick.symbol, state.symbol);
  EXPECT_EQ(tick.ts_event, state.now);
  EXPECT_EQ(tick.snapshot, channel.absent_is_unchanged && state.snapshot);
  EXPECT_EQ(tick.seq.has_value(), channel.seq_orders);
  if (tick.seq) {
    EXPECT_EQ(*tick.seq, state.seq);
  }
  EXPECT_EQ(tick.fields.price, expected.carried);
  EXPECT_EQ(tick.fields.ask, tick.kind == Kind::quote);
  if (!expected.carried) return;
  EXPECT_TRUE(identical(tick.prices.price, expected.price));
  EXPECT_EQ(tick.price_text, expected.price.to_string());
  if (tick.fields.ask) {
    EXPECT_EQ(tick.ask_text, state.ask.to_string());
  }
}

void check_round_trip(std::string_view venue_name, const MarketState& state) {
  const Venue& venue = *find_venue(venue_name);
  const auto& channels = venue.sheet().channels;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::string text =
        find_venue_side(venue_name)->encode_data(static_cast<std::uint8_t>(i), state);
    test::Reading reading(venue, text);
    ASSERT_EQ(reading.type, MessageType::data) << text;
    ASSERT_EQ(reading.out.ticks.size(), channels[i].kinds.size()) << text;
    for (std::size_t k = 0; k < channels[i].kinds.size(); ++k) {
      EXPECT_EQ(reading.out.ticks[k].kind, channels[i].kinds[k]);
      check_tick(reading.out.ticks[k], channels[i], state);
    }
    ASSERT_FALSE(::testing::Test::HasFailure()) << text;
  }
}

TEST(RoundTrip, SeededStates) {
  Random random(20261122);
  for (int i = 0; i < 2000; ++i) {
    for (const std::string_view venue : venue_names()) {
      check_round_trip(venue, random_state(random, "BTCUSDT"));
      if (HasFailure()) return;
    }
  }
}

TEST(RoundTrip, EveryNaughtyStringIsASymbol) {
  const auto path = testing::test_data_path("hostile/blns/blns.json");
  FEEDWATCH_NEEDS_DATA(path);
  Random random(515);
  std::size_t symbols = 0;
  for (const auto& item : nlohmann::json::parse(testing::read_file(path))) {
    const auto symbol = item.get<std::string>();
    if (symbol.empty()) continue;
    ASSERT_TRUE(is_utf8(symbol));
    ++symbols;
    for (const std::string_view venue : venue_names()) {
      check_round_trip(venue, random_state(random, symbol));
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(symbols, 500U);
}

TEST(RoundTrip, EveryNaughtyStringCanBeSubscribed) {
  const auto path = testing::test_data_path("hostile/blns/blns.json");
  FEEDWATCH_NEEDS_DATA(path);
  for (const auto& item : nlohmann::json::parse(testing::read_file(path))) {
    const auto symbol = item.get<std::string>();
    if (symbol.empty()) continue;
    for (const std::string_view name : venue_names()) {
      const auto requests = find_venue(name)->subscribe(std::vector<Topic>{{1, symbol}}, 1);
      ASSERT_EQ(requests.size(), 1U);
      const ClientMessage message = find_venue_side(name)->parse_client(requests[0].text);
      ASSERT_EQ(message.topics.size(), 1U) << requests[0].text;
      EXPECT_EQ(message.topics[0].channel, 1);
      EXPECT_EQ(message.topics[0].symbol.size(), symbol.size());
      EXPECT_TRUE(message.invalid.empty());
    }
  }
}

TEST(RoundTrip, AcknowledgementsAndRefusals) {
  for (const std::string_view name : venue_names()) {
    const Venue& venue = *find_venue(name);
    const VenueSide& side = *find_venue_side(name);
    ClientMessage message =
        side.parse_client(venue.subscribe(std::vector<Topic>{{0, "X"}}, 77)[0].text);
    test::Reading ack(venue, side.encode_ack(message));
    ASSERT_EQ(ack.type, MessageType::ack) << name;
    EXPECT_TRUE(ack.out.ack->ok);
    EXPECT_EQ(ack.out.ack->request_id, 77U);
    message.invalid.push_back("no \"such\" topic");
    test::Reading refusal(venue, side.encode_refusal(message));
    ASSERT_EQ(refusal.type, MessageType::ack) << name;
    EXPECT_FALSE(refusal.out.ack->ok);
    EXPECT_EQ(refusal.out.ack->request_id, 77U);
    EXPECT_TRUE(refusal.out.ack->message.ends_with("no \"such\" topic"));
  }
}

}  // namespace
}  // namespace feedwatch::venues
