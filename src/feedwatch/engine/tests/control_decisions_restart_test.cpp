#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/tests/control_fakes.hpp"

// The process is killed at any step, between a price and its decision, between a decision and the
// disk, between the disk and who is told, and begins anew from what is on the disk: no stop goes
// back, nothing is told twice and differently, and what ends a position is told once.

namespace feedwatch::engine {
namespace {

using Name = std::tuple<std::string, std::string, std::string>;

/// What is on the disk, and what was never undone on it.
struct Disk {
  void apply(const JournalBatch& batch) {
    if (!keys.insert(batch.idempotency_key).second) return;
    for (const JournalRow& row : batch.rows) {
      if (const auto* position = std::get_if<PositionRow>(&row)) {
        positions.insert_or_assign({position->venue, position->symbol, position->id}, *position);
      } else if (const auto* stop = std::get_if<TrailingStopRow>(&row)) {
        apply(*stop);
      } else if (const auto* watch = std::get_if<AgedPositionRow>(&row)) {
        apply(*watch);
      } else if (const auto* decision = std::get_if<PositionDecisionRow>(&row)) {
        decisions.insert_or_assign(decision->id, *decision);
      }
    }
  }
  void apply(const TrailingStopRow& row) {
    auto& kept = stops[{row.venue, row.symbol, row.id}];
    if (kept) {
      const Side side = row.id.starts_with("long") ? Side::buy : Side::sell;
      const auto back = [&](const std::string& before, const std::string& after) {
        return is_better(side, *Decimal::parse(before), *Decimal::parse(after));
      };
      if (back(kept->peak, row.peak)) undone.push_back("the peak of " + row.id);
      if (kept->stop && (!row.stop || back(*kept->stop, *row.stop))) {
        undone.push_back("the stop of " + row.id);
      }
      if (row.decisions < kept->decisions) undone.push_back("the numbers of " + row.id);
    }
    kept = row;
  }
  void apply(const AgedPositionRow& row) {
    auto& kept = aged[{row.venue, row.symbol, row.id}];
    if (kept && (kept->exited && !row.exited)) undone.push_back("the exit of " + row.id);
    if (kept && row.decisions < kept->decisions) undone.push_back("the numbers of " + row.id);
    kept = row;
  }
  Recovered recovered() const {
    Recovered known;
    for (const auto& [name, row] : positions) known.positions.push_back(row);
    for (const auto& [name, row] : stops) known.trailing_stops.push_back(*row);
    for (const auto& [name, row] : aged) known.aged_positions.push_back(*row);
    return known;
  }

  std::set<std::string> keys;
  std::map<Name, PositionRow> positions;
  std::map<Name, std::optional<TrailingStopRow>> stops;
  std::map<Name, std::optional<AgedPositionRow>> aged;
  std::map<std::string, PositionDecisionRow> decisions;
  std::vector<std::string> undone;
};

class WaitingJournal final : public Journal {
 public:
  void commit(JournalBatch batch, Done done) override {
    asked.emplace_back(std::move(batch), std::move(done));
  }
  std::deque<std::pair<JournalBatch, Done>> asked;
};

/// One machine: its clock, its disk, the market, the bot, and the process that is killed.
class Deployment {
 public:
  /// Killed when so many steps have been taken.
  explicit Deployment(std::size_t kill_at) : kill_at_(kill_at) { start(); }

  void run() {
    hold("long-1", Side::buy, 0s);
    hold("short-1", Side::sell, 0s);
    hold("long-old", Side::buy, 13h);
    hold("short-dying", Side::sell, 40h);
    for (const char* text :
         {"100",   "99.9", "100.4", "101.6", "101.7", "102.9", "102.8", "103.4", "103.1", "102.7",
          "101.9", "101",  "99.8",  "98.9",  "98.2",  "97.4",  "97.6",  "97.1",  "97.5",  "97.9"}) {
      price(text);
      for (int i = 0; i < 4; ++i) second();
    }
  }

