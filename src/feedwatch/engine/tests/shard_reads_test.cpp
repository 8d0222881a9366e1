// Ticks of a read are applied together, but not behind what came after them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "feedwatch/engine/shard.hpp"
#include "feedwatch/engine/tests/shard_fakes.hpp"

namespace feedwatch::engine {
namespace {

using test::MapStore;
using test::ShardBench;

std::string mark_frame(WallTime at) {
  std::string text = R"({"stream":"x@markPrice@1s","data":{"e":"markPriceUpdate","E":)" +
                     std::to_string(to_ns(at) / 1'000'000) +
                     R"(,"s":"BTCUSDT","p":"100","i":"1","T":0}})";
  return text;
}

struct After {
  Level level;
  Reason reason;
  MonoTime level_since;
  std::size_t questions;  ///< to REST: a suspicion asks whether the symbol trades
};

/// Our loop was away for `away`; then it reads a price and, behind it, the pong that makes the line
/// a slow one: in one read, or in two at the same moment.
After life(Duration away, bool one_read) {
  MapStore store;
  ShardBench bench(store);
  EXPECT_TRUE(bench.shard.start());
  bench.pass(1s);
  const ConnId conn = bench.transport.dials.at(0).first;
  bench.open(conn);
  for (int i = 0; i < 21; ++i) {  // the ping goes out 20 s after the line has opened
    bench.pass(1s);
    bench.receive(conn, mark_frame(bench.clock.wall_now()));
  }
  bench.pass(200ms);
  for (std::size_t i = 0; i < bench.http.requests.size(); ++i) {
    bench.http.requests[i].second(std::unexpected(std::string("no")));
  }
  const std::size_t questions = bench.http.requests.size();
  const ReadStamp stamp{bench.clock.mono, bench.clock.wall_now(), true};
  bench.clock.mono += away;
  std::string text = mark_frame(stamp.ts_recv);
  const std::size_t length = text.size();
  text.append(frame_padding, ' ');
  const std::vector<Frame> frames{{FrameType::text, std::string_view(text).substr(0, length)},
                                  {FrameType::pong, {}}};
  if (one_read) {
    bench.shard.on_read(conn, frames, stamp);
  } else {
    bench.shard.on_read(conn, std::span(frames).first(1), stamp);
    bench.shard.on_read(conn, std::span(frames).last(1), stamp);
  }
  Monitor& monitor = bench.shard.monitor();
  const Slot slot =
      monitor.unchecked_slot(monitor.find({"binance-usdm", "BTCUSDT", Kind::mark}).value());
  EXPECT_TRUE(slot.received);
  EXPECT_EQ(slot.reason, Reason::line_lag) << "the pong did what it should";
  return {slot.level, slot.reason, slot.level_since, bench.http.requests.size() - questions};
}

TEST(ShardReads, APongBehindAPriceIsHeardAfterIt) {
  for (const Duration away : {3000ms, 3400ms, 12000ms}) {
    SCOPED_TRACE(away / 1ms);
    const After one = life(away, true);
    const After two = life(away, false);
    EXPECT_EQ(one.level, two.level);
    EXPECT_EQ(one.level_since, two.level_since);
    EXPECT_EQ(one.questions, two.questions);
  }
}

/// A price, the late pong that makes its line a slow one, and a price of the same symbol: when the
/// second was carried, beside the read's stamp.
Duration age_behind_a_pong(bool one_read) {
  MapStore store;
  ShardBench bench(store);
  EXPECT_TRUE(bench.shard.start());
  bench.pass(1s);
  const ConnId conn = bench.transport.dials.at(0).first;
  bench.open(conn);
  for (int i = 0; i < 21; ++i) {
    bench.pass(1s);
    bench.receive(conn, mark_frame(bench.clock.wall_now()));
  }
  bench.pass(200ms);
  std::string text = mark_frame(bench.clock.wall_now());
  const std::size_t length = text.size();
  text.append(frame_padding, ' ');
  const Frame price{FrameType::text, std::string_view(text).substr(0, length)};
  const std::vector<Frame> frames{price, {FrameType::pong, {}}, price};
  const ReadStamp stamp{bench.clock.mono, bench.clock.wall_now(), false};
  for (std::size_t i = 0; i < frames.size(); i += one_read ? frames.size() : 1) {
    bench.shard.on_read(conn, std::span(frames).subspan(i, one_read ? frames.size() : 1), stamp);
  }
  Monitor& monitor = bench.shard.monitor();
  const Slot slot =
      monitor.unchecked_slot(monitor.find({"binance-usdm", "BTCUSDT", Kind::mark}).value());
  return stamp.ts_recv - slot.ts_recv;
}

TEST(ShardReads, APriceBehindAPongIsAsOldAsThePongSays) {
  EXPECT_GT(age_behind_a_pong(false), 1s);
  EXPECT_EQ(age_behind_a_pong(true), age_behind_a_pong(false));
}

/// So many undecodable messages in a row end a line; what could be read between them counts, also
/// where all came in one read.
bool line_ends(const std::vector<std::string>& messages) {
  MapStore store;
  ShardBench bench(store);
  EXPECT_TRUE(bench.shard.start());
  bench.pass(1s);
  const ConnId conn = bench.transport.dials.at(0).first;
  bench.open(conn);
  bench.pass(1s);
  std::vector<std::string> padded(messages);
  std::vector<Frame> frames;
  for (std::string& text : padded) {
    const std::size_t length = text.size();
    text.append(frame_padding, ' ');
    frames.push_back({FrameType::text, std::string_view(text).substr(0, length)});
  }
  bench.shard.on_read(conn, frames, {bench.clock.mono, bench.clock.wall_now(), false});
  return !bench.transport.aborted.empty();
}

TEST(ShardReads, AGoodMessageBetweenBadOnesOfOneReadIsCounted) {
  const std::string good = mark_frame(WallTime{1'700'000'000s});
  const std::vector<std::string> four(4, "?");
  std::vector<std::string> messages(four);
  messages.push_back("?");
  EXPECT_TRUE(line_ends(messages));
  messages = four;
  messages.push_back(good);
  messages.insert(messages.end(), four.begin(), four.end());
  EXPECT_FALSE(line_ends(messages));
  messages.insert(messages.begin(), good);
  messages.push_back("?");
  EXPECT_TRUE(line_ends(messages)) << "five behind the last good one";
}

}  // namespace
}  // namespace feedwatch::engine
