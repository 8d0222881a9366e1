#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "feedwatch/engine/tests/control_bench.hpp"

// Silences, acknowledgements and maintenance windows: recorded all the same, told when they are
// over.

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

muting::Silence wish(std::string_view matchers, Duration length = 1h) {
  muting::Silence silence;
  silence.matchers = *muting::parse_matchers(matchers);
  silence.ends_at = FakeClock().wall_now() + length;
  silence.created_by = "ops";
  silence.comment = "deploy";
  return silence;
}

class ControlMuting : public testing::Test {
 protected:
  ControlMuting() : bench({}, options()) {
    bench.old_price(btc);
    bench.old_price(eth);
  }

  static ControlOptions options() {
    ControlOptions options;
    muting::Maintenance window;
    window.name = "move";
    window.matchers = *muting::parse_matchers(R"(venue="w")");
    const WallTime start = FakeClock().wall_now() + 1min;
    window.once = {start, start + 10min};
    options.maintenances.push_back(window);
    return options;
  }

  void go(StreamStatus& stream, Level level) {
    const Reason reason = level == Level::healthy ? Reason::ok : Reason::silent;
    stream = ControlBench::at(stream, level, reason, bench.clock.time);
    bench.put(stream);
  }
  muting::Silence silence(std::string_view matchers, Duration length = 1h) {
    auto made = bench.control.put_silence(wish(matchers, length));
    EXPECT_TRUE(made) << made.error().text();
    bench.settle();
    return made ? *made : muting::Silence{};
  }
  std::string open_id() const { return bench.control.alerts(0).at(0).row.id; }
  /// "firing warning", … in the order the hook was told.
  std::vector<std::string> told() const {
    std::vector<std::string> words;
    for (const auto& key : bench.hook.keys()) words.push_back(key.substr(key.find('/') + 1));
    return words;
  }
  std::vector<std::string> transitions() const {
    std::vector<std::string> words;
    for (const auto& row : bench.journal.rows<AlertTransitionRow>()) {
      words.push_back(row.from + " -> " + row.to);
    }
    return words;
  }

  ControlBench bench;
  StreamStatus btc = bench.watch("BTC");
  StreamStatus eth = bench.watch("ETH", true, clocked(1s), "w");
};

TEST_F(ControlMuting, silenced_from_begin_to_end_is_recorded_and_never_told) {
  silence(R"(symbol="BTC")");
  go(btc, Level::degraded);
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.open(), SizeIs(1));
  go(btc, Level::healthy);
  bench.run_until(t0 + 2h);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(transitions(), ElementsAre("pending -> firing", "firing -> resolved"));
  EXPECT_THAT(bench.journal.rows<NotificationRow>(), IsEmpty());
}

TEST_F(ControlMuting, what_still_fires_when_the_silence_ends_is_told_then_and_once) {
  silence(R"(symbol="BTC")", 10min);
  go(btc, Level::degraded);
  bench.run_until(t0 + 10min - 1ns);
  EXPECT_THAT(told(), IsEmpty());
  bench.run_until(t0 + 10min);
  EXPECT_THAT(told(), ElementsAre("firing/warning"));
  bench.run_until(t0 + 20min);
  go(btc, Level::healthy);
  bench.run_until(t0 + 30min);
  EXPECT_THAT(told(), ElementsAre("firing/warning", "resolved/warning"));
}

TEST_F(ControlMuting, what_was_told_before_and_ends_inside_is_told_to_have_ended) {
  go(btc, Level::degraded);
  bench.run_until(t0 + 10s);
  silence(R"(symbol="BTC")");
  go(btc, Level::healthy);
  bench.run_until(t0 + 2min);
  EXPECT_THAT(told(), ElementsAre("firing/warning", "resolved/warning"));
}

TEST_F(ControlMuting, a_silence_takes_back_what_waits_for_its_group) {
  go(btc, Level::degraded);
  bench.run_until(t0 + 2s);
  const muting::Silence made = silence(R"(symbol="BTC")", 10min);
  bench.run_until(t0 + 1min);
  EXPECT_THAT(told(), IsEmpty());
  const auto rows = bench.journal.rows<NotificationRow>();
  ASSERT_THAT(rows, SizeIs(4)) << "of the hook and the log, twice";
  EXPECT_EQ(rows[2].state + " " + rows[2].last_error, "failed muted");
  EXPECT_EQ(rows[3].state + " " + rows[3].last_error, "failed muted");
  bench.run_until(t0 + 11min);
  EXPECT_THAT(told(), ElementsAre("firing/warning")) << "it still fires when the silence ends";
}

