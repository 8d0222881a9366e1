#include "feedwatch/exchange/desk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "feedwatch/exchange/control_view.hpp"
#include "feedwatch/exchange/tests/desk_world.hpp"

namespace feedwatch::exchange {
namespace {

using test::decode;
using test::Heard;
using test::Received;
using test::World;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint8_t mark_price = 0, book_ticker = 1, tickers = 0, orderbook = 1;

TEST(Desk, AcknowledgesThenSendsMarkPricesOnTheSecond) {
  World world("binance-usdm");
  const PeerId peer = world.connect("market");
  world.run(300ms);
  world.subscribe(peer, mark_price, "BTCUSDT");
  EXPECT_THAT(world.received[peer].front().text, HasSubstr(R"("result":null)"));
  world.run(10s);
  const auto data = world.data(peer);
  ASSERT_EQ(data.size(), 10U);
  for (std::size_t i = 0; i < data.size(); ++i) {
    EXPECT_EQ(data[i].at, World::start + 1s * (static_cast<int>(i) + 1));
    EXPECT_EQ(decode("binance-usdm", data[i].text).front().ts_event, World::anchor.at(data[i].at));
  }
}

TEST(Desk, BookTickerOnlyWhenTheQuoteChanged) {
  World world("binance-usdm");
  const PeerId peer = world.connect("public");
  world.subscribe(peer, book_ticker, "BTCUSDT");
  world.run(20s);
  const auto heard = world.heard(peer, "BTCUSDT");
  ASSERT_GT(heard.size(), 20U);
  for (std::size_t i = 1; i < heard.size(); ++i) {
    EXPECT_TRUE(heard[i].price != heard[i - 1].price || heard[i].ask != heard[i - 1].ask);
    EXPECT_GT(heard[i].seq, heard[i - 1].seq);
  }
}

TEST(Desk, AChannelThatBeatsForASymbolKeepsItsClockWhateverThePriceDoes) {
  constexpr std::uint8_t avg_price = 2;
  World world("binance-spot");
  const PeerId peer = world.connect("stream");
  world.run(300ms);
  world.subscribe(peer, avg_price, "BTCUSDT");
  world.run(10s);
  const auto& received = world.received[peer];
  ASSERT_EQ(received.size(), 11U) << "the acknowledgement and ten beats";
  for (std::size_t i = 1; i < received.size(); ++i) {
    EXPECT_EQ(received[i].at, World::start + 1s * static_cast<int>(i));
    EXPECT_THAT(received[i].text, HasSubstr("btcusdt@avgPrice"));
  }
}

TEST(Desk, TradesCountAsRestDoes) {
  constexpr std::uint8_t agg_trade = 0;
  World world("binance-spot", {}, {"BTCUSDT"});
  const PeerId peer = world.connect("stream");
  world.subscribe(peer, agg_trade, "BTCUSDT");
  world.run(20s);
  const auto heard = world.heard(peer, "BTCUSDT");
  ASSERT_GT(heard.size(), 20U);
  const auto answer = world.desk().on_rest("/api/v3/aggTrades?symbol=BTCUSDT&limit=1", world.now());
  const auto told =
      venues::find_venue("binance-spot")->parse_price(answer.body, "BTCUSDT", Kind::last);
  ASSERT_TRUE(told) << told.error();
  EXPECT_EQ(told->prices.price.to_string(), heard.back().price);
  EXPECT_EQ(told->seq, heard.back().seq) << "quotes moved since, trades did not";
}

TEST(Desk, OneAnswerTellsThePricesOfAllSymbols) {
  World world("okx", {}, {"BTC-USDT", "ETH-USDT", "BTC-USDT-SWAP"});
  world.run(1s);
  const venues::Venue& okx = *venues::find_venue("okx");
  const std::string url = okx.prices_url("http://h", "BTC-USDT", Kind::quote);
  const std::string body = world.desk().on_rest(url.substr(8), world.now()).body;
  const std::array asked{venues::PriceName{"ETH-USDT", Kind::quote},
                         venues::PriceName{"BTC-USDT-SWAP", Kind::quote}};
  const auto told = okx.parse_prices(body, asked);
  ASSERT_TRUE(told) << body;
  ASSERT_TRUE(told->at(0)) << body;
  EXPECT_EQ(told->at(0)->prices.ask, world.desk().market().at(1).ask);
  EXPECT_FALSE(told->at(1)) << "one of another type";
}

TEST(Desk, AnAckOnTheWrongRouteIsNotData) {
  World world("binance-usdm");
  const PeerId peer = world.connect("public");
  world.subscribe(peer, mark_price, "BTCUSDT");
  world.run(5s);
  EXPECT_EQ(world.received[peer].size(), 1U);
}

TEST(Desk, TickersAssembleToTheMarket) {
  World world("bybit-linear");
  const PeerId peer = world.connect();
  world.subscribe(peer, tickers, "BTCUSDT");
  world.run(20s);
  const auto heard = world.heard(peer, "BTCUSDT");
  ASSERT_GT(heard.size(), 100U);
  EXPECT_TRUE(heard.front().snapshot);
  std::map<Kind, std::string> price;
  int absent = 0;
  for (const Heard& h : heard) {
    if (h.has_price) price[h.kind] = h.price;
    absent += h.has_price ? 0 : 1;
  }
  world.run(200ms);
  EXPECT_GT(absent, 50);  // deltas hold what changed only
  const SymbolState& state = world.desk().market().at(0);
  for (const Heard& h : world.heard(peer, "BTCUSDT", world.now() - 200ms)) {
    if (h.has_price) price[h.kind] = h.price;
  }
  EXPECT_EQ(price[Kind::last], state.last.to_string());
}

TEST(Desk, OrderbookRepeatsItsUpdateIdWithinThreeSeconds) {
  World world("bybit-linear", {}, {"BTCUSDT"});
  const PeerId peer = world.connect();
  world.subscribe(peer, orderbook, "BTCUSDT");
  world.run(60s);
  const auto data = world.data(peer);
  for (std::size_t i = 1; i < data.size(); ++i) {
    const Heard a = decode("bybit-linear", data[i - 1].text).front();
    const Heard b = decode("bybit-linear", data[i].text).front();
    EXPECT_LE(data[i].at - data[i - 1].at, 3s);
    EXPECT_EQ(a.seq == b.seq, a.price == b.price && a.ask == b.ask);
  }
}

TEST(Desk, TwoClientsGetTheSameSequence) {
  World world("bybit-linear", {}, {"BTCUSDT"});
  const PeerId a = world.connect();
  const PeerId b = world.connect();
  world.subscribe(a, orderbook, "BTCUSDT");
  world.subscribe(b, orderbook, "BTCUSDT");
  world.run(3s);
  ASSERT_EQ(world.data(a).size(), world.data(b).size());
  EXPECT_EQ(world.data(a).back().text, world.data(b).back().text);
}

TEST(Desk, UnsubscribedTopicsFallSilent) {
  World world("bybit-linear");
  const PeerId peer = world.connect();
  world.subscribe(peer, tickers, "BTCUSDT");
  world.run(1s);
  world.unsubscribe(peer, tickers, "BTCUSDT");
  const auto before = world.received[peer].size();
  world.run(5s);
  EXPECT_EQ(world.received[peer].size(), before);
  EXPECT_TRUE(world.desk().peers().front().topics.empty());
}

TEST(Desk, UnknownSymbolsAreRefusedOrNeverFed) {
  World bybit("bybit-linear", {.refuse_unknown_symbols = true});
  const PeerId refused = bybit.connect();
  bybit.subscribe(refused, tickers, "NOSUCHUSDT");
  EXPECT_THAT(bybit.received[refused].back().text, HasSubstr("Invalid topic: tickers.NOSUCHUSDT"));
  World binance("binance-usdm");
  const PeerId silent = binance.connect("market");
  binance.subscribe(silent, mark_price, "NOSUCHUSDT");
  binance.run(5s);
  ASSERT_EQ(binance.received[silent].size(), 1U);
  EXPECT_THAT(binance.received[silent].back().text, HasSubstr("result"));
}

TEST(Desk, AnswersPingsOfBothSorts) {
  World world("bybit-linear");
  const PeerId peer = world.connect();
  world.text(peer, R"({"op":"ping"})");
  EXPECT_THAT(world.received[peer].back().text, HasSubstr("pong"));
  world.desk().on_ping(peer, "abc", world.now());
  EXPECT_EQ(world.pongs.back(), "abc");
  EXPECT_EQ(world.desk().counters().text_pings, 1U);
  EXPECT_EQ(world.desk().counters().protocol_pings, 1U);
}

TEST(Desk, PingsByTheSheetAndClosesTheIdle) {
  World world("binance-usdm");
  const PeerId peer = world.connect("market");
  world.run(180s - 1ns);
  EXPECT_EQ(world.pings, 0);
  world.run(1ns);
  EXPECT_EQ(world.pings, 1);
  world.run(420s - 1ns);
  EXPECT_TRUE(world.closed.empty());
  world.run(1ns);
  EXPECT_EQ(world.closed.at(peer), 1000);
}

TEST(Desk, PongsKeepAConnection) {
  World world("binance-usdm", {.server_ping = 1min});
  const PeerId peer = world.connect("market");
  for (int i = 0; i < 30; ++i) {
    world.run(1min);
    world.desk().on_pong(peer, world.now());
  }
  EXPECT_TRUE(world.closed.empty());
  EXPECT_EQ(world.pings, 30);
}

TEST(Desk, LimitsAreCountedAlwaysAndEnforcedWhenAsked) {
  World lenient("binance-usdm");
  const PeerId a = lenient.connect("market");
  for (int i = 0; i < 11; ++i) lenient.desk().on_pong(a, lenient.now());
  EXPECT_EQ(lenient.desk().counters().limit_violations, 1U);
  EXPECT_EQ(lenient.desk().counters().max_messages_per_second, 11U);
  EXPECT_TRUE(lenient.closed.empty());
  World strict("binance-usdm", {.enforce_limits = true});
  const PeerId b = strict.connect("market");
  for (int i = 0; i < 10; ++i) strict.desk().on_pong(b, strict.now());
  EXPECT_TRUE(strict.closed.empty());
  strict.desk().on_pong(b, strict.now());
  EXPECT_EQ(strict.closed.at(b), 1008);
}

TEST(Desk, EnforcesTheConnectionBudgetWithABan) {
  World world("binance-usdm", {.enforce_limits = true, .ban = 60s});
  for (int i = 0; i < 300; ++i) world.connect("market");
  EXPECT_EQ(world.desk().bans(), 0U);
  world.connect("market");
  EXPECT_EQ(world.last_dial.action, DialVerdict::Action::refuse);
  EXPECT_EQ(world.last_dial.status, 429);
  EXPECT_EQ(world.last_dial.retry_after, 60s);
  EXPECT_EQ(world.desk().bans(), 1U);
}

TEST(Desk, AClientThatDoesNotReadIsClosed) {
  World world("bybit-linear");
  const PeerId peer = world.connect();
  world.subscribe(peer, tickers, "BTCUSDT");
  world.reads = false;
  world.run(1s);
  EXPECT_EQ(world.closed.at(peer), 1008);
  EXPECT_GE(world.desk().counters().slow_closed, 1U);
}

TEST(Desk, RestAnswersFromTheSameMarket) {
  World world("bybit-linear");
  world.run(1s);
  const std::string ticker =
      world.desk().on_rest("/v5/market/tickers?category=linear", world.now()).body;
  EXPECT_THAT(ticker, HasSubstr(world.desk().market().at(0).last.to_string()));
  EXPECT_THAT(world.desk().on_rest("/v5/market/instruments-info?category=linear", world.now()).body,
              HasSubstr("ETHUSDT"));
  EXPECT_THAT(world.desk().on_rest("/v5/market/time", world.now()).body,
              HasSubstr("1700000001000"));
  EXPECT_EQ(world.desk().on_rest("/nothing", world.now()).status, 404);
}

TEST(Desk, ControlShowsConnectionsFaultsAndCounters) {
  World world("bybit-linear");
  const PeerId peer = world.connect();
  world.subscribe(peer, tickers, "BTCUSDT");
  world.fault({.kind = FaultKind::silent_symbol, .symbols = {"BTCUSDT"}});
  const std::string json = control_json(world.desk(), world.now());
  EXPECT_THAT(json, HasSubstr(R"("fault":"silent_symbol")"));
  EXPECT_THAT(json, HasSubstr(R"("channel":"tickers","symbol":"BTCUSDT")"));
  EXPECT_THAT(json, HasSubstr(R"("dials":1)"));
  EXPECT_THAT(json, HasSubstr(R"("subscribes":1)"));
  EXPECT_THAT(json, HasSubstr(R"("topics":1)"));
}

TEST(Desk, ClosedConnectionsLeaveNothing) {
  World world("bybit-linear");
  const PeerId peer = world.connect();
  world.subscribe(peer, tickers, "BTCUSDT");
  world.desk().on_closed(peer, world.now());
  const auto before = world.received[peer].size();
  world.run(5s);
  EXPECT_EQ(world.received[peer].size(), before);
  EXPECT_TRUE(world.desk().peers().empty());
}

}  // namespace
}  // namespace feedwatch::exchange
