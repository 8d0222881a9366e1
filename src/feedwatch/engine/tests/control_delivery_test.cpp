#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> news_of(const std::vector<Notice>& notices) {
  std::vector<std::string> found;
  for (const Notice& notice : notices) found.push_back(notice.news);
  return found;
}

TEST(ControlDelivery, one_message_a_group) {
  ControlBench bench;
  for (const char* symbol : {"A", "B", "C"}) {
    bench.put(ControlBench::at(bench.watch(symbol), Level::degraded, Reason::silent, t0));
  }
  auto other = bench.watch("A", true, clocked(1s), "w");
  bench.put(ControlBench::at(other, Level::degraded, Reason::silent, t0));
  bench.run_until(t0 + 5s);
  ASSERT_EQ(bench.hook.delivered.size(), 2U);
  EXPECT_EQ(bench.hook.delivered[0].notices.size(), 3U);
  EXPECT_EQ(bench.hook.delivered[0].group_labels, (Labels{{"venue", "v"}}));
  EXPECT_EQ(bench.hook.delivered[0].sent_at, bench.clock.wall_now());
  EXPECT_EQ(bench.hook.delivered[1].group_labels, (Labels{{"venue", "w"}}));
}

TEST(ControlDelivery, what_joins_a_told_group_waits_for_the_interval) {
  ControlBench bench;
  bench.put(ControlBench::at(bench.watch("A"), Level::degraded, Reason::silent, t0));
  bench.run_until(t0 + 10s);
  bench.put(ControlBench::at(bench.watch("B"), Level::degraded, Reason::silent, bench.clock.time));
  bench.run_until(t0 + 65s - 1ns);
  EXPECT_EQ(bench.hook.delivered.size(), 1U);
  bench.run_until(t0 + 65s);
  EXPECT_EQ(bench.hook.delivered.size(), 2U);
}

TEST(ControlDelivery, a_rise_to_critical_does_not) {
  ControlBench bench;
  auto stream = bench.watch("A");
  bench.put(ControlBench::at(stream, Level::degraded, Reason::silent, t0));
  bench.run_until(t0 + 10s);
  bench.put(ControlBench::at(stream, Level::stale, Reason::silent, bench.clock.time));
  bench.run_until(t0 + 10500ms);
  EXPECT_THAT(news_of(bench.hook.notices()), ElementsAre("fired", "raised"));
}

TEST(ControlDelivery, what_ends_within_group_wait_is_in_the_rows_only) {
  ControlOptions options;
  options.alerts.keep_firing = Duration::zero();
  ControlBench bench({}, options);
  auto stream = bench.watch("A");
  bench.put(ControlBench::at(stream, Level::degraded, Reason::silent, t0));
  bench.run_until(t0 + 2s);
  bench.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
  bench.run_until(t0 + 2min);
  EXPECT_THAT(bench.open(), IsEmpty());
  EXPECT_EQ(bench.journal.rows<AlertRow>().size(), 2U);
  EXPECT_THAT(bench.hook.delivered, IsEmpty());
  const auto end = std::ranges::find_if(bench.journal.committed, [](const JournalBatch& batch) {
    return batch.idempotency_key.find("/resolved/") != std::string::npos;
  });
  ASSERT_NE(end, bench.journal.committed.end());
  EXPECT_EQ(std::ranges::count_if(end->rows,
                                  [](const JournalRow& row) {
                                    const auto* note = std::get_if<NotificationRow>(&row);
                                    return note != nullptr && note->state == "failed";
                                  }),
            2)
      << "in one transaction with the end, for a run that begins just then";
  EXPECT_EQ(bench.control.counters().notifications_failed, 0U);
  EXPECT_TRUE(bench.control.drained());
}

/// A sink that says silence is an end: the bench's with other limits.
class KeptAlive : public testing::Test {
 protected:
  struct Bench : ControlBench {
    explicit Bench(Recovered recovered = {})
        : fresh(ControlOptions{},
                ControlPorts{.clock = clock,
                             .wakeup = wakeup,
                             .journal = rows,
                             .sinks = {&manager},
                             .status = statuses,
                             .monitor = monitor},
                std::move(recovered)) {
      fresh.start();
    }
    void pump() {
      while (rows.answer() || manager.answer()) {
      }
    }
    void pass(MonoTime end) {
      pump();
      while (wakeup.armed && *wakeup.armed <= end) {
        clock.time = std::max(clock.time, *wakeup.armed);
        fresh.on_wakeup(clock.time);
        pump();
      }
      clock.time = end;
    }
    static FakeSink made() {
      FakeSink sink("manager");
      sink.taken.resend = 1min;
      return sink;
    }
    FakeJournal rows;
    FakeSink manager = made();
    StatusBoard statuses{[] {}};
    Control fresh;
  };
};

