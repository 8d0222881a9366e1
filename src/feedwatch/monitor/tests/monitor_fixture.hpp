#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "feedwatch/monitor/monitor.hpp"

namespace feedwatch::test {

constexpr MonoTime t0 = mono_from_ns(1'000'000'000'000);
constexpr Duration ns{1};
constexpr WallAnchor anchor{.wall = wall_from_ms(1'700'000'000'000), .mono = t0};

inline Policy tight() {
  Policy policy;
  policy.degraded_after = 3500ms;
  policy.stale_after = 10s;
  policy.suspect_after = 3s;
  return policy;
}

inline StreamOptions options_of(std::string_view text, const Policy& policy = {}) {
  StreamOptions options;
  options.key = StreamKey::parse(text).value();
  options.policy = policy;
  options.cadence = clocked(1s);
  return options;
}

/// A price that arrives at `now`.
inline Tick tick_of(StreamId stream, std::int64_t price, MonoTime now) {
  Tick made;
  made.stream = stream;
  made.prices.price = Decimal{price, 0};
  made.fields.price = true;
  made.mono_recv = now;
  made.ts_recv = anchor.at(now);
  return made;
}

/// A monitor in a world where time is a number the test says.
class World : public ::testing::Test {
 protected:
  StreamId add(std::string_view text, const Policy& policy = {}) {
    return add(options_of(text, policy));
  }
  StreamId add(const StreamOptions& options) { return monitor.add_stream(options, now).value(); }

  void wait(Duration d) { now += d; }
  /// Moves time on as the engine does: every deadline at its own moment.
  void run(Duration d) {
    const MonoTime end = now + d;
    while (monitor.next_deadline() <= end) {
      now = std::max(now, monitor.next_deadline());
      monitor.on_time(now);
    }
    now = end;
  }

  Tick tick(StreamId stream, std::int64_t price) const {
    Tick made = tick_of(stream, price, now);
    made.epoch = epoch;
    return made;
  }
  Outcome send(StreamId stream, std::int64_t price) {
    return monitor.apply(tick(stream, price), now);
  }
  Outcome send(const Tick& made) { return monitor.apply(made, now); }

  std::vector<StreamChange> changes() {
    std::vector<StreamChange> taken;
    monitor.take_changes(taken);
    return taken;
  }
  std::vector<StreamChange> levels() {
    std::vector<StreamChange> taken = changes();
    std::erase_if(taken, [](const StreamChange& c) { return c.type != StreamChange::Type::level; });
    return taken;
  }
  std::expected<Price, Refusal> price(StreamId stream, Duration max_age) const {
    return monitor.price(stream, {.max_age = max_age}, now);
  }
  std::optional<RefusalCode> refusal(StreamId stream, Duration max_age) const {
    const auto answer = price(stream, max_age);
    return answer ? std::nullopt : std::optional{answer.error().code};
  }

  MonoTime now = t0;
  std::uint32_t epoch = 1;
  Monitor monitor{{.capacity = 64, .anchor = anchor}};
};

/// Remembers what it was called with.
struct Recorder {
  std::vector<std::int64_t> prices;
  std::vector<Window> windows;
  std::vector<RefusalCode> refusals;
  std::vector<std::pair<Level, Level>> levels;

  Callbacks callbacks() {
    Callbacks made;
    made.on_price = [this](const Delivery& delivery) {
      prices.push_back(static_cast<std::int64_t>(delivery.price.prices.price.mantissa()));
      windows.push_back(delivery.window);
    };
    made.on_refused = [this](const StreamKey&, const Refusal& refusal) {
      refusals.push_back(refusal.code);
    };
    made.on_level = [this](const StreamKey&, Level from, Level to) {
      levels.emplace_back(from, to);
    };
    return made;
  }
};

}  // namespace feedwatch::test
