#include "feedwatch/exchange/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/exchange/tests/socket_world.hpp"

// The exchange on real sockets, seen by the product's own client.
namespace feedwatch::exchange {
namespace {

using test::ClientLog;
using test::SocketWorld;
using ::testing::HasSubstr;

constexpr std::uint8_t mark_price = 0, tickers = 0;

Options bybit() {
  return {.venue = "bybit-linear", .symbols = {"BTCUSDT", "ETHUSDT"}, .rate = 50};
}
Options binance() {
  return {.venue = "binance-usdm", .symbols = {"BTCUSDT"}, .rate = 50};
}

std::string header(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(ExchangeSocket, TwoVenuesAtOnceSubscribeAndFlow) {
  SocketWorld world;
  Exchange& a = world.start(bybit());
  Exchange& b = world.start(binance());
  EXPECT_NE(a.port(), b.port());
  const ConnId x = world.connect(a, "linear");
  const ConnId y = world.connect(b, "market");
  world.subscribe(a, x, tickers, "BTCUSDT");
  world.subscribe(b, y, mark_price, "BTCUSDT");
  EXPECT_TRUE(world.gets(x, 5));
  EXPECT_TRUE(world.gets(y, 2));
  EXPECT_THAT(world.log(x).texts.front(), HasSubstr(R"("success":true)"));
  EXPECT_TRUE(world.heard(a, x, "BTCUSDT").front().snapshot);
  EXPECT_EQ(world.heard(b, y, "BTCUSDT").front().kind, Kind::mark);
}

TEST(ExchangeSocket, AnswersPings) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  const ConnId conn = world.connect(exchange, "linear");
  world.ping(conn, "are you there");
  world.send(conn, R"({"op":"ping"})");
  EXPECT_TRUE(world.gets(conn, 1));
  EXPECT_THAT(world.log(conn).texts.front(), HasSubstr("pong"));
  EXPECT_TRUE(world.sees(conn, [](const ClientLog& log) {
    return log.pongs == std::vector<std::string>{"are you there"};
  }));
}

TEST(ExchangeSocket, PingsItsClients) {
  SocketWorld world;
  Options options = binance();
  options.server_ping = 20ms;
  Exchange& exchange = world.start(options);
  const ConnId conn = world.connect(exchange, "market");
  EXPECT_TRUE(world.sees(conn, [](const ClientLog& log) { return log.pings >= 3; }));
}

TEST(ExchangeSocket, UnknownPathsAre404) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  const ConnId conn = world.dial(exchange, "nosuchmarket");
  ASSERT_TRUE(world.closes(conn));
  EXPECT_EQ(world.log(conn).closed->http_status, 404);
  EXPECT_EQ(world.get(exchange, "/nothing").status, 404);
}

TEST(ExchangeSocket, RestOfBothVenues) {
  SocketWorld world;
  Exchange& a = world.start(bybit());
  Exchange& b = world.start(binance());
  for (const Exchange* exchange : {&a, &b}) {
    const auto* venue = venues::find_venue(exchange->desk().sheet().name);
    const HttpResponse response = world.http({.url = venue->instruments_url(exchange->rest_url())});
    EXPECT_EQ(response.status, 200);
    const auto list = venue->parse_instruments(response.body);
    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(list->front().symbol, "BTCUSDT");
  }
  EXPECT_THAT(world.get(a, "/v5/market/tickers?category=linear").body, HasSubstr("ETHUSDT"));
  EXPECT_THAT(world.get(b, "/fapi/v1/time").body, HasSubstr("serverTime"));
}

TEST(ExchangeSocket, ControlInjectsShowsAndClears) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  const ConnId conn = world.connect(exchange, "linear");
  world.subscribe(exchange, conn, tickers, "BTCUSDT");
  ASSERT_TRUE(world.gets(conn, 3));
  const HttpResponse added =
      world.control(exchange, R"({"fault":"silent_symbol","symbol":"BTCUSDT"})");
  EXPECT_EQ(added.status, 200);
  EXPECT_EQ(added.body, R"({"id":1})");
  ASSERT_TRUE(world.eventually([&] { return exchange.desk().counters().data_dropped > 5; }));
  const std::string shown = world.get(exchange, "/control").body;
  EXPECT_THAT(shown, HasSubstr(R"("fault":"silent_symbol")"));
  EXPECT_THAT(shown, HasSubstr(R"("symbol":"BTCUSDT")"));
  const std::size_t silent_since = world.log(conn).texts.size();
  EXPECT_EQ(world.control(exchange, R"({"clear":"all"})").body, R"({"cleared":1})");
  EXPECT_TRUE(world.gets(conn, silent_since + 3));
}

