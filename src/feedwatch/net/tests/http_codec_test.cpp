#include "feedwatch/net/http_codec.hpp"

#include <gtest/gtest.h>

#include <string>

namespace feedwatch::net {
namespace {

/// Shows the parser the bytes up to each of the cuts, as a connection does: what it does not take
/// comes again.
void feed(HttpParser& parser, std::string_view bytes, std::initializer_list<std::size_t> cuts) {
  std::string rest;
  std::size_t from = 0;
  for (const std::size_t to : cuts) {
    rest += bytes.substr(from, to - from);
    from = to;
    rest.erase(0, parser.feed(rest));
  }
  rest += bytes.substr(from);
  parser.feed(rest);
}

// Beast asserts that the last chunk comes with more than its own line: any peer could have ended
// the process.
TEST(HttpParser, AChunkedBodyMayComeInAnyPieces) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  struct Case {
    const char* chunks;
    const char* body;
  };
  const Case cases[] = {{"0\r\n\r\n", ""},
                        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
                        {"1;a=b\r\nx\r\n1\r\ny\r\n00;c\r\nTrailer: z\r\n\r\n", "xy"}};
  for (const Case& c : cases) {
    const std::string bytes = head + c.chunks;
    for (std::size_t first = head.size(); first <= bytes.size(); ++first) {
      for (std::size_t second = first; second <= bytes.size(); ++second) {
        HttpParser parser(HttpParser::Kind::response, {});
        feed(parser, bytes, {first, second});
        ASSERT_TRUE(parser.done()) << c.chunks << " cut at " << first << " and " << second;
        EXPECT_EQ(parser.take().body, c.body);
      }
    }
  }
}

// See also tests/fuzz/corpus/http_answers/head_in_pieces, which passed Beast's limit twice over.
TEST(HttpParser, HeadersThatComeInPiecesAreBoundedAsAWhole) {
  HttpParser parser(HttpParser::Kind::response, {.headers = 1000, .body = 1000});
  parser.feed("HTTP/1.1 200 OK\r\n");
  std::string rest;
  for (int i = 0; i < 200 && !parser.error(); ++i) {
    rest += "X-" + std::to_string(i) + ": a value of some twenty letters\r\n";
    rest.erase(0, parser.feed(rest));
  }
  ASSERT_TRUE(parser.error());
  EXPECT_EQ(parser.error()->status, 431);
}

TEST(HttpParser, AnEndInsideAChunkIsAnError) {
  HttpParser parser(HttpParser::Kind::response, {});
  feed(parser, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", {});
  parser.feed_end();
  ASSERT_TRUE(parser.error());
  EXPECT_EQ(parser.error()->detail, "connection closed before the message was complete");
}

}  // namespace
}  // namespace feedwatch::net
