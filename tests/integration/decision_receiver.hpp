#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"

namespace feedwatch::integration {

/// A bot that is told decisions on loopback, on a thread of its own; it answers what the test has
/// it answer.
class DecisionReceiver {
 public:
  struct Told {
    std::string key, authorization, signature;
    nlohmann::json decision;
    int answered = 0;
  };
  /// Of a decision: the status to be answered.
  using Answers = std::function<int(const nlohmann::json& decision)>;

  explicit DecisionReceiver(Answers answers) : answers_(std::move(answers)) {
    net::HttpHandlers handlers;
    handlers.on_request = [this](const net::Request& request, net::Responder respond) {
      respond({.status = take(request), .headers = {}, .body = {}});
    };
    auto server = net::HttpServer::listen(reactor_, {}, std::move(handlers));
    if (!server) throw std::runtime_error(server.error().text());
    server_ = std::move(*server);
    thread_ = std::thread([this] { reactor_.run(); });
  }
  ~DecisionReceiver() {
    reactor_.stop();
    thread_.join();
  }
  DecisionReceiver(const DecisionReceiver&) = delete;
  DecisionReceiver& operator=(const DecisionReceiver&) = delete;

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->local_port()) + "/decisions";
  }
  void answer(Answers answers) {
    const std::scoped_lock lock(mutex_);
    answers_ = std::move(answers);
  }

  /// Every request so far, in order.
  std::vector<Told> told() const {
    const std::scoped_lock lock(mutex_);
    return told_;
  }
  /// Types of the decisions about the position, each time one was answered with `status`.
  std::vector<std::string> answered(int status, std::string_view position) const {
    std::vector<std::string> words;
    for (const Told& one : told()) {
      if (one.answered != status || one.decision["position"] != position) continue;
      words.push_back(one.decision["type"].get<std::string>());
    }
    return words;
  }

 private:
  int take(const net::Request& request) {
    const std::scoped_lock lock(mutex_);
    Told one{.key = std::string(request.header("idempotency-key")),
             .authorization = std::string(request.header("authorization")),
             .signature = std::string(request.header("x-feedwatch-signature")),
             .decision = nlohmann::json::parse(request.body, nullptr, false)};
    one.answered = one.decision.is_object() ? answers_(one.decision) : 400;
    told_.push_back(std::move(one));
    return told_.back().answered;
  }

  embed::SystemClock clock_;
  net::Reactor reactor_{clock_};
  std::unique_ptr<net::HttpServer> server_;
  mutable std::mutex mutex_;
  Answers answers_;
  std::vector<Told> told_;
  std::thread thread_;
};

}  // namespace feedwatch::integration
