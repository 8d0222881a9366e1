#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/alert/payload.hpp"
#include "feedwatch/engine/tests/control_bench.hpp"

// Alerts that did not begin here: of another writer of the journal, and of an earlier run.

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string staleness(const std::string& symbol) {
  return R"(price_staleness{kind="mark",symbol=")" + symbol + R"(",venue="v"})";
}

class ControlAdopted : public testing::Test {
 protected:
  void go_to(Level level, StreamStatus& stream) {
    const Reason reason = level == Level::healthy ? Reason::ok : Reason::silent;
    stream = ControlBench::at(stream, level, reason, bench.clock.time);
    bench.put(stream);
  }
  void degrade(StreamStatus& stream) { go_to(Level::degraded, stream); }
  void go_stale(StreamStatus& stream) { go_to(Level::stale, stream); }
  void heal(StreamStatus& stream) { go_to(Level::healthy, stream); }

  ControlBench bench;
};

// ---- another writer ----

AlertRow foreign_row(const std::string& name, Labels labels, const std::string& severity) {
  AlertRow row;
  row.id = "theirs";
  row.name = name;
  row.identity = alert::identity_of(name, labels);
  row.labels = std::move(labels);
  row.severity = severity;
  row.state = "firing";
  row.message = "their words";
  row.metadata = "{}";
  row.started_at = row.updated_at = FakeClock().wall_now();
  return row;
}

NotificationRow foreign_note(const AlertRow& row) {
  NotificationRow note;
  note.id = row.id + "/" + row.state + "/" + row.severity + "@hook";
  note.alert_id = row.id;
  note.sink = "hook";
  note.state = "pending";
  note.payload = "{}";
  return note;
}

TEST_F(ControlAdopted,
       an_alert_of_another_writer_is_shown_told_and_stays_until_its_writer_ends_it) {
  AlertRow row = foreign_row("disk_hot", {}, "warning");
  bench.control.adopt(row, {foreign_note(row)});
  bench.settle();
  EXPECT_THAT(bench.open(), ElementsAre("disk_hot warning"));
  EXPECT_EQ(bench.hook.keys(), std::vector<std::string>{"theirs/firing/warning"});
  bench.put(bench.watch("BTC"));
  bench.run_until(t0 + 1h);
  EXPECT_THAT(bench.open(), ElementsAre("disk_hot warning"));
  row.state = "resolved";
  row.resolved_at = bench.clock.wall_now();
  bench.control.adopt(row, {foreign_note(row)});
  bench.settle();
  EXPECT_THAT(bench.open(), IsEmpty());
  EXPECT_EQ(bench.control.alerts().at(0).row.id, "theirs");
  EXPECT_EQ(bench.hook.keys().back(), "theirs/resolved/warning");
  EXPECT_THAT(bench.journal.rows<AlertRow>(), IsEmpty()) << "the rows are its writer's";
}

TEST_F(ControlAdopted, one_that_was_told_before_we_knew_it_is_told_to_have_ended) {
  auto stream = bench.watch("BTC");
  go_stale(stream);
  bench.run_until(t0 + 1min);
  heal(stream);
  bench.run_until(t0 + 10min);
  bench.hook.delivered.clear();
  // From a database that was away when we began; everybody has been told.
  const AlertRow row = foreign_row(
      "price_staleness", {{"kind", "mark"}, {"symbol", "BTC"}, {"venue", "v"}}, "critical");
  bench.control.adopt(row, {});
  bench.settle();
  bench.run_until(t0 + 20min);
  EXPECT_THAT(bench.open(), IsEmpty());
  EXPECT_EQ(bench.hook.keys(), std::vector<std::string>{"theirs/resolved/critical"});
}

TEST_F(ControlAdopted, a_rise_that_comes_after_the_end_is_not_told) {
  AlertRow row = foreign_row("disk_hot", {}, "warning");
  bench.control.adopt(row, {foreign_note(row)});
  bench.settle();
  row.state = "resolved";
  row.resolved_at = bench.clock.wall_now();
  bench.control.adopt(row, {foreign_note(row)});
  bench.settle();
  row.state = "firing";
  row.severity = "critical";
  row.resolved_at.reset();
  bench.control.adopt(row, {foreign_note(row)});
  bench.settle();
  bench.run_until(t0 + 10min);
  EXPECT_THAT(bench.hook.keys(), ElementsAre("theirs/firing/warning", "theirs/resolved/warning"));
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST_F(ControlAdopted, an_alert_of_a_rule_made_by_another_writer_goes_on_under_its_id_and_ends) {
  auto btc = bench.watch("BTC");
  heal(btc);
  const Labels scope{{"kind", "mark"}, {"symbol", "BTC"}, {"venue", "v"}};
  bench.control.adopt(foreign_row("price_staleness", scope, "warning"), {});
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " warning"));
  bench.run_until(t0 + 10s);
  go_stale(btc);
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " critical"));
  EXPECT_EQ(bench.journal.rows<AlertRow>().back().id, "theirs") << "raised, not fired again";
  bench.run_until(t0 + 20s);
  heal(btc);
  bench.run_until(t0 + 80s);
  EXPECT_THAT(bench.open(), IsEmpty());
  EXPECT_EQ(bench.journal.rows<AlertRow>().back().id, "theirs");
}

