#include "feedwatch/net/ws_codec.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "feedwatch/net/frame_buffer.hpp"

namespace feedwatch::net {
namespace {

using Bytes = std::string;

struct Parsed {
  std::vector<std::pair<FrameType, std::string>> frames;
  std::size_t used = 0;
};

/// Parses a copy that has the padding behind it.
Parsed parse(WsParser& parser, Bytes bytes) {
  const std::size_t size = bytes.size();
  bytes.append(frame_padding, '\0');
  std::vector<Frame> frames;
  Parsed parsed;
  parsed.used = parser.parse(bytes.data(), size, frames);
  for (const Frame& f : frames) parsed.frames.emplace_back(f.type, std::string(f.payload));
  return parsed;
}

Bytes raw(std::initializer_list<int> values) {
  Bytes out;
  for (const int v : values) out.push_back(static_cast<char>(v));
  return out;
}

WsParser client(std::size_t max = 1U << 20U) {
  return WsParser(WsRole::client, max);
}
WsParser server(std::size_t max = 1U << 20U) {
  return WsParser(WsRole::server, max);
}

void expect_violation(WsParser parser, const Bytes& bytes, std::uint16_t code,
                      const std::string& words) {
  parse(parser, bytes);
  ASSERT_TRUE(parser.violation()) << words;
  EXPECT_EQ(parser.violation()->code, code) << words;
  EXPECT_NE(parser.violation()->detail.find(words), std::string::npos)
      << parser.violation()->detail;
  // Nothing more is taken.
  EXPECT_TRUE(parse(parser, raw({0x81, 0x01, 'x'})).frames.empty());
}

TEST(WsParser, TheExamplesOfTheStandard) {
  auto unmasked = client();
  const Parsed hello = parse(unmasked, raw({0x81, 0x05, 'H', 'e', 'l', 'l', 'o'}));
  ASSERT_EQ(hello.frames.size(), 1U);
  EXPECT_EQ(hello.frames[0].second, "Hello");
  auto masked = server();
  const Parsed same =
      parse(masked, raw({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  ASSERT_EQ(same.frames.size(), 1U);
  EXPECT_EQ(same.frames[0].second, "Hello");
}

TEST(WsParser, AcceptKeyOfTheStandard) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_TRUE(is_websocket_key(websocket_key()));
  EXPECT_FALSE(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ="));
  EXPECT_FALSE(is_websocket_key("dGhlIHNhbXBsZSBub25jZ\r\n="));
}

TEST(WsParser, RoundTripsEveryLengthForm) {
  for (const std::size_t n : {0U, 1U, 125U, 126U, 127U, 65'535U, 65'536U, 70'000U}) {
    Bytes bytes;
    const std::string payload(n, 'p');
    append_frame(bytes, WsOpcode::text, payload, random_mask());
    auto parser = server();
    const Parsed parsed = parse(parser, bytes);
    ASSERT_EQ(parsed.frames.size(), 1U) << n;
    EXPECT_EQ(parsed.frames[0].second, payload);
    EXPECT_EQ(parsed.used, bytes.size());
  }
}

TEST(WsParser, AnyCutGivesTheSameFrames) {
  Bytes bytes;
  append_frame(bytes, WsOpcode::text, "first");
  append_frame(bytes, WsOpcode::text, "sec", {}, false);
  append_frame(bytes, WsOpcode::ping, "in between");
  append_frame(bytes, WsOpcode::continuation, "ond");
  append_frame(bytes, WsOpcode::binary, std::string(300, 'b'));
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    auto parser = client();
    Parsed all = parse(parser, bytes.substr(0, cut));
    const Parsed rest = parse(parser, bytes.substr(all.used));
    all.frames.insert(all.frames.end(), rest.frames.begin(), rest.frames.end());
    ASSERT_EQ(all.frames.size(), 4U) << cut;
    EXPECT_EQ(all.frames[1].first, FrameType::ping);
    EXPECT_EQ(all.frames[1].second, "in between");
    EXPECT_EQ(all.frames[2].second, "second");
    EXPECT_EQ(all.frames[3].second.size(), 300U);
  }
}

TEST(WsParser, AssembledMessagesOfOneReadLiveSideBySideAndPadded) {
  Bytes bytes;
  for (const char* half : {"one", "two"}) {
    append_frame(bytes, WsOpcode::text, half, {}, false);
    append_frame(bytes, WsOpcode::continuation, half);
  }
  const std::size_t size = bytes.size();
  bytes.append(frame_padding, '\0');
  auto parser = client();
  std::vector<Frame> frames;
  parser.parse(bytes.data(), size, frames);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].payload, "oneone");
  EXPECT_EQ(frames[1].payload, "twotwo");
  for (const Frame& f : frames) {
    for (std::size_t i = 0; i < frame_padding; ++i) EXPECT_EQ(*(f.payload.end() + i), '\0');
  }
}

TEST(WsParser, TellsHowMuchAFrameNeeds) {
  auto parser = client();
  parse(parser, raw({0x82, 126, 0x10}));
  EXPECT_EQ(parser.needed(), 0U);
  parse(parser, raw({0x82, 126, 0x10, 0x00, 'x'}));
  EXPECT_EQ(parser.needed(), 4U + 4'096U);
}

TEST(WsParser, RefusesWhatBreaksTheProtocol) {
  expect_violation(client(), raw({0xc1, 0x00}), 1002, "reserved bits");
  expect_violation(client(), raw({0x91, 0x00}), 1002, "reserved bits");
  expect_violation(client(), raw({0x83, 0x00}), 1002, "unknown opcode 3");
  expect_violation(client(), raw({0x8b, 0x00}), 1002, "unknown opcode 11");
  expect_violation(client(), raw({0x81, 0x80, 1, 2, 3, 4}), 1002, "masked frame from a server");
  expect_violation(server(), raw({0x81, 0x00}), 1002, "unmasked frame from a client");
  expect_violation(client(), raw({0x09, 0x00}), 1002, "fragmented control frame");
  expect_violation(client(), raw({0x89, 126, 0x00, 0x7e}), 1002, "longer than 125");
  expect_violation(client(), raw({0x80, 0x00}), 1002, "continuation without");
  expect_violation(client(), raw({0x01, 0x00, 0x81, 0x00}), 1002, "inside a fragmented");
  expect_violation(client(), raw({0x81, 126, 0x00, 0x7d}), 1002, "more bytes than needed");
  expect_violation(client(), raw({0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff}), 1002,
                   "more bytes than needed");
  expect_violation(client(), raw({0x89, 126, 0x00, 0x01, 'x'}), 1002, "more bytes than needed");
  expect_violation(client(), raw({0x88, 0x01, 0x03}), 1002, "close frame of one byte");
  expect_violation(client(), raw({0x88, 0x02, 0x03, 0xed}), 1002, "close code 1005");
  expect_violation(client(), raw({0x88, 0x02, 0x0b, 0xb7}), 1002, "close code 2999");
  expect_violation(client(), raw({0x88, 0x03, 0x03, 0xe8, 0xff}), 1007, "close reason");
  expect_violation(client(), raw({0x81, 0x02, 0xc3, 0x28}), 1007, "not UTF-8");
}

TEST(WsParser, SizeIsLimitedAtTheExactByteAlsoAcrossFragments) {
  Bytes fits;
  append_frame(fits, WsOpcode::text, std::string(1'000, 'x'));
  auto parser = client(1'000);
  EXPECT_EQ(parse(parser, fits).frames.size(), 1U);
  Bytes large;
  append_frame(large, WsOpcode::text, std::string(1'001, 'x'));
  expect_violation(client(1'000), large, 1009, "longer than 1000 bytes");
  Bytes small;
  append_frame(small, WsOpcode::text, std::string(101, 'x'));
  expect_violation(client(100), small, 1009, "longer than 100 bytes");
  Bytes pieces;
  append_frame(pieces, WsOpcode::text, std::string(600, 'x'), {}, false);
  append_frame(pieces, WsOpcode::continuation, std::string(401, 'x'));
  expect_violation(client(1'000), pieces, 1009, "longer than 1000 bytes");
  // A length nobody could send is refused by its header alone.
  expect_violation(client(), raw({0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), 1009,
                   "longer than");
}

TEST(WsParser, CloseCarriesCodeAndReasonAndEndsEverything) {
  Bytes bytes;
  append_frame(bytes, WsOpcode::text, "before");
  append_close(bytes, 1001, "going away");
  append_frame(bytes, WsOpcode::text, "after");
  auto parser = client();
  EXPECT_EQ(parse(parser, bytes).frames.size(), 1U);
  ASSERT_TRUE(parser.close());
  EXPECT_EQ(parser.close()->code, 1001);
  EXPECT_EQ(parser.close()->reason, "going away");
  auto bare = client();
  parse(bare, raw({0x88, 0x00}));
  ASSERT_TRUE(bare.close());
  EXPECT_FALSE(bare.close()->code);
}

TEST(WsParser, LongCloseReasonsAreCutBetweenCharacters) {
  std::string reason(122, 'x');
  reason += "\xc3\xa4";  // would end at byte 124 of 123
  Bytes bytes;
  append_close(bytes, 1000, reason);
  auto parser = client();
  parse(parser, bytes);
  ASSERT_FALSE(parser.violation());
  EXPECT_EQ(parser.close()->reason, std::string(122, 'x'));
}

TEST(WsParser, WrongTextIsFoundBeforeItsFrameIsComplete) {
  // U+110000, which is beyond the last character, wrong with its second byte.
  const Bytes bytes = raw({0x81, 126, 0x10, 0x00, 'a', 0xf4, 0x90});
  auto parser = client();
  parse(parser, bytes.substr(0, 6));
  EXPECT_FALSE(parser.violation());
  parse(parser, bytes);
  ASSERT_TRUE(parser.violation());
  EXPECT_EQ(parser.violation()->code, 1007);
}

TEST(WsParser, TextLookedAtEarlyIsTheSameText) {
  Bytes bytes;
  append_frame(bytes, WsOpcode::text, "\xe2\x82\xac\xe2\x82\xac", {}, false);
  append_frame(bytes, WsOpcode::ping, "\xff\xff");
  append_frame(bytes, WsOpcode::continuation, "\xe2\x82\xac");
  append_frame(bytes, WsOpcode::text, "\xe2\x82\xac");
  auto parser = client();
  Bytes rest;
  std::vector<std::string> got;
  for (const char byte : bytes) {
    rest += byte;
    const Parsed parsed = parse(parser, rest);
    rest.erase(0, parsed.used);
    for (const auto& frame : parsed.frames) got.push_back(frame.second);
  }
  EXPECT_EQ(got, (std::vector<std::string>{"\xff\xff", "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
                                           "\xe2\x82\xac"}));
}

TEST(Utf8, IsLookedForAtEveryPlaceOfEveryLength) {
  for (const std::size_t length : {1U, 7U, 8U, 9U, 63U, 64U, 65U, 72U, 127U, 128U, 129U, 200U}) {
    for (std::size_t at = 0; at < length; ++at) {
      std::string text(length, 'x');
      text[at] = '\x80';
      EXPECT_FALSE(is_utf8(text)) << at << " of " << length;
      if (at + 1 == length) continue;
      text.replace(at, 2, "\xc3\xa4");
      EXPECT_TRUE(is_utf8(text)) << at << " of " << length;
    }
  }
}

TEST(FrameBuffer, GrowsForALargeFrameAndShrinksOnceEmpty) {
  FrameBuffer buffer(1'024);
  EXPECT_EQ(buffer.room(0).size(), 1'024U);
  buffer.added(10);
  EXPECT_GE(buffer.room(5'000).size(), 4'990U);
  buffer.added(4'990);
  EXPECT_EQ(buffer.size(), 5'000U);
  buffer.consumed(5'000);
  EXPECT_EQ(buffer.room(0).size(), 1'024U);
}

TEST(FrameBuffer, KeepsUnconsumedBytesWhenItMakesRoom) {
  FrameBuffer buffer(64);
  const std::string text(60, 'a');
  buffer.append(text);
  buffer.consumed(50);
  EXPECT_GE(buffer.room(0).size(), 16U);
  EXPECT_EQ(std::string(buffer.data(), buffer.size()), std::string(10, 'a'));
  buffer.append(std::string(500, 'b'));
  EXPECT_EQ(buffer.size(), 510U);
  EXPECT_FALSE(buffer.room(0).empty());
}

}  // namespace
}  // namespace feedwatch::net
