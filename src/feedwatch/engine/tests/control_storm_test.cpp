#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>

#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/tests/control_fakes.hpp"

namespace feedwatch::engine {
namespace {

constexpr MonoTime t0{1'000s};
constexpr int storm = 10'000;

AlertRow row_of(int number) {
  AlertRow row;
  row.id = "a" + std::to_string(number);
  row.name = "price_staleness";
  row.labels = {{"kind", "mark"}, {"symbol", "S" + std::to_string(number)}, {"venue", "v"}};
  row.identity =
      "price_staleness{kind=\"mark\",symbol=\"S" + std::to_string(number) + "\",venue=\"v\"}";
  row.severity = "warning";
  row.state = "firing";
  row.message = "v/S/mark is degraded";
  row.metadata = "{}";
  row.started_at = row.updated_at = FakeClock().wall_now() - 1h;
  return row;
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;  // clock-ok: measures
}

/// Ten thousand alerts of one venue, open since an earlier run, all end at once.
TEST(ControlStorm, one_message_a_sink) {
  Recovered recovered;
  for (int i = 0; i < storm; ++i) recovered.open_alerts.push_back(row_of(i));
  FakeClock clock;
  FakeWakeup wakeup;
  FakeJournal journal;
  FakeSink one("one");
  FakeSink two("two");
  StatusBoard board([] {});
  Monitor monitor({.capacity = 16, .anchor = {clock.wall_now(), clock.now()}});
  Control control({},
                  {.clock = clock,
                   .wakeup = wakeup,
                   .journal = journal,
                   .sinks = {&one, &two},
                   .status = board,
                   .monitor = monitor},
                  std::move(recovered));
  control.start();
  VenueStatus venue;
  venue.venue = "w";  // the alerts' venue is not watched any more
  board.put(venue);
  control.on_status(clock.time);
  const double began = cpu_seconds();
  int wakes = 0;
  while (wakeup.armed && *wakeup.armed <= t0 + 3min) {
    clock.time = std::max(clock.time, *wakeup.armed);
    control.on_wakeup(clock.time);
    while (journal.answer() || one.answer() || two.answer()) {
    }
    ASSERT_LT(++wakes, 1'000) << "the control spins";
  }
  const double took = cpu_seconds() - began;
  RecordProperty("cpu_milliseconds", static_cast<int>(took * 1'000));
  EXPECT_EQ(control.counters().alerts_resolved, std::uint64_t{storm});
  EXPECT_EQ(one.delivered.size(), 1U);
  EXPECT_EQ(two.delivered.size(), 1U);
  EXPECT_EQ(one.delivered.at(0).resolved, std::size_t{storm});
  EXPECT_EQ(one.delivered.at(0).notices.size(), 100U);
  EXPECT_EQ(control.counters().journal_dropped_rows, 0U);
  EXPECT_TRUE(control.drained());
  EXPECT_LT(took, 20) << "takes a second or so, and minutes where something walks all for each";
}

}  // namespace
}  // namespace feedwatch::engine
