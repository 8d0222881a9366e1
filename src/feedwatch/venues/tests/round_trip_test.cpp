#include <gtest/gtest.h>

#include <array>
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
  state.trade_seq = state.seq;
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

std::optional<WallTime> stamp_of(const ChannelSheet& channel, const MarketState& state) {
  if (channel.event_time == EventTime::none) return std::nullopt;
  return channel.event_time == EventTime::publish ? state.now : state.traded;
}

void check_tick(const WireTick& tick, const ChannelSheet& channel, const MarketState& state) {
  const Expected expected = expected_of(state, tick.kind, channel.absent_is_unchanged);
  EXPECT_EQ(tick.symbol, state.symbol);
  EXPECT_EQ(tick.ts_event, stamp_of(channel, state));
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

/// A channel without prices: what it says is that the symbol, or the line, is served.
void check_beat(const test::Reading& reading, std::uint8_t index, const ChannelSheet& channel,
                const MarketState& state) {
  if (channel.beats == BeatScope::venue) {
    EXPECT_EQ(reading.type, MessageType::status);
    return;
  }
  ASSERT_EQ(reading.type, MessageType::data);
  EXPECT_TRUE(reading.out.ticks.empty());
  ASSERT_EQ(reading.out.beats.size(), 1U);
  EXPECT_EQ(reading.out.beats[0].channel, index);
  EXPECT_EQ(reading.out.beats[0].symbol, channel.beats == BeatScope::line ? "" : state.symbol);
}

void check_round_trip(std::string_view venue_name, const MarketState& state) {
  const Venue& venue = *find_venue(venue_name);
  const auto& channels = venue.sheet().channels;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto index = static_cast<std::uint8_t>(i);
    const std::string text = find_venue_side(venue_name)->encode_data(index, state);
    test::Reading reading(venue, text);
    if (channels[i].kinds.empty()) {
      check_beat(reading, index, channels[i], state);
      ASSERT_FALSE(::testing::Test::HasFailure()) << text;
      continue;
    }
    ASSERT_EQ(reading.type, MessageType::data) << text;
    EXPECT_TRUE(reading.out.beats.empty());
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
      const auto requests = find_venue(name)->subscribe(std::vector<Topic>{{0, symbol}}, 1);
      ASSERT_EQ(requests.size(), 1U);
      const ClientMessage message = find_venue_side(name)->parse_client(requests[0].text);
      ASSERT_EQ(message.topics.size(), 1U) << requests[0].text;
      EXPECT_EQ(message.topics[0].channel, 0);
      EXPECT_EQ(message.topics[0].symbol.size(), symbol.size());
      EXPECT_TRUE(message.invalid.empty());
    }
  }
}

void check_acknowledgement(const Venue& venue, const std::string& text, const Topic& topic) {
  const test::Reading ack(venue, text);
  ASSERT_EQ(ack.type, MessageType::ack) << text;
  EXPECT_TRUE(ack.out.ack->ok);
  // It says which request it answers, or of which topics it speaks.
  const auto& topics = ack.out.ack->topics;
  EXPECT_TRUE(ack.out.ack->request_id == 77U || !topics.empty()) << text;
  EXPECT_TRUE(topics.empty() || topics == std::vector{topic}) << text;
}

TEST(RoundTrip, AcknowledgementsAndRefusals) {
  const Topic topic{0, "BTC"};
  for (const std::string_view name : venue_names()) {
    const Venue& venue = *find_venue(name);
    const VenueSide& side = *find_venue_side(name);
    ClientMessage message = side.parse_client(venue.subscribe(std::vector{topic}, 77)[0].text);
    const auto texts = side.encode_ack(message);
    ASSERT_FALSE(texts.empty()) << name;
    for (const std::string& text : texts) check_acknowledgement(venue, text, topic);
    message.invalid.push_back("no \"such\" topic");
    const test::Reading refusal(venue, side.encode_refusal(message));
    ASSERT_EQ(refusal.type, MessageType::ack) << name;
    EXPECT_FALSE(refusal.out.ack->ok);
    EXPECT_TRUE(refusal.out.ack->message.contains("no \"such\" topic")) << name;
  }
}

