#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/alert/lifecycle.hpp"
#include "feedwatch/alert/pipeline.hpp"
#include "feedwatch/alert/tests/samples.hpp"

namespace feedwatch::alert {
namespace {

using Type = Change::Type;

class Acknowledged : public testing::Test {
 protected:
  Acknowledged() { lifecycle.raise(finding, t0, changes), changes.clear(); }
  bool acknowledge(std::optional<Ack> ack = Ack{anchor.wall, "ann", "on it"}) {
    return lifecycle.acknowledge(finding.identity, std::move(ack), t0 + 1s, changes);
  }

  Lifecycle lifecycle{{60s, 4h, anchor}};
  Finding finding = found("price_staleness", stream_labels("BTC"), t0);
  std::vector<Change> changes;
};

TEST_F(Acknowledged, is_shown_and_taken_back) {
  EXPECT_FALSE(acknowledge(std::nullopt)) << "nobody has";
  EXPECT_TRUE(acknowledge());
  EXPECT_EQ(lifecycle.find(finding.identity)->ack->by, "ann");
  EXPECT_TRUE(acknowledge(std::nullopt));
  EXPECT_FALSE(lifecycle.find(finding.identity)->ack);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].type, Type::acknowledged);
  EXPECT_EQ(changes[1].type, Type::unacknowledged);
}

TEST_F(Acknowledged, ends_with_a_rise_and_with_the_alert) {
  acknowledge();
  lifecycle.raise(finding, t0 + 2s, changes);
  EXPECT_TRUE(lifecycle.find(finding.identity)->ack) << "nothing new";
  finding.severity = Severity::critical;
  lifecycle.raise(finding, t0 + 3s, changes);
  EXPECT_FALSE(changes.back().alert.ack);
  acknowledge();
  lifecycle.retire(finding.identity, t0 + 4s, changes);
  EXPECT_TRUE(changes.back().alert.ack) << "its last row says who had it";
  lifecycle.raise(finding, t0 + 5s, changes);
  EXPECT_FALSE(lifecycle.find(finding.identity)->ack);
}

TEST_F(Acknowledged, only_what_fires_can_be) {
  finding.identity = "nobody's";
  EXPECT_FALSE(acknowledge());
  finding.hold = 10s;
  finding.since = t0 + 1s;
  lifecycle.raise(finding, t0 + 1s, changes);
  EXPECT_FALSE(acknowledge()) << "pending";
}

TEST(Scale, ten_thousand_children_of_one_cause_cost_by_what_moves) {
  Pipeline pipeline({{60s, 4h, anchor}, {5s, 1min, 500ms}, 900ms});
  const Finding down = found("line_down", {{"venue", "v"}}, t0);
  pipeline.observe(down);
  pipeline.settle(t0);
  for (int i = 0; i < 10'000; ++i) {
    Finding stale = found("price_staleness", stream_labels("S" + std::to_string(i)), t0);
    stale.explained_by = {down.identity};
    pipeline.observe(std::move(stale));
  }
  EXPECT_TRUE(pipeline.settle(t0 + 1s).empty());
  EXPECT_EQ(pipeline.held(), 10'000U);
  const auto begin = std::chrono::steady_clock::now();  // clock-ok: CPU, not time
  for (int i = 0; i < 10'000; ++i) {
    pipeline.observe(down);
    ASSERT_TRUE(pipeline.settle(t0 + 1s + i * 1us).empty());
    ASSERT_EQ(pipeline.next_deadline(), t0 + 4h);
  }
  const auto idle = std::chrono::steady_clock::now() - begin;  // clock-ok: CPU
  EXPECT_LT(idle, 2s) << "ten thousand turns beside ten thousand held findings";
  pipeline.retire(down.identity);
  EXPECT_EQ(pipeline.settle(t0 + 2s).size(), 1U);
  EXPECT_EQ(pipeline.settle(t0 + 2s + 900ms).size(), 10'000U);
  EXPECT_EQ(pipeline.held(), 0U);
}

TEST(Inhibition, nothing_inhibits_itself) {
  Pipeline pipeline({{60s, 4h, anchor}, {5s, 1min, 500ms}, 900ms});
  Finding finding = found("a", {}, t0);
  finding.explained_by = finding.yields_to = {finding.identity};
  finding.hold = 1s;
  pipeline.observe(finding);
  EXPECT_EQ(pipeline.settle(t0).size(), 1U);
  pipeline.observe(finding);
  EXPECT_EQ(pipeline.settle(t0 + 1s).size(), 1U);
}

TEST(Inhibition, of_two_that_explain_each_other_the_first_speaks) {
  Pipeline pipeline({{60s, 4h, anchor}, {5s, 1min, 500ms}, 900ms});
  Finding a = found("a", {}, t0);
  Finding b = found("b", {}, t0);
  a.explained_by = {b.identity};
  b.explained_by = {a.identity};
  pipeline.observe(a);
  pipeline.observe(b);
  EXPECT_EQ(pipeline.settle(t0).size(), 1U);
  EXPECT_EQ(pipeline.open().at(0).name, "a");
  pipeline.clear(a.identity, t0 + 1s, Evidence::seen);
  pipeline.settle(t0 + 61s);
  EXPECT_EQ(pipeline.settle(t0 + 62s).size(), 1U);
  EXPECT_EQ(pipeline.open().at(0).name, "b");
}

}  // namespace
}  // namespace feedwatch::alert
