#include <gtest/gtest.h>

#include "feedwatch/base/time_text.hpp"
#include "feedwatch/engine/tests/shard_fakes.hpp"

/// A beat that counts trades is a word about the last price: from the moment it is told until the
/// shard acts on it the stream may tick, or go.
namespace feedwatch::engine {
namespace {

using test::ShardBench;

/// coinbase under the bench's name of a venue: BTC-USD at trade 100.
struct Counting {
  Counting() {
    EXPECT_TRUE(bench.shard.start());
    EXPECT_TRUE(bench.shard.want(key, "bot", 0s));
    connect();
    grant(R"({"name":"ticker","product_ids":["BTC-USD"]},)"
          R"({"name":"heartbeat","product_ids":["BTC-USD"]})");
    beat(100);
    tick(100, "64000.1");
  }
  void connect() {
    bench.pass(5s);
    conn = bench.transport.dials.back().first;
    bench.open(conn);
    bench.pass(100ms);
  }
  void grant(const std::string& channels) {
    bench.receive(conn, R"({"type":"subscriptions","channels":[)" + channels + "]}");
  }
  std::string time() const { return format_time(bench.clock.wall_now()); }
  void tick(int id, const std::string& price) {
    bench.receive(conn, R"({"type":"ticker","sequence":1,"product_id":"BTC-USD","price":")" +
                            price + R"(","best_bid":"64000","best_bid_size":"1",)" +
                            R"("best_ask":"64001","best_ask_size":"1","side":"buy","time":")" +
                            time() + R"(","trade_id":)" + std::to_string(id) +
                            R"(,"last_size":"1"})");
  }
  void beat(int id) {
    bench.receive(conn, R"({"type":"heartbeat","sequence":1,"last_trade_id":)" +
                            std::to_string(id) + R"(,"product_id":"BTC-USD","time":")" + time() +
                            R"("})");
  }
  void pass(Duration duration, int id) {
    for (Duration passed{}; passed < duration; passed += 1s) {
      bench.pass(1s);
      beat(id);
    }
  }
  Slot slot() const {
    const Monitor& monitor = bench.shard.monitor();
    return monitor.unchecked_slot(*monitor.find(key));
  }

  StreamKey key{"binance-usdm", "BTC-USD", Kind::last};
  MapState store;
  ShardBench bench{store, {}, {}, {}, "coinbase"};
  ConnId conn;
};

TEST(TradeCount, tells_a_quiet_market_and_a_feed_that_missed_a_trade) {
  Counting venue;
  venue.pass(32s, 100);
  EXPECT_EQ(venue.slot().reason, Reason::market_quiet);
  const std::size_t sent = venue.bench.transport.sent.size();
  venue.pass(4s, 101);
  EXPECT_NE(venue.slot().reason, Reason::market_quiet);
  EXPECT_GT(venue.bench.transport.sent.size(), sent) << "asked for again";
}

TEST(TradeCount, a_stream_may_go_before_its_word_is_heard) {
  Counting venue;
  venue.pass(29s, 100);
  venue.bench.pass(1500ms);  // suspect
  venue.beat(100);
  EXPECT_TRUE(venue.bench.shard.unwant(venue.key, "bot"));
  venue.bench.pass(2s);
}

TEST(TradeCount, a_stream_that_ticks_again_is_not_called_quiet) {
  Counting venue;
  venue.pass(29s, 100);
  venue.bench.pass(1500ms);
  venue.beat(100);
  venue.tick(101, "64000.2");
  for (int id = 102; id < 112; ++id) {
    venue.bench.pass(1s);
    venue.beat(id);
    venue.tick(id, "64000.3");
  }
  EXPECT_EQ(venue.slot().level, Level::healthy);
  EXPECT_EQ(venue.slot().reason, Reason::ok);
}

TEST(TradeCount, a_beat_that_begins_later_than_its_ticker_accuses_nobody) {
  Counting venue;
  venue.pass(5s, 100);
  venue.bench.shard.on_closed(venue.conn, {.detail = "reset"}, venue.bench.clock.mono);
  venue.connect();
  venue.grant(R"({"name":"ticker","product_ids":["BTC-USD"]})");
  venue.tick(150, "64000.2");  // fifty trades later
  venue.bench.pass(2500ms);
  venue.grant(R"({"name":"ticker","product_ids":["BTC-USD"]},)"
              R"({"name":"heartbeat","product_ids":["BTC-USD"]})");
  venue.beat(150);
  const std::size_t sent = venue.bench.transport.sent.size();
  venue.pass(40s, 150);
  EXPECT_EQ(venue.slot().reason, Reason::market_quiet);
  EXPECT_EQ(venue.bench.transport.sent.size(), sent);
}

}  // namespace
}  // namespace feedwatch::engine
