#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/base/http_date.hpp"
#include "feedwatch/engine/tests/shard_fakes.hpp"
#include "feedwatch/engine/venue_meter.hpp"
#include "feedwatch/guard/guard.hpp"

/// A shard with a silent stream and a REST in hand.
namespace feedwatch::engine {
namespace {

using test::ShardBench;
using ::testing::EndsWith;
using ::testing::SizeIs;

class Silent {
 public:
  explicit Silent(Kind kind) : key{"binance-usdm", "BTCUSDT", kind} {
    EXPECT_TRUE(bench.shard.start());
    bench.http.requests.clear();  // the list of instruments
    bench.pass(1s);
    conn = bench.transport.dials.at(0).first;
    bench.open(conn);
    tick("64000.10");
  }

  void tick(const std::string& price) {
    const std::string time = std::to_string(to_ns(bench.clock.wall_now()) / 1'000'000);
    if (key.kind == Kind::quote) {
      bench.receive(conn, R"({"e":"bookTicker","s":"BTCUSDT","u":7,"b":")" + price +
                              R"(","a":"99999","E":)" + time + "}");
    } else {
      bench.receive(
          conn, R"({"e":"markPriceUpdate","s":"BTCUSDT","p":")" + price + R"(","E":)" + time + "}");
    }
  }
  /// The venue answers whatever is asked of it, and so keeps the line alive.
  void pass(Duration duration) {
    const MonoTime end = bench.clock.mono + duration;
    while (bench.clock.mono < end) {
      bench.pass(std::min<Duration>(100ms, end - bench.clock.mono));
      bench.receive(conn, R"({"result":null,"id":)" + std::to_string(++answers) + "}");
    }
  }
  /// Requests for prices; those for instruments stay unanswered.
  std::vector<std::size_t> asked() const {
    std::vector<std::size_t> which;
    for (std::size_t i = 0; i < bench.http.requests.size(); ++i) {
      if (bench.http.requests[i].first.url.contains("symbol=")) which.push_back(i);
    }
    return which;
  }
  void answer(std::string body) {
    const std::vector<std::size_t> which = asked();
    ASSERT_FALSE(which.empty());
    auto done = std::move(bench.http.requests[which.front()].second);
    bench.http.requests.clear();
    done(HttpResponse{.status = 200, .headers = {}, .body = std::move(body)});
  }
  Guard::Answer price(Duration rest_max_age) {
    return guard.price_at(
        key,
        {.max_age = 2s, .intent = Intent::reduce_risk, .sources = {.bridge_max_age = rest_max_age}},
        bench.clock.mono);
  }
  Reason reason() const {
    const Monitor& monitor = bench.shard.monitor();
    return monitor.unchecked_slot(*monitor.find(key)).reason;
  }

  StreamKey key;
  MapState store;
  ShardBench bench{store, {"BTCUSDT/" + std::string(to_text(key.kind))}};
  ConnId conn;
  int answers = 0;
  Decisions decisions;
  Guard guard{bench.shard.monitor(), decisions, "bot", bench.clock};
};

TEST(ShardProbe, a_stopped_clock_is_bridged_by_what_rest_says_and_no_younger_than_the_question) {
  Silent silent(Kind::mark);
  silent.pass(3500ms);  // suspect after three periods
  EXPECT_THAT(silent.asked(), SizeIs(0));
  silent.pass(5s);
  ASSERT_THAT(silent.asked(), SizeIs(1));
  EXPECT_THAT(silent.bench.http.requests[silent.asked()[0]].first.url,
              EndsWith("/fapi/v1/premiumIndex?symbol=BTCUSDT"));
  EXPECT_FALSE(silent.price(10s));
  silent.pass(700ms);
  const std::string time = std::to_string(to_ns(silent.bench.clock.wall_now()) / 1'000'000);
  silent.answer(R"({"symbol":"BTCUSDT","markPrice":"64001","indexPrice":"1","time":)" + time + "}");
  const Guard::Answer answer = silent.price(10s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->source, PriceSource::bridge);
  EXPECT_EQ(answer->price.prices.price.to_string(), "64001");
  EXPECT_GE(answer->price.receive_age, 700ms);
  EXPECT_FALSE(silent.price(500ms));
  EXPECT_NE(silent.reason(), Reason::market_quiet) << "a stopped clock is a fault in any market";
}

TEST(ShardProbe, a_quiet_market_is_a_reason_and_no_repair) {
  Silent silent(Kind::quote);
  const std::size_t sent = silent.bench.transport.sent.size();
  silent.pass(30500ms);
  silent.answer(R"({"symbol":"BTCUSDT","bidPrice":"64000.1","askPrice":"99999"})");
  EXPECT_EQ(silent.reason(), Reason::market_quiet) << "64000.10 and 64000.1 are one price";
  silent.pass(20s);
  EXPECT_EQ(silent.bench.transport.sent.size(), sent);
  silent.tick("64000.20");
  EXPECT_EQ(silent.reason(), Reason::ok);
}

