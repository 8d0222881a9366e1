#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>

#include <fmt/format.h>

#include "feedwatch/alert/payload.hpp"
#include "feedwatch/alert/told.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/tests/control_random_ports.hpp"

// Worlds at random: levels, lines, sinks that fail or hang, a store that does, silences,
// acknowledgements and restarts. Whatever happens, every alert fires once and ends once, who was
// told of its beginning is told of its end and nobody else is, one key has one content, what still
// fires when nothing mutes it is told, and nothing waits for ever.

namespace feedwatch::engine {
namespace {

struct Config {
  bool restarts = true, crashes = false, sink_faults = true, store_faults = false, mutes = true,
       acks = true, short_repeat = true, maintenance = true;
};

class World {
 public:
  World(unsigned seed, Config config) : config_(config), random_(seed) {
    for (const char* venue : {"v", "w"}) {
      VenueStatus status;
      status.venue = venue;
      venues_.push_back(status);
      for (const char* symbol : {"A", "B", "C"}) {
        StreamOptions options;
        options.key = {venue, symbol, Kind::mark};
        options.required = true;
        options.cadence = clocked(1s);
        StreamStatus made;
        made.stream = *monitor_.add_stream(options, clock_.time);
        auto info = std::make_shared<StreamInfo>();
        info->key = options.key;
        info->text = options.key.text();
        info->cadence = options.cadence;
        info->required = true;
        made.info = info;
        streams_.push_back(made);
      }
    }
    restart();
    for (auto& venue : venues_) live(venue, true);
    for (auto& stream : streams_) level(stream, Level::healthy);
  }

  unsigned pick(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }

  ControlOptions options() const {
    ControlOptions options;
    if (config_.short_repeat) options.alerts.repeat = 7min;
    if (config_.maintenance) {
      muting::Maintenance window;
      window.name = "move";
      window.matchers = *muting::parse_matchers(R"(venue="w",symbol="C")");
      const WallTime start = wall0() + 20min;
      window.once = {start, start + 10min};
      options.maintenances.push_back(window);
    }
    return options;
  }
  static WallTime wall0() { return wall_from_ns(1'767'225'600'000'000'000); }

  void restart() {
    control_.reset();
    for (RandomSink* sink : {&hook_, &pager_, &am_}) sink->crash();
    wakeup_.armed.reset();
    control_ = std::make_unique<Control>(options(),
                                         ControlPorts{.clock = clock_,
                                                      .wakeup = wakeup_,
                                                      .journal = store_,
                                                      .sinks = {&hook_, &pager_, &am_},
                                                      .status = board_,
                                                      .monitor = monitor_,
                                                      .state = &state_},
                                         recovered());
    control_->start();
    for (const auto& venue : venues_) board_.put(venue);
    for (const auto& stream : streams_) board_.put(stream);
    deliver();
  }

  void live(VenueStatus& venue, bool is) {
    venue.live = is;
    venue.live_since = clock_.time;
    board_.put(venue);
    deliver();
  }
  void level(StreamStatus& status, Level level) {
    status.level = status.worst = level;
    status.reason = level == Level::healthy ? Reason::ok : Reason::silent;
    status.fault = level == Level::degraded || level == Level::stale;
    status.level_since = clock_.time;
    status.transitions = 1;
    if (level == Level::healthy) {
      monitor_.update_price(status.info->key, *Decimal::parse("1"), {.mono_recv = clock_.time});
    }
    board_.put(status);
    deliver();
  }

