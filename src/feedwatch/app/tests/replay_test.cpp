#include "feedwatch/app/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "feedwatch/app/capture_survey.hpp"
#include "feedwatch/app/judgements.hpp"
#include "feedwatch/app/replay_config.hpp"
#include "feedwatch/app/replay_source.hpp"
#include "feedwatch/app/shard_recording.hpp"
#include "feedwatch/base/tests/test_data.hpp"

namespace feedwatch::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(PolicyTable, IsATableOfAConfiguration) {
  const auto table = policy_table("binance-usdm/*/mark stale_after=10s recover_ticks=2");
  ASSERT_TRUE(table);
  EXPECT_EQ(*table,
            "\n[[policy]]\nmatch = \"binance-usdm/*/mark\"\nstale_after = \"10s\"\n"
            "recover_ticks = 2\n");
  for (const char* bad : {"", "*/mark", "*/mark stale_after", "*/mark =5s"}) {
    EXPECT_FALSE(policy_table(bad)) << bad;
  }
}

TEST(RecordedConfig, HoldsWhatJudgesAndNoSecret) {
  const auto config =
      config::load_text(R"(preset = "tight"
seed = 9
[[venue]]
name = "binance-usdm"
url = "ws://127.0.0.1:9/x"
streams = ["BTCUSDT/mark"]
[[policy]]
match = "*/mark"
stale_after = "9s"
[[sink]]
type = "webhook"
url = "https://hooks/secret-path"
[store]
state_dir = "/srv/state"
[alerts]
keep_firing = "3s"
)",
                        "test", {.file = {}, .environment = {{"HOME", "/"}}, .flags = {}});
  ASSERT_TRUE(config) << config.error().front().text();
  const std::string text = recorded_config(*config);
  for (const char* secret : {"hooks", "/srv"}) {
    EXPECT_THAT(text, Not(HasSubstr(secret)));
  }
  const auto again =
      config::load_text(text, "again", {.file = {}, .environment = {{"HOME", "/"}}, .flags = {}});
  ASSERT_TRUE(again) << again.error().front().text() << text;
  ASSERT_EQ(again->venues.size(), 1U);
  EXPECT_EQ(again->venues[0].streams, config->venues[0].streams);
  EXPECT_EQ(again->venues[0].ws_url, "ws://127.0.0.1:9/x");
  EXPECT_EQ(again->alerts.keep_firing, 3s);
  const ChannelTraits traits{.cadence = {CadenceType::clocked, 1s}};
  EXPECT_EQ(again->policies.for_stream("binance-usdm/BTCUSDT/mark", traits),
            config->policies.for_stream("binance-usdm/BTCUSDT/mark", traits));
}

TEST(CaptureSurvey, FindsVenueAndStreams) {
  const auto path = testing::test_data_path("captures/cryptofeed-v3/BYBIT.jsonl.zst");
  FEEDWATCH_NEEDS_DATA(path);
  const auto survey = survey_capture({path.string()}, {});
  ASSERT_TRUE(survey);
  EXPECT_FALSE(survey->header);
  EXPECT_EQ(survey->venue, "bybit-linear");
  EXPECT_THAT(survey->streams, HasSubstr("\"BTCUSDT/mark\""));
  ASSERT_TRUE(survey->first);
  EXPECT_EQ(to_ns(*survey->first) / 1'000'000'000, 1786310819);
  const auto config = surveyed_config(*survey);
  ASSERT_TRUE(config);
  EXPECT_THAT(*config, HasSubstr("name = \"bybit-linear\""));
}

TEST(Judgements, CountAnAlertOnceHoweverOftenItIsTold) {
  Judgements judgements({});
  const auto note = [&](std::string subject, std::string state, std::string text) {
    engine::Control::Event event;
    event.type = engine::Control::Event::Type::alert;
    event.subject = std::move(subject);
    event.alert_state = std::move(state);
    event.text = std::move(text);
    judgements.note(event);
  };
  note("a", "pending", "pending warning");
  note("a", "firing", "firing warning");
  note("a", "firing", "firing critical");
  note("a", "firing", "firing critical again");
  EXPECT_EQ(judgements.alerts_fired(), 1U);
  note("b", "firing", "firing warning");
  note("a", "resolved", "resolved critical");
  note("a", "firing", "firing warning");
  EXPECT_EQ(judgements.alerts_fired(), 3U);
}

/// A capture of Bybit's in a file of its own, one mark price a record.
class CaptureFile {
 public:
  explicit CaptureFile(const std::vector<std::string>& times) {
    std::ofstream out(path_);
    out << R"({"t":"header","ts":1786310818.0,"format":2})" << '\n';
    for (const std::string& time : times) {
      out << R"({"t":"recv","ts":)" << time
          << R"(,"conn":"x","data":"{\"topic\":\"tickers.BTCUSDT\",\"type\":\"snapshot\",)"
          << R"(\"ts\":1786310819000,\"data\":{\"symbol\":\"BTCUSDT\",\"markPrice\":\"65000.1\"}}"})"
          << '\n';
    }
  }
  ~CaptureFile() { std::filesystem::remove(path_); }
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("feedwatch-replay-" + std::to_string(::getpid()) + ".jsonl");
};

/// Error of the source's first fault; empty: it came to the end.
std::string fault_of(const std::string& path) {
  auto source = ReplaySource::open({path});
  for (;;) {
    const auto record = source ? source->next() : std::unexpected(source.error());
    if (!record) return record.error().text();
    if (!*record) return "";
  }
}

TEST(ReplaySource, TakesNoRecordMoreThanAWeekAfterThoseBefore) {
  const CaptureFile week({"1786310819.0", "1786915619.0", "0", "1786915620.0"});
  EXPECT_EQ(fault_of(week.path()), "");
  for (const char* absurd : {"1786915619.000000001", "9000000000.0"}) {
    const CaptureFile capture({"1786310819.0", absurd, "1786310820.0"});
    const std::string fault = fault_of(capture.path());
    EXPECT_THAT(fault, HasSubstr(capture.path() + " line 3")) << absurd;
    EXPECT_THAT(fault, HasSubstr("days after")) << absurd;
    EXPECT_THAT(fault, HasSubstr("replay what follows by itself")) << absurd;
  }
}

TEST(Replay, JudgesWhatABrokenOffFileHoldsAndSaysWhereThatComesFrom) {
  const CaptureFile capture({"1786310819.0", "1786310820.0"});
  const ReplayArgs args{.files = {capture.path()}, .venue = {.venue = "bybit-linear"}};
  const auto replayed = [&] {
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(run_replay(args, out, err), 1);
    EXPECT_THAT(out.str(), HasSubstr("1 frames of"));
    return err.str();
  };
  const auto size = std::filesystem::file_size(capture.path());
  std::filesystem::resize_file(capture.path(), size - 5);
  const std::string words =
      "this is what a crash leaves behind, and everything before it was judged";
  EXPECT_THAT(replayed(), AllOf(HasSubstr(capture.path() + " line 3"), HasSubstr(words)));
  std::ofstream(capture.path(), std::ios::app) << "\n{}\n";
  EXPECT_THAT(replayed(), AllOf(HasSubstr(capture.path() + " line 3"), Not(HasSubstr(words))));
}

TEST(Replay, OfAMissingFileIsAnError) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_replay({.files = {"/nowhere/x"}}, out, err), 1);
  EXPECT_THAT(err.str(), HasSubstr("/nowhere/x"));
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace feedwatch::app
