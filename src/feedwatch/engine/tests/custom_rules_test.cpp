#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using rules::CustomRule;
using rules::RuleText;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ControlOptions with(const std::vector<RuleText>& texts) {
  ControlOptions options;
  for (const RuleText& text : texts) {
    auto rule = CustomRule::parse(text);
    if (!rule) throw std::runtime_error(rule.error().text());
    options.rules.custom.push_back(std::move(*rule));
  }
  return options;
}

// ---- reading ----

struct Wrong {
  RuleText text;
  std::string says;
};
void PrintTo(const Wrong& wrong, std::ostream* out) {
  *out << wrong.says;
}
class WrongRule : public testing::TestWithParam<Wrong> {};

TEST_P(WrongRule, says_what_and_what_there_is) {
  const auto rule = CustomRule::parse(GetParam().text);
  ASSERT_FALSE(rule);
  EXPECT_THAT(rule.error().text(), HasSubstr(GetParam().says));
}

RuleText about(std::string on, std::vector<std::string> when) {
  return {.name = "r", .on = std::move(on), .when = std::move(when)};
}
RuleText saying(std::string message) {
  RuleText text = about("stream", {"age > 1s"});
  text.message = std::move(message);
  return text;
}
RuleText labelled(std::string label) {
  RuleText text = about("stream", {"age > 1s"});
  text.labels = {std::move(label)};
  return text;
}

const Wrong wrong[] = {
    {about("position", {"age > 1s"}), "'position' is nothing a rule can be about"},
    {about("stream", {}), "names no condition"},
    {about("stream", {"age"}), "is no comparison"},
    {about("stream", {"old > 1s"}), "names no fact of a stream"},
    {about("stream", {"age > 10"}), "'10' does not fit age"},
    {about("stream", {"level >= bad"}), "one of healthy, unknown, degraded, stale"},
    {about("stream", {"symbol > BTC"}), "compare it by = or !="},
    {about("stream", {"fault > true"}), "does not fit fault"},
    {about("stream", {"fault = yes"}), "true or false"},
    {about("line", {"rate < x"}), "compare it with a number"},
    {about("line", {"age > 1s"}), "names no fact of a line"},
    {saying("{old}"), "{old} is no fact of a stream"},
    {saying("{age"), "a { is not closed"},
    {labelled("team"), "'team' is no label"},
    {labelled("Team=a"), "is no label"},
    {labelled("venue=a"), "is there already"},
};
INSTANTIATE_TEST_SUITE_P(All, WrongRule, testing::ValuesIn(wrong));

// ---- judging ----

TEST(CustomRules, fire_at_the_very_moment_an_age_is_passed) {
  RuleText text = about("stream", {"age > 10s", "symbol = B*|E*", "kind != last"});
  text.name = "old";
  text.message = "{symbol} is {age} old";
  text.severity = "critical";
  text.labels = {"team=alpha"};
  ControlBench bench({}, with({text}));
  auto btc = bench.watch("BTC");
  auto sol = bench.watch("SOL");
  bench.price(btc, "100");
  bench.price(sol, "100");
  bench.put(ControlBench::at(btc, Level::healthy, Reason::ok, t0));
  bench.put(ControlBench::at(sol, Level::healthy, Reason::ok, t0));
  bench.run_until(t0 + 10s);
  EXPECT_THAT(bench.open(), IsEmpty()) << "equality passes";
  bench.run_until(t0 + 10s + 1ns);
  EXPECT_THAT(bench.open(),
              ElementsAre(R"(old{kind="mark",symbol="BTC",team="alpha",venue="v"} critical)"));
  const AlertRow row = bench.control.alerts(0).at(0).row;
  EXPECT_EQ(row.message, "BTC is 10.000s old");
  EXPECT_EQ(row.started_at, bench.clock.wall_now());
  EXPECT_THAT(row.metadata, HasSubstr(R"({"rule":"old","age":"10.000s")"));
  bench.price(btc, "101");
  bench.run_until(t0 + 10s + 62s);
  EXPECT_EQ(bench.open().size(), 1U) << "again past its limit before it had lingered";
}