  void silence() {
    muting::Silence wish;
    const char* texts[] = {R"(symbol="A")",
                           R"(venue="v")",
                           R"(severity="warning")",
                           R"(alertname="price_staleness")",
                           R"(alertname="sink_failing")",
                           R"(severity="critical")"};
    wish.matchers = *muting::parse_matchers(texts[pick(6)]);
    const WallTime now = control_->utc(clock_.time);
    if (pick(3) == 0) wish.starts_at = now + std::chrono::seconds(pick(120));
    wish.ends_at = now + std::chrono::seconds(130 + pick(600));
    wish.created_by = wish.comment = "test";
    auto made = control_->put_silence(wish);
    if (made) silences_[made->id] = *made;
    settle();
  }
  void expire() {
    for (auto& [id, silence] : silences_) {
      if (pick(2) == 0) continue;
      if (auto done = control_->expire_silence(id)) silence = *done;
    }
    settle();
  }
  void ack(bool on) {
    auto views = control_->alerts(0);
    if (views.empty()) return;
    const std::string id = views[pick(static_cast<unsigned>(views.size()))].row.id;
    if (on) {
      (void)control_->acknowledge(id, "ann", "x");
    } else {
      (void)control_->unacknowledge(id);
    }
    settle();
  }
  void settle() {
    bool moved = true;
    while (moved) {
      moved = store_.answer();
      moved = hook_.answer() || moved;
      moved = pager_.answer() || moved;
      moved = am_.answer() || moved;
    }
  }
  void deliver() {
    control_->on_status(clock_.time);
    settle();
  }
  void run_for(Duration length) {
    const MonoTime end = clock_.time + length;
    int wakes = 0;
    while (wakeup_.armed && *wakeup_.armed <= end) {
      clock_.time = std::max(clock_.time, *wakeup_.armed);
      control_->on_wakeup(clock_.time);
      settle();
      if (++wakes > 200'000) throw std::runtime_error("spins");
    }
    clock_.time = end;
  }

  void step() {
    const Duration lengths[] = {0s, 100ms, 1s, 3s, 10s, 30s, 70s, 200s};
    run_for(lengths[pick(8)]);
    switch (pick(10)) {
      case 0:
      case 1:
      case 2: {
        const Level levels[] = {Level::healthy, Level::degraded, Level::stale};
        level(streams_[pick(6)], levels[pick(3)]);
        break;
      }
      case 3:
        live(venues_[pick(2)], pick(3) > 0);
        break;
      case 4:
        if (config_.mutes) silence();
        break;
      case 5:
        if (config_.mutes) expire();
        break;
      case 6:
        if (config_.acks) ack(pick(3) > 0);
        break;
      case 7:
        if (config_.restarts) {
          if (config_.crashes) {
            store_.crash(pick(2) == 0);
          } else {
            store_.hanging = false;
            store_.fail_next = 0;
            settle();
            run_for(30s);
            store_.crash(true);
          }
          restart();
        }
        break;
      case 8:
        if (config_.sink_faults) {
          RandomSink* all[] = {&hook_, &pager_, &am_};
          const SinkResult::Status modes[] = {SinkResult::Status::delivered,
                                              SinkResult::Status::delivered,
                                              SinkResult::Status::retry, SinkResult::Status::gone};
          all[pick(3)]->mode = modes[pick(4)];
          all[pick(3)]->hanging = pick(3) == 0;
          settle();
        }
        break;
      case 9:
        if (config_.store_faults) {
          store_.fail_next = pick(2) == 0 ? static_cast<int>(pick(5)) : 0;
          store_.hanging = pick(3) == 0;
          settle();
        }
        break;
    }
  }

  void calm() {
    store_.hanging = false;
    store_.fail_next = 0;
    for (RandomSink* sink : {&hook_, &pager_, &am_}) {
      sink->mode = SinkResult::Status::delivered;
      sink->hanging = false;
    }
    settle();
    for (auto& [id, silence] : silences_) {
      if (auto done = control_->expire_silence(id)) silence = *done;
    }
    run_for(45min);
  }

  /// Everything that still fires was told; nothing pending.
  void check_told() {
    for (const auto& view : control_->alerts(0)) {
      if (view.row.acked_at) continue;
      for (RandomSink* sink : {&hook_, &pager_, &am_}) {
        Notice probe;
        probe.key = "x";
        probe.severity = view.row.severity;
        if (!sink->takes(probe)) continue;
        if (view.row.name == "sink_failing") continue;
        bool found = false;
        for (const auto& told : sink->delivered) {
          found = found || (told.notice.alert_id == view.row.id && !told.notice.resolved() &&
                            told.notice.severity == view.row.severity);
        }
        if (!found) {
          problem("not told " + view.row.id + " " + view.row.identity + " " + view.row.severity +
                  " to " + sink->name());
        }
      }
    }
  }
  void finish() {
    for (auto& venue : venues_) live(venue, true);
    for (auto& stream : streams_) level(stream, Level::healthy);
    run_for(20min);
    for (const auto& view : control_->alerts(0)) problem("still open " + view.row.identity);
    for (const auto& [id, row] : store_.alerts) {
      if (row.state != "resolved") problem("row open " + id + " " + row.identity);
    }
    for (const auto& [id, note] : store_.notes) {
      if (note.state == "pending") problem("pending for ever " + id);
    }
    for (const auto& [id, steps] : store_.steps) {
      const auto fires = std::ranges::count(steps, "pending>firing");
      const auto ends = std::ranges::count(steps, "firing>resolved");
      if (fires != 1 || ends != 1) {
        problem(fmt::format("{} fired {} times, ended {}", id, fires, ends));
      }
    }
    for (RandomSink* sink : {&hook_, &pager_, &am_}) {
      std::set<std::string> seen;
      std::map<std::string, Notice> by_key;
      std::map<std::string, std::set<std::string>> words;
      for (const auto& [at, notice] : sink->delivered) {
        const auto [place, fresh] = by_key.try_emplace(notice.key, notice);
        if (!fresh && sink != &am_ && place->second != notice) {
          if (seen.insert(notice.key).second)
            problem("content of " + notice.key + " " + place->second.message + " | " +
                    notice.message);
        }
        auto& said = words[notice.alert_id];
        if (notice.resolved()) {
          if (!said.contains("firing") && sink != &am_ && !was_replaced(notice, sink->name())) {
            problem(sink->name() + " told end only " + notice.key);
          }
          said.insert("resolved");
        } else {
          if (said.contains("resolved") && fresh && sink != &am_)
            problem(sink->name() + " after end " + notice.key);
          said.insert("firing");
        }
      }
      for (const auto& [id, said] : words) {
        if (!said.contains("resolved")) problem(sink->name() + " never told end of " + id);
      }
    }
    for (const auto& one : store_.problems) problem(one);
    for (const auto& one : store_.duplicates) {
      if ((one.starts_with("alert/") && one.find("ack-") == std::string::npos) ||
          one.starts_with("told/"))
        problem("dropped as dup " + one);
    }
    check_muted();
  }
  /// No row of news was made while a silence or window held its alert.
  void check_muted() {
    for (const auto& [id, note] : store_.notes) {
      const auto notice = alert::read_notice(note.payload);
      if (!notice || notice->resolved()) continue;
      if (note.last_error.starts_with(alert::muted_note)) continue;
      Labels labels = notice->labels;
      labels.emplace_back("alertname", notice->name);
      labels.emplace_back("severity", notice->severity);
      for (const auto& [sid, silence] : silences_) {
        if (silence.starts_at <= note.created_at && note.created_at < silence.ends_at &&
            note.created_at >= silence.updated_at && silence.created_at < note.created_at &&
            muting::all_hold(silence.matchers, labels)) {
          problem("made while silenced " + id);
        }
      }
      for (const auto& window : options().maintenances) {
        if (window.open_at(note.created_at) && muting::all_hold(window.matchers, labels)) {
          problem("made in maintenance " + id);
        }
      }
    }
  }
  bool was_replaced(const Notice& notice, const std::string& sink) const {
    for (const auto& [id, note] : store_.notes) {
      if (note.alert_id == notice.alert_id && note.sink == sink &&
          note.last_error == alert::replaced_note) {
        return true;
      }
    }
    return false;
  }
  void problem(std::string text) { problems.push_back(std::move(text)); }
  std::vector<std::string> problems;

 private:
  Recovered recovered() const {
    Recovered recovered;
    for (const auto& [id, row] : store_.alerts) {
      if (row.state != "firing") continue;
      recovered.open_alerts.push_back(row);
      std::vector<NotificationRow> notes;
      for (const auto& [nid, note] : store_.notes) {
        if (note.alert_id == id) notes.push_back(note);
      }
      recovered.told[id] = alert::told_by(notes, id);
    }
    for (const auto& [id, note] : store_.notes) {
      if (note.state == "pending") recovered.pending_notifications.push_back(note);
    }
    std::ranges::sort(recovered.pending_notifications, [](const auto& a, const auto& b) {
      return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
    });
    for (const auto& [id, silence] : silences_) recovered.silences.push_back(silence);
    return recovered;
  }

  Config config_;
  std::mt19937 random_;
  FakeClock clock_;
  FakeWakeup wakeup_;
  ModelStore store_;
  MapState state_;
  RandomSink hook_{"hook", false, Duration{}, clock_};
  RandomSink pager_{"pager", true, Duration{}, clock_};
  RandomSink am_{"am", false, 60s, clock_};
  StatusBoard board_{[] {}};
  Monitor monitor_{MonitorOptions{.capacity = 8, .anchor = {clock_.wall_now(), clock_.now()}}};
  std::vector<VenueStatus> venues_;
  std::vector<StreamStatus> streams_;
  std::map<std::string, muting::Silence> silences_;
  std::unique_ptr<Control> control_;
};

/// Many more with SEEDS=1000 in the environment, others with FROM=1000.
unsigned number(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::atoi(text));
}

void run(Config config) {
  const unsigned first = number("FROM", 0);
  for (unsigned seed = first; seed < first + number("SEEDS", 10); ++seed) {
    World world(seed, config);
    for (int i = 0; i < 60; ++i) world.step();
    world.calm();
    world.check_told();
    world.finish();
    EXPECT_THAT(world.problems, testing::IsEmpty()) << "seed " << seed;
  }
}

TEST(ControlRandom, plain) {
  run({.restarts = false, .sink_faults = false, .mutes = false, .acks = false});
}
TEST(ControlRandom, sinks) {
  run({.restarts = false, .mutes = false, .acks = false});
}
TEST(ControlRandom, mutes) {
  run({.restarts = false, .sink_faults = false});
}
TEST(ControlRandom, restarts) {
  run({.sink_faults = false, .mutes = false, .acks = false, .maintenance = false});
}
TEST(ControlRandom, restarts_and_sinks) {
  run({.mutes = false, .acks = false, .maintenance = false});
}
TEST(ControlRandom, restarts_and_mutes) {
  run({.sink_faults = false});
}
TEST(ControlRandom, all) {
  run({});
}
TEST(ControlRandom, crashes) {
  run({.crashes = true});
}
TEST(ControlRandom, store) {
  run({.restarts = false, .store_faults = true});
}
TEST(ControlRandom, store_restarts) {
  run({.store_faults = true});
}
}  // namespace
}  // namespace feedwatch::engine
