#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/decisions.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/base/tests/map_state.hpp"

/// Ports the tests hold in their hands.
namespace feedwatch::engine {

class FakeClock final : public Clock {
 public:
  MonoTime now() const override { return time; }
  WallTime wall_now() const override {
    return wall_from_ns(1'767'225'600'000'000'000) + (time - MonoTime{1'000s});
  }
  MonoTime time{1'000s};
};

class FakeWakeup final : public Wakeup {
 public:
  void arm(MonoTime at) override { armed = at; }
  void disarm() override { armed.reset(); }
  std::optional<MonoTime> armed;
};

/// Commits when told to: answers wait in `asked` until answer().
class FakeJournal final : public Journal {
 public:
  void commit(JournalBatch batch, Done done) override {
    asked.emplace_back(std::move(batch), std::move(done));
  }

  bool answer() {
    if (asked.empty() || hanging) return false;
    auto [batch, done] = std::move(asked.front());
    asked.pop_front();
    const bool refused = (!refused_key.empty() && batch.idempotency_key.starts_with(refused_key)) ||
                         (refuses && refuses(batch));
    if (fail_next > 0 || refused) {
      if (!refused) --fail_next;
      done(std::unexpected(Error{"store", "disk full", ""}));
    } else {
      committed.push_back(std::move(batch));
      done({});
    }
    return true;
  }

  template <class Row>
  std::vector<Row> rows() const {
    std::vector<Row> found;
    for (const auto& batch : committed) {
      for (const auto& row : batch.rows) {
        if (const auto* one = std::get_if<Row>(&row)) found.push_back(*one);
      }
    }
    return found;
  }

  std::deque<std::pair<JournalBatch, Done>> asked;
  std::vector<JournalBatch> committed;
  int fail_next = 0;
  bool hanging = false;
  std::string refused_key;  ///< batches of this key prefix never succeed
  std::function<bool(const JournalBatch&)> refuses = {};  ///< nor do these
};

/// Takes decisions when told to: attempts wait in `asked` until answer().
class FakeReceiver final : public DecisionReceiver {
 public:
  const std::string& name() const override { return name_; }
  void deliver(const PositionDecisionRow& decision, WallTime sent, Done done) override {
    sent_at = sent;
    asked.emplace_back(decision.id, std::move(done));
  }
  bool answer() {
    if (asked.empty() || silent) return false;
    auto [key, done] = std::move(asked.front());
    asked.pop_front();
    if (result.status == SinkResult::Status::delivered) delivered.push_back(key);
    done(result);
    return true;
  }

  std::deque<std::pair<std::string, Done>> asked;
  std::vector<std::string> delivered;  ///< keys
  SinkResult result;
  bool silent = false;
  WallTime sent_at{};

 private:
  std::string name_ = "bot";
};

/// What a later run finds of an earlier one.
class FakeMarks final : public MapState {
 public:
  std::vector<PositionDecisionRow> written;  ///< by earlier runs
};

class FakeSink final : public Sink {
 public:
  explicit FakeSink(std::string name) : name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  void deliver(const Notification& notification, Done done) override {
    asked.emplace_back(notification, std::move(done));
  }
  SinkLimits limits() const override { return taken; }

  bool answer() {
    if (asked.empty()) return false;
    auto [notification, done] = std::move(asked.front());
    asked.pop_front();
    if (result.status == SinkResult::Status::delivered) delivered.push_back(notification);
    done(result);
    return true;
  }

  /// Of what was delivered, in order.
  std::vector<Notice> notices() const {
    std::vector<Notice> found;
    for (const auto& one : delivered) {
      found.insert(found.end(), one.notices.begin(), one.notices.end());
    }
    return found;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> found;
    for (const auto& one : notices()) found.push_back(one.key);
    return found;
  }

  std::deque<std::pair<Notification, Done>> asked;
  std::vector<Notification> delivered;
  SinkResult result;
  SinkLimits taken{.per_second = 1'000, .burst = 1'000};

 private:
  std::string name_;
};

}  // namespace feedwatch::engine
