#include "feedwatch/engine/shard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/shard_fakes.hpp"

namespace feedwatch::engine {
namespace {

using test::ShardBench;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string mark_frame(const std::string& symbol, const std::string& price, WallTime at) {
  return R"({"stream":"x@markPrice@1s","data":{"e":"markPriceUpdate","E":)" +
         std::to_string(to_ns(at) / 1'000'000) + R"(,"s":")" + symbol + R"(","p":")" + price +
         R"(","i":"1","T":0}})";
}

TEST(ShardInstruments, a_refusal_of_rest_is_waited_out_and_not_asked_again_every_ten_seconds) {
  for (const int status : {403, 418, 429, 451}) {
    MapState store;
    ShardBench bench(store);
    const auto refused_again = [&] {
      for (auto& [request, done] : bench.http.requests) {
        done(HttpResponse{.status = status, .headers = {}, .body = {}});
      }
      bench.http.requests.clear();
    };
    ASSERT_TRUE(bench.shard.start());
    ASSERT_THAT(bench.http.requests, SizeIs(1));
    refused_again();
    bench.pass(2min - 1s);
    EXPECT_THAT(bench.http.requests, IsEmpty()) << status << ": neither lists nor prices";
    bench.pass(2s);
    ASSERT_THAT(bench.http.requests, Not(IsEmpty())) << status;
    refused_again();
    bench.pass(4min - 1s);
    EXPECT_THAT(bench.http.requests, IsEmpty()) << status << ": twice as long the second time";
    bench.pass(2s);
    EXPECT_THAT(bench.http.requests, Not(IsEmpty())) << status;
  }
}

TEST(ShardInstruments, a_ban_of_rest_is_waited_out_beyond_an_hour) {
  MapState store;
  ShardBench bench(store);
  ASSERT_TRUE(bench.shard.start());
  HttpFetch::Done done = std::move(bench.http.requests[0].second);
  done(HttpResponse{.status = 418, .headers = {{"retry-after", "10800"}}, .body = {}});
  bench.pass(3h - 1s);
  EXPECT_THAT(bench.http.requests, SizeIs(1));
  EXPECT_THAT(bench.transport.dials, IsEmpty());
}

TEST(Shards, a_stream_of_another_shard_is_neither_wanted_nor_given_up) {
  const auto ground = std::make_shared<board::Ground>(
      board::heap_memory(PriceBoard::bytes_for(4096)), 4096, board::Identity{});
  PriceBoard other(ground, 1);
  const StreamKey key{"bybit-linear", "BTCUSDT", Kind::mark};
  const auto theirs = other.claim(key);
  ASSERT_TRUE(theirs);
  other.publish(*theirs);
  MapState store;
  ShardBench bench(store, {"BTCUSDT/mark"}, {}, {.ground = ground});
  ASSERT_TRUE(bench.shard.start());
  const auto wanted = bench.shard.want(key, "desk", {});
  ASSERT_FALSE(wanted);
  EXPECT_THAT(wanted.error().text(), HasSubstr("configured: binance-usdm"));
  EXPECT_FALSE(bench.shard.unwant(key, "desk"));
}

// ---- frames and leases --------------------------------------------------------------------------

TEST(Shard, a_frame_becomes_a_price_and_a_server_ping_is_answered_with_its_payload) {
  MapState store;
  ShardBench bench(store);
  ASSERT_TRUE(bench.shard.start());
  bench.pass(1s);
  const ConnId conn = bench.transport.dials.at(0).first;
  bench.open(conn);
  bench.receive(conn, mark_frame("BTCUSDT", "64000.10", bench.clock.wall_now()));
  const auto price = bench.shard.monitor().price(StreamKey{"binance-usdm", "BTCUSDT", Kind::mark},
                                                 {.max_age = 1s}, bench.clock.mono);
  ASSERT_TRUE(price);
  EXPECT_EQ(price->prices.price.to_string(), "64000.10");
  const std::string bytes = "17" + std::string(frame_padding, ' ');
  const Frame ping{FrameType::ping, std::string_view(bytes).substr(0, 2)};
  bench.shard.on_read(conn, std::span(&ping, 1), {bench.clock.mono, {}, false});
  EXPECT_THAT(bench.transport.pongs, ::testing::ElementsAre("17"));
}

