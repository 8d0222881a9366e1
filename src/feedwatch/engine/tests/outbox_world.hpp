#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/engine/decision_outbox.hpp"

namespace feedwatch::engine {

inline constexpr MonoTime begin{1'000s};
inline constexpr WallTime wall = wall_from_ns(1'767'225'600'000'000'000);

/// What is written, a receiver in the test's hands, and the outbox between them.
class OutboxWorld {
 public:
  explicit OutboxWorld(DecisionOutboxOptions given = {}) : options(given) { restart(); }

  /// As after kill -9: what was not in the mark is forgotten.
  void restart() {
    box.emplace(options, mark, WallAnchor{wall + (now - begin), now});
    flying.clear();
    caught_up = false;
  }

  PositionDecisionRow row(const std::string& position, std::int64_t number) const {
    PositionDecisionRow made;
    made.id = fmt::format("{}/{}", position, number);
    made.venue = "v";
    made.symbol = "S";
    made.position = position;
    made.number = number;
    made.created_at = wall + (now - begin);
    return made;
  }
  /// Written, and told as it is made.
  void decide(const std::string& position) {
    const PositionDecisionRow made = write(position);
    box->decided(made, now);
    step();
  }
  PositionDecisionRow write(const std::string& position) {
    const PositionDecisionRow made = row(position, ++numbers[position]);
    (database_down ? spool : written).push_back({++seq, made});
    return made;
  }
  void database_is_back() {
    database_down = false;
    for (auto& each : spool) written.push_back(std::move(each));
    spool.clear();
  }

  /// All there is to do at this moment, but for answers of the receiver.
  void step() {
    for (int i = 0; i < 10'000; ++i) {
      if (const auto mine = box->take_mark()) mark = mine;
      const auto reading = box->reading(now);
      std::vector<DecisionOutbox::Attempt> due = box->due(now);
      most_flying = std::max(most_flying, flying.size() + due.size());
      for (auto& attempt : due) {
        sent.push_back(attempt.row.id);
        flying[attempt.row.id] = attempt.number;
      }
      if (reading) read(*reading);
      if (!reading && due.empty()) return;
    }
    FAIL() << "the outbox spins";
  }
  void read(const DecisionOutbox::Reading& reading) {
    ++readings;
    if (unreadable) {
      box->on_read(reading.number, std::unexpected(Error{"store", "is away", ""}), now);
      return;
    }
    std::vector<WrittenDecision> page;
    for (const auto& each : written) {
      if (each.seq > reading.after && page.size() < reading.limit) page.push_back(each);
    }
    caught_up = caught_up || page.size() < reading.limit;
    box->on_read(reading.number, page, now);
  }
  void answer(const std::string& id, SinkResult result) {
    const auto flight = flying.find(id);
    ASSERT_NE(flight, flying.end()) << id << " is not on its way";
    const std::uint64_t number = flight->second;
    flying.erase(flight);
    box->on_result(number, result, now);
    step();
  }
  void accept(const std::string& id) { answer(id, {SinkResult::Status::delivered, "", {}}); }
  void fail(const std::string& id) { answer(id, {SinkResult::Status::retry, "HTTP 500", {}}); }
  void accept_all() {
    while (!flying.empty()) accept(flying.begin()->first);
  }
  void run_until(MonoTime end) {
    for (int i = 0; i < 100'000 && box->next_deadline() <= end; ++i) {
      now = std::max(now, box->next_deadline());
      step();
    }
    now = end;
    step();
  }
  std::vector<std::string> taken_sent() { return std::exchange(sent, {}); }
  std::vector<std::string> on_their_way() const {
    std::vector<std::string> words;
    for (const auto& [id, number] : flying) words.push_back(id);
    return words;
  }

  DecisionOutboxOptions options;
  MonoTime now = begin;
  std::optional<std::string> mark;
  std::optional<DecisionOutbox> box;
  std::vector<WrittenDecision> written, spool;
  std::map<std::string, std::int64_t> numbers;
  std::int64_t seq = 0;
  std::map<std::string, std::uint64_t> flying;
  std::vector<std::string> sent;
  std::size_t most_flying = 0, readings = 0;
  bool unreadable = false, database_down = false;
  bool caught_up = false;  ///< since the restart the end of what was written has been seen
};

}  // namespace feedwatch::engine
