#pragma once

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/exchange/exchange.hpp"
#include "feedwatch/exchange/tests/desk_world.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"
#include "feedwatch/net/ws_transport.hpp"

/// Exchanges and clients on real sockets, on one reactor in a thread of its own.
namespace feedwatch::exchange::test {

/// What one client connection has seen.
struct ClientLog {
  bool open = false;
  std::vector<std::string> texts;
  std::vector<std::string> pongs;
  int pings = 0;
  std::optional<CloseReport> closed;
};

class SocketWorld : private FrameSink {
 public:
  static constexpr auto patience = std::chrono::seconds(30);

  SocketWorld() : thread_([this] { reactor_.run(); }) {}
  ~SocketWorld() override {
    on_loop([this] {
      http_.reset();
      transport_.reset();
      exchanges_.clear();
      return 0;
    });
    reactor_.stop();
    thread_.join();
  }

  /// Runs on the reactor's thread and waits for the answer.
  template <class Fn>
  auto on_loop(Fn fn) -> std::invoke_result_t<Fn> {
    std::promise<std::invoke_result_t<Fn>> promise;
    auto answer = promise.get_future();
    reactor_.complete([&] { promise.set_value(fn()); });
    return answer.get();
  }
  /// Asks again and again until the answer is yes; no after `patience`.
  template <class Fn>
  [[nodiscard]] bool eventually(Fn fn) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!on_loop(fn)) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  Exchange& start(Options options) {
    return *on_loop([&]() -> Exchange* {
      auto exchange = Exchange::start(reactor_, options);
      EXPECT_TRUE(exchange) << (exchange ? "" : exchange.error().text());
      if (!exchange) std::abort();
      exchanges_.push_back(std::move(*exchange));
      return exchanges_.back().get();
    });
  }
  void stop(const Exchange& which) {
    on_loop([&] {
      return std::erase_if(exchanges_, [&](const auto& e) { return e.get() == &which; });
    });
  }
  Result<std::unique_ptr<Exchange>> try_start(const Options& options) {
    return on_loop([&] { return Exchange::start(reactor_, options); });
  }

  ConnId dial(const Exchange& exchange, std::string_view route) {
    return on_loop([&] {
      const ConnId conn{++next_conn_};
      const auto* venue = venues::find_venue(exchange.desk().sheet().name);
      logs_[conn];
      transport_->dial(conn, {.url = venue->dial_url(exchange.ws_url(), route), .ca_file = {}});
      return conn;
    });
  }
  void send(ConnId conn, const std::string& text) {
    on_loop([&] {
      transport_->send_text(conn, text);
      return 0;
    });
  }
  void ping(ConnId conn, const std::string& payload) {
    on_loop([&] {
      transport_->send_ping(conn, payload);
      return 0;
    });
  }
  void subscribe(const Exchange& exchange, ConnId conn, std::uint8_t channel, std::string symbol) {
    subscribe(exchange, conn, {{channel, std::move(symbol)}});
  }
  /// All at one moment, if the venue takes them in one message.
  void subscribe(const Exchange& exchange, ConnId conn, const std::vector<venues::Topic>& topics) {
    const auto* venue = venues::find_venue(exchange.desk().sheet().name);
    for (const auto& request : venue->subscribe(topics, ++request_)) send(conn, request.text);
  }
  /// Connected and open, or a failure.
  ConnId connect(const Exchange& exchange, std::string_view route) {
    const ConnId conn = dial(exchange, route);
    EXPECT_TRUE(eventually([&] { return logs_[conn].open; }));
    return conn;
  }

  ClientLog log(ConnId conn) {
    return on_loop([&] { return logs_[conn]; });
  }
  /// Waits until the log of a connection is as wanted.
  template <class Fn>
  [[nodiscard]] bool sees(ConnId conn, Fn wanted) {
    return eventually([&] { return wanted(logs_[conn]); });
  }
  [[nodiscard]] bool closes(ConnId conn) {
    return eventually([&] { return logs_[conn].closed.has_value(); });
  }
  [[nodiscard]] bool gets(ConnId conn, std::size_t texts) {
    return eventually([&] { return logs_[conn].texts.size() >= texts; });
  }
  /// Everything decoded of one symbol, in order.
  std::vector<Heard> heard(const Exchange& exchange, ConnId conn, std::string_view symbol) {
    std::vector<Heard> out;
    for (const std::string& text : log(conn).texts) {
      for (Heard& h : decode(exchange.desk().sheet().name, text)) {
        if (h.symbol == symbol) out.push_back(std::move(h));
      }
    }
    return out;
  }

  HttpResponse http(HttpRequest request) {
    std::promise<std::expected<HttpResponse, std::string>> promise;
    auto answer = promise.get_future();
    on_loop([&] {
      http_->fetch(request, [&](std::expected<HttpResponse, std::string> response) {
        promise.set_value(std::move(response));
      });
      return 0;
    });
    auto response = answer.get();
    EXPECT_TRUE(response) << (response ? "" : response.error());
    return response ? *response : HttpResponse{};
  }
  HttpResponse get(const Exchange& exchange, const std::string& target) {
    return http({.url = exchange.rest_url() + target});
  }
  HttpResponse control(const Exchange& exchange, const std::string& body) {
    return http({.method = "POST",
                 .url = exchange.rest_url() + "/control",
                 .headers = {{"content-type", "application/json"}},
                 .body = body});
  }

 private:
  void on_phase(ConnId conn, DialPhase reached, MonoTime) override {
    if (reached == DialPhase::open) logs_[conn].open = true;
  }
  void on_read(ConnId conn, std::span<const Frame> frames, ReadStamp) override {
    ClientLog& log = logs_[conn];
    for (const Frame& frame : frames) {
      if (frame.type == FrameType::text) log.texts.emplace_back(frame.payload);
      if (frame.type == FrameType::pong) log.pongs.emplace_back(frame.payload);
      if (frame.type == FrameType::ping) ++log.pings;
    }
  }
  void on_closed(ConnId conn, const CloseReport& report, MonoTime) override {
    logs_[conn].closed = report;
  }

  embed::SystemClock clock_;
  net::Reactor reactor_{clock_};
  net::SystemResolver resolver_{reactor_};
  std::unique_ptr<net::WsTransport> transport_ = make_transport();
  std::unique_ptr<net::HttpClient> http_ = std::make_unique<net::HttpClient>(reactor_, resolver_);
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::map<ConnId, ClientLog> logs_;
  std::uint32_t next_conn_ = 0;
  std::uint64_t request_ = 0;
  std::thread thread_;

  std::unique_ptr<net::WsTransport> make_transport() {
    FrameSink& sink = *this;
    return std::make_unique<net::WsTransport>(reactor_, resolver_, sink);
  }
};

}  // namespace feedwatch::exchange::test
