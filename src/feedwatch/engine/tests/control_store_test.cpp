#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using health::Status;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A control whose store has a probe and tells of itself.
class ControlStore : public testing::Test {
 protected:
  ControlStore() {
    control.start();
    while (journal.answer()) {
    }
  }

  void run_until(MonoTime end) {
    while (bench.wakeup.armed && *bench.wakeup.armed <= end) {
      bench.clock.time = std::max(bench.clock.time, *bench.wakeup.armed);
      control.on_wakeup(bench.clock.time);
      while (journal.answer()) {
      }
      if (answers) answer(*answers);
    }
    bench.clock.time = end;
  }
  void answer(const Result<Duration>& took) {
    while (!asked.empty()) {
      const StoreProbe::Answer done = std::move(asked.front());
      asked.pop_front();
      done(took);
    }
  }
  health::Component component(std::string_view name) {
    for (auto& one : control.health(bench.clock.time).components) {
      if (one.name == name) return one;
    }
    return {};
  }
  std::vector<AlertView> open() const { return control.alerts(0); }

  ControlBench bench;  // its clock, wake-up and monitor; its control sleeps
  FakeJournal journal;
  StatusBoard board{[] {}};
  health::StoreSelf self;
  std::deque<StoreProbe::Answer> asked;
  std::optional<Result<Duration>> answers = Duration{3ms};
  Control control{{},
                  {.clock = bench.clock,
                   .wakeup = bench.wakeup,
                   .journal = journal,
                   .sinks = {},
                   .status = board,
                   .monitor = bench.monitor,
                   .store = [this] { return self; },
                   .probe = [this](StoreProbe::Answer done) { asked.push_back(std::move(done)); }},
                  {}};
};

TEST_F(ControlStore, is_probed_at_start_and_every_half_minute) {
  ASSERT_THAT(asked, SizeIs(1));
  answer(Duration{3ms});
  EXPECT_EQ(component("Database").status, Status::healthy);
  answers.reset();
  run_until(t0 + 30s - 1ns);
  EXPECT_THAT(asked, IsEmpty());
  run_until(t0 + 30s);
  EXPECT_THAT(asked, SizeIs(1));
}

TEST_F(ControlStore, that_fails_behind_its_spool_degrades_the_component_and_raises_an_alert) {
  const Error full{"store", "database or disk is full", ""};
  answers = std::unexpected(full);
  self = {.failures = 4, .spooled = 2, .spool_age = 0s, .last_error = "database or disk is full"};
  answer(*answers);
  EXPECT_EQ(component("Database").status, Status::degraded);
  EXPECT_THAT(*component("Database").error_message, HasSubstr("disk is full"));
  run_until(t0 + 10s - 1ns);
  EXPECT_THAT(open(), IsEmpty());
  run_until(t0 + 10s);
  ASSERT_THAT(open(), SizeIs(1));
  EXPECT_EQ(open()[0].row.message,
            "the database fails, rows wait in the spool: database or disk is full");
  answers = Duration{3ms};
  self = {};
  run_until(t0 + 80s);
  EXPECT_THAT(open(), IsEmpty()) << "the probe succeeded and the alert has lingered";
  EXPECT_EQ(component("Database").status, Status::healthy);
}

TEST_F(ControlStore, that_spools_is_down_before_the_next_probe_says_so) {
  answer(*answers);
  run_until(t0 + 5s);
  self = {.failures = 4, .spooled = 2, .spool_age = 4s, .last_error = "disk I/O error"};
  board.put(bench.watch("BTC"));
  control.on_status(bench.clock.time);
  run_until(t0 + 11s - 1ns);
  EXPECT_THAT(open(), IsEmpty());
  run_until(t0 + 11s);
  ASSERT_THAT(open(), SizeIs(1));
  EXPECT_EQ(open()[0].row.message, "the database fails, rows wait in the spool: disk I/O error");
  EXPECT_THAT(asked, IsEmpty()) << "the next probe is due at 30 s";
}

TEST_F(ControlStore, that_reads_an_old_spool_back_is_not_down) {
  answer(*answers);
  self = {.failures = 0, .spooled = 2, .spool_age = 1h, .last_error = "of the last run"};
  run_until(t0 + 20s);
  EXPECT_THAT(open(), IsEmpty());
}

// Origin 13.23.
TEST_F(ControlStore, that_hangs_shows_after_two_seconds_and_the_other_checks_go_on) {
  answers.reset();
  run_until(t0 + 2s);
  EXPECT_EQ(component("Database").status, Status::healthy);
  run_until(t0 + 3s);
  EXPECT_EQ(component("Database").status, Status::degraded);
  EXPECT_EQ(component("Database").error_message, "the probe has had no answer for 3.0s");
  board.put(bench.watch("BTC"));
  control.on_status(bench.clock.time);
  EXPECT_EQ(component("WebSocket Streams").status, Status::unknown) << "judged, not skipped";
  run_until(t0 + 20s);
  EXPECT_THAT(asked, SizeIs(1)) << "one question at a time";
  EXPECT_EQ(component("Database").status, Status::unhealthy);
  ASSERT_THAT(open(), SizeIs(1));
  EXPECT_EQ(open()[0].row.name, "store_down");
}

// Origin 13.22.
TEST_F(ControlStore, one_critical_component_makes_the_whole_critical) {
  answer(*answers);
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  board.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));
  control.on_status(t0);
  EXPECT_EQ(control.health(t0).status, Status::healthy);
  run_until(t0 + 301s);
  EXPECT_EQ(component("Database").status, Status::healthy);
  EXPECT_EQ(component("WebSocket Streams").status, Status::critical);
  EXPECT_EQ(control.health(bench.clock.time).status, Status::critical);
}

}  // namespace
}  // namespace feedwatch::engine
