// Frames nobody honest would send, over a real socket: the right code, seen by the peer, what was
// good before delivered, and nothing that grows.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "feedwatch/net/tests/autobahn.hpp"
#include "feedwatch/net/tests/deflater.hpp"
#include "feedwatch/net/tests/net_fixture.hpp"
#include "feedwatch/net/tests/raw_server.hpp"

namespace feedwatch::net {
namespace {

using testing::append_compressed;
using testing::Deflater;
using testing::fragmented;
using testing::frame;
using ::testing::HasSubstr;
using testing::NetTest;
using testing::RawServer;
using testing::Recorder;

constexpr ConnId conn{7};
constexpr const char* deflate = "permessage-deflate";

class WsHostileTest : public NetTest {
 protected:
  void dial(const RawServer& server, DialTarget target = {}) {
    sink = Recorder{};
    target.url = server.url();
    transport.dial(conn, target);
  }
  /// The client ends the connection and the server is told with which code.
  void expect_refused(RawServer& server, std::uint16_t code, const char* words) {
    ASSERT_TRUE(until([&] { return sink.closed && (server.close_code() || server.ended()); }));
    EXPECT_EQ(server.close_code(), code) << words;
    EXPECT_THAT(sink.closed->detail, HasSubstr(words));
    EXPECT_THAT(sink.closed->detail, HasSubstr(std::to_string(code)));
    EXPECT_EQ(sink.closed->phase, DialPhase::open);
    EXPECT_FALSE(sink.closed->by_us);
    ASSERT_TRUE(until([&] { return server.ended(); }));
  }

