#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/tests/control_fakes.hpp"

// Two sources list a position, somebody registers it himself, both leave it out. The process is
// killed at any step, also between the journal and the small records, which are written apart.

namespace feedwatch::engine {
namespace {

const PositionKey p1{"v", "S", "p1"};

/// What is on the disk.
struct Disk {
  void apply(const JournalBatch& batch) {
    if (!keys.insert(batch.idempotency_key).second) return;
    for (const JournalRow& row : batch.rows) {
      if (const auto* one = std::get_if<PositionRow>(&row)) position = *one;
    }
  }
  std::set<std::string> keys;
  std::optional<PositionRow> position;
  std::map<std::string, std::string> records;
};

class WaitingJournal final : public Journal {
 public:
  void commit(JournalBatch batch, Done done) override {
    asked.emplace_back(std::move(batch), std::move(done));
  }
  std::deque<std::pair<JournalBatch, Done>> asked;
};

class Records final : public StateStore {
 public:
  explicit Records(std::map<std::string, std::string> found) : values(std::move(found)) {}
  std::optional<std::string> get(const std::string& key) const override {
    const auto found = values.find(key);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  void put(const std::string& key, std::string value) override { values[key] = std::move(value); }
  std::map<std::string, std::string> values;
};

class Machine {
 public:
  /// Killed when so many steps have been taken.
  explicit Machine(std::size_t kill_at) : kill_at_(kill_at) { start(); }

  /// Whether the position is watched over in the end.
  bool run(bool by_hand) {
    do {
      for (const char* source : {"bot", "exchange"}) list(source, true);
      pump();
    } while (!disk_.position);
    for (int i = 0; i < 3; ++i) second(true);
    while (by_hand && disk_.position->owner != "me") {
      EXPECT_TRUE(control_->put_position(position(), {}, "me"));
      pump();
    }
    for (int i = 0; i < 30; ++i) second(false);
    return !disk_.position->closed_at;
  }
  std::size_t steps() const { return steps_; }

 private:
  static Position position() {
    return {.id = "p1",
            .venue = "v",
            .symbol = "S",
            .side = Side::buy,
            .entry_price = *Decimal::parse("100"),
            .quantity = *Decimal::parse("1"),
            .opened_at = undated};
  }
  void list(const char* source, bool there) {
    PositionList list{.ready = true};
    if (there) list.elements.push_back({.position = position()});
    EXPECT_TRUE(control_->list_positions(source, std::move(list)));
  }
  void start() {
    control_.reset();
    journal_ = std::make_unique<WaitingJournal>();
    records_ = std::make_unique<Records>(disk_.records);
    wakeup_ = {};
    monitor_ = std::make_unique<Monitor>(
        MonitorOptions{.capacity = 8, .anchor = {clock_.wall_now(), clock_.now()}});
    Recovered known;
    if (disk_.position && !disk_.position->closed_at) known.positions.push_back(*disk_.position);
    control_ = std::make_unique<Control>(ControlOptions{},
                                         ControlPorts{.clock = clock_,
                                                      .wakeup = wakeup_,
                                                      .journal = *journal_,
                                                      .sinks = {},
                                                      .status = board_,
                                                      .monitor = *monitor_,
                                                      .state = records_.get()},
                                         std::move(known));
    control_->start();
  }
  /// True when the process was killed here.
  bool step() {
    if (steps_++ != kill_at_) return false;
    clock_.time += 1500ms;  // until it is started again
    start();
    return true;
  }
  void pump() {
    while (!journal_->asked.empty()) {
      if (step()) return;  // it was not written
      auto [batch, done] = std::move(journal_->asked.front());
      journal_->asked.pop_front();
      disk_.apply(batch);
      if (step()) return;  // it was, and nobody knows
      done({});
    }
  }
  /// Both sources report, and the small records are written at its end.
  void second(bool there) {
    const MonoTime end = clock_.time + 1s;
    for (const char* source : {"bot", "exchange"}) list(source, there);
    pump();
    while (clock_.time < end) {
      clock_.time += 50ms;
      if (wakeup_.armed && *wakeup_.armed <= clock_.time) control_->on_wakeup(clock_.time);
      pump();
    }
    if (step()) return;
    disk_.records = records_->values;
  }

  FakeClock clock_;
  FakeWakeup wakeup_;
  StatusBoard board_{[] {}};
  Disk disk_;
  std::unique_ptr<WaitingJournal> journal_;
  std::unique_ptr<Records> records_;
  std::unique_ptr<Monitor> monitor_;
  std::unique_ptr<Control> control_;
  std::size_t steps_ = 0;
  std::size_t kill_at_;
};

constexpr std::size_t never = static_cast<std::size_t>(-1);

TEST(ControlSourcesRestart, killed_at_any_step_lists_do_not_end_what_somebody_has_registered) {
  Machine undisturbed(never);
  ASSERT_TRUE(undisturbed.run(true));
  ASSERT_GT(undisturbed.steps(), 20U);
  for (std::size_t step = 0; step < undisturbed.steps(); ++step) {
    Machine killed(step);
    ASSERT_TRUE(killed.run(true)) << "killed at step " << step;
  }
}

TEST(ControlSourcesRestart, killed_at_any_step_lists_that_agree_end_what_only_they_have) {
  Machine undisturbed(never);
  ASSERT_FALSE(undisturbed.run(false));
  for (std::size_t step = 0; step < undisturbed.steps(); ++step) {
    Machine killed(step);
    ASSERT_FALSE(killed.run(false)) << "killed at step " << step;
  }
}

}  // namespace
}  // namespace feedwatch::engine
