#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/mailbox.hpp"
#include "feedwatch/base/ports/sink.hpp"

namespace feedwatch::sinks {

class FakeHttp final : public HttpFetch {
 public:
  void fetch(HttpRequest request, Done done) override {
    requests.push_back(std::move(request));
    waiting.push_back(std::move(done));
  }
  void answer(std::expected<HttpResponse, std::string> response) {
    Done done = std::move(waiting.front());
    waiting.pop_front();
    done(std::move(response));
  }
  std::vector<HttpRequest> requests;
  std::deque<Done> waiting;
};

class QueueMailbox final : public Mailbox {
 public:
  bool post(Task task) override {
    if (full) return false;
    tasks.push_back(std::move(task));
    return true;
  }
  void run() {
    for (Task& task : std::exchange(tasks, {})) task();
  }
  bool full = false;
  std::vector<Task> tasks;
};

/// 2026-11-22T07:40:00.123Z
inline const WallTime began = wall_from_ns(1'795'333'200'123'000'000);

inline Notice btc() {
  Notice notice;
  notice.key = "a1/firing/critical";
  notice.alert_id = "a1";
  notice.name = "price_staleness";
  notice.identity = R"(price_staleness{symbol="BTCUSDT",venue="binance-usdm"})";
  notice.fingerprint = "9f3c2b1a00112233";
  notice.labels = {{"symbol", "BTCUSDT"}, {"venue", "binance-usdm"}};
  notice.severity = "critical";
  notice.news = "fired";
  notice.message = "binance-usdm/BTCUSDT/mark is stale: age 312.4s, limit 300s";
  notice.metadata = R"({"age_seconds":312.4})";
  notice.started_at = began;
  return notice;
}

inline Notice ended(Notice notice) {
  notice.key = notice.alert_id + "/resolved/" + notice.severity;
  notice.news = "resolved";
  notice.resolved_at = notice.started_at + 90s;
  return notice;
}

inline Notification message_of(std::vector<Notice> notices) {
  Notification message;
  message.id = notices.size() == 1 ? notices.front().key : "set-1";
  message.group_key = R"({venue="binance-usdm"})";
  message.group_labels = {{"venue", "binance-usdm"}};
  for (const Notice& notice : notices) ++(notice.resolved() ? message.resolved : message.firing);
  message.notices = std::move(notices);
  message.sent_at = began + 5s;
  return message;
}

/// What a sink makes of an answer.
template <class S>
SinkResult answered(S& sink, FakeHttp& http, std::expected<HttpResponse, std::string> answer,
                    const Notification& message = message_of({btc()})) {
  SinkResult result{.status = SinkResult::Status::failed, .detail = "no answer", .retry_after = {}};
  sink.deliver(message, [&](SinkResult given) { result = std::move(given); });
  http.answer(std::move(answer));
  return result;
}

}  // namespace feedwatch::sinks
