// A source of signals over real sockets, heard as a pulse.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "feedwatch/app/app.hpp"
#include "feedwatch/net/tests/certificates.hpp"
#include "scratch.hpp"
#include "signal_server.hpp"

namespace feedwatch::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A monitor that watches nothing and listens to one source, whose retries are quick.
class Listener {
 public:
  explicit Listener(const SignalServer& server, Duration every = 1h, std::string ca_file = {}) {
    app::AppSettings settings;
    settings.control.alerts.group_wait = 0s;
    settings.control.pulses.push_back({.name = "signals", .every = every});
    settings.store.url = "sqlite://" + scratch_.file("feedwatch.db");
    settings.store.state_dir = scratch_.path();
    settings.api.port = 0;
    settings.signals = app::SignalSettings{.pulse = "signals", .client = {}};
    settings.signals->client.target = {.url = server.url(), .ca_file = std::move(ca_file)};
    settings.signals->client.session = {.token = std::string(SignalServer::token),
                                        .retry_first = 50ms,
                                        .retry_max = 200ms,
                                        .rejected_max = 200ms};
    app_.emplace(std::move(settings), [this](std::string_view, std::string_view text) {
      const std::scoped_lock lock(mutex_);
      log_ += std::string(text) + "\n";
    });
    if (auto started = app_->start(); !started) throw std::runtime_error(started.error().text());
  }