TEST(Shard, a_late_one_tells_of_a_silent_line_before_it_tells_of_its_streams) {
  MapState store;
  const std::vector<std::string> symbols{"BTCUSDT", "ETHUSDT", "SOLUSDT"};
  ShardBench bench(store, {"BTCUSDT/mark", "ETHUSDT/mark", "SOLUSDT/mark"});
  ASSERT_TRUE(bench.shard.start());
  bench.pass(1s);
  const ConnId conn = bench.transport.dials.at(0).first;
  bench.open(conn);
  for (const std::string& symbol : symbols) {
    bench.receive(conn, mark_frame(symbol, "64000.10", bench.clock.wall_now()));
  }
  bool up = true;
  bool live = true;
  std::size_t degraded = 0;
  // The control looks between any two statuses.
  bench.on_status = [&] {
    const StatusBoard::Taken taken = bench.status.take();
    for (const LineStatus& line : taken.lines) {
      if (line.topics > 0) up = line.up;
    }
    for (const VenueStatus& venue : taken.venues) live = venue.live;
    for (const StreamStatus& stream : taken.streams) {
      if (stream.level != Level::degraded) continue;
      ++degraded;
      EXPECT_FALSE(up) << stream.info->text;
      EXPECT_FALSE(live) << stream.info->text;
    }
  };
  bench.on_status();
  EXPECT_TRUE(up);
  EXPECT_TRUE(live);
  bench.clock.mono += 4s;  // missed since 1 s, past the limit since half a second
  bench.shard.on_wakeup(bench.clock.mono);
  EXPECT_GE(degraded, symbols.size());
}

TEST(Shard, bad_messages_of_one_channel_say_nothing_about_another) {
  MapState store;
  ShardBench bench(store, {"BTCUSDT/mark", "BTCUSDT/quote"});
  ASSERT_TRUE(bench.shard.start());
  bench.pass(1s);
  const ConnId conn = bench.transport.dials.at(0).first;
  bench.open(conn);
  for (int i = 0; i < 20; ++i) {
    bench.receive(conn, R"({"e":"bookTicker","s":"BTCUSDT","u":1,"b":"x","a":"2","E":1})");
  }
  const auto rejecting = [&](Kind kind) {
    const Monitor& monitor = bench.shard.monitor();
    return monitor.unchecked_slot(*monitor.find({"binance-usdm", "BTCUSDT", kind})).rejecting;
  };
  EXPECT_TRUE(rejecting(Kind::quote));
  EXPECT_FALSE(rejecting(Kind::mark));
}

TEST(Shard, a_lease_begins_a_stream_and_its_end_or_expiry_ends_it) {
  MapState store;
  ShardBench bench(store);
  ASSERT_TRUE(bench.shard.start());
  const StreamKey key{"binance-usdm", "ETHUSDT", Kind::mark};
  ASSERT_TRUE(bench.shard.want(key, "desk", 1min));
  ASSERT_TRUE(bench.shard.want(key, "desk", 1min));  // again: the same lease
  ASSERT_TRUE(bench.shard.want(key, "bot", Duration{}));
  bench.pass(2min);
  EXPECT_TRUE(bench.shard.monitor().find(key));  // the bot's has no end
  EXPECT_TRUE(bench.shard.unwant(key, "bot"));
  EXPECT_FALSE(bench.shard.unwant(key, "bot"));
  EXPECT_FALSE(bench.shard.monitor().find(key));
  EXPECT_TRUE(bench.shard.monitor().find({"binance-usdm", "BTCUSDT", Kind::mark}));
}

