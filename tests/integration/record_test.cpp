// `feedwatch record` against `feedwatch simulate` with faults, and `feedwatch replay` of what it
// wrote: the same judgements.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>

#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/base/time_text.hpp"
#include "process.hpp"

namespace feedwatch::integration {
namespace {

using ::testing::HasSubstr;

class Record : public ::testing::Test {
 protected:
  std::vector<std::string> command(std::vector<std::string> more = {}) const {
    std::vector<std::string> command{
        FEEDWATCH_PROGRAM, "record",
        "--venue",         "binance-usdm",
        "--streams",       "BTCUSDT/mark,ETHUSDT/mark,BTCUSDT/quote,ETHUSDT/quote",
        "--url",           exchange_.ws_url(),
        "--set",           "preset=tight",
        "--set",           "alerts.group_wait=0s",
        "--set",           "alerts.keep_firing=1s",
        "--out",           folder(),
        "--json"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  std::string folder() const { return scratch_.file("recording"); }
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      found.push_back(entry.path().string());
    }
    std::ranges::sort(found);
    return found;
  }
  /// Waits for a line of the log, behind another where one is named.
  static bool told(const Process& process, const std::string& text, const std::string& after = {}) {
    return wait_for(
        [&] {
          const std::string log = process.err();
          const std::size_t begin = log.find(after);
          return begin != std::string::npos && log.find(text, begin) != std::string::npos;
        },
        40s);
  }

  Simulated exchange_{{"--venue", "binance-usdm", "--symbols", "BTCUSDT,ETHUSDT", "--rate", "50"}};
  Scratch scratch_;
};

TEST_F(Record, AReplayJudgesAsTheLiveRunDidToTheNanosecond) {
  Process live(command({"--rotate-every", "6s"}));
  ASSERT_TRUE(told(live, "ETHUSDT/quote unknown -> healthy")) << live.err();
  exchange_.inject(R"({"fault":"silent_symbol","symbol":"BTCUSDT","route":"market"})");
  ASSERT_TRUE(told(live, "firing critical")) << live.err();
  exchange_.inject(R"({"fault":"close"})");
  ASSERT_TRUE(told(live, "not live")) << live.err();
  ASSERT_TRUE(told(live, "binance-usdm live", "not live")) << live.err();
  live.signal(SIGTERM);
  ASSERT_EQ(live.wait(), 0) << live.err();
  const auto recorded = nlohmann::json::parse(live.out(), nullptr, false);
  ASSERT_TRUE(recorded.is_object()) << live.out();
  ASSERT_GE(files().size(), 2U) << "the recording was to be of several files";

  const Ran again = run_feedwatch({"replay", folder(), "--json"});
  ASSERT_EQ(again.code, 0) << again.err;
  const auto replayed = nlohmann::json::parse(again.out, nullptr, false);
  ASSERT_TRUE(replayed.is_object()) << again.out;
  EXPECT_EQ(replayed.at("mode"), "exact");
  EXPECT_TRUE(replayed.at("divergence").is_null());
  EXPECT_GE(recorded.at("transition_count"), 5);
  EXPECT_GE(recorded.at("suspicions").size(), 1U);
  EXPECT_GE(recorded.at("repairs").size(), 1U);
  EXPECT_GE(recorded.at("alerts").size(), 1U);
  for (const char* part : {"transitions", "suspicions", "repairs", "ticks"}) {
    EXPECT_EQ(replayed.at(part), recorded.at(part)) << part;
  }
  // The control's own deadlines are served a little late, live: only that is not repeated.
  ASSERT_EQ(replayed.at("alerts").size(), recorded.at("alerts").size());
  for (std::size_t i = 0; i < recorded.at("alerts").size(); ++i) {
    for (const char* member : {"alert", "state", "severity"}) {
      EXPECT_EQ(replayed["alerts"][i].at(member), recorded["alerts"][i].at(member));
    }
  }
  for (std::size_t i = 0; i < recorded.at("streams").size(); ++i) {
    for (const char* member :
         {"stream", "level", "reason", "ticks", "price", "bid", "ask", "last_update"}) {
      EXPECT_EQ(replayed["streams"].at(i).at(member), recorded["streams"].at(i).at(member));
    }
  }

  // By other limits the same frames are judged otherwise.
  const Ran coarse = run_feedwatch({"replay", folder(), "--set", "preset=coarse", "--json"});
  ASSERT_EQ(coarse.code, 0) << coarse.err;
  const auto judged = nlohmann::json::parse(coarse.out, nullptr, false);
  ASSERT_TRUE(judged.is_object()) << coarse.out;
  EXPECT_EQ(judged.at("mode"), "free");
  EXPECT_LT(judged.at("transition_count"), recorded.at("transition_count"));
  EXPECT_EQ(judged.at("ticks").at("accepted"), recorded.at("ticks").at("accepted"));

  // Whoever reads captures reads it, each file alone.
  for (const std::string& file : files()) {
    const Ran decoded = run_feedwatch({"decode", "--venue", "binance-usdm", file});
    EXPECT_EQ(decoded.code, 0) << decoded.err;
    EXPECT_THAT(decoded.out, HasSubstr("binance-usdm/ETHUSDT/mark"));
  }
}

TEST_F(Record, AKilledRecorderLeavesWhatItHadWritten) {
  Process live(command());
  ASSERT_TRUE(told(live, "ETHUSDT/quote unknown -> healthy")) << live.err();
  // Half a second later at most it is in the file.
  ASSERT_TRUE(wait_for([&] {
    return run_feedwatch({"replay", folder(), "--json"}).out.contains("\"to\":\"healthy\"");
  }));
  live.signal(SIGKILL);
  live.wait();
  const Ran again = run_feedwatch({"replay", folder(), "--json"});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("truncated"));
  const auto replayed = nlohmann::json::parse(again.out, nullptr, false);
  ASSERT_TRUE(replayed.is_object()) << again.out;
  EXPECT_GT(replayed.at("ticks").at("accepted"), 0);
  EXPECT_TRUE(replayed.at("divergence").is_null());
}

TEST_F(Record, WhatCannotBeWrittenIsAnErrorAtOnce) {
  const std::string file = scratch_.write("recording", "a file stands where the directory goes");
  const Ran ran = run_feedwatch({"record", "--venue", "binance-usdm", "--streams", "BTCUSDT/mark",
                                 "--url", exchange_.ws_url(), "--out", file});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr(file));
}