TEST(ShardProbe, what_the_feed_did_not_bring_begins_its_repair) {
  Silent silent(Kind::quote);
  const std::size_t sent = silent.bench.transport.sent.size();
  silent.pass(30500ms);
  silent.answer(R"({"symbol":"BTCUSDT","bidPrice":"64000.2","askPrice":"99999"})");
  silent.pass(1900ms);
  EXPECT_EQ(silent.bench.transport.sent.size(), sent);
  silent.pass(400ms);
  EXPECT_EQ(silent.bench.transport.sent.size(), sent + 2) << "given up and asked for again";
}

TEST(ShardProbe, a_body_that_makes_no_sense_is_no_word) {
  Silent silent(Kind::quote);
  const std::size_t sent = silent.bench.transport.sent.size();
  silent.pass(30500ms);
  silent.answer("<html>");
  silent.pass(5s);
  silent.answer(R"({"code":-1121,"msg":"Invalid symbol."})");
  EXPECT_EQ(silent.reason(), Reason::ok);
  silent.pass(1s);
  EXPECT_EQ(silent.bench.transport.sent.size(), sent + 2) << "nobody can say: one subscription";
}

/// Ours of OKX's REST are two requests in two seconds, and its list has a page for each type.
TEST(ShardProbe, pages_of_the_list_wait_for_their_share_as_prices_do) {
  MapState store;
  ShardBench bench(store, {"BTC-USDT/last"}, {}, {}, "okx");
  ASSERT_TRUE(bench.shard.start());
  bench.pass(1ms);
  const auto page = [&](std::string_view type) {
    ASSERT_THAT(bench.http.requests, SizeIs(1));
    EXPECT_THAT(bench.http.requests[0].first.url, EndsWith("instType=" + std::string(type)));
    auto done = std::move(bench.http.requests[0].second);
    bench.http.requests.clear();
    done(HttpResponse{.status = 200,
                      .headers = {},
                      .body = R"({"code":"0","data":[{"instType":")" + std::string(type) +
                              R"(","instId":"BTC-USDT","state":"live"}]})"});
    bench.pass(1ms);
  };
  page("SPOT");
  page("SWAP");
  EXPECT_THAT(bench.http.requests, SizeIs(0));
  bench.pass(1900ms);
  EXPECT_THAT(bench.http.requests, SizeIs(0));
  bench.pass(100ms);
  page("FUTURES");
  bench.pass(10s);
  EXPECT_THAT(bench.http.requests, SizeIs(0)) << "it is whole";
}

/// A hundred quotes of binance-usdm whose only price is 1/2; our share of its REST is 24 a minute.
struct Hundred {
  Hundred() {
    EXPECT_TRUE(bench.shard.start());
    bench.pass(1s);
    const ConnId conn = bench.transport.dials.at(0).first;
    bench.open(conn);
    for (int i = 0; i < 100; ++i) {
      bench.receive(conn, R"({"e":"bookTicker","s":"S)" + std::to_string(i) +
                              R"(","u":7,"b":"1","a":"2","E":)" + millis() + "}");
    }
    for (int i = 0; i < 305; ++i) {
      bench.pass(100ms);
      bench.receive(conn, R"({"result":null,"id":)" + std::to_string(i) + "}");
    }
  }
  static std::vector<std::string> names() {
    std::vector<std::string> all;
    for (int i = 0; i < 100; ++i) all.push_back("S" + std::to_string(i) + "/quote");
    return all;
  }
  std::string millis() const { return std::to_string(to_ns(bench.clock.wall_now()) / 1'000'000); }
  std::vector<std::string> asked() const {
    std::vector<std::string> urls;
    for (const auto& [request, done] : bench.http.requests) {
      if (request.url.contains("bookTicker")) urls.push_back(request.url);
    }
    return urls;
  }
  void answer(int status, std::string body) {
    auto requests = std::move(bench.http.requests);
    for (auto& [request, done] : requests) {
      if (!request.url.contains("bookTicker")) continue;
      done(HttpResponse{.status = status, .headers = {}, .body = body});
    }
  }
  std::ptrdiff_t with(Reason reason) const {
    const Monitor& monitor = bench.shard.monitor();
    return std::ranges::count_if(names(), [&](const std::string& name) {
      const auto key = StreamKey::parse("binance-usdm/" + name);
      return monitor.unchecked_slot(*monitor.find(*key)).reason == reason;
    });
  }

  MapState store;
  ShardBench bench{store, names()};
};

constexpr std::string_view list_of_books = "http://x/fapi/v1/ticker/bookTicker";

