#include "feedwatch/store/tests/store_fixture.hpp"

namespace feedwatch::store {
namespace {

class StoreRowsTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Both, StoreRowsTest, ::testing::Values(Kind::sqlite, Kind::postgres),
                         name_of);

TEST_P(StoreRowsTest, AnAcknowledgementIsPartOfItsAlert) {
  open();
  commit(batch_of("k1", {alert_row("a1")}));
  commit(batch_of("k2", {acknowledged(alert_row("a1"))}));
  ASSERT_TRUE(wait_done(2));
  const auto found = query()->alert("a1");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->acked_at, alert_row("a1").updated_at);
  EXPECT_EQ((*found)->acked_by, "ann");
  EXPECT_EQ((*found)->ack_comment, "looking");
}

TEST_P(StoreRowsTest, ASilenceIsReplacedById) {
  open();
  commit(batch_of("k1", {silence_row("s1"), silence_row("s2", 2h)}));
  SilenceRow shorter = silence_row("s1", 1min);
  shorter.comment = "done early";
  commit(batch_of("k2", {shorter}));
  ASSERT_TRUE(wait_done(2));
  const auto silences = query()->silences();
  ASSERT_TRUE(silences && silences->size() == 2);
  EXPECT_EQ(silences->at(0).id, "s2") << "the last to end first";
  EXPECT_EQ(silences->at(0).matchers, silence_row("s2").matchers);
  EXPECT_EQ(silences->at(1).comment, "done early");
  EXPECT_EQ(silences->at(1).ends_at, silence_row("s1", 1min).ends_at);
  EXPECT_EQ(silences->at(1).starts_at, silence_row("s1").starts_at);
}