TEST_F(ControlMuting, a_silence_that_begins_later_takes_back_what_waits_then) {
  muting::Silence later = wish(R"(symbol="BTC")", 1h);
  later.starts_at = bench.clock.wall_now() + 2s;
  ASSERT_TRUE(bench.control.put_silence(later));
  bench.settle();
  go(btc, Level::degraded);
  bench.run_until(t0 + 1min);
  EXPECT_THAT(told(), IsEmpty());
  go(btc, Level::healthy);
  bench.run_until(t0 + 2h);
  EXPECT_THAT(told(), IsEmpty()) << "began untold and ended muted";
}

TEST_F(ControlMuting, an_acknowledgement_takes_nothing_back) {
  go(btc, Level::degraded);
  bench.run_until(t0 + 2s);
  ASSERT_TRUE(bench.control.acknowledge(open_id(), "ann", "saw it on the dashboard"));
  bench.run_until(t0 + 1min);
  EXPECT_THAT(told(), ElementsAre("firing/warning"));
}

TEST_F(ControlMuting, what_left_before_a_silence_is_not_taken_back) {
  go(btc, Level::degraded);
  bench.run_until(t0 + 4s);
  go(eth, Level::degraded);
  bench.run_until(t0 + 6s);
  silence(R"(symbol=~"BTC|ETH")");
  bench.run_until(t0 + 1min);
  EXPECT_THAT(told(), ElementsAre("firing/warning"));
}

TEST_F(ControlMuting, expiring_a_silence_tells_at_once) {
  const muting::Silence made = silence(R"(alertname=~"price_.*")");
  go(btc, Level::degraded);
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.control.alerts(0).at(0).silenced_by, ElementsAre(made.id));
  ASSERT_TRUE(bench.control.expire_silence(made.id));
  bench.settle();
  EXPECT_THAT(told(), ElementsAre("firing/warning"));
  EXPECT_THAT(bench.control.alerts(0).at(0).silenced_by, IsEmpty());
  const auto rows = bench.journal.rows<SilenceRow>();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].id, rows[1].id);
  EXPECT_EQ(rows[1].ends_at, bench.clock.wall_now());
  EXPECT_EQ(rows[0].matchers,
            R"([{"name":"alertname","value":"price_.*","isRegex":true,"isEqual":true}])");
}

TEST_F(ControlMuting, a_repeat_that_is_the_first_word_has_a_transaction_of_its_own) {
  silence(R"(symbol="BTC")", 4h);
  go(btc, Level::degraded);
  bench.run_until(t0 + 4h + 10s);
  EXPECT_THAT(told(), ElementsAre("firing/warning"));
  std::set<std::string> keys;
  for (const auto& batch : bench.journal.committed) {
    EXPECT_TRUE(keys.insert(batch.idempotency_key).second) << batch.idempotency_key;
  }
}

TEST_F(ControlMuting, a_silence_of_warnings_does_not_hold_a_critical_one) {
  silence(R"(severity="warning")");
  go(btc, Level::degraded);
  bench.run_until(t0 + 1min);
  EXPECT_THAT(told(), IsEmpty());
  go(btc, Level::stale);
  bench.run_until(t0 + 2min);
  EXPECT_THAT(told(), ElementsAre("firing/critical"));
}

TEST_F(ControlMuting, a_rise_inside_a_silence_is_told_after_it) {
  go(btc, Level::degraded);
  bench.run_until(t0 + 10s);
  silence(R"(symbol="BTC")", 10min);
  go(btc, Level::stale);
  bench.run_until(t0 + 9min);
  EXPECT_THAT(told(), ElementsAre("firing/warning"));
  bench.run_until(t0 + 11min);
  EXPECT_THAT(told(), ElementsAre("firing/warning", "firing/critical"));
}

TEST_F(ControlMuting, others_are_told) {
  silence(R"(symbol="BTC",venue="w")");
  go(btc, Level::degraded);
  bench.run_until(t0 + 10s);
  EXPECT_THAT(told(), ElementsAre("firing/warning"));
}

TEST_F(ControlMuting, maintenance_mutes_its_window_and_tells_what_is_left_at_its_end) {
  bench.run_until(t0 + 2min);
  go(eth, Level::degraded);
  go(btc, Level::degraded);
  bench.run_until(t0 + 5min);
  EXPECT_THAT(told(), ElementsAre("firing/warning")) << "the other venue's";
  for (const auto& view : bench.control.alerts(0)) {
    const bool inside = view.row.identity.find(R"(venue="w")") != std::string::npos;
    EXPECT_EQ(view.maintenance.size(), inside ? 1U : 0U);
  }
  bench.run_until(t0 + 11min);
  EXPECT_THAT(told(), ElementsAre("firing/warning", "firing/warning"));
}

