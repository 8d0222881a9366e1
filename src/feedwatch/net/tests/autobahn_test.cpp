// The cases of the Autobahn testsuite by their numbers, for a client: autobahn.hpp says how to read
// them. Chapters 8 and 11 do not exist.
#include "feedwatch/net/tests/autobahn.hpp"

#include <gtest/gtest.h>

#include <set>

#include "feedwatch/net/http_codec.hpp"
#include "feedwatch/net/ws_deflate.hpp"

namespace feedwatch::net {
namespace {

using testing::AutobahnCase;
using testing::AutobahnCases;
using testing::AutobahnScript;
using testing::Reading;

constexpr std::size_t max_message = std::size_t{16} << 20U;  // the largest of 9.1

/// The part with which the client had enough, if it had.
std::optional<std::size_t> play(const AutobahnScript& script, WsParser& parser, Reading& reading) {
  for (std::size_t i = 0; i < script.parts.size(); ++i) {
    const std::string& part = script.parts[i];
    reading.feed_in_pieces(part, script.chop == 0 ? part.size() : script.chop);
    if (parser.violation() || parser.close()) return i;
  }
  return std::nullopt;
}

void expect_messages(const std::vector<Reading::Got>& got,
                     const std::vector<Reading::Got>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].type, expected[i].type) << "frame " << i;
    // Not EXPECT_EQ: it would print megabytes.
    ASSERT_TRUE(got[i].payload == expected[i].payload) << "payload of frame " << i;
  }
}

void run(const AutobahnCase& row) {
  SCOPED_TRACE("Autobahn " + row.number);
  const AutobahnScript script = row.script();
  WsParser parser(WsRole::client, max_message);
  if (!script.extensions.empty()) {
    HttpMessage answer;
    answer.headers.emplace_back("sec-websocket-extensions", script.extensions);
    const auto agreed = deflate_answer(answer);
    ASSERT_TRUE(agreed && *agreed);
    parser.inflate(**agreed);
  }
  Reading reading(parser);
  const auto enough = play(script, parser, reading);
  expect_messages(reading.got, script.got);
  if (script.fails != 0) {
    ASSERT_TRUE(parser.violation());
    EXPECT_EQ(parser.violation()->code, script.fails) << parser.violation()->detail;
    if (script.fails_with) {
      EXPECT_EQ(enough, script.fails_with);
    }
    return;
  }
  ASSERT_FALSE(parser.violation()) << parser.violation()->detail;
  if (!script.closed) reading.feed(testing::close_frame(1000));
  ASSERT_TRUE(parser.close());
  EXPECT_EQ(parser.close()->code, script.closed ? script.closed->code : 1000);
  EXPECT_EQ(parser.close()->reason, script.closed ? script.closed->reason : "");
}

void run_all(const AutobahnCases& cases) {
  for (const AutobahnCase& row : cases) run(row);
}

TEST(Autobahn, FramesPingsReservedBitsOpcodesFragments) {
  run_all(testing::autobahn_frames());
}
TEST(Autobahn, Utf8) {
  run_all(testing::autobahn_utf8());
}
TEST(Autobahn, Closing) {
  run_all(testing::autobahn_closing());
}
TEST(Autobahn, LargeAndMany) {
  run_all(testing::autobahn_limits());
}
TEST(Autobahn, Compression) {
  run_all(testing::autobahn_compression());
}

TEST(Autobahn, NoneIsMissing) {
  AutobahnCases plain = testing::autobahn_frames();
  testing::join(plain, testing::autobahn_utf8());
  testing::join(plain, testing::autobahn_closing());
  testing::join(plain, testing::autobahn_limits());
  const AutobahnCases compressed = testing::autobahn_compression();
  EXPECT_EQ(plain.size(), 301U);
  EXPECT_EQ(compressed.size(), 216U);
  std::set<std::string> numbers;
  for (const AutobahnCase& row : plain) numbers.insert(row.number);
  for (const AutobahnCase& row : compressed) numbers.insert(row.number);
  EXPECT_EQ(numbers.size(), 517U);
}

}  // namespace
}  // namespace feedwatch::net