TEST_P(StoreRowsTest, MarksOfAPulseAreCountedAndTheNewestStands) {
  open();
  const auto mark = [](const char* name, const char* what, std::int64_t ns, const char* detail) {
    return PulseRow{name, what, wall_from_ns(ns * 1000), detail};
  };
  commit(batch_of("k1", {mark("signals", "beat", 100, "wave 1")}));
  commit(batch_of("k2", {mark("signals", "beat", 300, "wave 3")}));
  commit(batch_of("k3", {mark("signals", "beat", 200, "late word of wave 2")}));
  commit(batch_of("k4", {mark("signals", "failed", 400, "no wave")}));
  commit(batch_of("k4", {mark("signals", "failed", 400, "told twice")}));
  commit(batch_of("k5", {mark("cron", "failed", 50, "")}));
  ASSERT_TRUE(wait_done(6));
  const auto reader = query();
  const auto pulses = reader->pulses();
  ASSERT_TRUE(pulses && pulses->size() == 3);
  EXPECT_EQ(pulses->at(0).name, "cron");
  EXPECT_EQ(pulses->at(1).mark, "beat");
  EXPECT_EQ(pulses->at(1).at, wall_from_ns(300'000));
  EXPECT_EQ(pulses->at(1).detail, "wave 3");
  EXPECT_EQ(pulses->at(1).count, 3);
  EXPECT_EQ(pulses->at(2).count, 1) << "a batch takes effect once";
  EXPECT_EQ(reader->get_last_signal_time().value(), wall_from_ns(300'000))
      << "failing is no signal";
  EXPECT_FALSE(reader->get_last_signal_time("cron").value());
  EXPECT_FALSE(reader->get_last_signal_time("nobody").value());
}

TEST_P(StoreRowsTest, AgedEventsComeNewestFirst) {
  open();
  AgedMonitoringEventRow later = aged_event_row("e2");
  later.created_at += 1s;
  later.success.reset();
  later.price_distance_percent.reset();
  AgedMonitoringEventRow other = aged_event_row("e3");
  other.aged_position_id = "p2";
  commit(batch_of("k1", {aged_event_row("e1"), later, other}));
  ASSERT_TRUE(wait_done(1));
  const auto events = query()->aged_monitoring_events("p1");
  ASSERT_TRUE(events && events->size() == 2);
  EXPECT_EQ(events->at(0).id, "e2");
  EXPECT_FALSE(events->at(0).success);
  EXPECT_FALSE(events->at(0).price_distance_percent);
  EXPECT_EQ(events->at(1).market_price, "28145.10");
  EXPECT_FALSE(events->at(1).target_price);
  EXPECT_EQ(events->at(1).price_distance_percent, -0.25);
  EXPECT_EQ(events->at(1).success, false);
  EXPECT_EQ(events->at(1).event_metadata, R"({"phase":"grace"})");
  EXPECT_EQ(query()->aged_monitoring_events("")->size(), 3U);
}

TEST_P(StoreRowsTest, AnAgedEventIsAnOperationOfTheStore) {
  open();
  std::vector<std::string> answers;
  const auto keep = [&](const Result<std::string>& id) {
    answers.push_back(id ? *id : id.error().text());
  };
  store_->create_aged_monitoring_event(
      {.aged_position_id = "p1", .event_type = "phase_change", .market_price = "1.50"}, keep);
  ASSERT_TRUE(mailbox_.wait_until([&] { return answers.size() == 1; }));
  const auto events = query()->aged_monitoring_events("p1");
  ASSERT_TRUE(events && events->size() == 1);
  EXPECT_EQ(events->front().id, answers[0]);
  EXPECT_EQ(events->front().market_price, "1.50");
  EXPECT_LT(clock_.wall_now() - events->front().created_at, 1min);
}

TEST_P(StoreRowsTest, WhatMakesNoAgedEventIsRefused) {
  open();
  std::vector<std::string> answers;
  const auto ask = [&](AgedEventRequest request) {
    store_->create_aged_monitoring_event(std::move(request), [&](const Result<std::string>& id) {
      answers.push_back(id ? *id : id.error().why);
    });
  };
  ask({.event_type = "closed"});
  ask({.aged_position_id = "p1"});
  ask({.aged_position_id = "p1", .event_type = "closed", .target_price = "1,5"});
  ask({.aged_position_id = "p1", .event_type = "closed", .event_metadata = "[]"});
  ASSERT_TRUE(mailbox_.wait_until([&] { return answers.size() == 4; }));
  EXPECT_EQ(answers, (std::vector<std::string>{"names no position", "has no type",
                                               "has a price that is no decimal number",
                                               "has metadata that is no JSON object"}));
  EXPECT_TRUE(query()->aged_monitoring_events("")->empty());
}

TEST_P(StoreRowsTest, APositionIsReplacedByItsKeyAndGoneWhenItIsClosed) {
  open();
  PositionRow elsewhere = position_row("p1");
  elsewhere.symbol = "ETHUSDT";
  elsewhere.ttl_seconds = std::nullopt;
  elsewhere.expires_at = std::nullopt;
  commit(batch_of("k1", {position_row("p2"), position_row("p1"), elsewhere}));
  PositionRow grown = position_row("p1");
  grown.quantity = "0.300";
  PositionRow closed = position_row("p2");
  closed.closed_at = closed.updated_at + 1s;
  commit(batch_of("k2", {grown, closed}));
  ASSERT_TRUE(wait_done(2));

  const auto found = query()->open_positions();
  ASSERT_TRUE(found && found->size() == 2);
  const PositionRow& first = found->at(0);
  EXPECT_EQ(first.quantity, "0.300");
  EXPECT_EQ(first.side, "short");
  EXPECT_EQ(first.entry_price, "28145.10");
  EXPECT_EQ(first.owner, "bot-7");
  EXPECT_EQ(first.strategy, "momentum");
  EXPECT_EQ(first.trailing, "callback_percent=0.3");
  EXPECT_EQ(first.aged, "off");
  EXPECT_EQ(first.listed_by, "bot");
  EXPECT_EQ(first.opened_at, grown.opened_at);
  EXPECT_EQ(first.registered_at, grown.registered_at);
  EXPECT_EQ(first.ttl_seconds, 90.0);
  EXPECT_EQ(first.expires_at, grown.expires_at);
  EXPECT_EQ(found->at(1).symbol, "ETHUSDT");
  EXPECT_FALSE(found->at(1).ttl_seconds || found->at(1).expires_at);
}

TEST_P(StoreRowsTest, WhatRulesMustNotLoseIsReadForOpenPositions) {
  open();
  PositionRow closed = position_row("p2");
  closed.closed_at = closed.updated_at;
  commit(batch_of("k1", {position_row("p1"), closed, trailing_row("p1"), trailing_row("p2"),
                         aged_row("p1"), aged_row("p2")}));
  TrailingStopRow moved = trailing_row("p1");
  moved.confirmed_stop = "27100";
  moved.state = "triggered";
  AgedPositionRow later = aged_row("p1");
  later.phase = "emergency";
  commit(batch_of("k2", {moved, later}));
  ASSERT_TRUE(wait_done(2));

  const auto stops = query()->trailing_stops();
  ASSERT_TRUE(stops && stops->size() == 1);
  const TrailingStopRow& stop = stops->front();
  EXPECT_EQ(stop.id, "p1");
  EXPECT_EQ(stop.opened_at, moved.opened_at);
  EXPECT_EQ(stop.state, "triggered");
  EXPECT_EQ(stop.peak, "27000.5");
  EXPECT_EQ(stop.stop, "27135.5025");
  EXPECT_EQ(stop.confirmed_stop, "27100");
  EXPECT_TRUE(stop.activation_confirmed);
  EXPECT_EQ(stop.last_number, 3);
  EXPECT_EQ(stop.decisions, 5);
  const auto aged = query()->aged_positions();
  ASSERT_TRUE(aged && aged->size() == 1);
  EXPECT_EQ(aged->front().phase, "emergency");
  EXPECT_TRUE(aged->front().reached);
  EXPECT_FALSE(aged->front().exited);
  EXPECT_EQ(aged->front().decisions, 6);
}

TEST_P(StoreRowsTest, DecisionsAreReadInTheOrderTheyWereWrittenAndOnce) {
  open();
  commit(batch_of("k1", {decision_row("d2"), decision_row("d1")}));
  PositionDecisionRow again = decision_row("d2");
  again.reason = "told again";
  commit(batch_of("k2", {again, decision_row("d3")}));
  ASSERT_TRUE(wait_done(2));
  const auto first = query()->decisions(0, 2);
  ASSERT_TRUE(first && first->size() == 2);
  EXPECT_EQ(first->at(0).row.id, "d2");
  EXPECT_EQ(first->at(0).row.reason, "the stop follows") << "what was decided does not change";
  EXPECT_EQ(first->at(1).row.id, "d1");
  EXPECT_EQ(first->at(1).row.stop, "27135.5025");
  EXPECT_EQ(first->at(1).row.receive_age_seconds, 0.25);
  EXPECT_FALSE(first->at(1).row.target || first->at(1).row.event_age_seconds);
  const auto rest = query()->decisions(first->at(1).seq, 10);
  ASSERT_TRUE(rest && rest->size() == 1);
  EXPECT_EQ(rest->front().row.id, "d3");
}

TEST_P(StoreRowsTest, WhatIsLongOverIsPruned) {
  open();
  PulseRow fresh{"signals", "beat", clock_.wall_now(), ""};
  PositionRow long_closed = position_row("p2");
  long_closed.closed_at = wall_from_ns(1);
  commit(batch_of("k", {silence_row("s1"), aged_event_row("e1"), position_row("p1"), long_closed,
                        trailing_row("p1"), trailing_row("gone"), aged_row("gone"),
                        decision_row("d1"), fresh, PulseRow{"gone", "beat", wall_from_ns(1), ""}}));
  ASSERT_TRUE(wait_done(1));
  store_.reset();
  options_.row_retention = 24h;
  open();
  ASSERT_TRUE(mailbox_.wait_until([&] { return query()->silences()->empty(); }));
  EXPECT_TRUE(query()->aged_monitoring_events("")->empty());
  EXPECT_EQ(query()->open_positions()->size(), 1U) << "held, however old";
  EXPECT_EQ(query()->trailing_stops()->size(), 1U);
  EXPECT_TRUE(query()->decisions(0, 10)->empty());
  ASSERT_EQ(query()->pulses()->size(), 1U);
  EXPECT_EQ(query()->pulses()->front().name, "signals");
}

}  // namespace
}  // namespace feedwatch::store