TEST(ShardProbe, a_hundred_silent_streams_are_one_request) {
  Hundred hundred;
  ASSERT_EQ(hundred.asked(), std::vector{std::string(list_of_books)});
  std::string body = "[";
  for (int i = 0; i < 99; ++i) {
    body += R"({"symbol":"S)" + std::to_string(i) + R"(","bidPrice":"1.0","askPrice":"2"},)";
  }
  hundred.answer(200, body + R"({"symbol":"OTHER","bidPrice":"1","askPrice":"2"}])");
  EXPECT_EQ(hundred.with(Reason::market_quiet), 99);
  EXPECT_EQ(hundred.asked(), std::vector{std::string(list_of_books) + "?symbol=S99"})
      << "what the list does not tell is asked for by itself";
}

TEST(ShardProbe, where_the_list_is_none_the_streams_are_asked_one_by_one) {
  for (const auto& [status, body] : {std::pair{404, ""}, std::pair{200, "<html>"}}) {
    Hundred hundred;
    hundred.answer(status, body);
    EXPECT_TRUE(hundred.asked().empty());
    hundred.bench.pass(5s);
    ASSERT_EQ(hundred.asked(), std::vector{std::string(list_of_books)}) << "once more";
    hundred.answer(status, body);
    ASSERT_FALSE(hundred.asked().empty());
    for (const std::string& url : hundred.asked()) EXPECT_TRUE(url.contains("?symbol=S")) << url;
  }
  Hundred hundred;
  for (int i = 0; i < 2; ++i) {
    hundred.answer(503, "");
    EXPECT_TRUE(hundred.asked().empty());
    hundred.bench.pass(i == 0 ? Duration{5s} : Duration{45s});
    ASSERT_FALSE(hundred.asked().empty());
    EXPECT_EQ(hundred.asked()[0], list_of_books) << "a venue in trouble says nothing of the list";
  }
}

TEST(ShardProbe, an_answer_about_a_stream_that_went_is_dropped) {
  Silent silent(Kind::quote);
  ASSERT_TRUE(silent.bench.shard.want({"binance-usdm", "ETHUSDT", Kind::quote}, "bot", 0s));
  silent.pass(40s);
  ASSERT_FALSE(silent.asked().empty());
  auto requests = std::move(silent.bench.http.requests);
  silent.bench.shard.unwant({"binance-usdm", "ETHUSDT", Kind::quote}, "bot");
  for (auto& [request, done] : requests) {
    done(HttpResponse{.status = 200, .headers = {}, .body = R"({"symbol":"ETHUSDT"})"});
  }
  silent.pass(1min);
}

// ---- how good the detector is ------------------------------------------------------------------

TEST(Detector, a_suspicion_that_the_feed_itself_ends_was_a_mistake) {
  Silent silent(Kind::quote);
  const auto meter = silent.bench.shard.meters().front();
  silent.pass(40s);  // suspected after 30 s; REST does not answer, so nothing is repaired
  EXPECT_EQ(meter->false_suspicions(), 0U) << "nobody knows yet";
  silent.tick("64000.20");
  EXPECT_EQ(meter->false_suspicions(), 1U);
  EXPECT_NEAR(to_seconds(meter->mistaken()), 10, 1);
}

// ---- what REST shows of itself ------------------------------------------------------------------

std::optional<feed::RestStatus> told_rest(ShardBench& bench) {
  std::optional<feed::RestStatus> rest;
  for (const VenueStatus& status : bench.status.take().venues) rest = status.rest;
  return rest;
}

TEST(RestStatus, counts_answers_and_names_what_was_wrong) {
  MapState store;
  ShardBench bench(store);
  ASSERT_TRUE(bench.shard.start());
  bench.pass(1s);
  ASSERT_TRUE(told_rest(bench));
  const auto answer = [&](std::expected<HttpResponse, std::string> response) {
    ASSERT_FALSE(bench.http.requests.empty());
    auto done = std::move(bench.http.requests.back().second);
    bench.http.requests.clear();
    done(std::move(response));
  };
  answer(std::unexpected("no route to host"));
  std::optional<feed::RestStatus> rest = told_rest(bench);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->failures, 1U);
  EXPECT_EQ(rest->error, "no route to host");
  EXPECT_FALSE(rest->good_at);

  bench.pass(15s);
  answer(HttpResponse{.status = 200,
                      .headers = {{"date", http_date(bench.clock.wall_now() - 90s)}},
                      .body = R"({"symbols":[{"symbol":"BTCUSDT","status":"TRADING"}]})"});
  rest = told_rest(bench);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->good_at, bench.clock.mono);
  EXPECT_EQ(rest->failures, 0U);
  EXPECT_EQ(rest->answers, 2U);
  EXPECT_EQ(rest->errors, 1U);
  EXPECT_NEAR(to_seconds(rest->skew.value()), -90, 1);

  bench.pass(10min);
  answer(HttpResponse{.status = 429, .headers = {{"retry-after", "120"}}, .body = {}});
  rest = told_rest(bench);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->error, "HTTP 429");
  EXPECT_EQ(rest->denied_until, bench.clock.mono + 120s);
}

}  // namespace
}  // namespace feedwatch::engine
