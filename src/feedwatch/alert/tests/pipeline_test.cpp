#include "feedwatch/alert/pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/alert/payload.hpp"
#include "feedwatch/alert/tests/samples.hpp"

namespace feedwatch::alert {
namespace {

using Type = Change::Type;
constexpr Duration ns{1};

std::vector<std::string> text_of(const std::vector<Decision>& decisions) {
  std::vector<std::string> texts;
  for (const auto& decision : decisions) {
    const Alert& alert = decision.change.alert;
    texts.push_back(alert.name + " " + std::string(to_text(alert.state)));
  }
  return texts;
}

class PipelineTest : public testing::Test {
 protected:
  PipelineTest() {
    down.hold = 10s;
    stale.explained_by = {down.identity};
  }

  Pipeline pipeline{{{60s, 4h, anchor}, {.wait = 5s}, 900ms}};
  Finding down = found("line_down", {{"venue", "v"}}, t0);
  Finding stale = found("price_staleness", stream_labels("BTC"), t0 + 3s);
};

TEST_F(PipelineTest, child_without_cause_fires_at_once) {
  pipeline.observe(stale);
  EXPECT_THAT(text_of(pipeline.settle(t0 + 3s)), testing::ElementsAre("price_staleness firing"));
}

TEST_F(PipelineTest, pending_cause_holds_its_children_back) {
  pipeline.observe(down);
  pipeline.settle(t0);
  pipeline.observe(stale);
  EXPECT_TRUE(pipeline.settle(t0 + 3s).empty());
  EXPECT_EQ(pipeline.held(), 1U);
  EXPECT_THAT(text_of(pipeline.settle(t0 + 10s)), testing::ElementsAre("line_down firing"));
  EXPECT_TRUE(pipeline.settle(t0 + 1h).empty());
}

TEST_F(PipelineTest, cause_seen_in_the_same_settle_counts) {
  pipeline.observe(down);
  pipeline.observe(stale);
  EXPECT_THAT(text_of(pipeline.settle(t0 + 3s)), testing::ElementsAre("line_down pending"));
}

TEST_F(PipelineTest, child_still_bad_fires_within_a_second_of_the_cause_resolving) {
  pipeline.observe(down);
  pipeline.observe(stale);
  pipeline.settle(t0 + 10s);
  pipeline.clear(down.identity, t0 + 100s, Evidence::seen);
  EXPECT_TRUE(pipeline.settle(t0 + 100s).empty());
  EXPECT_THAT(text_of(pipeline.settle(t0 + 160s)), testing::ElementsAre("line_down resolved"));
  EXPECT_EQ(pipeline.next_deadline(), t0 + 160s + 900ms);
  EXPECT_TRUE(pipeline.settle(t0 + 160s + 900ms - ns).empty());
  const auto released = pipeline.settle(t0 + 160s + 900ms);
  ASSERT_THAT(text_of(released), testing::ElementsAre("price_staleness firing"));
  EXPECT_EQ(released[0].change.alert.started, t0 + 3s);
  EXPECT_LE(released[0].change.at - (t0 + 160s), 1s);
}

TEST_F(PipelineTest, child_that_recovers_with_its_cause_leaves_no_trace) {
  pipeline.observe(down);
  pipeline.observe(stale);
  pipeline.settle(t0 + 5s);
  pipeline.clear(down.identity, t0 + 8s, Evidence::seen);
  EXPECT_TRUE(pipeline.settle(t0 + 8s).empty());
  pipeline.clear(stale.identity, t0 + 8s + 300ms, Evidence::seen);
  EXPECT_TRUE(pipeline.settle(t0 + 10s).empty());
  EXPECT_EQ(pipeline.held(), 0U);
}

TEST_F(PipelineTest, cause_that_returns_during_the_release_holds_again) {
  pipeline.observe(down);
  pipeline.observe(stale);
  pipeline.settle(t0 + 5s);
  pipeline.clear(down.identity, t0 + 8s, Evidence::seen);
  pipeline.settle(t0 + 8s);
  down.since = t0 + 8s + 500ms;
  pipeline.observe(down);
  EXPECT_THAT(text_of(pipeline.settle(t0 + 8s + 500ms)), testing::ElementsAre("line_down pending"));
  EXPECT_TRUE(pipeline.settle(t0 + 10s).empty());
}

TEST_F(PipelineTest, reason_that_is_no_longer_the_causes_fires_after_the_release) {
  pipeline.observe(down);
  pipeline.observe(stale);
  pipeline.settle(t0 + 10s);
  stale.explained_by.clear();
  pipeline.observe(stale);
  EXPECT_TRUE(pipeline.settle(t0 + 20s).empty());
  EXPECT_THAT(text_of(pipeline.settle(t0 + 21s)), testing::ElementsAre("price_staleness firing"));
}

TEST_F(PipelineTest, open_child_is_not_raised_while_explained_but_after) {
  pipeline.observe(stale);
  pipeline.settle(t0 + 3s);
  pipeline.observe(down);
  stale.severity = Severity::critical;
  pipeline.observe(stale);
  EXPECT_THAT(text_of(pipeline.settle(t0 + 10s)), testing::ElementsAre("line_down firing"));
  pipeline.retire(down.identity);
  EXPECT_THAT(text_of(pipeline.settle(t0 + 20s)), testing::ElementsAre("line_down resolved"));
  const auto raised = pipeline.settle(t0 + 21s);
  ASSERT_EQ(raised.size(), 1U);
  EXPECT_EQ(raised[0].change.type, Type::raised);
}

TEST_F(PipelineTest, yielding_lasts_only_while_the_other_is_true) {
  Finding rejecting = found("rejecting", stream_labels("BTC"), t0);
  stale.explained_by.clear();
  stale.yields_to = {rejecting.identity};
  pipeline.observe(rejecting);
  pipeline.observe(stale);
  EXPECT_THAT(text_of(pipeline.settle(t0 + 3s)), testing::ElementsAre("rejecting firing"));
  pipeline.clear(rejecting.identity, t0 + 5s, Evidence::seen);
  pipeline.settle(t0 + 5s);
  EXPECT_THAT(text_of(pipeline.settle(t0 + 6s)), testing::ElementsAre("price_staleness firing"));
}

TEST_F(PipelineTest, replacing_alert_ends_the_other_in_the_same_settle) {
  Finding exhausted = found("repair_exhausted", stream_labels("BTC"), t0);
  exhausted.yields_to = {stale.identity};
  stale.replaces = {exhausted.identity};
  pipeline.observe(exhausted);
  pipeline.settle(t0);
  pipeline.observe(stale);
  EXPECT_THAT(text_of(pipeline.settle(t0 + 3s)),
              testing::ElementsAre("price_staleness firing", "repair_exhausted resolved"));
  EXPECT_EQ(pipeline.open().size(), 1U);
  EXPECT_TRUE(pipeline.settle(t0 + 1h).empty());
  pipeline.clear(stale.identity, t0 + 1h, Evidence::seen);
  pipeline.settle(t0 + 1h);
  EXPECT_THAT(text_of(pipeline.settle(t0 + 1h + 1s)),
              testing::ElementsAre("repair_exhausted firing"))
      << "still true, and nothing speaks for it any more";
}

TEST_F(PipelineTest, first_news_of_a_group_waits_for_siblings) {
  pipeline.observe(stale);
  EXPECT_EQ(pipeline.settle(t0 + 3s).at(0).notify_at, t0 + 8s);
  pipeline.observe(found("price_staleness", stream_labels("ETH"), t0 + 5s));
  EXPECT_EQ(pipeline.settle(t0 + 5s).at(0).notify_at, t0 + 8s);
  pipeline.observe(found("price_staleness", stream_labels("SOL"), t0 + 9s));
  EXPECT_EQ(pipeline.settle(t0 + 9s).at(0).notify_at, t0 + 68s) << "told a moment ago";
  pipeline.observe(found("price_staleness", stream_labels("BTC", "w"), t0 + 9s));
  EXPECT_EQ(pipeline.settle(t0 + 9s).at(0).notify_at, t0 + 14s) << "another venue, another group";
}

TEST_F(PipelineTest, a_rise_to_critical_waits_for_those_that_rise_with_it_only) {
  pipeline.observe(stale);
  pipeline.settle(t0 + 3s);
  stale.severity = Severity::critical;
  pipeline.observe(stale);
  EXPECT_EQ(pipeline.settle(t0 + 10s).at(0).notify_at, t0 + 10500ms);
  pipeline.observe(found("price_staleness", stream_labels("ETH"), t0 + 11s));
  EXPECT_EQ(pipeline.settle(t0 + 11s).at(0).notify_at, t0 + 68s);
  pipeline.observe(found("monitor_suspect", {}, t0 + 12s));
  EXPECT_EQ(pipeline.settle(t0 + 12s).at(0).notify_at, t0 + 12500ms);
}

TEST_F(PipelineTest, what_comes_long_after_a_message_waits_for_siblings_again) {
  pipeline.observe(stale);
  pipeline.settle(t0 + 3s);
  pipeline.observe(found("price_staleness", stream_labels("ETH"), t0 + 10min));
  EXPECT_EQ(pipeline.settle(t0 + 10min).at(0).notify_at, t0 + 10min + 5s);
  pipeline.clear(stale.identity, t0 + 10min + 5s, Evidence::seen);
  EXPECT_EQ(pipeline.settle(t0 + 11min + 5s).at(0).notify_at, t0 + 11min + 10s);
}

TEST_F(PipelineTest, a_group_is_repeated_as_one) {
  pipeline.observe(stale);
  pipeline.settle(t0 + 3s);
  pipeline.observe(found("price_staleness", stream_labels("ETH"), t0 + 2h));
  pipeline.observe(found("price_staleness", stream_labels("BTC", "w"), t0 + 2h));
  pipeline.settle(t0 + 2h);
  const auto again = pipeline.settle(t0 + 3s + 4h);
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].notify_at, again[1].notify_at);
  EXPECT_EQ(again[1].change.alert.labels, stream_labels("ETH"));
  EXPECT_NE(notification_key(again[1].change, anchor), notification_key(again[0].change, anchor));
  EXPECT_EQ(pipeline.settle(t0 + 6h).size(), 1U) << "the other venue's";
  EXPECT_EQ(pipeline.settle(t0 + 3s + 8h).size(), 2U);
}

TEST_F(PipelineTest, group_ends_with_its_last_alert) {
  pipeline.observe(stale);
  pipeline.settle(t0 + 3s);
  pipeline.retire(stale.identity);
  EXPECT_EQ(pipeline.settle(t0 + 4s).at(0).notify_at, t0 + 8s) << "not before its firing";
  stale.since = t0 + 20s;
  pipeline.observe(stale);
  EXPECT_EQ(pipeline.settle(t0 + 20s).at(0).notify_at, t0 + 25s);
}

TEST_F(PipelineTest, orphans_end_and_others_stay) {
  for (const char* symbol : {"BTC", "ETH"}) {
    Alert old;
    old.name = "price_staleness";
    old.labels = stream_labels(symbol);
    old.identity = identity_of(old.name, old.labels);
    old.started = old.opened = t0 - 10s;
    pipeline.restore(old, t0);
  }
  pipeline.clear_orphans([](const Alert& alert) { return alert.labels == stream_labels("ETH"); },
                         t0 + 5s);
  EXPECT_EQ(pipeline.settle(t0 + 65s).at(0).change.alert.labels, stream_labels("ETH"));
  EXPECT_EQ(pipeline.open().size(), 1U);
}

}  // namespace
}  // namespace feedwatch::alert
