#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/tests/control_fakes.hpp"

// The control is stopped and begun anew between any two events: what receivers are told is the
// same.

namespace feedwatch::engine {
namespace {

constexpr MonoTime t0{1'000s};

/// What outlives a control: journal, state, receiver, and what the shard would say again.
class Deployment {
 public:
  Deployment() {
    for (const char* symbol : {"BTC", "ETH"}) {
      StreamOptions options;
      options.key = {"v", symbol, Kind::mark};
      options.required = true;
      options.cadence = clocked(1s);
      StreamStatus made;
      made.stream = *monitor_.add_stream(options, clock_.time);
      monitor_.update_price(options.key, *Decimal::parse("100"), {.mono_recv = clock_.time - 400s});
      auto info = std::make_shared<StreamInfo>();
      info->key = options.key;
      info->text = options.key.text();
      info->cadence = options.cadence;
      info->required = true;
      made.info = info;
      streams_.emplace(symbol, made);
    }
    venue_.venue = "v";
    restart();
  }

  void restart() {
    control_.reset();
    control_ = std::make_unique<Control>(ControlOptions{},
                                         ControlPorts{.clock = clock_,
                                                      .wakeup = wakeup_,
                                                      .journal = journal_,
                                                      .sinks = {&hook_},
                                                      .status = board_,
                                                      .monitor = monitor_,
                                                      .state = &state_},
                                         recovered());
    control_->start();
    board_.put(venue_);
    for (const auto& [symbol, stream] : streams_) board_.put(stream);
    deliver();
  }

  void line(bool live) {
    venue_.live = live;
    venue_.live_since = clock_.time;
    board_.put(venue_);
    deliver();
  }
  void stream(const std::string& symbol, Level level) {
    StreamStatus& status = streams_.at(symbol);
    status.level = status.worst = level;
    status.reason = level == Level::healthy ? Reason::ok : Reason::silent;
    status.fault = level == Level::degraded || level == Level::stale;
    status.level_since = clock_.time;
    status.transitions = 1;
    board_.put(status);
    deliver();
  }
  void silence(std::string_view matchers, Duration length) {
    muting::Silence wish;
    wish.matchers = *muting::parse_matchers(matchers);
    wish.ends_at = control_->utc(clock_.time) + length;
    wish.created_by = wish.comment = "test";
    silences_.push_back(*control_->put_silence(wish));
    settle();
  }
  void acknowledge(const std::string& symbol) {
    for (const AlertView& view : control_->alerts(0)) {
      if (view.row.identity.find(symbol) == std::string::npos) continue;
      EXPECT_TRUE(control_->acknowledge(view.row.id, "ann", ""));
    }
    settle();
  }

  void run_until(MonoTime end) {
    while (wakeup_.armed && *wakeup_.armed <= end) {
      clock_.time = std::max(clock_.time, *wakeup_.armed);
      control_->on_wakeup(clock_.time);
      settle();
    }
    clock_.time = end;
  }

  /// "price_staleness{…BTC…} firing critical", once for each message however often it came.
  std::multiset<std::string> told() const {
    std::map<std::string, std::string> identities;
    for (const AlertRow& row : journal_.rows<AlertRow>()) identities[row.id] = row.identity;
    std::set<std::string> keys;
    for (const std::string& key : hook_.keys()) keys.insert(key);
    std::multiset<std::string> told;
    for (const std::string& key : keys) {
      const std::size_t slash = key.find('/');
      told.insert(identities.at(key.substr(0, slash)) + key.substr(slash));
    }
    return told;
  }

 private:
  void deliver() {
    control_->on_status(clock_.time);
    settle();
  }
  void settle() {
    bool moved = true;
    while (moved) {
      moved = journal_.answer();
      moved = hook_.answer() || moved;
    }
  }

  /// As App reads it from the store.
  Recovered recovered() const {
    std::map<std::string, AlertRow> alerts;
    for (const AlertRow& row : journal_.rows<AlertRow>()) alerts.insert_or_assign(row.id, row);
    std::map<std::string, NotificationRow> notes;
    for (const auto& row : journal_.rows<NotificationRow>()) notes.insert_or_assign(row.id, row);
    Recovered recovered;
    for (const auto& [id, row] : alerts) {
      if (row.state != "firing") continue;
      recovered.open_alerts.push_back(row);
      recovered.told[id] = std::nullopt;
    }
    for (const auto& [id, note] : notes) {
      if (note.state == "pending") recovered.pending_notifications.push_back(note);
      const auto told = recovered.told.find(note.alert_id);
      if (told == recovered.told.end()) continue;
      const bool critical = id.find("/firing/critical") != std::string::npos;
      told->second = std::max(told->second.value_or(alert::Severity::warning),
                              critical ? alert::Severity::critical : alert::Severity::warning);
    }
    recovered.silences = silences_;
    return recovered;
  }

  FakeClock clock_;
  FakeWakeup wakeup_;
  FakeJournal journal_;
  MapState state_;
  FakeSink hook_{"hook"};
  StatusBoard board_{[] {}};
  Monitor monitor_{MonitorOptions{.capacity = 8, .anchor = {clock_.wall_now(), clock_.now()}}};
  VenueStatus venue_;
  std::map<std::string, StreamStatus> streams_;
  std::vector<muting::Silence> silences_;
  std::unique_ptr<Control> control_;
};

struct Act {
  Duration at;
  std::function<void(Deployment&)> what;
};

std::vector<Act> script() {
  const auto nothing = [](Deployment&) {};
  const auto stream = [](const char* symbol, Level level) {
    return [=](Deployment& d) { d.stream(symbol, level); };
  };
  return {
      {1s,
       [](Deployment& d) {
         d.line(true);
         d.stream("BTC", Level::healthy);
         d.stream("ETH", Level::healthy);
       }},
      {5s, [](Deployment& d) { d.line(false); }},
      {9s, nothing},
      {16s, nothing},
      {30s, [](Deployment& d) { d.line(true); }},
      {60s, nothing},
      {75s, stream("BTC", Level::degraded)},
      {95s, nothing},
      {100s, [](Deployment& d) { d.silence("symbol=ETH", 60s); }},
      {105s, stream("ETH", Level::degraded)},
      {110s, [](Deployment& d) { d.acknowledge("BTC"); }},
      {120s, stream("BTC", Level::stale)},
      {150s, stream("BTC", Level::healthy)},
      {158s, nothing},
      {170s, stream("ETH", Level::healthy)},
      {200s, nothing},
      {215s, stream("BTC", Level::stale)},  // after the end of the one before, by five seconds
      {220s, stream("BTC", Level::healthy)},
      {300s, nothing},
      {400s, nothing},  // news of a group comes a minute apart
  };
}

/// Runs the script; `restarts` says after which acts the control is begun anew.
std::multiset<std::string> run(const std::function<bool(std::size_t)>& restarts) {
  Deployment deployment;
  const std::vector<Act> acts = script();
  for (std::size_t i = 0; i < acts.size(); ++i) {
    deployment.run_until(t0 + acts[i].at);
    acts[i].what(deployment);
    if (restarts(i)) deployment.restart();
  }
  return deployment.told();
}

TEST(ControlRestart, after_any_event_or_all_of_them_the_same_is_told) {
  const std::multiset<std::string> undisturbed = run([](std::size_t) { return false; });
  const std::string btc = R"(price_staleness{kind="mark",symbol="BTC",venue="v"})";
  const std::string eth = R"(price_staleness{kind="mark",symbol="ETH",venue="v"})";
  const std::string line = R"(line_down{venue="v"})";
  EXPECT_THAT(undisturbed,
              testing::UnorderedElementsAre(
                  line + "/firing/critical", line + "/resolved/critical", btc + "/firing/warning",
                  btc + "/firing/critical", btc + "/resolved/critical", eth + "/firing/warning",
                  eth + "/resolved/warning", btc + "/firing/critical", btc + "/resolved/critical"));
  for (std::size_t step = 0; step < script().size(); ++step) {
    EXPECT_EQ(run([&](std::size_t i) { return i == step; }), undisturbed) << "after act " << step;
  }
  EXPECT_EQ(run([](std::size_t) { return true; }), undisturbed);
}

}  // namespace
}  // namespace feedwatch::engine
