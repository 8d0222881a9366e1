#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/shard_fakes.hpp"
#include "feedwatch/guard/guard.hpp"

/// A shard with a silent stream and a REST in hand.
namespace feedwatch::engine {
namespace {

using test::MapStore;
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
  MapStore store;
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

}  // namespace
}  // namespace feedwatch::engine
