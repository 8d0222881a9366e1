#include "feedwatch/net/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace feedwatch::net {
namespace {

TEST(Url, TakesItsPartsAndDefaultPorts) {
  const auto url = parse_url("wss://Stream.Example.com/ws?streams=btcusdt@markPrice@1s#x");
  ASSERT_TRUE(url) << url.error();
  EXPECT_EQ(url->scheme, "wss");
  EXPECT_EQ(url->host, "stream.example.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->target, "/ws?streams=btcusdt@markPrice@1s");
  EXPECT_EQ(url->authority(), "stream.example.com");
  EXPECT_TRUE(url->secure());
  EXPECT_TRUE(url->websocket());
}

TEST(Url, EachSchemeHasItsPort) {
  EXPECT_EQ(parse_url("ws://h")->port, 80);
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_EQ(parse_url("https://h")->port, 443);
  EXPECT_EQ(parse_url("HTTPS://h")->scheme, "https");
}

TEST(Url, WrittenPortsStandInTheAuthorityUnlessDefault) {
  EXPECT_EQ(parse_url("ws://127.0.0.1:9001/x")->authority(), "127.0.0.1:9001");
  EXPECT_EQ(parse_url("ws://h:80")->authority(), "h");
  EXPECT_EQ(parse_url("http://h:443")->authority(), "h:443");
  EXPECT_EQ(parse_url("http://h:65535")->port, 65'535);
}

TEST(Url, BracketsAroundIpv6) {
  const auto url = parse_url("ws://[::1]:9001/a");
  ASSERT_TRUE(url) << url.error();
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]:9001");
  EXPECT_EQ(url->text(), "ws://[::1]:9001/a");
}

TEST(Url, NamesMayBeginWithDigits) {
  for (const char* host :
       {"1inch.example", "127.0.0.1.nip.example", "3.a", "0xcafe.example", "a1"}) {
    EXPECT_TRUE(parse_url(std::string("ws://") + host)) << host;
  }
}

TEST(Url, AQueryWithoutAPathGetsOne) {
  EXPECT_EQ(parse_url("http://h?a=1")->target, "/?a=1");
  EXPECT_EQ(parse_url("http://h#frag")->target, "/");
}

TEST(Url, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "empty"},
      {"stream.example.com", "'://' is missing"},
      {"ftp://h", "scheme 'ftp' is not one of ws, wss, http, https"},
      {"ws://", "host is missing"},
      {"ws://:80", "host is missing"},
      {"ws://h:", "port is missing"},
      {"ws://h:0", "port '0'"},
      {"ws://h:65536", "port '65536'"},
      {"ws://h:80x", "port '80x'"},
      {"ws://h:-1", "port '-1'"},
      {"ws://u:p@h/", "user names"},
      {"ws://a b/", "blank"},
      {"ws://h/\r\nx", "blank"},
      {"ws://h\xc3\xa4/", "beyond ASCII"},
      {"ws://h!/", "host 'h!'"},
      {"ws://127.1/", "host '127.1' is neither a name nor a full address"},
      {"ws://2130706433/", "neither a name nor a full address"},
      {"ws://0x7f.1/", "neither a name nor a full address"},
      {"ws://127.0.0.0x1/", "neither a name nor a full address"},
      {"ws://127.0.0.01/", "neither a name nor a full address"},
      {"ws://127.0.0.1./", "neither a name nor a full address"},
      {"ws://256.0.0.1/", "neither a name nor a full address"},
      {"ws://[::1", "']' is missing"},
      {"ws://[zz]/", "not an IPv6 address"},
      {"ws://[1.2.3.4]/", "not an IPv6 address"},
      {"ws://[::1]x/", "after the host"},
  };
  for (const auto& [text, why] : bad) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_NE(url.error().find(why), std::string::npos) << text << ": " << url.error();
  }
}

}  // namespace
}  // namespace feedwatch::net
