#include "feedwatch/store/tests/store_fixture.hpp"

namespace feedwatch::store {
namespace {

class StoreJournalTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Both, StoreJournalTest, ::testing::Values(Kind::sqlite, Kind::postgres),
                         name_of);

TEST_P(StoreJournalTest, RowsComeBackAsWritten) {
  open();
  const NotificationRow note{"n1", "a1",      "hook", "pending", R"({"x":1})", 2, wall_from_ns(10),
                             {},   "HTTP 503"};
  const RepairRow repair{
      "r1",   "v/S/last", "resubscribe", "v#1", wall_from_ns(3), wall_from_ns(4), true,
      "data", 3,          1.25};
  const AlertTransitionRow step{"a1", wall_from_ns(7), "", "firing", "critical", "m"};
  commit(batch_of("k", {alert_row("a1"), step, note, transition(1), transition(2), repair}));
  ASSERT_TRUE(wait_done(1));
  EXPECT_EQ(done_[0], "ok");

  const auto reader = query();
  const auto open_alerts = reader->open_alerts();
  ASSERT_TRUE(open_alerts && open_alerts->size() == 1);
  const AlertRow expected = alert_row("a1");
  const AlertRow& row = open_alerts->front();
  EXPECT_EQ(row.id, expected.id);
  EXPECT_EQ(row.identity, expected.identity);
  EXPECT_EQ(row.message, expected.message);
  EXPECT_EQ(row.metadata, expected.metadata);
  EXPECT_EQ(row.labels, expected.labels);
  EXPECT_EQ(row.started_at, expected.started_at);
  EXPECT_EQ(row.updated_at, expected.updated_at);
  EXPECT_FALSE(row.resolved_at);

  const auto notes = reader->pending_notifications();
  ASSERT_TRUE(notes && notes->size() == 1);
  EXPECT_EQ(notes->front().payload, note.payload);
  EXPECT_EQ(notes->front().attempts, 2);
  EXPECT_FALSE(notes->front().finished_at);

  const auto levels = reader->stream_transitions("v/S/last");
  ASSERT_TRUE(levels && levels->size() == 2);
  EXPECT_EQ(levels->at(0).row.merged, 2) << "newest first";
  EXPECT_EQ(levels->at(0).row.age_seconds, 2.0);
  EXPECT_FALSE(levels->at(1).row.age_seconds);
  EXPECT_TRUE(levels->at(0).row.fault);
  const auto older =
      reader->stream_transitions("", 5, TransitionPlace{levels->at(0).row.at, levels->at(0).seq});
  ASSERT_TRUE(older && older->size() == 1);
  EXPECT_EQ(older->front().row.merged, 1);

  const auto repairs = reader->repairs("v/S/last");
  ASSERT_TRUE(repairs && repairs->size() == 1);
  EXPECT_EQ(repairs->front().ok, true);
  EXPECT_EQ(repairs->front().topics, 3);
  EXPECT_EQ(repairs->front().gap_seconds, 1.25);
  EXPECT_TRUE(
      reader->repairs("", 5, StartPlace{repairs->at(0).started_at, repairs->at(0).id})->empty());
  const auto steps = reader->alert_transitions("a1");
  ASSERT_TRUE(steps && steps->size() == 1);
  EXPECT_EQ(steps->front().to, "firing");
}

TEST_P(StoreJournalTest, SameIdReplacesAndResolvedLeavesTheOpenList) {
  open();
  commit(batch_of("k1", {alert_row("a1")}));
  commit(batch_of("k2", {alert_row("a1", "resolved")}));
  commit(
      batch_of("k3", {NotificationRow{"n1", "a1", "hook", "pending", "{}", 0, wall_from_ns(1)}}));
  commit(batch_of("k4", {NotificationRow{"n1", "a1", "hook", "delivered", "{}", 1, wall_from_ns(1),
                                         wall_from_ns(2), ""}}));
  ASSERT_TRUE(wait_done(4));
  const auto reader = query();
  EXPECT_TRUE(reader->open_alerts()->empty());
  EXPECT_TRUE(reader->pending_notifications()->empty());
  EXPECT_EQ(reader->alerts()->size(), 1U);
  EXPECT_EQ(reader->alert("a1")->value().state, "resolved");
  EXPECT_FALSE(reader->alert("none")->has_value());
  EXPECT_EQ(reader->notifications("a1")->front().state, "delivered");
}

TEST_P(StoreJournalTest, SameKeyTakesEffectOnceAcrossReopen) {
  open();
  commit(batch_of("same", {transition(1)}));
  commit(batch_of("same", {transition(1), transition(2)}));
  ASSERT_TRUE(wait_done(2));
  EXPECT_EQ(done_, (std::vector<std::string>{"ok", "ok"}));
  store_.reset();
  open();
  commit(batch_of("same", {transition(3)}));
  ASSERT_TRUE(wait_done(3));
  EXPECT_EQ(query()->stream_transitions("")->size(), 1U);
  EXPECT_EQ(store_->health().duplicates, 1U);
}

TEST_P(StoreJournalTest, ARowTheTablesRefuseTakesItsWholeBatchAlong) {
  open();
  commit(batch_of("k1", {alert_row("a1")}));
  commit(batch_of("k2", {transition(1), alert_row("a2"), alert_row("a3", "odd")}));
  commit(batch_of("k3", {transition(2)}));
  ASSERT_TRUE(wait_done(3));
  EXPECT_TRUE(done_[1].starts_with("store: cannot take a batch: ")) << done_[1];
  EXPECT_NE(done_[1].find(GetParam() == Kind::sqlite ? "CHECK constraint failed"
                                                     : "violates check constraint"),
            std::string::npos)
      << done_[1];
  EXPECT_EQ(done_[2], "ok");
  EXPECT_EQ(query()->stream_transitions("")->size(), 1U);
  ASSERT_EQ(query()->open_alerts()->size(), 1U);
  EXPECT_EQ(query()->open_alerts()->front().id, "a1");
}

TEST_P(StoreJournalTest, StateSurvivesAndHoldsAnyBytes) {
  open();
  const std::string bytes("\0\xff\n'", 4);
  store_->put("budget/binance", bytes);
  ASSERT_TRUE(store_->close(5s));
  store_.reset();
  open();
  EXPECT_EQ(store_->get("budget/binance"), bytes);
}

TEST_P(StoreJournalTest, ProbeLeavesNothingBehind) {
  open();
  bool answered = false;
  store_->probe([&](const Result<Duration>& took) { answered = took.has_value(); });
  ASSERT_TRUE(mailbox_.wait_until([&] { return answered; }));
  EXPECT_EQ(number("SELECT count(*) FROM state"), 0);
}

TEST_P(StoreJournalTest, OldRowsAndKeysArePruned) {
  open();
  StreamTransitionRow fresh = transition(1);
  fresh.at = clock_.wall_now();
  StreamTransitionRow old = transition(2);
  old.at = clock_.wall_now() - 25h;
  AlertRow closed = alert_row("closed", "resolved");
  commit(batch_of("k", {fresh, old, alert_row("open"), closed,
                        AlertTransitionRow{"closed", wall_from_ns(1), "", "firing", "", ""}}));
  ASSERT_TRUE(wait_done(1));
  store_.reset();
  options_.row_retention = 24h;
  options_.key_retention = -1h;  // everything is older than an hour from now
  open();                        // prunes first thing
  // The alert goes last, after its transitions.
  ASSERT_TRUE(mailbox_.wait_until([&] { return query()->alerts()->size() == 1; }));
  EXPECT_EQ(number("SELECT count(*) FROM committed_batches"), 0);
  const auto rows = query()->stream_transitions("");
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().row.merged, 1);
  const auto alerts = query()->alerts();
  ASSERT_EQ(alerts->size(), 1U);
  EXPECT_EQ(alerts->front().id, "open");
  EXPECT_TRUE(query()->alert_transitions("closed")->empty());
}