TEST(ExchangeSocket, ControlRefusesWithAReason) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  const HttpResponse bad = world.control(exchange, R"({"fault":"queue_delay","dellay":"5s"})");
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(header(bad, "content-type"), "application/problem+json");
  EXPECT_THAT(bad.body, HasSubstr("dellay"));
  EXPECT_THAT(bad.body, HasSubstr("delay"));
  const HttpResponse symbol =
      world.control(exchange, R"({"fault":"silent_symbol","symbol":"NOPE"})");
  EXPECT_EQ(symbol.status, 400);
  EXPECT_THAT(symbol.body, HasSubstr("BTCUSDT"));
  EXPECT_EQ(world.control(exchange, R"({"clear":7})").status, 404);
  EXPECT_EQ(world.http({.method = "DELETE", .url = exchange.rest_url() + "/control"}).status, 405);
  EXPECT_EQ(world
                .http({.method = "POST",
                       .url = exchange.rest_url() + "/control",
                       .headers = {{"origin", "http://evil.example"}},
                       .body = R"({"clear":"all"})"})
                .status,
            403);
}

TEST(ExchangeSocket, SilentSymbolHealsOnResubscribeOnly) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  const ConnId conn = world.connect(exchange, "linear");
  world.subscribe(exchange, conn, tickers, "BTCUSDT");
  world.subscribe(exchange, conn, tickers, "ETHUSDT");
  ASSERT_TRUE(world.gets(conn, 6));
  world.control(exchange,
                R"({"fault":"silent_symbol","symbol":"BTCUSDT","heals":"on_resubscribe"})");
  ASSERT_TRUE(world.eventually([&] { return exchange.desk().counters().data_dropped > 3; }));
  const std::size_t before = world.heard(exchange, conn, "BTCUSDT").size();
  const std::size_t other = world.heard(exchange, conn, "ETHUSDT").size();
  ASSERT_TRUE(world.eventually([&] { return exchange.desk().counters().data_dropped > 6; }));
  EXPECT_EQ(world.heard(exchange, conn, "BTCUSDT").size(), before);
  EXPECT_GT(world.heard(exchange, conn, "ETHUSDT").size(), other);
  world.subscribe(exchange, conn, tickers, "BTCUSDT");
  ASSERT_TRUE(world.eventually([&] { return exchange.desk().faults().list().empty(); }));
  ASSERT_TRUE(world.gets(conn, world.log(conn).texts.size() + 5));
  EXPECT_TRUE(world.heard(exchange, conn, "BTCUSDT")[before].snapshot);
}

TEST(ExchangeSocket, HalfOpenSaysNothingAndANewConnectionFlows) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  const ConnId dead = world.connect(exchange, "linear");
  world.subscribe(exchange, dead, tickers, "BTCUSDT");
  ASSERT_TRUE(world.gets(dead, 3));
  world.control(exchange, R"({"fault":"half_open","heals":"on_reconnect"})");
  const ClientLog then = world.log(dead);
  world.ping(dead, "anyone?");
  world.send(dead, R"({"op":"ping"})");
  const ConnId fresh = world.connect(exchange, "linear");
  world.subscribe(exchange, fresh, tickers, "BTCUSDT");
  ASSERT_TRUE(world.gets(fresh, 10));
  const ClientLog now = world.log(dead);
  EXPECT_EQ(now.texts.size(), then.texts.size());
  EXPECT_TRUE(now.pongs.empty());
  EXPECT_FALSE(now.closed);
}

