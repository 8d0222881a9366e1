#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <ctime>

#include "feedwatch/engine/tests/control_bench.hpp"

// Ten thousand streams at once: what is decided costs by what happens, not by its square.

namespace feedwatch::engine {
namespace {

constexpr int many = 10'000;

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;  // clock-ok: CPU, not time
}

class Stopwatch {
 public:
  double lap(const char* what) {
    const double spent = cpu_seconds() - begin_;
    std::printf("  %-44s %7.1f ms\n", what, spent * 1e3);
    begin_ = cpu_seconds();
    return spent;
  }

 private:
  double begin_ = cpu_seconds();
};

class ControlScale : public testing::Test {
 protected:
  ControlScale() : bench({}, {}, many) {
    for (int i = 0; i < 200; ++i) {
      LineStatus line;
      line.line = LineId{static_cast<std::uint32_t>(i)};
      line.name = "v/market#" + std::to_string(i);
      line.venue = "v";
      line.up = true;
      bench.board.put(line);
    }
    for (int i = 0; i < many; ++i) {
      StreamStatus made = bench.watch("S" + std::to_string(i));
      made.line = "v/market#" + std::to_string(i % 200);
      streams.push_back(ControlBench::at(made, Level::healthy, Reason::ok, t0));
    }
    put_all();
  }

  void put_all() {
    for (const StreamStatus& stream : streams) bench.board.put(stream);
    control.on_status(bench.clock.time);
  }
  void go(Level level, Reason reason) {
    for (StreamStatus& stream : streams) {
      stream = ControlBench::at(stream, level, reason, bench.clock.time);
    }
  }

  /// As it does: a control that is not called for so long suspects itself.
  void pass(Duration time) {
    for (const MonoTime end = bench.clock.time + time; bench.clock.time < end;) {
      bench.clock.time += 1s;
      control.on_wakeup(bench.clock.time);
      answer();
    }
  }

  void answer() {
    while (journal.answer()) {
    }
  }

  ControlBench bench;
  FakeJournal journal;
  FakeWakeup wakeup;
  Control control{{},
                  {.clock = bench.clock,
                   .wakeup = wakeup,
                   .journal = journal,
                   .sinks = {},
                   .status = bench.board,
                   .monitor = bench.monitor},
                  {}};
  std::vector<StreamStatus> streams;
};

TEST_F(ControlScale, ten_thousand_streams_go_stale_and_come_back) {
  control.start();
  answer();
  pass(400s);
  go(Level::stale, Reason::silent);
  Stopwatch watch;
  put_all();
  double spent = watch.lap("10,000 judged, settled and carried out");
  EXPECT_EQ(control.counters().alerts_fired, static_cast<std::uint64_t>(many));
  for (int i = 0; i < many; ++i) control.on_wakeup(bench.clock.time);
  spent += watch.lap("10,000 turns beside them");
  answer();
  spent += watch.lap("10,000 transactions answered one by one");
  go(Level::healthy, Reason::ok);
  put_all();
  answer();
  spent += watch.lap("10,000 back");
  pass(59s);
  watch.lap("59 turns a second apart");
  pass(1s);
  spent += watch.lap("10,000 resolved");
  EXPECT_EQ(control.counters().alerts_resolved, static_cast<std::uint64_t>(many));
  EXPECT_LT(spent, 3.0) << "a quiet machine takes a third of it";
}

TEST_F(ControlScale, ten_thousand_streams_of_a_venue_that_is_down_are_one_alert) {
  control.start();
  answer();
  pass(10s);
  bench.board.put(ControlBench::venue(false, bench.clock.time));
  Stopwatch watch;
  go(Level::stale, Reason::disconnected);
  put_all();
  answer();
  pass(10s);
  double spent = watch.lap("10,000 held back by one");
  EXPECT_EQ(control.counters().alerts_fired, 1U);
  for (int i = 0; i < many; ++i) control.on_wakeup(bench.clock.time);
  spent += watch.lap("10,000 turns beside them");
  EXPECT_EQ(control.counters().alerts_fired, 1U);
  EXPECT_LT(spent, 3.0);
}

TEST_F(ControlScale, a_silence_takes_ten_thousand_back_in_batches_a_store_takes) {
  for (const StreamStatus& stream : streams) bench.old_price(stream);
  go(Level::degraded, Reason::silent);
  for (const StreamStatus& stream : streams) bench.board.put(stream);
  bench.deliver_status();
  bench.run_until(t0 + 2s);
  muting::Silence all;
  all.matchers = *muting::parse_matchers(R"(venue="v")");
  all.ends_at = bench.clock.wall_now() + 1h;
  all.created_by = all.comment = "ops";
  ASSERT_TRUE(bench.control.put_silence(all));
  bench.run_until(t0 + 1min);
  EXPECT_TRUE(bench.hook.keys().empty());
  std::size_t taken_back = 0;
  for (const JournalBatch& batch : bench.journal.committed) {
    std::size_t notes = 0;
    for (const JournalRow& row : batch.rows) {
      const auto* note = std::get_if<NotificationRow>(&row);
      notes += note != nullptr && note->state == "failed" ? 1U : 0U;
    }
    EXPECT_LE(notes, 1'000U);
    taken_back += notes;
  }
  EXPECT_EQ(taken_back, 2U * many) << "of the hook and the log";
}

}  // namespace
}  // namespace feedwatch::engine
