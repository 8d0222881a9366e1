#include "feedwatch/net/ws_deflate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "feedwatch/net/http_codec.hpp"
#include "feedwatch/net/tests/deflater.hpp"
#include "feedwatch/net/tests/reading.hpp"

namespace feedwatch::net {
namespace {

using testing::append_compressed;
using testing::Deflater;
using ::testing::HasSubstr;
using testing::Reading;

constexpr std::size_t max_message = std::size_t{1} << 20U;

HttpMessage answer(std::vector<std::string> extensions) {
  HttpMessage message;
  for (std::string& value : extensions) {
    message.headers.emplace_back("sec-websocket-extensions", std::move(value));
  }
  return message;
}

WsParser client(const WsDeflate& agreed = {}, std::size_t max = max_message) {
  WsParser parser(WsRole::client, max);
  parser.inflate(agreed);
  return parser;
}

std::string tick(int i) {
  return R"({"stream":"btcusdt@markPrice","data":{"p":"43210.)" + std::to_string(i) + "\"}}";
}

TEST(WsDeflateAnswer, WithoutAnExtensionIsPlain) {
  EXPECT_EQ(deflate_answer(answer({}))->has_value(), false);
  EXPECT_EQ(deflate_answer(answer({""}))->has_value(), false);
}

TEST(WsDeflateAnswer, ParametersAreTakenAsTheyStand) {
  struct Case {
    const char* text;
    bool fresh;
    int bits;
  };
  const Case cases[] = {
      {"permessage-deflate", false, 15},
      {"permessage-deflate; server_no_context_takeover", true, 15},
      {"permessage-deflate;client_no_context_takeover", false, 15},
      {"permessage-deflate ; server_max_window_bits=8", false, 8},
      {"permessage-deflate; server_max_window_bits = \"10\"", false, 10},
      {"permessage-deflate; client_max_window_bits=15; server_max_window_bits=9; "
       "server_no_context_takeover; client_no_context_takeover",
       true, 9},
  };
  for (const Case& c : cases) {
    const auto agreed = deflate_answer(answer({c.text}));
    ASSERT_TRUE(agreed && agreed->has_value()) << c.text;
    EXPECT_EQ((*agreed)->fresh_context, c.fresh) << c.text;
    EXPECT_EQ((*agreed)->window_bits, c.bits) << c.text;
  }
}

TEST(WsDeflateAnswer, AnythingElseIsNoAnswerToOurOffer) {
  struct Case {
    std::vector<std::string> headers;
    const char* words;
  };
  const Case cases[] = {
      {{"x-webkit-deflate-frame"}, "an extension nobody asked for: x-webkit-deflate-frame"},
      {{"permessage-deflate, permessage-bzip2"}, "nobody asked for: permessage-bzip2"},
      {{"permessage-deflate, permessage-deflate"}, "permessage-deflate twice"},
      {{"permessage-deflate", "permessage-deflate"}, "permessage-deflate twice"},
      {{"permessage-deflate; server_no_context_takeover; server_no_context_takeover"},
       "server_no_context_takeover twice"},
      {{"permessage-deflate; server_no_context_takeover=1"}, "server_no_context_takeover=1"},
      {{"permessage-deflate; client_no_context_takeover=on"}, "client_no_context_takeover=on"},
      {{"permessage-deflate; server_max_window_bits"}, "server_max_window_bits=(none)"},
      {{"permessage-deflate; client_max_window_bits"}, "client_max_window_bits=(none)"},
      {{"permessage-deflate; server_max_window_bits=7"}, "server_max_window_bits=7"},
      {{"permessage-deflate; server_max_window_bits=16"}, "server_max_window_bits=16"},
      {{"permessage-deflate; server_max_window_bits=010"}, "server_max_window_bits=010"},
      {{"permessage-deflate; server_max_window_bits=1x"}, "server_max_window_bits=1x"},
      {{"permessage-deflate; client_max_window_bits=99999999999"}, "client_max_window_bits=999"},
      {{"permessage-deflate; mode=fast"}, "a parameter of permessage-deflate nobody knows: mode"},
      {{"permessage-deflate;"}, "malformed"},
      {{"permessage-deflate; ="}, "malformed"},
      {{"permessage-deflate; server_max_window_bits=\"10"}, "malformed"},
      {{"permessage-deflate server_no_context_takeover"}, "malformed"},
      {{","}, "malformed"},
  };
  for (const Case& c : cases) {
    const auto agreed = deflate_answer(answer(c.headers));
    ASSERT_FALSE(agreed) << c.headers.front();
    EXPECT_THAT(agreed.error(), HasSubstr(c.words));
  }
}

// RFC 7692 §7.2.3: the examples of the standard, bytes as printed there.
TEST(WsInflate, TheExamplesOfTheStandard) {
  const std::string shared = "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07";
  const std::string hello(shared + std::string(1, '\0'));
  const std::string fragments("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00", 11);
  const std::string again("\xc1\x05\xf2\x00\x11\x00\x00", 7);
  const std::string stored("\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 13);
  const std::string final_block("\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 10);
  const std::string two_blocks("\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 15);
  WsParser parser = client();
  Reading reading(parser);
  const std::string* all[] = {&hello, &fragments, &again, &stored, &final_block, &two_blocks};
  for (const std::string* bytes : all) {
    reading.got.clear();
    reading.feed(*bytes);
    ASSERT_FALSE(parser.violation()) << parser.violation()->detail;
    ASSERT_EQ(reading.got.size(), 1U);
    EXPECT_EQ(reading.got[0].payload, "Hello");
  }
}

TEST(WsInflate, AnyParametersAndAnyCutGiveTheSameMessages) {
  for (const bool fresh : {false, true}) {
    for (int bits = 9; bits <= 15; ++bits) {
      for (const std::size_t piece : {1U, 7U, 100'000U}) {
        Deflater deflater({.fresh_context = fresh, .window_bits = bits});
        std::string bytes;
        for (int i = 0; i < 30; ++i) {
          append_compressed(bytes, WsOpcode::text, deflater.message(tick(i)), i % 3 == 0 ? 5 : 0);
          if (i % 7 == 0) append_frame(bytes, WsOpcode::text, "plain");
        }
        WsParser parser = client({.fresh_context = fresh, .window_bits = bits});
        Reading reading(parser);
        reading.feed_in_pieces(bytes, piece);
        ASSERT_FALSE(parser.violation()) << parser.violation()->detail;
        ASSERT_EQ(reading.got.size(), 35U);
        EXPECT_EQ(reading.got[0].payload, tick(0));
        EXPECT_EQ(reading.got[1].payload, "plain");
        EXPECT_EQ(reading.got[34].payload, tick(29));
      }
    }
  }
}

TEST(WsInflate, TheSmallestWindowIsAWindowToo) {
  // zlib does not compress with 8 bits; what needs no window is the same in all.
  Deflater deflater({.fresh_context = true, .window_bits = 9});
  std::string bytes;
  append_compressed(bytes, WsOpcode::text, deflater.message("short"));
  WsParser parser = client({.fresh_context = true, .window_bits = 8});
  Reading reading(parser);
  reading.feed(bytes);
  ASSERT_EQ(reading.got.size(), 1U);
  EXPECT_EQ(reading.got[0].payload, "short");
}

TEST(WsInflate, MessagesOfOneReadLiveSideBySide) {
  Deflater deflater;
  std::string bytes;
  for (int i = 0; i < 500; ++i) {
    append_compressed(bytes, WsOpcode::text, deflater.message(tick(i)));
  }
  const std::size_t size = bytes.size();
  bytes.append(frame_padding, '\0');
  WsParser parser = client();
  std::vector<Frame> frames;
  EXPECT_EQ(parser.parse(bytes.data(), size, frames), size);
  ASSERT_EQ(frames.size(), 500U);
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(frames[static_cast<std::size_t>(i)].payload, tick(i));
    EXPECT_EQ(*(frames[static_cast<std::size_t>(i)].payload.end() + frame_padding - 1), '\0');
  }
}

TEST(WsInflate, EmptyMessages) {
  Deflater deflater;
  std::string bytes;
  append_compressed(bytes, WsOpcode::text, deflater.message(""));
  append_compressed(bytes, WsOpcode::binary, deflater.message("x"));
  append_compressed(bytes, WsOpcode::text, deflater.message(""));
  append_compressed(bytes, WsOpcode::text, deflater.final_message(""));
  WsParser parser = client();
  Reading reading(parser);
  reading.feed(bytes);
  ASSERT_FALSE(parser.violation());
  ASSERT_EQ(reading.got.size(), 4U);
  EXPECT_EQ(reading.got[0].payload, "");
  EXPECT_EQ(reading.got[1].payload, "x");
  EXPECT_EQ(reading.got[1].type, FrameType::binary);
}

TEST(WsInflate, FinalBlocksKeepTheWindow) {
  const std::string hello("\xf3\x48\xcd\xc9\xc9\x07\x00",
                          7);  // without the byte asked for behind it
  const std::string the_same_again("\xf2\x00\x11\x00\x00", 5);
  std::string bytes;
  append_compressed(bytes, WsOpcode::text, hello);
  append_compressed(bytes, WsOpcode::text, the_same_again);
  append_compressed(bytes, WsOpcode::text, hello + hello + '\0', 3);
  append_compressed(bytes, WsOpcode::text, the_same_again);
  WsParser parser = client();
  Reading reading(parser);
  reading.feed(bytes);
  ASSERT_FALSE(parser.violation()) << parser.violation()->detail;
  ASSERT_EQ(reading.got.size(), 4U);
  EXPECT_EQ(reading.got[0].payload, "Hello");
  EXPECT_EQ(reading.got[1].payload, "Hello");
  EXPECT_EQ(reading.got[2].payload, "HelloHello");
  EXPECT_EQ(reading.got[3].payload, "Hello");
}

TEST(WsInflate, WithoutTakeoverAMessageMayNotReferToAnEarlierOne) {
  std::string bytes;
  append_compressed(bytes, WsOpcode::text, std::string("\xf2\x48\xcd\xc9\xc9\x07\x00", 7));
  append_compressed(bytes, WsOpcode::text, std::string("\xf2\x00\x11\x00\x00", 5));
  WsParser parser = client({.fresh_context = true});
  Reading reading(parser);
  reading.feed(bytes);
  EXPECT_EQ(reading.got.size(), 1U);
  ASSERT_TRUE(parser.violation());
  EXPECT_EQ(parser.violation()->code, 1007);
}

struct Wrong {
  const char* what;
  std::string bytes;
  int code;
  const char* words;
};

std::string compressed(std::string_view payload, std::size_t fragment = 0) {
  std::string bytes;
  append_compressed(bytes, WsOpcode::text, payload, fragment);
  return bytes;
}

TEST(WsInflate, WhatIsWrongIsRefusedWithItsCode) {
  const std::string good = Deflater().message(tick(1));
  std::string second_marked = compressed(good, 10);
  second_marked[12] = static_cast<char>(second_marked[12] | 0x40);
  const Wrong cases[] = {
      {"control", std::string("\xc9\x00", 2), 1002, "continuation or control"},
      {"continuation", second_marked, 1002, "continuation or control"},
      {"RSV2", std::string("\xa1\x00", 2), 1002, "reserved bits"},
      {"RSV1 and RSV3", std::string("\xd1\x00", 2), 1002, "reserved bits"},
      {"unknown opcode", std::string("\xc3\x00", 2), 1002, "continuation or control"},
      {"garbage", compressed("\xff\xff\xff\xff"), 1007, "compressed data is corrupt"},
      {"no block at all", compressed(""), 1007, "ends inside a block"},
      {"cut", compressed(std::string_view(good).substr(0, good.size() - 4)), 1007,
       "ends inside a block"},
      {"before the beginning", compressed("\x02\x08\x20\x80\x08"), 1007, "corrupt"},
      {"not UTF-8", compressed(Deflater().message("\xc3\x28")), 1007, "not UTF-8"},
      {"half a character", compressed(Deflater().message("abc\xe2\x82")), 1007, "not UTF-8"},
      {"too large", compressed(Deflater().message(std::string(max_message + 1, 'x'))), 1009,
       "longer than 1048576 bytes"},
      {"too large in fragments",
       compressed(Deflater().message(std::string(max_message + 1, 'x')), 9), 1009,
       "longer than 1048576 bytes"},
      {"too large as it is", std::string("\xc2\x7f\x00\x00\x00\x00\x00\x12\x00\x00", 10), 1009,
       "longer than 1048576 bytes"},
  };
  for (const Wrong& c : cases) {
    WsParser parser = client();
    Reading reading(parser);
    reading.feed(c.bytes);
    ASSERT_TRUE(parser.violation()) << c.what;
    EXPECT_EQ(parser.violation()->code, c.code) << c.what << parser.violation()->detail;
    EXPECT_THAT(parser.violation()->detail, HasSubstr(c.words)) << c.what;
    EXPECT_TRUE(reading.got.empty()) << c.what;
  }
}

TEST(WsInflate, ALimitIsMetAtTheExactByte) {
  // Random bytes: compressed they are more than they are.
  std::string noise(max_message, '\0');
  std::uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1'664'525U + 1'013'904'223U) >> 24U);
  for (const std::size_t fragment : {0U, 10'000U}) {
    std::string bytes;
    append_compressed(bytes, WsOpcode::binary, Deflater().message(noise), fragment);
    WsParser parser = client();
    Reading reading(parser);
    reading.feed(bytes);
    ASSERT_EQ(reading.got.size(), 1U);
    EXPECT_EQ(reading.got[0].payload, noise);
  }
}

TEST(WsInflate, WrongTextIsFoundWithItsFragment) {
  Deflater deflater;
  std::string bytes;
  const std::string payload = deflater.message("good \xed\xa0\x80 " + std::string(1'000, 'x'));
  append_compressed(bytes, WsOpcode::text, payload, payload.size() - 3);
  bytes.resize(bytes.size() - 5);  // without the last fragment
  WsParser parser = client();
  Reading reading(parser);
  reading.feed(bytes);
  ASSERT_TRUE(parser.violation());
  EXPECT_EQ(parser.violation()->code, 1007);
}

// A read of 256 KiB may hold 256 MiB; no caller ever holds more of them than a little at a time.
TEST(WsInflate, WhatOneCallInflatesIsBounded) {
  Deflater deflater;
  std::string bytes;
  for (int i = 0; i < 40; ++i) {
    append_compressed(bytes, WsOpcode::text, deflater.message(std::string(200'000, 'x')));
  }
  append_frame(bytes, WsOpcode::ping, "p");
  const std::size_t size = bytes.size();
  bytes.append(frame_padding, '\0');
  WsParser parser = client();
  std::vector<Frame> frames;
  std::size_t used = 0, messages = 0, most = 0;
  do {
    frames.clear();
    used += parser.parse(bytes.data() + used, size - used, frames);
    std::size_t inflated = 0;
    for (const Frame& frame : frames) inflated += frame.payload.size();
    most = std::max(most, inflated);
    messages += frames.size();
  } while (parser.more());
  EXPECT_EQ(used, size);
  EXPECT_EQ(messages, 41U);
  EXPECT_LE(most, 1'250'000U);
}

}  // namespace
}  // namespace feedwatch::net