  PulseView pulse() {
    std::optional<PulseView> view;
    app_->with_control(
        [&](const engine::Control& control) { view = control.pulses(app_->clock().now()).at(0); });
    return *view;
  }
  PulseSource source() { return *pulse().source; }
  /// What the open alert of the rule says; empty without one.
  std::string alert(std::string_view rule) {
    std::string message;
    app_->with_control([&](const engine::Control& control) {
      for (const auto& view : control.alerts(0)) {
        if (view.row.name == rule) message = view.row.message;
      }
    });
    return message;
  }
  std::string log() const {
    const std::scoped_lock lock(mutex_);
    return log_;
  }
  bool wait(const std::function<bool()>& condition, Duration limit = 30s) {
    const MonoTime end = app_->clock().now() + limit;
    while (!condition()) {
      if (app_->clock().now() >= end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  bool wait_for(SourceState state) {
    return wait([&] { return source().state == state; });
  }

 private:
  Scratch scratch_;
  mutable std::mutex mutex_;
  std::string log_;
  std::optional<app::App> app_;
};

std::string signal(int id) {
  return R"({"type":"signal","data":{"symbol":"BTCUSDT","id":)" + std::to_string(id) + "}}";
}

TEST(Signals, ASignalIsThePulseAndAHeartbeatIsNot) {
  SignalServer server;
  Listener listener(server);
  ASSERT_TRUE(listener.wait_for(SourceState::authenticated)) << listener.source().why;
  server.say(R"({"type":"heartbeat","ts":"2026-02-16T10:00:00Z"})");
  server.ping();
  ASSERT_TRUE(listener.wait([&] { return server.pongs() == 1; })) << "a ping is answered";
  EXPECT_EQ(listener.pulse().beats, 0U);
  EXPECT_FALSE(listener.pulse().silence);
  server.say(signal(1));
  ASSERT_TRUE(listener.wait([&] { return listener.pulse().beats == 1; }));
  EXPECT_EQ(listener.pulse().state, PulseState::ok);
  EXPECT_EQ(listener.pulse().detail, "signal BTCUSDT");
  EXPECT_EQ(server.other_words(), 0) << "we say our token and nothing else";
}

TEST(Signals, ACleanCloseIsDialledAgainAndTheSnapshotIsNoNews) {
  SignalServer server;
  Listener listener(server);
  constexpr const char* snapshot =
      R"({"type":"signals_snapshot","data":[{"id":1,"timestamp":"2026-02-16T10:00:00Z"}]})";
  ASSERT_TRUE(listener.wait_for(SourceState::authenticated));
  server.say(snapshot);
  ASSERT_TRUE(listener.wait([&] { return listener.pulse().beats == 1; }));
  server.close(1000);
  ASSERT_TRUE(listener.wait([&] { return server.admitted() == 2; }));
  server.say(snapshot);
  ASSERT_TRUE(listener.wait([&] { return listener.source().repeated == 1; }));
  EXPECT_EQ(listener.pulse().beats, 1U);
  EXPECT_EQ(listener.source().losses, 1U);
  EXPECT_THAT(listener.log(), HasSubstr("closed by the peer with 1000"));
}

TEST(Signals, ARejectedTokenIsToldWithoutIt) {
  SignalServer server;
  server.admit(false);
  Listener listener(server);
  ASSERT_TRUE(listener.wait([&] { return !listener.alert("signal_source_failing").empty(); }));
  EXPECT_THAT(listener.alert("signal_source_failing"),
              HasSubstr("the token was rejected: no such token: …"));
  ASSERT_TRUE(listener.wait([&] { return listener.source().rejections >= 3; })) << "tried again";
  server.admit(true);
  ASSERT_TRUE(listener.wait_for(SourceState::authenticated));
  EXPECT_EQ(listener.source().trouble, SourceTrouble::none);
  EXPECT_THAT(listener.log(), HasSubstr("the token was rejected"));
  EXPECT_THAT(listener.log(), Not(HasSubstr(SignalServer::token)));
}

TEST(Signals, WhoAnswersPingsAndSendsNothingIsSilent) {
  SignalServer server;
  Listener listener(server, 300ms);
  ASSERT_TRUE(listener.wait_for(SourceState::authenticated));
  ASSERT_TRUE(listener.wait([&] {
    server.ping();
    server.say(R"({"type":"heartbeat"})");
    return !listener.alert("signal_silence").empty();
  }));
  EXPECT_THAT(listener.alert("signal_silence"),
              HasSubstr("its source is connected and gives no new signal"));
  EXPECT_EQ(listener.source().state, SourceState::authenticated);
}

TEST(Signals, AMessageBeyondEightMebibytesEndsTheConnectionAndNothingElse) {
  SignalServer server;
  Listener listener(server);
  ASSERT_TRUE(listener.wait_for(SourceState::authenticated));
  server.say(R"({"type":"signal","pad":")" + std::string(signals::max_message, 'x') + "\"}");
  ASSERT_TRUE(listener.wait([&] { return server.admitted() == 2; }));
  EXPECT_THAT(listener.log(), HasSubstr("1009"));
  server.say(signal(1));
  EXPECT_TRUE(listener.wait([&] { return listener.pulse().beats == 1; }));
}

TEST(Signals, GarbageIsCountedAndTold) {
  SignalServer server;
  Listener listener(server);
  ASSERT_TRUE(listener.wait_for(SourceState::authenticated));
  server.say("no json at all");
  server.say(R"({"type":"signal","data":{"id":1,"timestamp":"16.02.2026"}})");
  ASSERT_TRUE(listener.wait([&] { return !listener.alert("signal_source_failing").empty(); }));
  EXPECT_THAT(listener.alert("signal_source_failing"), HasSubstr("messages of type signal"));
  EXPECT_EQ(listener.pulse().beats, 0U);
  EXPECT_EQ(listener.source().state, SourceState::authenticated);
}

TEST(Signals, APrivateAuthorityIsTrustedWhereItIsNamedAndOnlyThere) {
  const net::testing::Certificates certificates("IP:127.0.0.1");
  const net::HttpServerOptions secured{.cert_file = certificates.cert(),
                                       .key_file = certificates.key()};
  SignalServer server(secured);
  {
    Listener stranger(server);
    ASSERT_TRUE(stranger.wait([&] {
      return stranger.source().why.find("not trusted") != std::string::npos;
    })) << stranger.source().why;
    EXPECT_EQ(server.clients(), 0) << "the upgrade was asked for over an untrusted channel";
  }
  Listener listener(server, 1h, certificates.ca());
  EXPECT_TRUE(listener.wait_for(SourceState::authenticated)) << listener.source().why;
}

}  // namespace
}  // namespace feedwatch::integration