  /// A peak moves, nothing is decided by it, and the process dies before anything else happens.
  void move_a_peak_and_kill() {
    hold("long-1", Side::buy, 0s);
    for (const char* text : {"100", "101.6"}) {
      price(text);
      second();
    }
    const std::size_t told = told_.size();
    clock_.time += 1ms;
    price("101.61");
    EXPECT_EQ(told_.size(), told);
    start();
  }

  std::size_t steps() const { return steps_; }
  const Disk& disk() const { return disk_; }
  /// What the bot was told that ends a position, in order.
  std::vector<std::string> endings() const {
    std::vector<std::string> found;
    for (const PositionDecisionRow& row : told_) {
      if (row.type == "triggered" || row.type == "emergency_exit") {
        found.push_back(row.position + " " + row.type);
      }
    }
    std::ranges::sort(found);
    return found;
  }
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  void start() {
    control_.reset();
    journal_ = std::make_unique<WaitingJournal>();
    wakeup_ = {};
    monitor_ = std::make_unique<Monitor>(
        MonitorOptions{.capacity = 8, .anchor = {clock_.wall_now(), clock_.now()}});
    StreamOptions options;
    options.key = key_;
    options.cadence = clocked(1s);
    StreamStatus status;
    status.stream = *monitor_->add_stream(options, clock_.time);
    auto info = std::make_shared<StreamInfo>();
    info->key = options.key;
    info->text = options.key.text();
    info->cadence = options.cadence;
    status.info = info;
    status.level = status.worst = Level::healthy;
    tap_ = std::make_unique<PriceTap>([] {});
    PriceTap::attach(*monitor_, status.stream, *tap_);
    ControlOptions control;
    control.position_rules.trailing.emplace().move_interval = 3s;
    control.position_rules.aged.emplace();
    control_ = std::make_unique<Control>(
        control,
        ControlPorts{.clock = clock_,
                     .wakeup = wakeup_,
                     .journal = *journal_,
                     .sinks = {},
                     .status = board_,
                     .monitor = *monitor_,
                     .tap = tap_.get(),
                     .decided = [this](const PositionDecisionRow& row) { on_told(row); }},
        disk_.recovered());
    control_->start();
    board_.put(status);
    control_->on_status(clock_.time);
    // A good bot reads what it may have missed.
    for (const auto& [id, row] : disk_.decisions) missed_.push_back(row);
    std::ranges::sort(missed_, {}, &PositionDecisionRow::number);
    for (const PositionDecisionRow& row : std::exchange(missed_, {})) on_told(row);
    if (!last_.empty())
      monitor_->update_price(key_, *Decimal::parse(last_), {.mono_recv = clock_.time});
  }