TEST_F(ControlAdopted, an_untrue_alert_of_a_rule_ends_although_nothing_changes) {
  auto btc = bench.watch("BTC");
  bench.price(btc, "100");
  heal(btc);
  bench.run_until(t0 + 30s);
  const Labels here{{"kind", "mark"}, {"symbol", "BTC"}, {"venue", "v"}};
  AlertRow nowhere = foreign_row("price_staleness", {{"symbol", "X"}, {"venue", "w"}}, "warning");
  nowhere.id = "nowhere";
  bench.control.adopt(foreign_row("price_staleness", here, "warning"), {});
  bench.control.adopt(nowhere, {});
  ASSERT_EQ(bench.open().size(), 2U);
  bench.run_until(t0 + 91s);
  EXPECT_THAT(bench.open(), IsEmpty());
  for (const auto& row : bench.journal.rows<AlertRow>()) {
    EXPECT_GE(row.resolved_at, row.started_at) << row.identity;
  }
}

TEST_F(ControlAdopted, an_alert_that_fires_at_once_with_another_writers_takes_its_id) {
  auto btc = bench.watch("BTC");
  bench.old_price(btc);
  degrade(btc);
  const Labels scope{{"kind", "mark"}, {"symbol", "BTC"}, {"venue", "v"}};
  bench.control.adopt(foreign_row("price_staleness", scope, "critical"), {});
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " critical"));
  EXPECT_EQ(bench.control.alerts(0).at(0).row.id, "theirs");
  AlertRow row = foreign_row("price_staleness", scope, "critical");
  row.state = "resolved";
  row.resolved_at = bench.clock.wall_now();
  bench.control.adopt(row, {});
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " warning"))
      << "ended by somebody although it is true: a new one";
  EXPECT_NE(bench.control.alerts(0).at(0).row.id, "theirs");
  bench.control.adopt(foreign_row("price_staleness", scope, "critical"), {});
  EXPECT_NE(bench.control.alerts(0).at(0).row.id, "theirs") << "news overtaken by its end";
}

TEST_F(ControlAdopted, while_we_are_suspect_no_stream_and_no_line_is_accused) {
  bench.put(ControlBench::venue(true, t0));
  auto btc = bench.watch("BTC");
  bench.old_price(btc);
  heal(btc);
  AlertRow suspect = foreign_row("monitor_suspect", {}, "critical");
  bench.control.adopt(suspect, {});
  go_stale(btc);
  bench.put(ControlBench::venue(false, bench.clock.time));
  bench.run_until(t0 + 20s);
  EXPECT_THAT(bench.open(), ElementsAre("monitor_suspect critical"));
  suspect.state = "resolved";
  suspect.resolved_at = bench.clock.wall_now();
  bench.control.adopt(suspect, {});
  bench.run_until(t0 + 21s);
  EXPECT_THAT(bench.open(), testing::UnorderedElementsAre("line_down{venue=\"v\"} critical",
                                                          staleness("BTC") + " critical"))
      << "still true, and nothing excuses it any more";
}

// ---- an earlier run ----

AlertRow open_row(const std::string& symbol) {
  AlertRow row;
  row.id = "old-" + symbol;
  row.name = "price_staleness";
  row.labels = {{"kind", "mark"}, {"symbol", symbol}, {"venue", "v"}};
  row.identity = staleness(symbol);
  row.severity = "warning";
  row.state = "firing";
  row.message = "old message";
  row.metadata = "{}";
  row.started_at = FakeClock().wall_now() - 10min;
  row.updated_at = row.started_at;
  return row;
}

TEST(ControlRecovered, alert_still_true_goes_on_and_never_fires_twice) {
  ControlBench bench({{open_row("BTC")}, {}});
  auto btc = bench.watch("BTC");
  bench.put(btc);
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " warning"));
  bench.run_until(t0 + 31s);
  btc = ControlBench::at(btc, Level::stale, Reason::never_received, t0 + 30s);
  bench.put(btc);
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " critical"));
  const auto rows = bench.journal.rows<AlertRow>();
  ASSERT_EQ(rows.size(), 1U) << "raised, not fired";
  EXPECT_EQ(rows[0].id, "old-BTC");
  EXPECT_EQ(rows[0].started_at, open_row("BTC").started_at);
}

