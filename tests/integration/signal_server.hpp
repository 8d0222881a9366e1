#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"

namespace feedwatch::integration {

/// A source of signals on loopback, on a thread of its own: asks for the token, and otherwise says
/// what the test has it say, to its newest client.
class SignalServer {
 public:
  static constexpr std::string_view token = "token-of-the-test";

  explicit SignalServer(net::HttpServerOptions options = {}) {
    net::HttpHandlers handlers;
    handlers.on_upgrade = [this](const net::Request&) -> net::UpgradeDecision {
      return net::AcceptUpgrade{[this](auto client) { greet(std::move(client)); }};
    };
    secure_ = !options.cert_file.empty();
    auto server = net::HttpServer::listen(reactor_, std::move(options), std::move(handlers));
    if (!server) throw std::runtime_error(server.error().text());
    server_ = std::move(*server);
    thread_ = std::thread([this] { reactor_.run(); });
  }
  ~SignalServer() {
    reactor_.stop();
    thread_.join();
  }
  SignalServer(const SignalServer&) = delete;
  SignalServer& operator=(const SignalServer&) = delete;

  std::string url() const {
    return std::string(secure_ ? "wss" : "ws") +
           "://127.0.0.1:" + std::to_string(server_->local_port()) + "/";
  }
  void say(std::string text) {
    reactor_.complete([this, text = std::move(text)] {
      if (client_) client_->send_text(text);
    });
  }
  void ping() {
    reactor_.complete([this] {
      if (client_) client_->send_ping("are you there");
    });
  }
  void close(std::uint16_t code) {
    reactor_.complete([this, code] {
      if (client_) client_->close(code);
    });
  }
  /// Whether the right token is let in.
  void admit(bool yes) { admits_ = yes; }

  int clients() const { return clients_; }
  int admitted() const { return admitted_; }
  int pongs() const { return pongs_; }
  int other_words() const { return other_words_; }  ///< of clients, beside the token

 private:
  void greet(std::shared_ptr<net::WsConnection> client) {
    ++clients_;
    client_ = std::move(client);
    client_->on_pong = [this](std::string_view payload) {
      if (payload == "are you there") ++pongs_;
    };
    client_->on_text = [this](std::string_view text) { hear(text); };
    client_->send_text(R"({"type":"auth_required"})");
  }
  void hear(std::string_view text) {
    if (text != R"({"type":"auth","token":")" + std::string(token) + "\"}") {
      ++other_words_;
      return;
    }
    if (!admits_) {
      client_->send_text(R"({"type":"auth_failed","message":"no such token: )" +
                         std::string(token) + "\"}");
      return;
    }
    client_->send_text(R"({"type":"auth_success","strategy":"x","filters":{}})");
    ++admitted_;
  }

  embed::SystemClock clock_;
  net::Reactor reactor_{clock_};
  std::unique_ptr<net::HttpServer> server_;
  std::shared_ptr<net::WsConnection> client_;  // its thread
  bool secure_ = false;
  std::atomic<bool> admits_{true};
  std::atomic<int> clients_{0}, admitted_{0}, pongs_{0}, other_words_{0};
  std::thread thread_;
};

}  // namespace feedwatch::integration
