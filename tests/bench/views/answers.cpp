#include <cstdlib>
#include <string>
#include <vector>

#include "feedwatch/api/metrics.hpp"
#include "feedwatch/api/render.hpp"
#include "feedwatch/api/routes.hpp"
#include "feedwatch/engine/tests/control_fakes.hpp"
#include "feedwatch/engine/venue_meter.hpp"
#include "tests/bench/allocations.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/pairs.hpp"
#include "tests/bench/views/rows.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::size_t streams = 1'000;
constexpr std::size_t venues_of_them = 10;
constexpr std::size_t ticks = 1'000'000;

engine::StreamStatus watched(Monitor& monitor, std::size_t number, MonoTime now) {
  StreamOptions options;
  options.key = {"venue-" + std::to_string(number % venues_of_them),
                 "SYM" + std::to_string(number) + "USDT", Kind::mark};
  options.policy.degraded_after = 180s;
  options.policy.stale_after = 300s;
  options.required = true;
  options.cadence = clocked(1s);
  auto info = std::make_shared<engine::StreamInfo>();
  info->key = options.key;
  info->text = options.key.text();
  info->policy = options.policy;
  info->cadence = options.cadence;
  info->required = true;
  engine::StreamStatus status;
  status.stream = *monitor.add_stream(options, now);
  status.info = info;
  status.level = status.worst = Level::healthy;
  status.level_since = now;
  monitor.update_price(info->key, *Decimal::parse("64000.10"), {.mono_recv = now});
  return status;
}

api::ProcessFacts measured() {
  Histogram lag(latency_bounds);
  lag.observe(3ms);
  api::ProcessFacts facts{.shard_loop_alive = true};
  facts.loops = {{.name = "control", .lag = lag.snapshot()},
                 {.name = "shard 0", .lag = lag.snapshot()}};
  for (std::size_t i = 0; i < venues_of_them; ++i) {
    facts.venues.push_back({.venue = "venue-" + std::to_string(i),
                            .interarrival = lag.snapshot(),
                            .source_lag = lag.snapshot()});
  }
  return facts;
}

/// A control that knows a thousand streams with prices, of which none is in trouble.
struct Watched {
  Watched() {
    for (std::size_t i = 0; i < streams; ++i) board.put(watched(monitor, i, clock.time));
    for (std::uint32_t i = 0; i < venues_of_them; ++i) {
      engine::LineStatus line{.line = LineId{i}, .name = "line-" + std::to_string(i)};
      line.venue = "venue-" + std::to_string(i);
      line.state = engine::LineState::live;
      board.put(line);
      engine::VenueStatus venue;
      venue.venue = line.venue;
      venue.live = true;
      board.put(venue);
    }
    control.start();
    control.on_status(clock.time);
    while (journal.answer()) {
    }
  }

  api::ApiPorts ports() {
    return {.clock = clock,
            .control = control,
            .monitor = monitor,
            .decisions = decisions,
            .process = [this] { return facts; },
            .want = {},
            .unwant = {},
            .report = {},
            .withdraw = {}};
  }

  engine::FakeClock clock;
  engine::FakeWakeup wakeup;
  engine::FakeJournal journal;
  engine::StatusBoard board{[] {}};
  Monitor monitor{MonitorOptions{.capacity = streams, .anchor = {clock.wall_now(), clock.now()}}};
  engine::Control control{engine::ControlOptions{},
                          engine::ControlPorts{.clock = clock,
                                               .wakeup = wakeup,
                                               .journal = journal,
                                               .sinks = {},
                                               .status = board,
                                               .monitor = monitor},
                          {}};
  Decisions decisions;
  api::ProcessFacts facts = measured();
};

template <class Ask>
void answer_ms(benchmark::State& state, Ask ask) {
  Watched watched;
  std::vector<double> times;
  for (auto _ : state) {
    times.push_back(cpu_ns_each(1, [&] { ask(watched); }) / 1e6);
  }
  report_value(state, median(times));
}

void health(benchmark::State& state) {
  answer_ms(state, [](Watched& watched) {
    const std::string answer = api::health_json(watched.control.health(watched.clock.time), "1");
    if (!answer.contains("\"healthy\":1000")) std::abort();  // of something else nothing is said
  });
}

void readiness(benchmark::State& state) {
  answer_ms(state, [](Watched& watched) {
    if (!watched.control.ready(watched.clock.time)) std::abort();
  });
}

void scrape(benchmark::State& state, api::MetricsText::Format format) {
  answer_ms(state, [format](Watched& watched) {
    std::uint64_t left_out = 0;
    const std::string answer = api::render_metrics(watched.ports(), "1", format, left_out);
    if (left_out != 0 || answer.size() < streams * 100) std::abort();
  });
}
void scrape_text(benchmark::State& state) {
  scrape(state, api::MetricsText::Format::prometheus);
}
void scrape_openmetrics(benchmark::State& state) {
  scrape(state, api::MetricsText::Format::openmetrics);
}

/// All ticks of a venue of 2,000 streams in turn, a millisecond apart.
void meter_all(engine::VenueMeter& meter) {
  Tick tick;
  tick.mono_recv = MonoTime{1h};
  tick.ts_event = WallTime{};
  for (std::size_t i = 0; i < ticks; ++i) {
    tick.stream = StreamId{static_cast<std::uint32_t>(i % 2'000), 1};
    tick.mono_recv += 1ms;
    tick.ts_recv = WallTime{tick.mono_recv.time_since_epoch()};
    tick.ts_event = tick.ts_recv - 5ms;
    meter.on_tick(tick);
    benchmark::DoNotOptimize(tick);
  }
}

void meter_ns(benchmark::State& state) {
  engine::VenueMeter meter("v");
  std::vector<double> times;
  for (auto _ : state) times.push_back(cpu_ns_each(ticks, [&] { meter_all(meter); }));
  report_value(state, median(times));
}

void meter_allocations(benchmark::State& state) {
  engine::VenueMeter meter("v");
  const std::uint64_t before = allocations();
  for (auto _ : state) meter_all(meter);
  report_value(state, static_cast<double>(allocations() - before));
}

}  // namespace

std::vector<Figure> answer_figures() {
  return {
      {"health_1k", "answer to /health, 1,000 streams", "ms", at_most(1), 51, health},
      {"readyz_1k", "… to /readyz", "ms", at_most(1), 51, readiness},
      {"scrape_1k", "scrape of 1,000 streams, text 0.0.4", "ms", at_most(10), 51, scrape_text},
      {"scrape_1k_openmetrics", "… OpenMetrics", "ms", at_most(10), 51, scrape_openmetrics},
      {"meter", "measuring a tick on the feed's thread", "ns", at_most(3), 9, meter_ns},
      {"meter_allocations", "… allocations in 1,000,000 ticks", "", at_most(0), 3,
       meter_allocations},
  };
}

}  // namespace feedwatch::bench