TEST(ControlRecovered, alert_whose_stream_is_healthy_again_resolves) {
  ControlBench bench({{open_row("BTC")}, {}});
  auto btc = bench.watch("BTC");
  bench.put(btc);
  bench.run_until(t0 + 2s);
  btc = ControlBench::at(btc, Level::healthy, Reason::ok, t0 + 2s);
  bench.put(btc);
  bench.run_until(t0 + 62s);
  EXPECT_THAT(bench.open(), IsEmpty());
  EXPECT_EQ(bench.journal.rows<AlertRow>().at(0).id, "old-BTC");
  bench.run_until(t0 + 67s);
  EXPECT_EQ(bench.hook.keys(), std::vector<std::string>{"old-BTC/resolved/warning"});
}

/// Rules have had other names: their open alerts are gone on with under today's.
TEST(ControlRecovered, alert_under_a_former_name_goes_on_under_the_new_one_and_ends) {
  AlertRow old = open_row("BTC");
  old.name = "stream_rejecting";
  old.identity = R"(stream_rejecting{kind="mark",symbol="BTC",venue="v"})";
  AlertRow store = open_row("");
  store.id = "old-store";
  store.name = store.identity = "store_failed";
  store.labels = {};
  ControlBench bench({{old, store}, {}});
  auto btc = bench.watch("BTC");
  bench.run_until(t0 + 1s);
  btc = ControlBench::at(btc, Level::stale, Reason::rejecting, t0 + 1s);
  bench.put(btc);
  EXPECT_THAT(bench.open(), testing::UnorderedElementsAre(
                                R"(rejecting{kind="mark",symbol="BTC",venue="v"} critical)",
                                "store_down warning"));
  bench.run_until(t0 + 62s);
  EXPECT_THAT(bench.open(),
              ElementsAre(R"(rejecting{kind="mark",symbol="BTC",venue="v"} critical)"))
      << "the store takes rows";
  const auto rows = bench.journal.rows<AlertRow>();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].id + " " + rows[0].name, "old-BTC rejecting") << "adopted, not fired anew";
  EXPECT_EQ(rows[1].id + " " + rows[1].name + " " + rows[1].state, "old-store store_down resolved");
}

TEST(ControlRecovered, alert_of_a_stream_not_watched_any_more_resolves) {
  ControlBench bench({{open_row("GONE")}, {}});
  bench.put(bench.watch("BTC"));
  bench.run_until(t0 + 60s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST(ControlRecovered, alert_of_a_pattern_waits_for_the_list_of_its_venue) {
  ControlBench bench({{open_row("BTC"), open_row("GONE")}, {}});
  VenueStatus venue = ControlBench::venue(true, t0);
  venue.awaits_instruments = true;
  bench.put(venue);
  bench.run_until(t0 + 10min);
  EXPECT_EQ(bench.open().size(), 2U) << "REST is down: nobody knows whether they are watched";
  EXPECT_THAT(bench.hook.delivered, IsEmpty());
  auto btc = bench.watch("BTC");
  venue.awaits_instruments = false;
  bench.board.put(btc);
  bench.put(venue);
  bench.run_until(t0 + 10min + 61s);
  EXPECT_THAT(bench.open(), ElementsAre(staleness("BTC") + " warning"))
      << "GONE matches no pattern";
  const auto rows = bench.journal.rows<AlertRow>();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].resolved_at, bench.clock.wall_now() - 1s) << "dated when it was known";
}