TEST_F(KeptAlive, firing_is_told_each_minute_and_the_end_for_a_while) {
  Bench bench;
  auto stream = bench.watch("A");
  bench.statuses.put(ControlBench::at(stream, Level::degraded, Reason::silent, t0));
  bench.fresh.on_status(t0);
  bench.pass(t0 + 3min + 1s);
  EXPECT_THAT(news_of(bench.manager.notices()),
              ElementsAre("fired", "repeated", "repeated", "repeated"));
  bench.statuses.put(ControlBench::at(stream, Level::healthy, Reason::ok, bench.clock.time));
  bench.fresh.on_status(bench.clock.time);
  bench.pass(t0 + 1h);
  const auto news = news_of(bench.manager.notices());
  EXPECT_EQ(news.back(), "resolved");
  EXPECT_EQ(std::ranges::count(news, "resolved"), 16) << "once as news, then each minute for 15";
}

TEST_F(KeptAlive, goes_on_after_a_restart_and_says_when_the_receiver_is_away) {
  AlertRow row;
  row.id = "theirs";
  row.name = "made_by_hand";
  row.identity = "made_by_hand";
  row.severity = "warning";
  row.state = "firing";
  row.metadata = "{}";
  row.started_at = row.updated_at = FakeClock().wall_now();
  Bench bench({.open_alerts = {row}, .pending_notifications = {}});
  bench.pass(t0 + 1min);
  EXPECT_EQ(bench.manager.keys(), std::vector<std::string>{"theirs/firing/warning"});
  bench.manager.result = {SinkResult::Status::retry, "connection refused", std::nullopt};
  bench.pass(t0 + 5min);
  const auto alerts = bench.fresh.alerts(0);
  EXPECT_TRUE(std::ranges::any_of(
      alerts, [](const auto& alert) { return alert.row.name == "sink_failing"; }));
}

AlertRow open_row(std::string name, Labels labels, std::string severity) {
  AlertRow row;
  row.id = "old";
  row.name = name;
  row.identity = alert::identity_of(name, labels);
  row.labels = std::move(labels);
  row.severity = std::move(severity);
  row.state = "firing";
  row.metadata = "{}";
  row.started_at = row.updated_at = FakeClock().wall_now();
  return row;
}

TEST_F(KeptAlive, nobody_is_told_of_his_own_trouble_after_a_restart_either) {
  Bench bench({.open_alerts = {open_row("sink_failing", {{"sink", "manager"}}, "warning")},
               .pending_notifications = {}});
  bench.pass(t0 + 10min);
  EXPECT_THAT(bench.manager.delivered, IsEmpty());
}

TEST_F(KeptAlive, a_rise_that_was_muted_is_not_told_after_a_restart) {
  muting::Silence silence;
  silence.id = "s";
  silence.matchers = *muting::parse_matchers("alertname=by_hand");
  silence.starts_at = FakeClock().wall_now();
  silence.ends_at = silence.starts_at + 1h;
  Bench bench({.open_alerts = {open_row("by_hand", {}, "critical")},
               .pending_notifications = {},
               .silences = {silence},
               .told = {{"old", alert::Severity::warning}}});
  bench.pass(t0 + 90s);
  EXPECT_EQ(bench.manager.keys(), std::vector<std::string>{"old/firing/warning"});
}

TEST_F(KeptAlive, new_words_of_another_writer_do_not_tell_what_is_muted) {
  Bench bench;
  muting::Silence wish;
  wish.matchers = *muting::parse_matchers("alertname=by_hand");
  wish.ends_at = FakeClock().wall_now() + 1h;
  wish.created_by = wish.comment = "ops";
  ASSERT_TRUE(bench.fresh.put_silence(wish));
  const AlertRow row = open_row("by_hand", {}, "warning");
  NotificationRow note;
  note.id = "old/firing/warning@manager";
  note.alert_id = row.id;
  note.sink = "manager";
  note.state = "pending";
  bench.fresh.adopt(row, {note});
  bench.fresh.adopt(row, {});
  bench.pass(t0 + 10min);
  EXPECT_THAT(bench.manager.delivered, IsEmpty());
}

}  // namespace
}  // namespace feedwatch::engine
