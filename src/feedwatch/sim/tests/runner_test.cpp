#include "feedwatch/sim/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

RunResult run(std::string_view text) {
  const auto scenario = parse_scenario(text, "test.scenario");
  EXPECT_TRUE(scenario) << scenario.error().text();
  return run_scenario(*scenario);
}

constexpr std::string_view silent_symbol = R"(seed 7
venue    alpha  clocked S[1..5]/mark every 1s
policy   * tight
consumer guard  max-age 5s on alpha/S2/mark
fault    at 20s alpha drop symbol S2 for 20s
fault    at 30s alpha close
)";

TEST(Runner, TheSameSeedGivesTheSameLogByteForByte) {
  const RunResult first = run(silent_symbol);
  const RunResult second = run(silent_symbol);
  EXPECT_THAT(first.failures, IsEmpty());
  EXPECT_GT(first.log.size(), 1000U);
  EXPECT_EQ(first.log, second.log);
  EXPECT_EQ(first.log_hash, second.log_hash);
}

TEST(Runner, AnotherSeedGivesAnotherLog) {
  std::string other{silent_symbol};
  other.replace(0, 6, "seed 8");
  EXPECT_NE(run(silent_symbol).log_hash, run(other).log_hash);
}

TEST(Runner, AFalseClaimIsFoundAndNamedByItsLine) {
  const RunResult result =
      run("venue alpha clocked X/mark every 1s\n"
          "expect at 5s alpha/X/mark stale\n"
          "expect by 5s repair resubscribe alpha/X\n"
          "expect never alpha/X/mark healthy\n"
          "expect between 2s 5s alerts open 1\n"
          "expect at 5s alpha/X/mark unwatched\n");
  EXPECT_THAT(result.failures, testing::UnorderedElementsAre(
                                   HasSubstr("test.scenario:2:"), HasSubstr("test.scenario:3:"),
                                   HasSubstr("test.scenario:4:"), HasSubstr("test.scenario:5:"),
                                   HasSubstr("is watched")));
}

// "never" holds of what does not exist: such a line passes only when its name was misspelt.
TEST(Runner, ANameThatNothingBoreIsFoundAndNamedByItsLine) {
  const RunResult result =
      run("venue alpha clocked X/mark every 1s\n"
          "expect never line alpha/mian* backing_off\n"
          "expect never health \"Web Sockets\" critical\n"
          "expect never line alpha/main* draining ; health Notifier critical\n"
          "options until 5s\n");
  EXPECT_THAT(result.failures,
              testing::UnorderedElementsAre(
                  testing::AllOf(HasSubstr("test.scenario:2:"), HasSubstr("alpha/main#1")),
                  testing::AllOf(HasSubstr("test.scenario:3:"), HasSubstr("WebSocket Streams"))));
}

TEST(Runner, AStreamNobodyWantsAnyMoreIsUnwatched) {
  EXPECT_THAT(run("venue alpha clocked Y/mark also X/mark every 1s\n"
                  "at 1s want alpha/X/mark\n"
                  "at 5s unwant alpha/X/mark\n"
                  "expect at 4s alpha/X/mark healthy\n"
                  "expect at 5.1s alpha/X/mark unwatched ; alpha/Y/mark healthy\n")
                  .failures,
              IsEmpty());
}

TEST(Runner, CountsWhatVenuesAndJournalHave) {
  EXPECT_THAT(run("venue alpha clocked X/mark Y/mark every 1s\n"
                  "expect at 5s alpha topics 2 ; alpha messages-at-once 1 ; topics >= 2\n"
                  "expect at 5s rows stream_transitions 2 ; rows alerts 0 ; rows repairs 0\n"
                  "expect at 5.5s age alpha/* >= 400ms ; confirmed-age alpha/* < 600ms\n")
                  .failures,
              IsEmpty());
  EXPECT_EQ(run("venue alpha clocked X/mark every 1s\n"
                "expect at 5s alpha topics 2\nexpect at 5s rows stream_transitions 2\n")
                .failures.size(),
            2U);
}

TEST(Runner, MomentsAreHeldToTheirTolerance) {
  const std::string_view world =
      "venue alpha clocked X/mark every 1s\npolicy * tight\nfault at 20.5s alpha drop symbol X\n";
  EXPECT_THAT(
      run(std::string(world) + "expect level-change alpha/X/mark degraded at 23.5s +- 50ms\n")
          .failures,
      IsEmpty());
  EXPECT_THAT(
      run(std::string(world) + "expect level-change alpha/X/mark degraded at 23.6s +- 50ms\n")
          .failures,
      ElementsAre(HasSubstr("happened at 23.5")));
}

}  // namespace
}  // namespace feedwatch::sim