TEST_P(StoreJournalTest, AGroupWithOneBadBatchAndOneRepeatedKeepsTheOthersInOrder) {
  open();
  for (int i = 0; i < 50; ++i) {
    const std::string key = i == 30 ? "k7" : "k" + std::to_string(i);
    commit(i == 20 ? batch_of(key, {transition(i), alert_row("bad", "odd")})
                   : batch_of(key, {transition(i)}));
  }
  ASSERT_TRUE(wait_done(50));
  EXPECT_NE(done_[20], "ok");
  EXPECT_EQ(done_[30], "ok") << "its effect is there already";
  EXPECT_EQ(store_->health().rejected, 1U);
  EXPECT_EQ(store_->health().duplicates, 1U);
  EXPECT_EQ(store_->health().consecutive_failures, 0U);
  const auto rows = query()->stream_transitions("", 100);
  ASSERT_EQ(rows->size(), 48U);
  for (std::size_t i = 1; i < rows->size(); ++i) {
    EXPECT_LT(rows->at(i).row.merged, rows->at(i - 1).row.merged);
  }
}

TEST_P(StoreJournalTest, NoByteOfATextCostsAnAlert) {
  open();
  AlertRow row = alert_row("a1");
  row.message = std::string("nul \0 torn \xff\xc3 end '\"\\; DROP TABLE alerts; -- 🚀", 49);
  row.labels = {{"symbol", std::string("\0\xfe", 2)}};
  commit(batch_of("k1", {row, AlertTransitionRow{"a1", wall_from_ns(0), "", "firing", "critical",
                                                 row.message}}));
  commit(batch_of("k2", {transition(1)}));
  ASSERT_TRUE(wait_done(2));
  EXPECT_EQ(done_, (std::vector<std::string>{"ok", "ok"}));
  const auto found = query()->alert("a1");
  ASSERT_TRUE(found && *found);
  EXPECT_NE((*found)->message.find("DROP TABLE alerts; --"), std::string::npos);
  EXPECT_TRUE((*found)->message.starts_with("nul ")) << (*found)->message;
  EXPECT_EQ(query()->alert_transitions("a1")->size(), 1U);
}

