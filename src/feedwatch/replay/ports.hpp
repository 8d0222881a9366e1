#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/journal.hpp"

/// Ports in memory for whoever judges and keeps nothing.
namespace feedwatch::replay {

/// Shows the time it is set to; never runs backwards.
class SetClock final : public Clock {
 public:
  explicit SetClock(WallAnchor anchor) : anchor_(anchor), now_(anchor.mono) {}
  MonoTime now() const override { return now_; }
  WallTime wall_now() const override { return anchor_.at(now_); }
  const WallAnchor& anchor() const { return anchor_; }
  void set(MonoTime now) { now_ = std::max(now_, now); }

 private:
  WallAnchor anchor_;
  MonoTime now_;
};

/// Remembers the moment; whoever moves the time looks at it.
class NotedWakeup final : public Wakeup {
 public:
  void arm(MonoTime at) override { at_ = at; }
  void disarm() override { at_ = never_mono; }
  MonoTime at() const { return at_; }
  /// The moment has come.
  void spend() { at_ = never_mono; }

 private:
  MonoTime at_ = never_mono;
};

class MemoryState final : public StateStore {
 public:
  std::optional<std::string> get(const std::string& key) const override {
    const auto found = values_.find(key);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }
  void put(const std::string& key, std::string value) override {
    values_.insert_or_assign(key, std::move(value));
  }

 private:
  std::map<std::string, std::string> values_;
};

/// Keeps no rows; every commit succeeds, answered by answer().
class NoJournal final : public Journal {
 public:
  /// `asked` is called inside commit(): answer() is due, later.
  explicit NoJournal(std::function<void()> asked = [] {}) : asked_(std::move(asked)) {}
  void commit(JournalBatch, Done done) override {
    waiting_.push_back(std::move(done));
    asked_();
  }
  bool answer() {
    if (waiting_.empty()) return false;
    std::deque<Done> answered = std::exchange(waiting_, {});
    for (Done& done : answered) done({});
    return true;
  }

 private:
  std::function<void()> asked_;
  std::deque<Done> waiting_;
};

}  // namespace feedwatch::replay