TEST(Shard, a_lease_of_any_length_is_no_overflow) {
  MapState store;
  ShardBench bench(store);
  ASSERT_TRUE(bench.shard.start());
  const StreamKey key{"binance-usdm", "ETHUSDT", Kind::mark};
  ASSERT_TRUE(bench.shard.want(key, "desk", Duration::max()));
  bench.pass(1h);
  EXPECT_TRUE(bench.shard.monitor().find(key));
}

TEST(Shard, refusals_to_watch_name_what_would_work) {
  MapState store;
  ShardBench bench(store, {"BTCUSDT/quote"}, {}, {}, "binance-spot");
  ASSERT_TRUE(bench.shard.start());
  const auto kind = bench.shard.want({"binance-usdm", "BTCUSDT", Kind::mark}, "desk", 1min);
  ASSERT_FALSE(kind);
  EXPECT_THAT(kind.error().text(), HasSubstr("it offers last, quote"));
  const auto venue = bench.shard.want({"binance", "BTCUSDT", Kind::mark}, "desk", 1min);
  ASSERT_FALSE(venue);
  EXPECT_THAT(venue.error().text(), HasSubstr("configured: binance-usdm"));
}

TEST(Shard, a_glob_is_expanded_by_the_venues_list_and_an_unlisted_symbol_is_named) {
  MapState store;
  ShardBench bench(store, {"*USDT/mark", "NOSUCH/mark"});
  ASSERT_TRUE(bench.shard.start());
  ASSERT_THAT(bench.http.requests, SizeIs(1));
  HttpResponse answer;
  answer.status = 200;
  answer.body =
      R"({"symbols":[{"symbol":"BTCUSDT","status":"TRADING"},{"symbol":"ETHUSDT","status":"TRADING"},)"
      R"({"symbol":"OLDUSDT","status":"SETTLING"},{"symbol":"BTCBUSD","status":"TRADING"}]})";
  const std::vector<VenueStatus> before = bench.status.take().venues;
  ASSERT_THAT(before, SizeIs(1));
  EXPECT_TRUE(before[0].awaits_instruments);
  bench.http.requests[0].second(answer);
  const Monitor& monitor = bench.shard.monitor();
  EXPECT_TRUE(monitor.find({"binance-usdm", "BTCUSDT", Kind::mark}));
  EXPECT_TRUE(monitor.find({"binance-usdm", "ETHUSDT", Kind::mark}));
  EXPECT_FALSE(monitor.find({"binance-usdm", "OLDUSDT", Kind::mark}));
  EXPECT_FALSE(monitor.find({"binance-usdm", "BTCBUSD", Kind::mark}));
  bool named = false;
  const StatusBoard::Taken after = bench.status.take();
  for (const StreamStatus& status : after.streams) {
    if (status.info->text != "binance-usdm/NOSUCH/mark") continue;
    named = status.quarantined;
    EXPECT_THAT(status.detail, HasSubstr("lists no symbol NOSUCH"));
  }
  EXPECT_TRUE(named);
  ASSERT_THAT(after.venues, SizeIs(1));
  EXPECT_FALSE(after.venues[0].awaits_instruments);
}

TEST(Shard, patterns_alone_wait_for_the_list_and_names_alone_do_not) {
  MapState store;
  ShardBench patterns(store, {"*USDT/mark"});
  ASSERT_TRUE(patterns.shard.start());
  patterns.http.requests.at(0).second(std::unexpected("connection refused"));
  const std::vector<VenueStatus> waiting = patterns.status.take().venues;
  ASSERT_THAT(waiting, SizeIs(1));
  EXPECT_TRUE(waiting[0].awaits_instruments);
  ShardBench names(store);
  ASSERT_TRUE(names.shard.start());
  EXPECT_FALSE(names.status.take().venues.at(0).awaits_instruments);
}

}  // namespace
}  // namespace feedwatch::engine
