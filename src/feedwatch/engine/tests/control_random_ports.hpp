#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "feedwatch/alert/told.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/tests/control_fakes.hpp"

/// What outlives a control in a world at random, and remembers all it was told.
namespace feedwatch::engine {

struct Told {
  MonoTime at;
  Notice notice;
};

class RandomSink final : public Sink {
 public:
  RandomSink(std::string name, bool critical_only, Duration resend, FakeClock& clock)
      : name_(std::move(name)), critical_only_(critical_only), clock_(clock) {
    limits_.per_second = 1'000;
    limits_.burst = 1'000;
    limits_.resend = resend;
  }
  const std::string& name() const override { return name_; }
  SinkLimits limits() const override { return limits_; }
  bool takes(const Notice& notice) const override {
    return !critical_only_ || notice.severity == "critical";
  }
  void deliver(const Notification& notification, Done done) override {
    attempts.push_back({clock_.time, notification});
    asked.emplace_back(notification, std::move(done));
  }
  bool answer() {
    if (hanging || asked.empty()) return false;
    auto [notification, done] = std::move(asked.front());
    asked.pop_front();
    if (mode == SinkResult::Status::delivered) {
      for (const auto& one : notification.notices) delivered.push_back({clock_.time, one});
    }
    done({mode, "mode", {}});
    return true;
  }
  void crash() { asked.clear(); }

  std::string name_;
  bool critical_only_;
  FakeClock& clock_;
  SinkLimits limits_;
  SinkResult::Status mode = SinkResult::Status::delivered;
  bool hanging = false;
  std::deque<std::pair<Notification, Done>> asked;
  std::vector<std::pair<MonoTime, Notification>> attempts;
  std::vector<Told> delivered;
};

/// A store as the real ones: a key once, rows by id, one open alert of an identity.
class ModelStore final : public Journal {
 public:
  struct Item {
    JournalBatch batch;
    Done done;
  };
  void commit(JournalBatch batch, Done done) override {
    asked.push_back({std::move(batch), std::move(done)});
  }
  bool answer() {
    if (asked.empty() || hanging) return false;
    auto item = std::move(asked.front());
    asked.pop_front();
    if (fail_next > 0) {
      --fail_next;
      item.done(std::unexpected(Error{"store", "disk full", ""}));
      return true;
    }
    apply(item.batch);
    item.done({});
    return true;
  }
  void apply(const JournalBatch& batch) {
    if (!keys.insert(batch.idempotency_key).second) {
      duplicates.push_back(batch.idempotency_key);
      return;
    }
    for (const auto& row : batch.rows) {
      if (const auto* alert = std::get_if<AlertRow>(&row)) {
        for (const auto& [id, other] : alerts) {
          if (id != alert->id && other.state == "firing" && alert->state == "firing" &&
              other.identity == alert->identity) {
            problems.push_back("two open of " + alert->identity);
          }
        }
        const auto old = alerts.find(alert->id);
        if (old != alerts.end() && old->second.state == "resolved" && alert->state == "firing") {
          problems.push_back("reopened " + alert->id);
        }
        alerts.insert_or_assign(alert->id, *alert);
      } else if (const auto* note = std::get_if<NotificationRow>(&row)) {
        const auto old = notes.find(note->id);
        // What ended untried may be told after all, when a mute ends.
        const bool may_be_out = old != notes.end() && !alert::never_left(old->second);
        if (may_be_out && old->second.payload != note->payload) {
          problems.push_back("other content under " + note->id + "\n  " + old->second.payload +
                             "\n  " + note->payload);
        }
        if (may_be_out && note->state == "pending") {
          problems.push_back("again pending " + note->id);
        }
        notes.insert_or_assign(note->id, *note);
      } else if (const auto* step = std::get_if<AlertTransitionRow>(&row)) {
        steps[step->alert_id].push_back(step->from + ">" + step->to);
      }
    }
  }
  void crash(bool commit_some) {
    while (commit_some && !asked.empty()) {
      apply(asked.front().batch);
      asked.pop_front();
    }
    asked.clear();
  }

  std::deque<Item> asked;
  std::set<std::string> keys;
  std::vector<std::string> duplicates, problems;
  std::map<std::string, AlertRow> alerts;
  std::map<std::string, NotificationRow> notes;
  std::map<std::string, std::vector<std::string>> steps;
  int fail_next = 0;
  bool hanging = false;
};

}  // namespace feedwatch::engine