TEST(CustomRules, hold_and_end_and_go_with_their_stream) {
  RuleText text = about("stream", {"level >= degraded", "required = true"});
  text.name = "bad";
  text.hold = 5s;
  ControlBench bench({}, with({text}));
  auto btc = bench.watch("BTC");
  bench.old_price(btc);
  bench.run_until(t0 + 1s);
  btc = ControlBench::at(btc, Level::stale, Reason::silent, bench.clock.time);
  btc.fault = false;
  bench.put(btc);
  bench.run_until(t0 + 5s);
  EXPECT_THAT(bench.open(), IsEmpty());
  bench.run_until(t0 + 7s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(bad{kind="mark",symbol="BTC",venue="v"} warning)"));
  btc.removed = true;
  bench.put(btc);
  bench.run_until(t0 + 9s);
  EXPECT_THAT(bench.open(), IsEmpty());
}

TEST(CustomRules, of_the_store_lines_venues_and_pulses) {
  RuleText slow = about("line", {"rate < 0.5", "state = live"});
  slow.name = "slow";
  RuleText many = about("venue", {"stale >= 1"});
  many.name = "many";
  RuleText quiet = about("pulse", {"silence > 3s"});
  quiet.name = "quiet";
  RuleText spool = about("store", {"pending > 1000"});
  spool.name = "spool";
  RuleText sink = about("sink", {"pending > 1000"});
  sink.name = "sink_full";
  ControlBench bench({}, with({slow, many, quiet, spool, sink}));
  auto btc = bench.watch("BTC");
  bench.old_price(btc);
  LineStatus line{.line = LineId{1}, .name = "v/a", .venue = "v"};
  line.state = LineState::live;
  bench.put(line);
  bench.put(ControlBench::venue(true, t0));
  btc = ControlBench::at(btc, Level::stale, Reason::market_quiet, t0);
  btc.fault = false;
  bench.put(btc);
  ASSERT_TRUE(bench.control.beat("signals", PulseMark::beat, "", t0));
  bench.settle();
  bench.run_until(t0 + 4s);
  EXPECT_THAT(bench.open(), testing::UnorderedElementsAre(R"(slow{line="v/a",venue="v"} warning)",
                                                          R"(many{venue="v"} warning)",
                                                          R"(quiet{pulse="signals"} warning)"));
}

TEST(CustomRules, alert_of_a_rule_that_is_gone_ends) {
  AlertRow open;
  open.id = "old";
  open.name = open.identity = "gone";
  open.severity = "warning";
  open.state = "firing";
  open.metadata = R"({"rule":"gone"})";
  AlertRow foreign = open;
  foreign.id = "theirs";
  foreign.name = foreign.identity = "theirs";
  foreign.metadata = "{}";
  ControlBench bench({{open, foreign}, {}});
  bench.put(ControlBench::venue(true, t0));
  bench.run_until(t0 + 70s);
  EXPECT_THAT(bench.open(), ElementsAre("theirs warning"));
}

// ---- built-in ones changed ----

TEST(CustomRules, change_severity_and_hold_of_a_built_in_or_switch_it_off) {
  ControlOptions options;
  options.rules.changes["line_down"] = {.severity = alert::Severity::warning, .hold = 30s};
  options.rules.changes["price_staleness"] = {.enabled = false};
  ControlBench bench({}, options);
  auto btc = bench.watch("BTC");
  bench.old_price(btc);
  bench.put(ControlBench::at(btc, Level::stale, Reason::silent, t0));
  bench.put(ControlBench::venue(false, t0));
  bench.run_until(t0 + 29s);
  EXPECT_THAT(bench.open(), IsEmpty());
  bench.run_until(t0 + 30s);
  EXPECT_THAT(bench.open(), ElementsAre(R"(line_down{venue="v"} warning)"));
}

}  // namespace
}  // namespace feedwatch::engine