TEST_F(ControlMuting, a_window_taken_out_of_the_configuration_mutes_no_more) {
  bench.run_until(t0 + 2min);
  go(eth, Level::degraded);
  bench.run_until(t0 + 3min);
  EXPECT_THAT(told(), IsEmpty());
  bench.control.set_maintenances({});
  bench.settle();
  EXPECT_THAT(told(), ElementsAre("firing/warning"));
}

TEST_F(ControlMuting, an_acknowledged_alert_is_not_repeated_and_its_end_is_told) {
  go(btc, Level::degraded);
  bench.run_until(t0 + 1min);
  ASSERT_TRUE(bench.control.acknowledge(open_id(), "ann", "on it"));
  bench.settle();
  bench.run_until(t0 + 13h);
  EXPECT_THAT(told(), ElementsAre("firing/warning"));
  EXPECT_EQ(bench.control.alerts(0).at(0).row.acked_by, "ann");
  go(btc, Level::healthy);
  bench.run_until(t0 + 14h);
  EXPECT_THAT(told(), ElementsAre("firing/warning", "resolved/warning"));
  EXPECT_THAT(transitions(),
              ElementsAre("pending -> firing", "firing -> acknowledged", "firing -> resolved"));
  EXPECT_EQ(bench.journal.rows<AlertTransitionRow>()[1].message, "ann: on it");
  EXPECT_EQ(bench.journal.rows<AlertRow>().back().acked_by, "ann");
}

TEST_F(ControlMuting, a_rise_speaks_through_an_acknowledgement_and_ends_it) {
  go(btc, Level::degraded);
  bench.run_until(t0 + 1min);
  ASSERT_TRUE(bench.control.acknowledge(open_id(), "ann", ""));
  go(btc, Level::stale);
  bench.run_until(t0 + 2min);
  EXPECT_THAT(told(), ElementsAre("firing/warning", "firing/critical"));
  EXPECT_EQ(bench.control.alerts(0).at(0).row.acked_at, std::nullopt);
  bench.run_until(t0 + 5h);
  EXPECT_THAT(told(), SizeIs(3)) << "repeated";
}

TEST_F(ControlMuting, taking_an_acknowledgement_back_makes_up_for_the_repeat) {
  go(btc, Level::degraded);
  bench.run_until(t0 + 1min);
  ASSERT_TRUE(bench.control.acknowledge(open_id(), "ann", ""));
  bench.settle();
  bench.run_until(t0 + 5h);
  ASSERT_TRUE(bench.control.unacknowledge(open_id()));
  bench.settle();
  EXPECT_THAT(told(), ElementsAre("firing/warning", HasSubstr("firing/warning/repeat-")));
  EXPECT_FALSE(bench.control.unacknowledge(open_id()));
}

TEST_F(ControlMuting, says_what_cannot_be_acknowledged) {
  EXPECT_THAT(bench.control.acknowledge("nobody's", "ann", "").error().text(),
              HasSubstr("no open one has the id"));
  go(btc, Level::degraded);
  EXPECT_THAT(bench.control.acknowledge(open_id(), "", "").error().text(), HasSubstr("by: "));
  EXPECT_THAT(bench.control.acknowledge(open_id(), "ann", std::string(5'000, 'x')).error().text(),
              HasSubstr("comment: "));
}

TEST_F(ControlMuting, news_of_another_writer_is_muted_too) {
  silence(R"(alertname="disk_hot")", 10min);
  AlertRow row;
  row.id = "theirs";
  row.name = row.identity = "disk_hot";
  row.severity = "warning";
  row.state = "firing";
  row.metadata = "{}";
  row.started_at = row.updated_at = bench.clock.wall_now();
  NotificationRow note;
  note.id = "theirs/firing/warning@hook";
  note.alert_id = row.id;
  note.sink = "hook";
  note.state = "pending";
  bench.control.adopt(row, {note});
  bench.settle();
  EXPECT_THAT(told(), IsEmpty());
  const auto rows = bench.journal.rows<NotificationRow>();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].state + " " + rows[0].last_error, "failed muted");
  bench.run_until(t0 + 10min);
  EXPECT_THAT(told(), ElementsAre("firing/warning"));
}

}  // namespace
}  // namespace feedwatch::engine