struct Row {
  std::string stream, from, to, reason;
  std::int64_t at_ms = 0;
  friend bool operator==(const Row&, const Row&) = default;
  friend void PrintTo(const Row& row, std::ostream* out) {
    *out << row.at_ms << ' ' << row.stream << ' ' << row.from << " -> " << row.to << ' '
         << row.reason;
  }
};

/// The transitions a monitor has written into its database.
std::vector<Row> rows_of(const std::string& database) {
  std::vector<Row> rows;
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(database.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> db(raw, sqlite3_close);
  sqlite3_stmt* statement = nullptr;
  if (opened != SQLITE_OK ||
      sqlite3_prepare_v2(raw,
                         "SELECT stream, from_level, to_level, reason, at FROM stream_transitions "
                         "ORDER BY seq",
                         -1, &statement, nullptr) != SQLITE_OK) {
    ADD_FAILURE() << database << ": " << sqlite3_errmsg(raw);
    return rows;
  }
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> owned(statement,
                                                                         sqlite3_finalize);
  const auto text = [&](int column) {
    return std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)));
  };
  while (sqlite3_step(statement) == SQLITE_ROW) {
    rows.push_back({.stream = text(0),
                    .from = text(1),
                    .to = text(2),
                    .reason = text(3),
                    .at_ms = sqlite3_column_int64(statement, 4) / 1'000'000});
  }
  return rows;
}

