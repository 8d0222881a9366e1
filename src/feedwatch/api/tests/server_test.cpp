#include "feedwatch/api/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/api/tests/api_bench.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/tests/net_fixture.hpp"

namespace feedwatch::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ServerTest : public net::testing::NetTest {
 protected:
  std::unique_ptr<ApiServer> listen(ApiOptions options = {.port = 0, .token = "secret"}) {
    auto server = ApiServer::listen(reactor, std::move(options), bench.ports());
    if (!server) throw std::runtime_error(server.error().text());
    return std::move(*server);
  }
  std::string refusal(ApiOptions options) {
    const auto server = ApiServer::listen(reactor, std::move(options), bench.ports());
    return server ? "listens" : server.error().text();
  }
  HttpResponse fetch(HttpRequest request) {
    std::optional<std::expected<HttpResponse, std::string>> answer;
    client.fetch(std::move(request), [&](auto result) { answer = std::move(result); });
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    if (!answer->has_value()) throw std::runtime_error(answer->error());
    return **answer;
  }
  std::string said(std::uint16_t port, std::string_view bytes) {
    net::testing::RawPeer peer(port);
    peer.say(bytes);
    EXPECT_TRUE(until([&] { return peer.ended(); }));
    return peer.heard();
  }

  ApiBench bench;
  net::HttpClient client{reactor, resolver};
};

TEST_F(ServerTest, serves_on_a_port_of_the_kernels_choice) {
  bench.priced("BTC");
  const auto server = listen();
  EXPECT_NE(server->port(), 0);
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(server->port()));
  const HttpResponse streams = fetch({.url = server->url() + "/v1/streams"});
  EXPECT_EQ(streams.status, 200);
  EXPECT_EQ(Json::parse(streams.body)["streams"][0]["stream"], "v/BTC/mark");
  EXPECT_THAT(fetch({.url = server->url() + "/"}).body, StartsWith("<!doctype html>"));
  const HttpResponse put = fetch({.method = "PUT",
                                  .url = server->url() + "/v1/streams/v/BTC/mark",
                                  .headers = {{"Authorization", "Bearer secret"}},
                                  .body = R"({"owner":"x"})"});
  EXPECT_EQ(put.status, 200);
}

TEST_F(ServerTest, a_rebound_name_gets_nothing) {
  const auto server = listen();
  EXPECT_THAT(said(server->port(),
                   "GET /v1/streams HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 421 "));
}

TEST_F(ServerTest, head_has_no_body_and_large_bodies_are_refused) {
  const auto server = listen();
  const std::string head =
      said(server->port(), "HEAD /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(head, testing::EndsWith("\r\n\r\n"));
  EXPECT_THAT(said(server->port(),
                   "PUT /v1/streams/v/B/mark HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                   "Content-Length: 262145\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(ServerTest, a_websocket_is_not_opened_for_anyone) {
  const auto server = listen();
  net::testing::RawPeer peer(server->port());
  peer.say(
      "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_TRUE(until([&] { return peer.heard().find("\r\n\r\n") != std::string::npos; }));
  EXPECT_THAT(peer.heard(), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ServerTest, a_port_in_use_is_named_with_what_to_do) {
  const auto server = listen();
  EXPECT_THAT(refusal({.port = server->port()}),
              testing::AllOf(HasSubstr("127.0.0.1:" + std::to_string(server->port())),
                             HasSubstr("address already in use"), HasSubstr("(")));
}

TEST_F(ServerTest, others_are_listened_to_only_with_tls_and_token) {
  for (const char* address : {"0.0.0.0", "192.0.2.1", "::", "10.0.0.1", "128.0.0.1", "::2"}) {
    EXPECT_THAT(refusal({.address = address, .port = 0}),
                testing::AllOf(StartsWith(std::string("listen on ") + address + ": "),
                               HasSubstr("api.token_file")))
        << address;
    EXPECT_THAT(refusal({.address = address, .port = 0, .token = "x"}), HasSubstr("needs TLS"));
    EXPECT_THAT(refusal({.address = address, .port = 0, .cert_file = "c", .key_file = "k"}),
                HasSubstr("needs TLS and a token"));
  }
  for (const char* loopback : {"127.0.0.1", "127.9.9.9"}) {
    EXPECT_EQ(refusal({.address = loopback, .port = 0}), "listens");
  }
}

}  // namespace
}  // namespace feedwatch::api
