#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/replay/player.hpp"
#include "feedwatch/replay/tests/live_run.hpp"

namespace feedwatch::replay {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

class FreePlayer : public ::testing::Test {
 protected:
  static void prices(LiveRun& run, int count) {
    for (int i = 0; i < count; ++i) {
      run.pass(1s);
      run.price("64000." + std::to_string(i + 1));
    }
  }
  std::string replay(PolicySet policies) {
    JudgeOptions options = LiveRun::options(std::move(policies));
    options.observer = again_.observer();
    player_ = free_player(std::move(options));
    return play(*player_, run_.recording());
  }
  /// Moments and levels of the stream alone.
  static std::vector<std::string> levels(const Decisions& decisions) {
    std::vector<std::string> out;
    for (const std::string& line : decisions.lines) {
      if (line.contains("BTCUSDT/mark") && line.contains(" -> ")) out.push_back(line);
    }
    return out;
  }

  LiveRun run_;
  Decisions again_;
  std::unique_ptr<Player> player_;
};

TEST_F(FreePlayer, WithTheSamePoliciesComesToTheSameLevelsAtTheSameMoments) {
  prices(run_, 5);
  run_.pass(15s);
  prices(run_, 3);
  run_.close_lines();
  run_.answers = false;
  run_.pass(6500ms);
  run_.answers = true;
  run_.pass(4s);
  prices(run_, 4);
  run_.end();
  EXPECT_EQ(replay(PolicySet({}, Preset::tight)), "");
  EXPECT_GE(levels(run_.decisions).size(), 4U);
  EXPECT_EQ(levels(again_), levels(run_.decisions));
  EXPECT_EQ(player_->judge().shard().monitor().intake_counters().accepted,
            run_.shard().monitor().intake_counters().accepted);
}

TEST_F(FreePlayer, JudgesBySomethingElse) {
  prices(run_, 5);
  run_.pass(15s);
  prices(run_, 2);
  run_.end();
  ASSERT_THAT(run_.decisions.lines, Contains(HasSubstr("-> stale")));
  EXPECT_EQ(replay(PolicySet({}, Preset::coarse)), "");
  EXPECT_THAT(again_.lines, Contains(HasSubstr("-> healthy")));
  EXPECT_THAT(again_.lines, Each(Not(HasSubstr("-> stale"))));
}

TEST_F(FreePlayer, ALineThatIsReplacedOnlyNowGetsAConnectionThatStands) {
  // Live, two and a half seconds of silence were no suspicion. Now they are.
  prices(run_, 5);
  run_.pass(1500ms);
  prices(run_, 20);
  run_.end();
  ASSERT_THAT(run_.decisions.lines, Each(Not(HasSubstr("resubscribe"))));
  PolicyRule nervous{.match = "*/mark", .suspect_after = 1100ms};
  EXPECT_EQ(replay(PolicySet({nervous}, Preset::tight)), "");
  EXPECT_THAT(again_.lines, Contains(HasSubstr("resubscribe ok"))) << "the venue's side answered";
  EXPECT_EQ(player_->counts().skipped, 0U);
  EXPECT_EQ(player_->judge().shard().monitor().intake_counters().accepted, 25U);
}

TEST_F(FreePlayer, ARecordingCanBeginInTheMiddle) {
  prices(run_, 5);
  const std::size_t cut = run_.recording().size();
  prices(run_, 5);
  run_.end();
  const std::string header = capture::header_line(
      {.anchor = LiveRun::anchor, .seed = 42, .config = {}, .program = "test"});
  const auto now = run_.now();
  const std::string part =
      capture::SessionLine(capture::SessionEvent::part, LiveRun::anchor.at(now - 5s), now - 5s)
          .number("number", 2)
          .number("count", 1)
          .take();
  const std::string open =
      capture::SessionLine(capture::SessionEvent::open, LiveRun::anchor.at(now - 6s), now - 6s)
          .connection(ConnId{1})
          .address(run_.first_address)
          .take();
  JudgeOptions options = LiveRun::options();
  options.observer = again_.observer();
  player_ = free_player(std::move(options));
  EXPECT_EQ(play(*player_, header + part + open + run_.recording().substr(cut)), "");
  EXPECT_EQ(player_->judge().shard().monitor().intake_counters().accepted, 5U);
  EXPECT_THAT(again_.lines, Contains(HasSubstr("unknown -> healthy")));
}

class CapturePlayer : public ::testing::Test {
 protected:
  static std::string mark(std::int64_t ms, std::string_view price) {
    return "{\"stream\":\"btcusdt@markPrice@1s\",\"data\":{\"e\":\"markPriceUpdate\",\"E\":" +
           std::to_string(ms) + ",\"s\":\"BTCUSDT\",\"p\":\"" + std::string(price) +
           "\",\"i\":\"1\",\"P\":\"1\",\"r\":\"0.0001\",\"T\":1}}";
  }
  Decisions decisions_;
};

TEST_F(CapturePlayer, JudgesFramesOfOthersByTheirTimes) {
  std::string capture;
  constexpr std::int64_t begin = 1'700'000'000'000;
  for (int second = 0; second < 30; ++second) {
    if (second >= 10 && second < 25) continue;
    const std::int64_t ms = begin + second * 1000;
    capture += std::to_string(ms) + " " + mark(ms, "64000." + std::to_string(second + 1)) + "\n";
  }
  JudgeOptions options = LiveRun::options();
  options.shard.instruments = false;
  options.observer = decisions_.observer();
  options.anchor.wall = wall_from_ms(begin) - capture_lead;
  const auto player = capture_player(std::move(options));
  EXPECT_EQ(play(*player, capture), "");
  EXPECT_EQ(player->counts().frames, 15U);
  EXPECT_EQ(player->counts().skipped, 0U);
  // While a line is replaced both have what comes.
  EXPECT_GE(player->judge().shard().monitor().intake_counters().accepted, 15U);
  // Tight, a second's clock: stale past ten of them, counted from the last frame.
  const MonoTime last = LiveRun::anchor.mono + capture_lead + 9s;
  EXPECT_THAT(decisions_.lines,
              Contains(std::to_string(to_ns(last + 10s + 1ns)) +
                       " binance-usdm/BTCUSDT/mark degraded -> stale resubscribing"));
}

TEST_F(CapturePlayer, FramesWithoutTimesComeTenASecond) {
  std::string capture;
  for (int i = 0; i < 20; ++i)
    capture += mark(1'700'000'000'000, "64000." + std::to_string(i)) + "\n";
  JudgeOptions options = LiveRun::options();
  options.shard.instruments = false;
  const auto player = capture_player(std::move(options));
  EXPECT_EQ(play(*player, capture), "");
  EXPECT_EQ(player->counts().frames, 20U);
  EXPECT_EQ(player->judge().clock().now(), LiveRun::anchor.mono + capture_lead + 1900ms);
}

}  // namespace
}  // namespace feedwatch::replay
