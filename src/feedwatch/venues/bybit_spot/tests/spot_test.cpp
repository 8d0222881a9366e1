#include <gtest/gtest.h>

#include "feedwatch/venues/bybit_spot/bybit_spot.hpp"
#include "feedwatch/venues/tests/support.hpp"

namespace feedwatch::venues::bybit_spot {
namespace {

const Client client;
const Server server;

constexpr std::string_view ticker =
    R"({"topic":"tickers.BTCUSDT","ts":1673853746003,"type":"snapshot","cs":2588407389,)"
    R"("data":{"symbol":"BTCUSDT","lastPrice":"21109.77","highPrice24h":"21426.99",)"
    R"("lowPrice24h":"20575","prevPrice24h":"20704.93","volume24h":"6780.866843",)"
    R"("turnover24h":"141946527.22907118","price24hPcnt":"0.0196","usdIndexPrice":"21120.2400136"}})";

TEST(BybitSpotSheet, KindsAndLimits) {
  const VenueSheet& sheet = client.sheet();
  EXPECT_EQ(sheet.name, "bybit-spot");
  EXPECT_EQ(sheet.max_topics_per_request, 10U);
  EXPECT_EQ(channel_for(sheet, Kind::last), tickers);
  EXPECT_EQ(channel_for(sheet, Kind::quote), orderbook_1);
  EXPECT_EQ(channel_for(sheet, Kind::mark), std::nullopt);
  EXPECT_EQ(channel_for(sheet, Kind::index), std::nullopt);
  EXPECT_FALSE(sheet.channels[tickers].absent_is_unchanged);
  EXPECT_EQ(sheet.channels[orderbook_1].cadence, clocked(3s));
  EXPECT_EQ(sheet.channels[system_status].beats, BeatScope::venue);
}

TEST(BybitSpotRequests, TenTopicsAtATime) {
  std::vector<Topic> topics;
  for (int i = 0; i < 21; ++i) topics.push_back({tickers, "S" + std::to_string(i)});
  const auto requests = client.subscribe(topics, 1);
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[1].topics.size(), 10U);
  EXPECT_EQ(requests[2].text, R"({"req_id":"3","op":"subscribe","args":["tickers.S20"]})");
  const std::vector<Topic> status{{system_status, ""}};
  EXPECT_EQ(client.unsubscribe(status, 4)[0].text,
            R"({"req_id":"4","op":"unsubscribe","args":["system.status"]})");
  EXPECT_EQ(server.parse_client(client.subscribe(status, 4)[0].text).topics, status);
}

TEST(BybitSpotEndpoint, ItsOwnPathAndTheStatus) {
  std::vector<Topic> topics;
  EXPECT_EQ(client.dial_url("wss://stream.bybit.com", "spot"),
            "wss://stream.bybit.com/v5/public/spot");
  EXPECT_EQ(client.dial_url("wss://stream.bybit.com", client.sheet().channels[system_status].route),
            "wss://stream.bybit.com/v5/public/misc/status");
  EXPECT_EQ(server.route_of("/v5/public/spot", topics), "spot");
  EXPECT_EQ(server.route_of("/v5/public/misc/status", topics), "status");
  EXPECT_EQ(server.route_of("/v5/public/linear", topics), std::nullopt);
  EXPECT_TRUE(server.delivers("spot", tickers));
  EXPECT_FALSE(server.delivers("spot", system_status));
  EXPECT_TRUE(server.delivers("status", system_status));
}

TEST(BybitSpotDecode, ATickerIsTheLastPriceAndNothingElse) {
  test::Reading reading(client, ticker);
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  const WireTick& last = reading.out.ticks[0];
  EXPECT_EQ(last.kind, Kind::last);
  EXPECT_EQ(last.symbol, "BTCUSDT");
  EXPECT_EQ(last.price_text, "21109.77");
  EXPECT_EQ(last.seq, 2588407389U);
  EXPECT_EQ(last.ts_event, wall_from_ms(1673853746003));
  EXPECT_FALSE(last.snapshot) << "each is whole: marked, none would have an order";
}

TEST(BybitSpotDecode, WithoutAPriceNothingIsProven) {
  test::Reading reading(client, R"({"topic":"tickers.X","ts":1,"type":"snapshot","cs":2,)"
                                R"("data":{"symbol":"X","usdIndexPrice":""}})");
  EXPECT_EQ(reading.type, MessageType::data);
  EXPECT_TRUE(reading.out.ticks.empty());
}

TEST(BybitSpotDecode, TheBookIsAsInLinear) {
  test::Reading reading(client,
                        R"({"topic":"orderbook.1.KCSUSDT","ts":1749833488160,"type":"snapshot",)"
                        R"("data":{"s":"KCSUSDT","b":[["11.248","1"]],"a":[["11.256","1"]],)"
                        R"("u":462756,"seq":105958381058},"cts":1749833488154})");
  ASSERT_EQ(reading.type, MessageType::data);
  ASSERT_EQ(reading.out.ticks.size(), 1U);
  EXPECT_EQ(reading.out.ticks[0].kind, Kind::quote);
  EXPECT_EQ(reading.out.ticks[0].ask_text, "11.256");
}

TEST(BybitSpotEncode, TickersAreAlwaysWhole) {
  const MarketState state{.symbol = "X",
                          .last = Decimal(3, 0),
                          .seq = 9,
                          .now = wall_from_ms(1000),
                          .last_changed = false,
                          .snapshot = false};
  EXPECT_EQ(server.encode_data(tickers, state),
            R"({"topic":"tickers.X","type":"snapshot","data":{"symbol":"X","lastPrice":"3"},)"
            R"("cs":9,"ts":1000})");
}

TEST(BybitSpotRest, InstrumentsAndPrices) {
  EXPECT_EQ(client.instruments_url("https://h"),
            "https://h/v5/market/instruments-info?category=spot&limit=1000");
  const std::string list = server.encode_instruments(std::vector<Instrument>{{"BTCUSDT", true}});
  EXPECT_TRUE(list.contains(R"("list":[{"symbol":"BTCUSDT","status":"Trading"}])")) << list;
  EXPECT_TRUE(client.next_instruments_url("https://h", R"({"result":{"list":[]}})").empty());
  EXPECT_EQ(client.price_url("https://h", "BTCUSDT", Kind::last),
            "https://h/v5/market/tickers?category=spot&symbol=BTCUSDT");
  EXPECT_EQ(client.price_url("https://h", "BTCUSDT", Kind::mark), "");
  EXPECT_EQ(server.rest_path("/v5/market/tickers?category=linear&symbol=X"), std::nullopt);
  const auto quote = client.parse_price(
      R"({"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[{"symbol":"BTCUSDT",)"
      R"("bid1Price":"20517.96","bid1Size":"2","ask1Price":"20527.77","ask1Size":"1.862172",)"
      R"("lastPrice":"20533.13","usdIndexPrice":"20784.12009279"}]},"time":1673859087947})",
      "BTCUSDT", Kind::quote);
  ASSERT_TRUE(quote) << quote.error();
  EXPECT_EQ(quote->prices.price.to_string(), "20517.96");
  EXPECT_EQ(quote->prices.ask.to_string(), "20527.77");
  EXPECT_FALSE(client.parse_price(
      R"({"retCode":10001,"retMsg":"Not supported symbols","result":{}})", "BTCUSDT", Kind::last));
}

}  // namespace
}  // namespace feedwatch::venues::bybit_spot
