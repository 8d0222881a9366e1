#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/net/http_server.hpp"
#include "feedwatch/sinks/tests/loop.hpp"
#include "feedwatch/sinks/webhook.hpp"

/// Every kind over real sockets against a receiver that answers, refuses, hangs or hangs up.
namespace feedwatch::sinks {
namespace {

using Status = SinkResult::Status;
using Type = SinkSettings::Type;

class Receiver : public testing::Test {
 protected:
  Receiver() {
    net::HttpHandlers handlers;
    handlers.on_request = [this](net::Request request, net::Responder respond) {
      requests.push_back(std::move(request));
      if (hangs) {
        held.push_back(std::move(respond));
      } else {
        respond(answer);
      }
    };
    handlers.on_connect = [this](const std::string&) { return !closes; };
    server = net::HttpServer::listen(loop.reactor, {}, std::move(handlers)).value();
  }

  std::unique_ptr<Sink> make(Type type) {
    SinkSettings settings;
    settings.type = type;
    settings.name = "s";
    settings.url = "http://127.0.0.1:" + std::to_string(server->local_port()) + "/canary";
    settings.token = "canary";
    settings.chat = "1";
    settings.timeout = 300ms;
    return make_sink(settings, loop.parts());
  }
  SinkResult attempt(Type type) {
    const auto sink = make(type);
    return loop.deliver(*sink).value_or(SinkResult{Status::failed, "no answer at all", {}});
  }

  Loop loop;
  std::unique_ptr<net::HttpServer> server;
  std::vector<net::Request> requests;
  std::vector<net::Responder> held;
  net::Response answer{.status = 200, .headers = {}, .body = "ok"};
  bool hangs = false, closes = false;
};

constexpr std::array over_http{Type::webhook, Type::alertmanager, Type::slack, Type::telegram,
                               Type::pagerduty};

TEST_F(Receiver, Takes) {
  for (const Type type : over_http) {
    EXPECT_EQ(attempt(type).status, Status::delivered);
    EXPECT_EQ(requests.back().method, "POST");
    EXPECT_EQ(requests.back().header("content-type"), "application/json");
    EXPECT_EQ(requests.back().header("idempotency-key"), "a1/firing/critical");
  }
  EXPECT_EQ(requests.at(0).body, webhook_body(message_of({btc()}), "s", {}));
}

TEST_F(Receiver, LimitsRefusesAndFails) {
  for (const Type type : over_http) {
    answer = {.status = 429, .headers = {{"Retry-After", "17"}}, .body = "canary"};
    const SinkResult limited = attempt(type);
    EXPECT_EQ(limited.status, Status::retry);
    EXPECT_EQ(limited.retry_after, 17s);
    answer = {.status = 503, .headers = {}, .body = "canary"};
    EXPECT_EQ(attempt(type).status, Status::retry);
    answer = {.status = 400, .headers = {}, .body = "canary"};
    const SinkResult refused = attempt(type);
    EXPECT_EQ(refused.status, Status::failed);
    EXPECT_EQ(refused.detail, "HTTP 400");
    answer = {.status = 404, .headers = {}, .body = "canary"};
    EXPECT_THAT(attempt(type).status, testing::AnyOf(Status::failed, Status::gone));
  }
}

TEST_F(Receiver, HangsOrHangsUp) {
  for (const Type type : over_http) {
    hangs = true;
    const SinkResult hung = attempt(type);
    EXPECT_EQ(hung.status, Status::retry);
    EXPECT_THAT(hung.detail, testing::Not(testing::HasSubstr("canary")));
    hangs = false;
    closes = true;
    const SinkResult closed = attempt(type);
    EXPECT_EQ(closed.status, Status::retry);
    EXPECT_THAT(closed.detail, testing::Not(testing::HasSubstr("canary")));
    closes = false;
  }
}

}  // namespace
}  // namespace feedwatch::sinks
