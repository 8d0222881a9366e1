#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "feedwatch/api/routes.hpp"
#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::api {

using Json = nlohmann::json;

/// A store of alerts in memory, newest first; answers at once.
class FakeHistory final : public History {
 public:
  void alerts(std::size_t limit, std::optional<HistoryPlace> after,
              Done<std::vector<AlertRow>> done) override {
    ++asked;
    if (down) return done(std::unexpected(Error{"store", "cannot be read", ""}));
    std::vector<AlertRow> page;
    for (const AlertRow& row : rows) {
      const bool behind =
          !after || std::tie(row.started_at, row.id) < std::tie(after->at, after->id);
      if (behind && page.size() < limit) page.push_back(row);
    }
    done(std::move(page));
  }
  void events(EventQuestion question, std::optional<HistoryPlace> after,
              Done<std::vector<HistoryEvent>> done) override {
    ++asked;
    asked_for = question;
    if (down) return done(std::unexpected(Error{"store", "cannot be read", ""}));
    std::vector<HistoryEvent> page;
    for (const HistoryEvent& event : happened) {
      const bool behind = !after || std::tie(event.at, event.id) < std::tie(after->at, after->id);
      if (behind && page.size() < question.limit) page.push_back(event);
    }
    done(std::move(page));
  }
  void story(std::string id, Done<AlertStory> done) override {
    if (down) return done(std::unexpected(Error{"store", "cannot be read", ""}));
    AlertStory story;
    for (const AlertRow& row : rows) {
      if (row.id == id) story.alert = row;
    }
    story.transitions.push_back({id, wall_from_ns(0), "pending", "firing", "warning", "said"});
    story.notifications.push_back({.id = id + "/firing/warning@hook", .alert_id = id});
    done(std::move(story));
  }

  void decisions(std::int64_t after, std::size_t limit,
                 Done<std::vector<WrittenDecision>> done) override {
    if (down) return done(std::unexpected(Error{"store", "cannot be read", ""}));
    std::vector<WrittenDecision> page;
    for (const WrittenDecision& each : written) {
      if (each.seq > after && page.size() < limit) page.push_back(each);
    }
    done(std::move(page));
  }

  std::vector<WrittenDecision> written;
  std::vector<AlertRow> rows;
  std::vector<HistoryEvent> happened;  ///< newest first
  EventQuestion asked_for;
  bool down = false;
  int asked = 0;
};

/// Routes on a real control, monitor and guard, with every fact put there by hand.
class ApiBench : public engine::ControlBench {
 public:
  explicit ApiBench(std::string token = "secret", engine::Recovered recovered = {})
      : ControlBench(std::move(recovered), {}, 64, nullptr, "signals"),
        routes(ApiOptions{.token = std::move(token), .version = "1.2.3"}, ports()) {}

  ApiPorts ports() {
    return {.clock = clock,
            .control = control,
            .monitor = monitor,
            .decisions = decisions,
            .process = [this] { return facts; },
            .warn = [this](std::string_view text) { warned.emplace_back(text); },
            .want =
                [this](StreamKey key, std::string owner, Duration ttl, ApiPorts::Done done) {
                  leases.push_back(key.text() + " " + owner + " " + std::to_string(ttl / 1s));
                  done(lease_result);
                },
            .unwant =
                [this](StreamKey key, std::string owner, ApiPorts::Done done) {
                  leases.push_back("-" + key.text() + " " + owner);
                  done(lease_result);
                },
            .beat =
                [this](std::string_view name, PulseMark mark, std::string detail) {
                  auto result = control.beat(name, mark, std::move(detail), clock.time);
                  settle();
                  return result;
                },
            .history = &history,
            .report = [this](health::Report report) { return control.report(std::move(report)); },
            .withdraw = [this](std::string_view name) { return control.withdraw(name); }};
  }

  net::Response ask(net::Request request) {
    if (request.header("host").empty()) request.headers.emplace_back("host", "localhost:8420");
    std::optional<net::Response> answer;
    routes.handle(std::move(request), [&](net::Response given) { answer = std::move(given); });
    if (!answer) throw std::runtime_error("no answer");
    return std::move(*answer);
  }
  net::Response get(std::string target) {
    return ask({.method = "GET", .target = std::move(target)});
  }
  Json json(std::string target) { return Json::parse(get(std::move(target)).body); }
  net::Response write(std::string method, std::string target, std::string body = {}) {
    return ask({.method = std::move(method),
                .target = std::move(target),
                .headers = {{"authorization", "Bearer secret"}},
                .body = std::move(body)});
  }

  /// A stream with a price just now.
  engine::StreamStatus priced(const std::string& symbol, const char* text = "100.50",
                              const std::string& venue = "v") {
    const engine::StreamStatus made = watch(symbol, true, clocked(1s), venue);
    price(made, text);
    put(at(made, Level::healthy, Reason::ok, clock.time));
    return made;
  }

  FakeHistory history;
  Decisions decisions;
  ProcessFacts facts{.shard_loop_alive = true};
  Result<void> lease_result;
  std::vector<std::string> leases;
  std::vector<std::string> warned;
  Routes routes;
};

inline std::string header(const net::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace feedwatch::api
