#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/sim/line_reader.hpp"
#include "feedwatch/sim/scenario.hpp"

namespace feedwatch::sim {
namespace {

using testing::HasSubstr;

constexpr std::string_view style_example = R"(
venue    alpha  clocked BTCUSDT/mark every 1s
policy   */mark degraded 3s stale 10s
consumer guard  max-age 5s on alpha/BTCUSDT/mark
expect   at 2s     alpha/BTCUSDT/mark healthy
fault    at 20s    alpha drop symbol BTCUSDT        # pings still answered: the socket looks healthy
expect   by 24s    repair resubscribe alpha/BTCUSDT
expect   at 26s    guard refuse too_old
fault    at 40s    alpha restore symbol BTCUSDT
expect   by 41s    alpha/BTCUSDT/mark healthy ; alerts open 0
)";

TEST(ScenarioParser, ReadsTheStyleExample) {
  const auto scenario = parse_scenario(style_example, "x.scenario");
  ASSERT_TRUE(scenario) << scenario.error().text();
  ASSERT_EQ(scenario->world.venues.size(), 1U);
  EXPECT_EQ(scenario->world.venues[0].client->sheet().channels[0].cadence, clocked(1s));
  EXPECT_EQ(scenario->world.policies.at(0).stale_after, 10s);
  EXPECT_EQ(scenario->world.consumers.at(0).max_age, 5s);
  ASSERT_EQ(scenario->steps.size(), 2U);
  const auto& fault = std::get<FaultStep>(scenario->steps[0].what).fault;
  EXPECT_EQ(fault.type, FaultType::drop_symbol);
  EXPECT_EQ(fault.symbol, "BTCUSDT");
  EXPECT_EQ(scenario->steps[0].at, 20s);
  ASSERT_EQ(scenario->expectations.size(), 4U);
  EXPECT_TRUE(scenario->expectations[1].facts.at(0).is_moment());
  EXPECT_EQ(scenario->expectations[3].facts.size(), 2U);
  EXPECT_GE(scenario->length, 41s);
}

TEST(ScenarioParser, ReadsEveryFaultWord) {
  for (const FaultWord& word : fault_words()) {
    using enum FaultWord::Argument;
    std::string line = "venue a clocked X/mark\nfault at 1s a " + std::string(word.word);
    if (word.argument == symbol) line += " symbol X";
    if (word.argument == duration) line += " +5s";
    if (word.argument == status) line += " 418";
    const auto scenario = parse_scenario(word.once ? line : line + " for 3s", "x");
    ASSERT_TRUE(scenario) << line << ": " << scenario.error().text();
    EXPECT_EQ(std::get<FaultStep>(scenario->steps.at(0).what).fault.until,
              word.once ? never_mono : MonoTime{4s});
    EXPECT_EQ(parse_scenario(line + " for 3s", "x").has_value(), !word.once) << line;
  }
}

TEST(ScenarioParser, ReadsWhatAReceiverAnswers) {
  const auto read = [](const std::string& words) {
    return parse_scenario("venue a clocked X/mark\nat 1s receiver " + words, "x");
  };
  EXPECT_FALSE(parse_scenario("venue a clocked X/mark\n", "x")->world.receiver);
  const auto failing = read("answers 503");
  ASSERT_TRUE(failing) << failing.error().text();
  EXPECT_TRUE(failing->world.receiver);
  EXPECT_EQ(std::get<ReceiverStep>(failing->steps.at(0).what).answer, 503);
  EXPECT_EQ(std::get<ReceiverStep>(read("answers nothing")->steps.at(0).what).answer,
            MemoryReceiver::no_answer);
  for (const char* wrong : {"", "takes", "answers", "answers 99", "answers 600", "answers 50x"}) {
    EXPECT_FALSE(read(wrong)) << wrong;
  }
}

// What would be read and never looked at is refused.
TEST(ScenarioParser, TakesHealingOnlyWhereItIsLookedAt) {
  using enum FaultWord::Healing;
  for (const FaultWord& word : fault_words()) {
    using enum FaultWord::Argument;
    std::string line = "venue a clocked X/mark\nfault at 1s a " + std::string(word.word);
    if (word.argument == symbol) line += " symbol X";
    if (word.argument == duration) line += " +5s";
    if (word.argument == status) line += " 418";
    const auto reads = [&](std::string_view end) {
      return parse_scenario(line + " " + std::string(end), "x").has_value();
    };
    EXPECT_EQ(reads("heals on_resubscribe"), word.healing == either) << line;
    EXPECT_EQ(reads("heals on_reconnect"), word.healing != nothing) << line;
    EXPECT_EQ(reads("retry-after 5s"), word.tells_retry_after) << line;
    EXPECT_TRUE(reads("heals never")) << line;
  }
}

// A lease that comes later in the file gives its stream a name all the same.
TEST(ScenarioParser, KnowsStreamsThatAreWantedLater) {
  const auto scenario = parse_scenario(
      "venue a clocked X/mark also Y\nconsumer c max-age 1s on a/Y/*\n"
      "expect by 9s a/Y/mark healthy\nat 1s want a/Y/mark\nat 5s unwant a/Y/mark\n",
      "x");
  EXPECT_TRUE(scenario) << scenario.error().text();
}

TEST(ScenarioParser, TellsTheTwoAgesApart) {
  const auto scenario = parse_scenario(
      "venue a clocked X/mark Y/mark\n"
      "expect at 5s age a/* <= 1s except a/Y ; confirmed-age a/X/mark > 2s\n",
      "x");
  ASSERT_TRUE(scenario) << scenario.error().text();
  const auto& facts = scenario->expectations[0].facts;
  EXPECT_EQ(facts.at(0).type, Fact::Type::age);
  EXPECT_EQ(facts.at(0).except, "a/Y");
  EXPECT_EQ(facts.at(1).type, Fact::Type::confirmed_age);
  EXPECT_EQ(facts.at(1).number, Duration{2s}.count());
}

TEST(ScenarioParser, ReadsMomentsBehindTheFact) {
  const auto scenario = parse_scenario(
      "venue a clocked X/mark\nexpect level-change a/X/mark stale at 10s +- 20ms\n", "x");
  ASSERT_TRUE(scenario) << scenario.error().text();
  EXPECT_EQ(scenario->expectations[0].first, 10s);
  EXPECT_EQ(scenario->expectations[0].tolerance, 20ms);
}

struct BadLine {
  const char* text;
  const char* why;
  const char* fix;
};

class ScenarioErrors : public testing::TestWithParam<BadLine> {};

TEST_P(ScenarioErrors, NameTheLineAndTheValidWords) {
  const auto scenario =
      parse_scenario(std::string("venue alpha clocked X/mark\n") + GetParam().text, "bad.scenario");
  ASSERT_FALSE(scenario);
  EXPECT_EQ(scenario.error().what, "bad.scenario:2");
  EXPECT_THAT(scenario.error().why, HasSubstr(GetParam().why));
  EXPECT_THAT(scenario.error().fix, HasSubstr(GetParam().fix));
}

INSTANTIATE_TEST_SUITE_P(
    All, ScenarioErrors,
    testing::Values(
        BadLine{"frobnicate", "begins no line", "venue, policy"},
        BadLine{"market beta X/mark series a.csv", "no venue beta", "alpha"},
        BadLine{"market alpha X/mark walks", "what moves it?", "series PATH"},
        BadLine{"market alpha X/mark series no/such.csv", "no/such.csv: cannot be read", "path"},
        BadLine{"market alpha Y/mark series a.csv", "trades no Y", "also Y"},
        BadLine{"fault at 1s beta close", "no venue beta", "alpha"},
        BadLine{"fault at 1s alpha explode", "no fault", "half-open"},
        BadLine{"fault at soon alpha close", "soon", "750ms"},
        BadLine{"fault at 1s alpha silence all heals someday", "heals nothing", "on_reconnect"},
        BadLine{"fault at 1s alpha drop symbol S77", "trades no S77", "also S77"},
        BadLine{"fault at 1s alpha restore symbol S77", "trades no S77", "one of: X"},
        BadLine{"fault at 1s alpha restore halt", "no such fault", "FAULT"},
        BadLine{"fault at 1s alpha close for 5s", "happens once", "remove"},
        BadLine{"fault at 1s alpha frozen heals on_reconnect", "does not heal", "after D"},
        BadLine{"fault at 1s alpha half-open heals on_resubscribe", "does not heal",
                "on_reconnect"},
        BadLine{"fault at 1s alpha outage retry-after 5s", "when to retry", "handshake"},
        BadLine{"at 1s silence for 5s", "no matcher", "symbol="},
        BadLine{"at 1s silence symbol~X for 5s", "operator", ""},
        BadLine{"at 1s ack nothing", "is no alert", "price_staleness"},
        BadLine{"maintenance venue=alpha from 5s to 1s", "ends before it begins", "earlier"},
        BadLine{"at 1s want nowhere/X/mark", "no venue nowhere", "alpha"},
        BadLine{"at 1s want alpha/X/last", "no channel for last", "its line has"},
        BadLine{"at 1s alpha X/last price 1", "no channel for last", "its line has"},
        BadLine{"at 1s unwant alpha/X/mark by configuration", "has no lease", "also"},
        BadLine{"policy alpha/Y/* tight", "names no stream", "alpha/X/mark"},
        BadLine{"consumer guard max-age 5s on beta/*", "names no stream", "alpha/X/mark"},
        BadLine{"expect never alpha/Y/mark stale", "names no stream", "alpha/X/mark"},
        BadLine{"expect never alpha/* stale except alpha/Y", "except names no stream",
                "alpha/X/mark"},
        BadLine{"expect between 1s 5s no repair beta/*", "names no stream", "alpha/X/mark"},
        BadLine{"expect never suspect alpha/Y", "names no stream", "alpha/X/mark"},
        BadLine{"expect at 5s age alpha/Y/mark < 1s", "names no stream", "alpha/X/mark"},
        BadLine{"expect at 5s alpha topcis 1", "no fact about a venue", "topics"},
        BadLine{"expect at 5s rows prices 1", "no table", "stream_transitions"},
        BadLine{"fault at 1s monitor sink unsure", "unsure", "down, up"},
        BadLine{"expect never alert price_stale firing", "no alert name", "price_staleness"},
        BadLine{"expect at 1s alpha/X/mark fine", "no level", "degraded"},
        BadLine{"expect alpha/X/mark healthy", "when?", "by T"},
        BadLine{"expect at 1s guard accept", "begins no fact", "repair"},
        BadLine{"expect at 1s alpha/X/mark stale reason bored", "no reason", "silent"},
        BadLine{"expect between 5s 3s alpha/X/mark stale", "ends before", "first"},
        BadLine{"venue alpha clocked Y/mark", "twice", "one line"},
        BadLine{"venue beta clocked Y/colour", "kind", "mark"},
        BadLine{"at 1s alpha Y/mark price 1", "trades no Y", ""},
        BadLine{"at 1s alpha X/mark price NaN", "no price", "100.5"},
        BadLine{"consumer guard max-age 5s", "nothing", "on STREAM"},
        BadLine{"expect no alerts open 0 at 1s", "\"no\"", "never"},
        BadLine{"options colour red", "no option", "keep-firing"}));

TEST(LineReader, ExpandsRanges) {
  EXPECT_THAT(expand_range("S[9..11]/mark"),
              testing::ElementsAre("S9/mark", "S10/mark", "S11/mark"));
  EXPECT_THAT(expand_range("S1/mark"), testing::ElementsAre("S1/mark"));
  EXPECT_THROW(expand_range("S[3..1]"), LineError);
  EXPECT_THROW(expand_range("S[1..99999999]"), LineError);
}

TEST(LineReader, KeepsQuotedWordsAndDropsComments) {
  LineReader words{"health \"WebSocket Streams\" critical;x # nothing"};
  EXPECT_EQ(words.take("a"), "health");
  EXPECT_EQ(words.take("b"), "WebSocket Streams");
  EXPECT_EQ(words.take("c"), "critical");
  EXPECT_EQ(words.take("d"), ";");
  EXPECT_EQ(words.take("e"), "x");
  EXPECT_TRUE(words.done());
}

}  // namespace
}  // namespace feedwatch::sim
