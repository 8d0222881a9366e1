// Ticks of a read are applied together, but not behind what came after them.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "feedwatch/engine/shard.hpp"
#include "feedwatch/engine/tests/shard_fakes.hpp"

namespace feedwatch::engine {
namespace {

using test::ShardBench;

std::string mark_frame(WallTime at) {
  std::string text =
      R"({"stream":"x@markPrice@1s","data":{"e":"markPriceUpdate","E":)" +
      std::to_string(to_ns(at) / 1'000'000) +
      R"(,"s":"BTCUSDT","p":"100.5","P":"100.1","i":"1.5","r":"0.1","T":1767225600000}})";
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
  MapState store;
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
  MapState store;
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
  MapState store;
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

// ---- messages wait for those behind them to have their symbols looked up together ---------------

std::string trade_frame(const std::string& symbol, std::uint64_t id, int price) {
  return R"({"stream":"x@aggTrade","data":{"e":"aggTrade","E":1767225601000,"a":)" +
         std::to_string(id) + R"(,"s":")" + symbol + R"(","p":")" + std::to_string(price) +
         R"(.50","q":"1","f":1,"l":2,"T":1767225601000,"m":true}})";
}

/// Trades and marks of four symbols that are watched and two that are not, in order and out of it,
/// and between them what is no price at all.
std::vector<std::pair<FrameType, std::string>> any_messages(std::mt19937& random) {
  constexpr std::array symbols{"BTCUSDT", "ETHUSDT", "AUSDT", "1000SHIBUSDT", "GONE", "NEVER"};
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::vector<std::pair<FrameType, std::string>> all;
  for (std::uint64_t id = 1'000; all.size() < 200; ++id) {
    const std::string symbol = symbols[below(symbols.size())];
    const unsigned what = below(40);
    if (what < 34) {
      all.emplace_back(FrameType::text, trade_frame(symbol, id - below(3), 1 + int(below(9))));
    } else if (what < 36) {
      all.emplace_back(FrameType::text, mark_frame(WallTime{1'767'225'601s}));
    } else if (what < 37) {
      all.emplace_back(FrameType::ping, "p");
    } else if (what < 38) {
      all.emplace_back(FrameType::pong, "");
    } else {
      all.emplace_back(FrameType::text, what < 39 ? "?" : R"({"result":null,"id":9})");
    }
  }
  return all;
}

/// Slots of all streams, and how many ticks nobody wanted.
std::pair<std::vector<Slot>, std::uint64_t> board_after(
    const std::vector<std::pair<FrameType, std::string>>& messages, std::size_t each_read) {
  MapState store;
  ShardBench bench(
      store, {"BTCUSDT/last", "ETHUSDT/last", "AUSDT/last", "1000SHIBUSDT/last", "BTCUSDT/mark"});
  EXPECT_TRUE(bench.shard.start());
  bench.pass(1s);
  const ConnId conn = bench.transport.dials.at(0).first;
  bench.open(conn);
  std::vector<std::string> padded;
  std::vector<Frame> frames;
  for (const auto& [type, text] : messages)
    padded.push_back(text + std::string(frame_padding, ' '));
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string_view text = padded[i];
    frames.push_back({messages[i].first, text.substr(0, messages[i].second.size())});
  }
  for (std::size_t i = 0; i < frames.size(); i += each_read) {
    const auto read = std::span(frames).subspan(i, std::min(each_read, frames.size() - i));
    bench.shard.on_read(conn, read, {bench.clock.mono, bench.clock.wall_now(), false});
  }
  std::vector<Slot> slots;
  Monitor& monitor = bench.shard.monitor();
  for (const char* symbol : {"BTCUSDT", "ETHUSDT", "AUSDT", "1000SHIBUSDT"}) {
    slots.push_back(
        monitor.unchecked_slot(monitor.find({"binance-usdm", symbol, Kind::last}).value()));
  }
  slots.push_back(
      monitor.unchecked_slot(monitor.find({"binance-usdm", "BTCUSDT", Kind::mark}).value()));
  return {slots, bench.shard.unknown_symbols()};
}

TEST(ShardReads, ManyMessagesOfOneReadAreWhatTheyAreOneByOne) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto messages = any_messages(random);
    const auto [alone, unknown] = board_after(messages, 1);
    ASSERT_GT(unknown, 0U);
    for (const std::size_t each_read : {7UL, 8UL, 9UL, 64UL, messages.size()}) {
      SCOPED_TRACE(each_read);
      const auto [together, unknown_too] = board_after(messages, each_read);
      EXPECT_EQ(unknown_too, unknown);
      for (std::size_t i = 0; i < alone.size(); ++i) {
        ASSERT_GT(alone[i].ticks, 0U);
        EXPECT_EQ(together[i].prices, alone[i].prices);
        EXPECT_EQ(together[i].seq, alone[i].seq);
        EXPECT_EQ(together[i].ticks, alone[i].ticks);
        EXPECT_EQ(together[i].epoch, alone[i].epoch);
      }
    }
  }
}

TEST(ShardReads, WhoIsCalledForOneMessageMayGiveUpTheSymbolOfOneThatWaits) {
  MapState store;
  ShardBench bench(store, {"BTCUSDT/last"});
  ASSERT_TRUE(bench.shard.start());
  const StreamKey given_up{"binance-usdm", "ETHUSDT", Kind::last};
  const StreamKey instead{"binance-usdm", "XRPUSDT", Kind::last};
  ASSERT_TRUE(bench.shard.want(given_up, "desk", Duration{}));
  bench.pass(1s);
  const ConnId conn = bench.transport.dials.at(0).first;
  bench.open(conn);
  Monitor& monitor = bench.shard.monitor();
  Callbacks callbacks;
  callbacks.on_price = [&](const Delivery&) {
    // The number of the one symbol becomes the other's.
    if (!bench.shard.unwant(given_up, "desk")) return;
    ASSERT_TRUE(bench.shard.want(instead, "desk", Duration{}));
  };
  const ConsumerOptions options{
      .name = "strategy", .delivery = DeliveryMode::in_line, .min_interval = Duration::zero()};
  const Subscription subscription = monitor.subscribe(
      monitor.find({"binance-usdm", "BTCUSDT", Kind::last}).value(), options, callbacks);
  ASSERT_TRUE(subscription);
  std::vector<std::string> padded{trade_frame("BTCUSDT", 1, 7), trade_frame("ETHUSDT", 2, 8)};
  std::vector<Frame> frames;
  for (std::string& text : padded) {
    const std::size_t length = text.size();
    text.append(frame_padding, ' ');
    frames.push_back({FrameType::text, std::string_view(text).substr(0, length)});
  }
  bench.shard.on_read(conn, frames, {bench.clock.mono, bench.clock.wall_now(), false});
  ASSERT_FALSE(monitor.find(given_up));
  EXPECT_FALSE(monitor.unchecked_slot(monitor.find(instead).value()).received);
  EXPECT_EQ(bench.shard.unknown_symbols(), 1U);
}

}  // namespace
}  // namespace feedwatch::engine
