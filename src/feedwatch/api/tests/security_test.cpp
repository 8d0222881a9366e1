#include "feedwatch/api/security.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace feedwatch::api {
namespace {

int status(const Gatekeeper& gate, net::Request request) {
  const auto refusal = gate.refuse(request);
  return refusal ? refusal->status : 200;
}

net::Request asked(std::string host, std::string method = "GET") {
  return {.method = std::move(method), .target = "/", .headers = {{"host", std::move(host)}}};
}

TEST(Gatekeeper, answers_to_loopback_and_to_configured_names_only) {
  const Gatekeeper gate({.hosts = {"desk.example", "[fd00::1]"}});
  for (const char* good : {"localhost", "localhost:8420", "LOCALHOST:1", "127.0.0.1:8420", "[::1]",
                           "[::1]:8420", "desk.example", "Desk.Example:443", "[fd00::1]:8420"}) {
    EXPECT_EQ(status(gate, asked(good)), 200) << good;
  }
  for (const char* bad :
       {"", "evil.example", "evil.example:8420", "localhost.evil.example", "127.0.0.1.evil.example",
        "localhost:evil.example", "localhost:8420.evil.example", "127.0.0.2", "desk.example.evil",
        "[::1", "[::1]evil", "[::2]", "notlocalhost", "localhost,evil.example", "::1"}) {
    EXPECT_EQ(status(gate, asked(bad)), 421) << bad;
  }
}

TEST(Gatekeeper, no_host_and_two_hosts_are_refused) {
  const Gatekeeper gate({});
  EXPECT_EQ(status(gate, {.method = "GET", .target = "/"}), 421);
  net::Request two = asked("localhost");
  two.headers.emplace_back("host", "evil.example");
  EXPECT_EQ(status(gate, two), 400);
}

TEST(Gatekeeper, foreign_pages_are_refused_reading_too) {
  const Gatekeeper gate({.origins = {"https://desk.example:8443"}});
  const auto from = [&](const char* origin) {
    net::Request request = asked("localhost:8420");
    request.headers.emplace_back("origin", origin);
    return status(gate, request);
  };
  EXPECT_EQ(from("http://localhost:8420"), 200);
  EXPECT_EQ(from("https://desk.example:8443"), 200);
  for (const char* bad : {"http://evil.example", "null", "http://localhost:8421",
                          "http://localhost", "https://desk.example", "http://desk.example:8443",
                          "localhost:8420", "http://localhost:8420.evil.example"}) {
    EXPECT_EQ(from(bad), 403) << bad;
  }
}

TEST(Gatekeeper, every_method_but_get_and_head_needs_the_token) {
  const Gatekeeper gate({.token = "secret"});
  EXPECT_EQ(status(gate, asked("localhost", "HEAD")), 200);
  for (const char* method : {"PUT", "POST", "DELETE", "PATCH", "OPTIONS", "get", "TRACE"}) {
    EXPECT_EQ(status(gate, asked("localhost", method)), 401) << method;
    net::Request with = asked("localhost", method);
    with.headers.emplace_back("authorization", "Bearer secret");
    EXPECT_EQ(status(gate, with), 200) << method;
  }
  for (const char* bad : {"", "secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets",
                          "Basic secret", "Bearer  secret"}) {
    net::Request with = asked("localhost", "PUT");
    with.headers.emplace_back("authorization", bad);
    EXPECT_EQ(status(gate, with), 401) << bad;
  }
}

TEST(Gatekeeper, the_scheme_may_be_written_in_any_case) {
  const Gatekeeper gate({.token = "secret"});
  net::Request request = asked("localhost", "PUT");
  request.headers.emplace_back("authorization", "bearer secret");
  EXPECT_EQ(status(gate, request), 200) << "RFC 9110 §11.1";
}

TEST(Gatekeeper, says_how_to_authenticate_and_never_the_token) {
  const Gatekeeper gate({.token = "canary-token"});
  const auto refusal = gate.refuse(asked("localhost", "PUT"));
  ASSERT_TRUE(refusal);
  const auto& headers = refusal->headers;
  EXPECT_NE(
      std::ranges::find(headers, std::pair<std::string, std::string>("www-authenticate", "Bearer")),
      headers.end());
  EXPECT_EQ(refusal->body.find("canary"), std::string::npos);
}

TEST(Gatekeeper, without_a_token_nothing_can_be_changed) {
  const Gatekeeper gate({});
  net::Request request = asked("localhost", "PUT");
  EXPECT_EQ(status(gate, request), 403);
  request.headers.emplace_back("authorization", "Bearer ");
  EXPECT_EQ(status(gate, request), 403) << "an empty token opens nothing";
}

TEST(Gatekeeper, the_host_is_judged_before_the_token) {
  const Gatekeeper gate({.token = "secret"});
  net::Request request = asked("evil.example", "PUT");
  request.headers.emplace_back("authorization", "Bearer secret");
  EXPECT_EQ(status(gate, request), 421);
}

TEST(EqualSecret, compares_whole_texts) {
  EXPECT_TRUE(equal_secret("", ""));
  EXPECT_TRUE(equal_secret("abc", "abc"));
  EXPECT_FALSE(equal_secret("abc", "abd"));
  EXPECT_FALSE(equal_secret("abc", "ab"));
  EXPECT_FALSE(equal_secret("ab", "abc"));
  EXPECT_FALSE(equal_secret("abab", "ab")) << "a repetition is another text";
  EXPECT_FALSE(equal_secret("", "abc"));
  EXPECT_FALSE(equal_secret("abc", ""));
  EXPECT_FALSE(equal_secret(std::string("ab\0", 3), "ab"));
}

}  // namespace
}  // namespace feedwatch::api