  Recorder sink;
  WsTransport transport{reactor, resolver, sink};
};

std::string compressed(std::string_view text, std::size_t fragment = 0) {
  std::string bytes;
  append_compressed(bytes, WsOpcode::text, Deflater().message(text), fragment);
  return bytes;
}

struct Hostile {
  const char* what;
  std::string bytes;
  std::uint16_t code;
  const char* words;
  std::size_t good_before = 0;  ///< frames
};

void PrintTo(const Hostile& h, std::ostream* out) {
  *out << h.what;
}

std::vector<Hostile> hostile_frames() {
  const std::string good = frame(1, "good");
  std::string two_marks = compressed("{\"a\":1,\"b\":2}", 5);
  two_marks[7] = static_cast<char>(two_marks[7] | 0x40);
  return {
      {"a gigabyte announced", std::string("\x82\x7f\x00\x00\x00\x00\x40\x00\x00\x00", 10), 1009,
       "longer than 8388608 bytes"},
      {"as much in a continuation",
       frame(2, "begin", false) + std::string("\x80\x7f\x00\x00\x00\x00\x40\x00\x00\x00", 10), 1009,
       "longer than 8388608 bytes"},
      {"fragments beyond the limit",
       frame(2, std::string(8U << 20U, 'x'), false) + frame(9, "p") + frame(0, "y"), 1009,
       "longer than 8388608 bytes", 1},
      {"an opcode of the future", good + frame(5, "x"), 1002, "unknown opcode 5", 1},
      {"a control opcode of the future", good + frame(13, "x"), 1002, "unknown opcode 13", 1},
      {"RSV2", good + frame(1, "x", true, 2), 1002, "reserved bits", 1},
      {"RSV3", good + frame(1, "x", true, 1), 1002, "reserved bits", 1},
      {"a compressed ping", good + frame(9, "x", true, 4), 1002, "compressed bit", 1},
      {"a fragmented ping", frame(9, "x", false), 1002, "fragmented control frame"},
      {"a compressed continuation", two_marks, 1002, "compressed bit on a continuation"},
      {"a message inside another", frame(1, "a", false) + frame(1, "b"), 1002,
       "new message inside a fragmented one"},
      {"a bomb", compressed(std::string(64U << 20U, '\0')), 1009, "longer than 8388608 bytes"},
      {"a bomb in fragments", good + compressed(std::string(64U << 20U, '\0'), 1'000), 1009,
       "longer than 8388608 bytes", 1},
      {"corrupt data", good + frame(1, "\xff\xff\xff", true, 4), 1007, "data is corrupt", 1},
      {"data cut off", good + frame(1, "", true, 4), 1007, "ends inside a block", 1},
      {"compressed text that is none", compressed("\xed\xa0\x80"), 1007, "not UTF-8"},
  };
}

class WsHostileFrames : public WsHostileTest, public ::testing::WithParamInterface<Hostile> {};

TEST_P(WsHostileFrames, EndTheConnectionWithTheirCode) {
  RawServer server(reactor, deflate);
  server.say(GetParam().bytes);
  dial(server, {.offer_deflate = true});
  expect_refused(server, GetParam().code, GetParam().words);
  EXPECT_EQ(sink.got.size(), GetParam().good_before);
}

INSTANTIATE_TEST_SUITE_P(All, WsHostileFrames, ::testing::ValuesIn(hostile_frames()));

TEST_F(WsHostileTest, CompressedWithoutHavingBeenAskedTo) {
  RawServer server(reactor);
  server.say(compressed("x"));
  dial(server, {.offer_deflate = true});  // the server took no notice of the offer
  expect_refused(server, 1002, "reserved bits are set");
}

TEST_F(WsHostileTest, AnAnswerThatIsNoneToOurOffer) {
  struct Case {
    const char* extensions;
    bool offered;
    const char* words;
  };
  const Case cases[] = {
      {deflate, false, "an extension nobody asked for"},
      {"permessage-bzip2", true, "an extension nobody asked for: permessage-bzip2"},
      {"permessage-deflate; server_max_window_bits=16", true, "server_max_window_bits=16"},
      {"permessage-deflate; fast", true, "nobody knows: fast"},
  };
  for (const Case& c : cases) {
    RawServer server(reactor, c.extensions);
    dial(server, {.offer_deflate = c.offered});
    ASSERT_TRUE(until([&] { return sink.closed.has_value(); }));
    EXPECT_EQ(sink.closed->phase, DialPhase::upgrading);
    EXPECT_THAT(sink.closed->detail, HasSubstr(c.words));
    EXPECT_EQ(server.request().find("Sec-WebSocket-Extensions") != std::string::npos, c.offered);
  }
}

TEST_F(WsHostileTest, OneByteAtATime) {
  RawServer server(reactor, deflate);
  const std::string bytes = frame(1, "first") + fragmented(1, "second in fragments", 3) +
                            frame(9, "ping") + compressed("third, compressed", 4) +
                            frame(2, std::string(300, 'b'));
  server.say(bytes, 1);
  dial(server, {.offer_deflate = true});
  ASSERT_TRUE(until([&] { return sink.got.size() == 5 || sink.closed; }));
  ASSERT_FALSE(sink.closed) << sink.closed->detail;
  EXPECT_EQ(sink.got[1].payload, "second in fragments");
  EXPECT_EQ(sink.got[3].payload, "third, compressed");
  EXPECT_EQ(sink.got[4].payload, std::string(300, 'b'));
}

/// Messages of a mebibyte that take a kilobyte each on the wire.
constexpr std::size_t many = 24;

std::string many_bombs() {
  Deflater deflater({.level = 9});
  std::string bytes;
  for (std::size_t i = 0; i < many; ++i) {
    append_compressed(bytes, WsOpcode::text, deflater.message(std::string(1U << 20U, 'a')));
  }
  return bytes;
}

TEST_F(WsHostileTest, WhatIsInflatedIsSpreadOverTurnsAndKeepsTheStampOfItsRead) {
  RawServer server(reactor, deflate);
  const std::string bombs = many_bombs();
  ASSERT_LT(bombs.size(), 64U << 10U) << "is to be one read";
  server.say(bombs + frame(9, "last"));
  dial(server, {.offer_deflate = true});
  std::size_t before = 0;
  std::size_t most = 0;
  ASSERT_TRUE(until([&] {
    most = std::max(most, sink.got.size() - std::exchange(before, sink.got.size()));
    return before == many + 1 || sink.closed;
  }));
  ASSERT_FALSE(sink.closed) << sink.closed->detail;
  EXPECT_LE(most, 2U) << "messages in one turn";
  EXPECT_EQ(sink.got.back().payload, "last");
  for (const Recorder::Got& got : sink.got) {
    EXPECT_EQ(got.stamp.mono_recv, sink.got.front().stamp.mono_recv);
  }
}

TEST_F(WsHostileTest, WhatWaitsForTheNextTurnEndsWithItsConnection) {
  RawServer server(reactor, deflate);
  server.say(many_bombs());
  dial(server, {.offer_deflate = true});
  ASSERT_TRUE(until([&] { return !sink.got.empty(); }));
  const std::size_t got = sink.got.size();
  ASSERT_LT(got, many);
  transport.abort(conn);
  ASSERT_TRUE(until([&] { return sink.closed && server.ended(); }));
  EXPECT_EQ(sink.got.size(), got);
  EXPECT_TRUE(sink.closed->by_us);
}

TEST_F(WsHostileTest, WhatWaitsForTheNextTurnComesThoughThePeerHasGone) {
  RawServer server(reactor, deflate);
  server.say(many_bombs() + std::string("\x88\x02\x03\xe8", 4));
  dial(server, {.offer_deflate = true});
  ASSERT_TRUE(until([&] { return sink.closed.has_value(); }));
  EXPECT_EQ(sink.got.size(), many);
  EXPECT_EQ(sink.closed->close_code, 1000);
}

// A frame that never ends: the owner's own deadlines decide, the transport keeps what it has.
TEST_F(WsHostileTest, ASlowDripIsNeitherDeliveredNorRefused) {
  RawServer server(reactor);
  const std::string bytes = frame(1, "before") + frame(1, std::string(1'000, 'x'));
  server.say(bytes.substr(0, bytes.size() - 1), 10);
  dial(server);
  ASSERT_TRUE(until([&] { return server.said() == bytes.size() - 1 && !sink.got.empty(); }));
  turn_for(50ms);
  EXPECT_EQ(sink.got.size(), 1U);
  EXPECT_FALSE(sink.closed);
  transport.close(conn, 1000);
  ASSERT_TRUE(until([&] { return server.close_code().has_value(); }));
  EXPECT_EQ(server.close_code(), 1000);
}

TEST_F(WsHostileTest, TenThousandTinyFragmentsAreOneMessage) {
  RawServer server(reactor);
  const std::string text(10'000, 'x');
  std::string bytes = fragmented(1, text, 1);
  bytes.insert(bytes.size() / 2 / 3 * 3, frame(9, "between"));
  server.say(bytes);
  dial(server);
  ASSERT_TRUE(until([&] { return sink.got.size() == 2 || sink.closed; }));
  ASSERT_FALSE(sink.closed) << sink.closed->detail;
  EXPECT_EQ(sink.got[0].payload, "between");
  EXPECT_EQ(sink.got[1].payload, text);
}

TEST_F(WsHostileTest, AMillionEmptyFragmentsTakeNoRoom) {
  RawServer server(reactor);
  std::string bytes = frame(1, "", false);
  for (int i = 0; i < 1'000'000; ++i) bytes += std::string("\0\0", 2);
  server.say(bytes + frame(0, "end"));
  dial(server);
  ASSERT_TRUE(until([&] { return !sink.got.empty() || sink.closed; }));
  ASSERT_FALSE(sink.closed) << sink.closed->detail;
  EXPECT_EQ(sink.got[0].payload, "end");
}

TEST_F(WsHostileTest, ManyBombsWithinTheLimitArriveInSeveralReads) {
  RawServer server(reactor, deflate);
  Deflater deflater;
  std::string bytes;
  for (int i = 0; i < 30; ++i) {
    append_compressed(bytes, WsOpcode::binary, deflater.message(std::string(1U << 20U, '\0')));
  }
  ASSERT_LT(bytes.size(), 64U << 10U);  // all in one read
  server.say(bytes + testing::close_frame(1000));
  dial(server, {.offer_deflate = true});
  ASSERT_TRUE(until([&] { return sink.closed.has_value(); }));
  EXPECT_EQ(sink.closed->close_code, 1000);
  EXPECT_EQ(sink.got.size(), 30U);
  for (const std::size_t frames : sink.reads) EXPECT_LE(frames, 1U);
}

// The owner may say good-bye in the first of them; the rest is nothing to it any more.
TEST_F(WsHostileTest, AnOwnerThatEndsItInTheMiddleHearsNoMore) {
  RawServer server(reactor, deflate);
  Deflater deflater;
  std::string bytes;
  for (int i = 0; i < 10; ++i) {
    append_compressed(bytes, WsOpcode::binary, deflater.message(std::string(1U << 20U, '\0')));
  }
  server.say(bytes);
  dial(server, {.offer_deflate = true});
  sink.during_read = [&](ConnId id) { transport.abort(id); };
  ASSERT_TRUE(until([&] { return sink.closed.has_value(); }));
  EXPECT_EQ(sink.got.size(), 1U);
  EXPECT_EQ(sink.closed_count, 1);
}

}  // namespace
}  // namespace feedwatch::net