TEST(ExchangeSocket, CloseAndAcceptThenClose) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  const ConnId first = world.connect(exchange, "linear");
  world.control(exchange, R"({"fault":"close","code":1012})");
  ASSERT_TRUE(world.closes(first));
  EXPECT_EQ(world.log(first).closed->close_code, 1012);
  world.control(exchange, R"({"fault":"accept_then_close"})");
  const ConnId second = world.dial(exchange, "linear");
  ASSERT_TRUE(world.closes(second));
  EXPECT_TRUE(world.log(second).open);
  EXPECT_EQ(world.log(second).closed->close_code, 1001);
}

TEST(ExchangeSocket, RefusedUpgradesCarryStatusAndRetryAfter) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  world.control(exchange, R"({"fault":"handshake_status","status":418,"retry_after":"1500ms"})");
  const ConnId conn = world.dial(exchange, "linear");
  ASSERT_TRUE(world.closes(conn));
  EXPECT_EQ(world.log(conn).closed->http_status, 418);
  EXPECT_EQ(world.log(conn).closed->retry_after, 2s);
}

TEST(ExchangeSocket, AnUpgradeNeverAnsweredStaysThere) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  world.control(exchange, R"({"fault":"upgrade_never_answered","heals":"on_reconnect"})");
  const ConnId ignored = world.dial(exchange, "linear");
  ASSERT_TRUE(world.eventually([&] { return exchange.desk().counters().dials_ignored == 1; }));
  const ConnId second = world.connect(exchange, "linear");
  EXPECT_TRUE(world.log(second).open);
  EXPECT_FALSE(world.log(ignored).open);
  EXPECT_FALSE(world.log(ignored).closed);
}

TEST(ExchangeSocket, TheConnectBudgetBans) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  world.control(exchange, R"({"fault":"connect_budget","limit":2,"window":"60s","ban":"30s"})");
  world.connect(exchange, "linear");
  world.connect(exchange, "linear");
  const ConnId third = world.dial(exchange, "linear");
  ASSERT_TRUE(world.closes(third));
  EXPECT_EQ(world.log(third).closed->http_status, 429);
  EXPECT_EQ(world.log(third).closed->retry_after, 30s);
  EXPECT_THAT(world.get(exchange, "/control").body, HasSubstr(R"("bans":1)"));
}

TEST(ExchangeSocket, RestFaults) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  world.control(exchange, R"({"fault":"rest_429","retry_after":"7s"})");
  const HttpResponse limited = world.get(exchange, "/v5/market/time");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(header(limited, "retry-after"), "7");
  world.control(exchange, R"({"clear":"all"})");
  world.control(exchange, R"({"fault":"rest_down"})");
  EXPECT_EQ(world.get(exchange, "/v5/market/time").status, 503);
}

TEST(ExchangeSocket, FloodsAreClosedWhenLimitsAreEnforced) {
  SocketWorld world;
  Options options = binance();
  options.enforce_limits = true;
  Exchange& exchange = world.start(options);
  const ConnId conn = world.connect(exchange, "market");
  for (int i = 0; i < 15; ++i) world.ping(conn, "x");
  ASSERT_TRUE(world.closes(conn));
  EXPECT_EQ(world.log(conn).closed->close_code, 1008);
}

TEST(ExchangeSocket, StoppingFreesThePortAndDropsItsClients) {
  SocketWorld world;
  Exchange& exchange = world.start(bybit());
  Options again = bybit();
  again.port = exchange.port();
  const auto refused = world.try_start(again);
  EXPECT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr(std::to_string(again.port)));
  const ConnId conn = world.connect(exchange, "linear");
  world.stop(exchange);
  EXPECT_TRUE(world.closes(conn));
  EXPECT_EQ(world.start(again).port(), again.port);
}

TEST(ExchangeSocket, StartErrorsNameWhatIsWrong) {
  SocketWorld world;
  EXPECT_THAT(world.try_start({.venue = "nowhere"}).error().text(), HasSubstr("binance-usdm"));
  Options fault = bybit();
  fault.faults.push_back({.kind = FaultKind::silent_symbol, .symbols = {"NOPE"}});
  EXPECT_THAT(world.try_start(fault).error().text(), HasSubstr("NOPE"));
  Options replay = bybit();
  replay.replay = "/nonexistent.jsonl.zst";
  EXPECT_THAT(world.try_start(replay).error().text(), HasSubstr("/nonexistent.jsonl.zst"));
}

}  // namespace
}  // namespace feedwatch::exchange