TEST_F(Record, ARunningMonitorRecordsBesideWhatItDoes) {
  const std::string token = scratch_.write("token", "a-token-of-enough-characters");
  Monitored monitor(scratch_.write("feedwatch.toml",
                                   fmt::format(R"(preset = "tight"
[[venue]]
name = "binance-usdm"
url = "{}"
streams = ["BTCUSDT/mark", "ETHUSDT/mark"]
[watchdog]
enabled = false
[store]
url = "sqlite://{}"
state_dir = "{}"
[record]
directory = "{}"
[api]
token_file = "{}"
)",
                                               exchange_.ws_url(), scratch_.file("feedwatch.db"),
                                               scratch_.path().string(), folder(), token)));
  ASSERT_TRUE(monitor.ready()) << monitor.process().err();
  ASSERT_EQ(run_feedwatch({"watch", "binance-usdm/ETHUSDT/quote", "--api", monitor.url(),
                           "--token-file", token})
                .code,
            0);
  exchange_.inject(R"({"fault":"silent_symbol","symbol":"BTCUSDT","route":"market"})");
  ASSERT_TRUE(wait_for([&] { return monitor.open_alerts().size() == 1; }));
  monitor.process().signal(SIGTERM);
  ASSERT_EQ(monitor.process().wait(), 0) << monitor.process().err();

  const Ran again = run_feedwatch({"replay", folder(), "--json"});
  ASSERT_EQ(again.code, 0) << again.err;
  const auto replayed = nlohmann::json::parse(again.out, nullptr, false);
  ASSERT_TRUE(replayed.is_object()) << again.out;
  EXPECT_EQ(replayed.at("streams").size(), 3U) << "the lease is in the recording";
  std::vector<Row> judged;
  for (const auto& row : replayed.at("transitions")) {
    const auto at = parse_time(row.at("at").get<std::string>());
    ASSERT_TRUE(at);
    judged.push_back({.stream = row.at("stream"),
                      .from = row.at("from"),
                      .to = row.at("to"),
                      .reason = row.at("reason"),
                      .at_ms = to_ns(*at) / 1'000'000});
  }
  std::vector<Row> written = rows_of(scratch_.file("feedwatch.db"));
  EXPECT_GE(written.size(), 3U);
  // The lines' end after the recording's is nobody's judgement.
  if (written.size() > judged.size()) written.resize(judged.size());
  ASSERT_EQ(judged.size(), written.size());
  // The control of a monitor has an anchor of its own, some nanoseconds from the shard's.
  for (std::size_t i = 0; i < judged.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(judged[i].at_ms), static_cast<double>(written[i].at_ms), 1);
    judged[i].at_ms = written[i].at_ms;
  }
  EXPECT_EQ(judged, written);
}

TEST(ReplayCommand, JudgesACaptureOfOthers) {
  const auto capture = feedwatch::testing::test_data_path("captures/cryptofeed-v3/BYBIT.jsonl.zst");
  FEEDWATCH_NEEDS_DATA(capture);
  const Ran ran = run_feedwatch({"replay", capture.string(), "--venue", "bybit-linear", "--streams",
                                 "BTCUSDT/mark,DOGEUSDT/index", "--policy",
                                 "*/DOGEUSDT/* degraded_after=1s stale_after=2s", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto judged = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(judged.is_object()) << ran.out;
  EXPECT_EQ(judged.at("mode"), "capture");
  // The last prices of the capture, taken from the file with zstdcat and jq.
  const auto& streams = judged.at("streams");
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0].at("price"), "65117.19");
  EXPECT_EQ(streams[0].at("level"), "healthy");
  EXPECT_EQ(streams[1].at("price"), "0.07056");
  EXPECT_THAT(ran.out, HasSubstr("\"to\":\"stale\""));
  // Unasked, the venue and all its streams are found in the capture.
  const Ran all = run_feedwatch({"replay", capture.string(), "--json"});
  ASSERT_EQ(all.code, 0) << all.err;
  const auto found = nlohmann::json::parse(all.out, nullptr, false);
  ASSERT_TRUE(found.is_object()) << all.out;
  EXPECT_GE(found.at("streams").size(), 12U);
}

TEST(ReplayCommand, ClearErrorsForWhatIsNoRecording) {
  const Scratch scratch;
  EXPECT_EQ(run_feedwatch({"replay"}).code, 2);
  EXPECT_EQ(run_feedwatch({"replay", "x", "--speed", "fast"}).code, 2);
  const Ran nowhere = run_feedwatch({"replay", scratch.file("nowhere")});
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("nowhere"));
  const Ran nothing = run_feedwatch({"replay", scratch.path().string()});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("holds no recording"));
  const Ran empty = run_feedwatch({"replay", scratch.write("empty", "")});
  EXPECT_EQ(empty.code, 1);
  EXPECT_THAT(empty.err, HasSubstr("empty"));
  const Ran nobodys = run_feedwatch({"replay", scratch.write("frames", "{\"a\":1}\n")});
  EXPECT_EQ(nobodys.code, 3);
  EXPECT_THAT(nobodys.err, HasSubstr("--venue"));
  const Ran policy = run_feedwatch({"replay", scratch.file("frames"), "--venue", "bybit-linear",
                                    "--streams", "BTCUSDT/mark", "--policy", "*/mark stale"});
  EXPECT_EQ(policy.code, 3);
  EXPECT_THAT(policy.err, HasSubstr("'stale' has no value"));
}

}  // namespace
}  // namespace feedwatch::integration