TEST(ControlRecovered, what_ended_in_an_earlier_run_is_still_shown_behind_what_ends_now) {
  std::vector<AlertRow> ended;
  for (int i = 0; i < 1'001; ++i) {
    ended.push_back(open_row("OLD"));
    ended.back().id = "old-" + std::to_string(i);
    ended.back().state = "resolved";
  }
  ControlBench bench({{open_row("BTC")}, {}, ended});
  EXPECT_EQ(bench.control.alerts(2'000).size(), 1'001U) << "one open, 1000 of 1001 resolved";
  EXPECT_EQ(bench.control.alerts(1).back().row.id, "old-0");
  auto btc = bench.watch("BTC");
  btc = ControlBench::at(btc, Level::healthy, Reason::ok, t0);
  bench.put(btc);
  bench.run_until(t0 + 61s);
  const auto shown = bench.control.alerts(2'000);
  EXPECT_EQ(shown.size(), 1'000U);
  EXPECT_EQ(shown.at(0).row.id, "old-BTC");
  EXPECT_FALSE(shown.at(1).open);
}

TEST(ControlRecovered, alerts_of_others_are_left_alone) {
  AlertRow row = open_row("BTC");
  row.name = "made_by_hand";
  row.labels = {};
  ControlBench bench({{row}, {}});
  bench.put(bench.watch("BTC"));
  bench.run_until(t0 + 1h);
  EXPECT_EQ(bench.open().size(), 1U);
}

TEST(ControlRecovered, undelivered_notifications_leave_under_their_old_key) {
  NotificationRow note;
  note.id = "old-BTC/firing/warning@hook";
  note.alert_id = "old-BTC";
  note.sink = "hook";
  note.state = "pending";
  Notice told = alert::notice_of(open_row("BTC"));
  told.key = "old-BTC/firing/warning";
  told.message = "as it was told";
  note.payload = alert::notice_record(told);
  NotificationRow orphan = note;
  orphan.id = "old-BTC/firing/warning@gone";
  orphan.sink = "gone";
  ControlBench bench({{open_row("BTC")}, {note, orphan}});
  ASSERT_EQ(bench.hook.delivered.size(), 1U);
  EXPECT_EQ(bench.hook.delivered[0].id, "old-BTC/firing/warning");
  EXPECT_EQ(bench.hook.notices()[0], told);
  const auto rows = bench.journal.rows<NotificationRow>();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].id + " " + rows[0].state, "old-BTC/firing/warning@gone failed");
  EXPECT_EQ(rows[1].id + " " + rows[1].state, "old-BTC/firing/warning@hook delivered");
}

TEST(ControlRecovered, what_there_is_no_room_for_does_not_stay_pending) {
  const AlertRow row = foreign_row("disk_hot", {}, "warning");
  Recovered recovered{.open_alerts = {row}, .pending_notifications = {}};
  for (const char* id : {"a", "b", "c"}) {
    AlertRow other = row;
    other.id = id;
    other.identity = other.name = id;
    NotificationRow note = foreign_note(other);
    recovered.open_alerts.push_back(other);
    recovered.pending_notifications.push_back(note);
  }
  ControlOptions options;
  options.alerts.max_notifications = 2;
  ControlBench bench(std::move(recovered), options);
  bench.run_until(t0 + 1min);
  std::map<std::string, std::string> states;
  for (const auto& note : bench.journal.rows<NotificationRow>()) states[note.id] = note.state;
  EXPECT_THAT(states, ElementsAre(std::pair("a/firing/warning@hook", "delivered"),
                                  std::pair("b/firing/warning@hook", "delivered"),
                                  std::pair("c/firing/warning@hook", "failed")));
}

TEST(ControlRecovered, notifications_of_an_earlier_version_are_told_from_their_alert) {
  NotificationRow note;
  note.id = "old-BTC/firing/warning@hook";
  note.alert_id = "old-BTC";
  note.sink = "hook";
  note.state = "pending";
  note.payload = R"({"version":"4"})";
  NotificationRow over = note;
  over.id = "gone/resolved/warning@hook";
  over.alert_id = "gone";
  ControlBench bench({{open_row("BTC")}, {note, over}});
  EXPECT_EQ(bench.hook.keys(), std::vector<std::string>{"old-BTC/firing/warning"});
  EXPECT_EQ(bench.hook.notices()[0].message, "old message");
  const auto rows = bench.journal.rows<NotificationRow>();
  EXPECT_EQ(rows[0].id + " " + rows[0].state, "gone/resolved/warning@hook failed");
}

TEST(ControlRecovered, the_key_is_the_same_although_the_name_of_the_sink_holds_an_at_sign) {
  ControlBench bench;
  FakeJournal journal;
  FakeSink mail("ops@home");
  StatusBoard board([] {});
  NotificationRow note;
  note.id = "old-BTC/firing/warning@ops@home";
  note.alert_id = "old-BTC";
  note.sink = "ops@home";
  note.state = "pending";
  Control control({},
                  {.clock = bench.clock,
                   .wakeup = bench.wakeup,
                   .journal = journal,
                   .sinks = {&mail},
                   .status = board,
                   .monitor = bench.monitor},
                  {{open_row("BTC")}, {note}});
  control.start();
  ASSERT_TRUE(mail.answer());
  EXPECT_EQ(mail.keys(), std::vector<std::string>{"old-BTC/firing/warning"});
}

}  // namespace
}  // namespace feedwatch::engine
