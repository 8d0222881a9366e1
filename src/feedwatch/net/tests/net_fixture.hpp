#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"
#include "feedwatch/net/socket.hpp"
#include "feedwatch/net/ws_transport.hpp"

namespace feedwatch::net::testing {

/// Both ends of every test live on one reactor, turned by hand until a condition holds.
class NetTest : public ::testing::Test {
 protected:
  /// False when the condition did not come true in time; the limit is generous, never a sleep.
  bool until(const std::function<bool()>& condition, Duration limit = 20s) {
    const MonoTime give_up = clock.now() + limit;
    while (!condition()) {
      if (clock.now() > give_up) return false;
      reactor.turn();
    }
    return true;
  }

  /// Turns the loop for a while: to see that something does not happen.
  void turn_for(Duration time) {
    const MonoTime end = clock.now() + time;
    until([&] { return clock.now() >= end; });
  }

  std::unique_ptr<HttpServer> serve(HttpHandlers handlers, HttpServerOptions options = {}) {
    auto server = HttpServer::listen(reactor, std::move(options), std::move(handlers));
    if (!server) throw std::runtime_error(server.error().text());
    return std::move(*server);
  }

  embed::SystemClock clock;
  Reactor reactor{clock};
  SystemResolver resolver{reactor};
};

/// Writes down all a Transport tells.
class Recorder : public FrameSink {
 public:
  struct Got {
    FrameType type;
    std::string payload;
    ReadStamp stamp;
  };

  void on_phase(ConnId, DialPhase reached, MonoTime) override { phases.push_back(reached); }
  void on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) override {
    reads.push_back(frames.size());
    for (const Frame& f : frames) got.push_back({f.type, std::string(f.payload), stamp});
    if (during_read) during_read(conn);
  }
  void on_closed(ConnId, const CloseReport& report, MonoTime) override {
    ++closed_count;
    closed = report;
    events_at_close = got.size();
  }

  bool open() const { return !phases.empty() && phases.back() == DialPhase::open; }

  std::vector<DialPhase> phases;
  std::vector<std::size_t> reads;  ///< frames per on_read
  std::vector<Got> got;
  std::optional<CloseReport> closed;
  int closed_count = 0;
  std::size_t events_at_close = 0;
  std::function<void(ConnId)> during_read;
};

/// A bare TCP client: says and hears bytes exactly as they are.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port)
      : fd_(std::move(*start_connect(*make_endpoint("127.0.0.1", port)))) {}

  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  /// All heard so far.
  const std::string& heard() {
    char bytes[65'536];
    while (true) {
      const auto n = ::recv(fd_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (n == 0) ended_ = true;
      if (n < 0 && errno != EAGAIN) ended_ = reset_ = true;
      if (n <= 0) return heard_;
      heard_.append(bytes, static_cast<std::size_t>(n));
    }
  }
  bool ended() {
    heard();
    return ended_;
  }
  bool reset() {
    heard();
    return reset_;
  }
  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
  std::string heard_;
  bool ended_ = false;
  bool reset_ = false;
};

}  // namespace feedwatch::net::testing
