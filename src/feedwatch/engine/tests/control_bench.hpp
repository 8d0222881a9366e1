#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/tests/control_fakes.hpp"

namespace feedwatch::engine {

inline constexpr MonoTime t0{1'000s};

/// A control on fakes, a real monitor, and virtual time: run_until() wakes it exactly when it asked
/// to be, and answers journal and sinks in between.
class ControlBench {
 public:
  explicit ControlBench(Recovered recovered = {}, ControlOptions options = {},
                        std::size_t capacity = 64, PriceSources* prices = nullptr,
                        const std::string& source_of = {}, FakeMarks* told = nullptr,
                        StateStore* state = nullptr)
      : monitor(MonitorOptions{.capacity = capacity, .anchor = {clock.wall_now(), clock.now()}}),
        control(options,
                ControlPorts{
                    .clock = clock,
                    .wakeup = wakeup,
                    .journal = journal,
                    .sinks = {&hook, &log},
                    .status = board,
                    .monitor = monitor,
                    .pulse_source = source_port(source_of),
                    .state = told != nullptr ? told : state,
                    .prices = prices,
                    .tap = &tap,
                    .decided = [this](const PositionDecisionRow& row) { decided.push_back(row); },
                    .receivers = told != nullptr ? std::vector<DecisionReceiver*>{&bot}
                                                 : std::vector<DecisionReceiver*>{},
                    .written = reader(told)},
                std::move(recovered)) {
    control.set_observer([this](const Control::Event& event) { events.push_back(event); });
    control.start();
    settle();
  }

  StreamStatus watch(const std::string& symbol, bool required = true, Cadence cadence = clocked(1s),
                     const std::string& venue = "v", Kind kind = Kind::mark) {
    StreamOptions options;
    options.key = {venue, symbol, kind};
    options.policy.degraded_after = 180s;
    options.policy.stale_after = 300s;
    options.required = required;
    options.cadence = cadence;
    StreamStatus made;
    made.stream = *monitor.add_stream(options, clock.time);
    auto info = std::make_shared<StreamInfo>();
    info->key = options.key;
    info->text = options.key.text();
    info->policy = options.policy;
    info->cadence = cadence;
    info->required = required;
    made.info = info;
    return made;
  }

  static StreamStatus at(StreamStatus status, Level level, Reason reason, MonoTime since) {
    status.level = status.worst = level;
    status.reason = reason;
    status.fault = level == Level::degraded || level == Level::stale;
    status.level_since = since;
    status.transitions = 1;
    return status;
  }

  static VenueStatus venue(bool live, MonoTime since, std::string name = "v") {
    VenueStatus made;
    made.venue = std::move(name);
    made.live = live;
    made.live_since = since;
    return made;
  }

  void price(const StreamStatus& status, const char* text) {
    monitor.update_price(status.info->key, *Decimal::parse(text), {.mono_recv = clock.time});
  }

  /// It was received, long ago.
  void old_price(const StreamStatus& status) {
    monitor.update_price(status.info->key, *Decimal::parse("100"),
                         {.mono_recv = clock.time - 400s});
  }

  template <class Status>
  void put(Status status) {
    board.put(std::move(status));
    deliver_status();
  }

  void deliver_status() {
    control.on_status(clock.time);
    settle();
  }

  void deliver_prices() {
    control.on_prices(clock.time);
    settle();
  }

  void settle() {
    bool moved = true;
    while (moved) {
      moved = journal.answer();
      moved = hook.answer() || moved;
      moved = log.answer() || moved;
      moved = bot.answer() || moved;
      moved = read() || moved;
    }
  }

  void run_until(MonoTime end) {
    int wakes = 0;
    while (wakeup.armed && *wakeup.armed <= end) {
      clock.time = std::max(clock.time, *wakeup.armed);
      control.on_wakeup(clock.time);
      settle();
      if (++wakes > 100'000) throw std::runtime_error("the control spins");
    }
    clock.time = end;
  }

  std::vector<std::string> open() const {
    std::vector<std::string> found;
    for (const auto& view : control.alerts(0)) {
      found.push_back(view.row.identity + " " + view.row.severity);
    }
    return found;
  }

  std::vector<std::string> event_texts(Control::Event::Type type) const {
    std::vector<std::string> found;
    for (const auto& event : events) {
      if (event.type == type) found.push_back(event.subject + " " + event.text);
    }
    return found;
  }

  using SourcePort = std::function<std::optional<PulseSource>(std::string_view, MonoTime)>;
  /// Of the pulse of this name; nobody listens for the others, and for none without a name.
  SourcePort source_port(const std::string& name) {
    if (name.empty()) return {};
    return [this, name](std::string_view pulse, MonoTime) {
      return pulse == name ? source : std::nullopt;
    };
  }

  /// Decisions of earlier runs, and what this one has committed.
  DecisionReader reader(const FakeMarks* told) {
    if (told == nullptr) return {};
    return [this, told](std::int64_t after, std::size_t limit, auto done) {
      readings.push_back([this, told, after, limit, done = std::move(done)]() mutable {
        std::vector<PositionDecisionRow> rows = told->written;
        for (auto& row : journal.rows<PositionDecisionRow>()) rows.push_back(std::move(row));
        std::vector<WrittenDecision> page;
        for (auto i = static_cast<std::size_t>(after); i < rows.size() && page.size() < limit;
             ++i) {
          page.push_back({static_cast<std::int64_t>(i) + 1, rows[i]});
        }
        done(std::move(page));
      });
    };
  }
  bool read() {
    if (readings.empty()) return false;
    auto one = std::move(readings.front());
    readings.pop_front();
    one();
    return true;
  }

  std::optional<PulseSource> source;
  FakeClock clock;
  FakeWakeup wakeup;
  FakeJournal journal;
  FakeSink hook{"hook"};
  FakeSink log{"log"};
  FakeReceiver bot;  ///< with `told`, which remembers what it was told
  std::deque<std::move_only_function<void()>> readings;
  StatusBoard board{[] {}};
  PriceTap tap{[] {}};  ///< deliver_prices() hands it over
  std::vector<PositionDecisionRow> decided;
  Monitor monitor;
  std::vector<Control::Event> events;
  Control control;
};

}  // namespace feedwatch::engine