/// What REST says of a price now is what the client's side reads, for every kind a venue has.
TEST(RoundTrip, PricesOverRest) {
  Random random(20261126);
  for (int i = 0; i < 200; ++i) {
    for (const std::string_view name : venue_names()) {
      const Venue& venue = *find_venue(name);
      const VenueSide& side = *find_venue_side(name);
      const std::array states{random_state(random, "ETH"), random_state(random, "BTC"),
                              random_state(random, "SOL")};
      for (const Kind kind : all_kinds) {
        if (!channel_for(venue.sheet(), kind)) continue;
        const std::string url = venue.price_url("http://h", "BTC", kind);
        ASSERT_TRUE(url.starts_with("http://h/")) << name;
        const std::string target = url.substr(8);
        ASSERT_EQ(side.rest_path(target), VenueSide::RestPath::ticker) << url;
        const std::string body = side.encode_ticker(target, states);
        const auto told = venue.parse_price(body, "BTC", kind);
        ASSERT_TRUE(told) << url << '\n' << body << '\n' << told.error();
        const Decimal expected = expected_of(states[1], kind, false).price;
        EXPECT_TRUE(identical(told->prices.price, expected)) << body;
        if (kind == Kind::quote) {
          EXPECT_TRUE(identical(told->prices.ask, states[1].ask)) << body;
        }
      }
    }
  }
}

/// One answer for all symbols tells each what the answer for it alone does.
TEST(RoundTrip, PricesOfAllSymbolsOverRest) {
  Random random(20261127);
  std::size_t lists = 0;
  for (const std::string_view name : venue_names()) {
    const Venue& venue = *find_venue(name);
    const VenueSide& side = *find_venue_side(name);
    // As venues spell them: Kraken's oldest, and types and currencies by which OKX lists.
    const bool slash = name == "kraken";
    const std::array symbols{slash ? "BTC/USD" : "BTC-USDT", slash ? "SOL/USD" : "SOL-USDT",
                             slash ? "DOGE/EUR" : "DOGE-USDT"};
    std::vector<MarketState> states;
    for (const char* const symbol : symbols) states.push_back(random_state(random, symbol));
    for (const Kind kind : all_kinds) {
      if (!channel_for(venue.sheet(), kind)) continue;
      const std::string url = venue.prices_url("http://h", symbols[0], kind);
      if (url.empty()) continue;
      ++lists;
      ASSERT_TRUE(url.starts_with("http://h/")) << name;
      ASSERT_EQ(side.rest_path(url.substr(8)), VenueSide::RestPath::tickers) << url;
      const std::string body = side.encode_ticker(url.substr(8), states);
      const std::array asked{PriceName{symbols[2], kind}, PriceName{"NO-SUCH", kind},
                             PriceName{symbols[0], kind}};
      const auto told = venue.parse_prices(body, asked);
      ASSERT_TRUE(told) << url << '\n' << body << '\n' << told.error();
      ASSERT_EQ(told->size(), 3U);
      EXPECT_FALSE((*told)[1]) << url;
      for (const auto& [place, state] : {std::pair{0U, 2U}, std::pair{2U, 0U}}) {
        ASSERT_TRUE((*told)[place]) << url << '\n' << body;
        const Prices& prices = (*told)[place]->prices;
        EXPECT_TRUE(identical(prices.price, expected_of(states[state], kind, false).price)) << body;
        if (kind == Kind::quote) {
          EXPECT_TRUE(identical(prices.ask, states[state].ask)) << body;
        }
      }
    }
  }
  EXPECT_EQ(lists, 22U) << "all but Coinbase's";
}

TEST(RoundTrip, WhatIsNoListOfPricesIsAnError) {
  for (const std::string_view name : venue_names()) {
    const Venue& venue = *find_venue(name);
    for (const std::string_view body :
         {"", "{", "[]", "{}", "null", "\"BTC\"", "[[]]", R"({"result":{"list":[]}})",
          R"({"error":["EGeneral:Too many requests"]})", R"({"code":"50011","data":[]})"}) {
      const std::array asked{PriceName{"BTC-USDT", Kind::last}};
      EXPECT_FALSE(venue.parse_prices(body, asked)) << name << ' ' << body;
    }
  }
}

TEST(RoundTrip, WhatRestDoesNotTellIsAnError) {
  for (const std::string_view name : venue_names()) {
    const Venue& venue = *find_venue(name);
    for (const Kind kind : all_kinds) {
      if (!channel_for(venue.sheet(), kind)) continue;
      for (const std::string_view body : {"", "{", "[]", "{}", "null", "\"BTC\"", "[[]]",
                                          R"({"result":{"list":[]}})", R"({"symbol":"BTC"})"}) {
        EXPECT_FALSE(venue.parse_price(body, "BTC", kind)) << name << ' ' << body;
      }
    }
  }
}

}  // namespace
}  // namespace feedwatch::venues