  /// While few move, no peak is in memory alone.
  void look_at_peaks() {
    for (const auto& [name, kept] : disk_.stops) {
      const Side side = kept->id.starts_with("long") ? Side::buy : Side::sell;
      if (kept->state != "active") continue;
      if (is_better(side, *Decimal::parse(last_), *Decimal::parse(kept->peak))) {
        complaints_.push_back("the peak " + last_ + " of " + kept->id + " is not written");
      }
    }
  }
  /// True when the process was killed here.
  bool step() {
    if (steps_++ != kill_at_) return false;
    clock_.time += 1500ms;  // until it is started again
    start();
    return true;
  }
  /// True as step().
  bool pump() {
    while (!journal_->asked.empty()) {
      if (step()) return true;  // it was not written
      auto [batch, done] = std::move(journal_->asked.front());
      journal_->asked.pop_front();
      disk_.apply(batch);
      if (step()) return true;  // it was, and nobody knows
      done({});
    }
    return false;
  }
  void second() {
    const MonoTime end = clock_.time + 1s;
    while (clock_.time < end) {
      clock_.time += 100ms;
      if (wakeup_.armed && *wakeup_.armed <= clock_.time) control_->on_wakeup(clock_.time);
      pump();
    }
    for (const PositionDecisionRow& row : std::exchange(to_confirm_, {})) {
      if (step()) return;
      std::ignore = control_->answer_decision({row.venue, row.symbol, row.position},
                                              static_cast<std::uint64_t>(row.number), true);
      pump();
    }
    monitor_->update_price(key_, *Decimal::parse(last_), {.mono_recv = clock_.time});
    control_->on_prices(clock_.time);
    if (!pump()) look_at_peaks();
  }
  void price(const char* text) {
    last_ = text;
    monitor_->update_price(key_, *Decimal::parse(text), {.mono_recv = clock_.time});
    if (step()) return;
    control_->on_prices(clock_.time);
    if (!pump()) look_at_peaks();
  }
  /// A bot asks again until it is answered, and what it has asked for is on the disk.
  void hold(const std::string& id, Side side, Duration age) {
    const Position position{.id = id,
                            .venue = "v",
                            .symbol = "S",
                            .side = side,
                            .entry_price = *Decimal::parse("100"),
                            .quantity = *Decimal::parse("1"),
                            .opened_at = opened_ - age};
    do {
      EXPECT_TRUE(control_->put_position(position, {}, "bot"));
      pump();
    } while (!disk_.positions.contains({"v", "S", id}));
  }
  void on_told(const PositionDecisionRow& row) {
    const auto [known, is_new] = by_id_.try_emplace(row.id, row);
    if (!is_new) {
      const PositionDecisionRow& before = known->second;
      if (before.type != row.type || before.number != row.number || before.price != row.price ||
          before.stop != row.stop) {
        complaints_.push_back(row.id + " came again, and otherwise");
      }
      return;
    }
    std::int64_t& newest = newest_[row.position];
    if (row.number <= newest) complaints_.push_back(row.id + " came late");
    newest = row.number;
    told_.push_back(row);
    if (row.type == "activated" || row.type == "stop_moved") to_confirm_.push_back(row);
  }

  const StreamKey key_{"v", "S", Kind::mark};
  FakeClock clock_;
  const WallTime opened_ = clock_.wall_now();
  FakeWakeup wakeup_;
  StatusBoard board_{[] {}};
  Disk disk_;
  std::unique_ptr<WaitingJournal> journal_;
  std::unique_ptr<Monitor> monitor_;
  std::unique_ptr<PriceTap> tap_;
  std::unique_ptr<Control> control_;
  std::string last_;
  std::size_t steps_ = 0;
  std::size_t kill_at_;
  std::vector<PositionDecisionRow> told_, missed_, to_confirm_;
  std::map<std::string, PositionDecisionRow> by_id_;
  std::map<std::string, std::int64_t> newest_;
  std::vector<std::string> complaints_;
};

TEST(ControlDecisionsRestart, a_peak_that_no_decision_went_with_survives) {
  Deployment killed(static_cast<std::size_t>(-1));
  killed.move_a_peak_and_kill();
  ASSERT_THAT(killed.disk().stops, testing::SizeIs(1));
  EXPECT_EQ(killed.disk().stops.begin()->second->peak, "101.61");
  EXPECT_THAT(killed.complaints(), testing::IsEmpty());
}

TEST(ControlDecisionsRestart, killed_at_any_step_nothing_is_lost_undone_or_told_otherwise) {
  Deployment undisturbed(static_cast<std::size_t>(-1));
  undisturbed.run();
  ASSERT_THAT(undisturbed.endings(),
              testing::ElementsAre("long-1 triggered", "long-old triggered", "short-1 triggered",
                                   "short-dying emergency_exit", "short-dying triggered"));
  ASSERT_GT(undisturbed.steps(), 100U);
  for (std::size_t step = 0; step < undisturbed.steps(); ++step) {
    Deployment killed(step);
    killed.run();
    SCOPED_TRACE(fmt::format("killed at step {}", step));
    ASSERT_THAT(killed.disk().undone, testing::IsEmpty());
    ASSERT_THAT(killed.complaints(), testing::IsEmpty());
    ASSERT_EQ(killed.endings(), undisturbed.endings());
  }
}

}  // namespace
}  // namespace feedwatch::engine