TEST_P(StoreJournalTest, ATextTooLongForItsIndexIsTheBatchsOwnFault) {
  open();
  AlertRow row = alert_row("a1");
  row.identity.clear();
  // Of many different words: what repeats is compressed.
  for (int i = 0; row.identity.size() < 200'000; ++i) {
    row.identity += std::to_string(i * 7919LL * i % 1'000'003);
  }
  commit(batch_of("k1", {row}));
  commit(batch_of("k2", {transition(1)}));
  ASSERT_TRUE(wait_done(2));
  EXPECT_EQ(done_[0] == "ok", GetParam() == Kind::sqlite) << done_[0];
  EXPECT_EQ(done_[1], "ok");
  EXPECT_EQ(store_->health().spool_writes, 0U) << "the database is well";
}

TEST_P(StoreJournalTest, TheReaderOfAStoreThatBeganWellIsItsDatabase) {
  open();
  commit(batch_of("k1", {alert_row("a1")}));
  ASSERT_TRUE(wait_done(1));
  auto reader = store_->reader();
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->open_alerts()->size(), 1U);
}

TEST_P(StoreJournalTest, ASecondMonitorIsToldWhoIsThere) {
  open();
  options_.state_dir = dir_.path() / "other";
  const std::string error = open_error();
  EXPECT_NE(error.find(": is in use by "), std::string::npos) << error;
  EXPECT_NE(error.find(GetParam() == Kind::sqlite ? "process " : "server process "),
            std::string::npos)
      << error;
}

}  // namespace
}  // namespace feedwatch::store
