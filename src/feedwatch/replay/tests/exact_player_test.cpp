#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/replay/player.hpp"
#include "feedwatch/replay/tests/live_run.hpp"

namespace feedwatch::replay {
namespace {

using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class ExactPlayer : public ::testing::Test {
 protected:
  ExactPlayer() {
    JudgeOptions options = LiveRun::options();
    options.observer = again_.observer();
    player_ = exact_player(std::move(options));
  }

  /// Prices, a silence that leads to repair, a lost line, prices again.
  static void live(LiveRun& run) {
    prices(run, 5);
    run.pass(15s);
    prices(run, 3);
    run.close_lines();
    run.answers = false;
    run.pass(7s);
    run.answers = true;
    run.pass(4s);
    prices(run, 4);
  }
  static void prices(LiveRun& run, int count) {
    for (int i = 0; i < count; ++i) {
      run.pass(1s);
      run.price("64000." + std::to_string(i + 1));
    }
  }

  LiveRun run_;
  Decisions again_;
  std::unique_ptr<Player> player_;
};

TEST_F(ExactPlayer, DecidesWhatWasDecidedLiveAtTheSameMoments) {
  live(run_);
  run_.end();
  EXPECT_EQ(play(*player_, run_.recording()), "");
  EXPECT_THAT(run_.decisions.lines, Contains(HasSubstr("-> stale")));
  EXPECT_THAT(run_.decisions.lines, Contains(HasSubstr("replace_line")));
  EXPECT_THAT(again_.lines, ElementsAreArray(run_.decisions.lines));
  EXPECT_EQ(player_->divergence(), std::nullopt);
  EXPECT_GT(player_->counts().said, 5U);
  EXPECT_EQ(player_->counts().lost, 0U);
  EXPECT_EQ(player_->judge().shard().monitor().intake_counters().accepted,
            run_.shard().monitor().intake_counters().accepted);
}

TEST_F(ExactPlayer, SaysWhenSomethingElseIsSaid) {
  live(run_);
  JudgeOptions other = LiveRun::options();
  other.shard.venues[0].streams = {"ETHUSDT/mark"};
  const auto player = exact_player(std::move(other));
  EXPECT_EQ(play(*player, run_.recording()), "");
  ASSERT_TRUE(player->divergence());
  EXPECT_THAT(*player->divergence(), HasSubstr("btcusdt@"));
  EXPECT_THAT(*player->divergence(), HasSubstr("ethusdt@"));
}

TEST_F(ExactPlayer, SaysThatRecordsAreMissing) {
  prices(run_, 3);
  run_.room = false;
  prices(run_, 1);
  run_.room = true;
  prices(run_, 2);
  run_.end();
  EXPECT_EQ(play(*player_, run_.recording()), "");
  EXPECT_GT(player_->counts().lost, 0U);
  ASSERT_TRUE(player_->divergence());
  EXPECT_THAT(*player_->divergence(), HasSubstr("missing"));
  EXPECT_EQ(player_->judge().shard().monitor().intake_counters().accepted, 5U);
}

TEST_F(ExactPlayer, RefusesAFileOfAnotherRecordingAndAGapBetweenFiles) {
  prices(run_, 1);
  const std::string other =
      capture::header_line({.anchor = {.wall = WallTime{}, .mono = MonoTime{1s}},
                            .seed = 1,
                            .config = {},
                            .program = {}});
  EXPECT_THAT(play(*player_, run_.recording() + other), HasSubstr("two recordings"));

  const auto part = [](std::int64_t number) {
    return capture::SessionLine(capture::SessionEvent::part, WallTime{}, MonoTime{})
        .number("number", number)
        .take();
  };
  const std::string header = capture::header_line(
      {.anchor = LiveRun::anchor, .seed = 42, .config = {}, .program = "test"});
  const auto player = exact_player(LiveRun::options());
  EXPECT_THAT(play(*player, header + part(1) + header + part(3)), HasSubstr("part 2 is missing"));
}

}  // namespace
}  // namespace feedwatch::replay
