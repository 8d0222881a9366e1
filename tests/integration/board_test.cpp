// `feedwatch run` with a shared board: prices without the API, through deaths and restarts.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "process.hpp"

namespace feedwatch::integration {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class SharedBoard : public testing::Test {
 protected:
  std::string configuration(std::string_view database = "feedwatch.db",
                            std::string_view directory = {}) const {
    const std::string board(directory.empty() ? scratch_.path().string() : directory);
    return scratch_.write(fmt::format("{}.toml", database),
                          fmt::format(R"(preset = "tight"
[[venue]]
name = "binance-usdm"
url = "{}"
streams = ["BTCUSDT/mark"]
[store]
url = "sqlite://{}"
state_dir = "{}"
[board]
shm = "board"
directory = "{}"
)",
                                      exchange_.ws_url(), scratch_.file(database),
                                      scratch_.file(fmt::format("{}.state", database)), board));
  }
  Ran price(const std::string& max_age = "5s") const {
    return run_feedwatch({"price", "binance-usdm/BTCUSDT/mark", "--max-age", max_age, "--shm",
                          scratch_.file("board")});
  }
  bool priced() const {
    return wait_for([this] { return price().code == 0; });
  }

  Scratch scratch_;
  Simulated exchange_{{"--venue", "binance-usdm", "--symbols", "BTCUSDT"}};
};

TEST_F(SharedBoard, GivesThePricesOfTheMonitorThatLives) {
  auto monitor = std::make_unique<Monitored>(configuration());
  ASSERT_TRUE(priced());
  EXPECT_THAT(price().out, StartsWith("binance-usdm/BTCUSDT/mark 6"));
  EXPECT_EQ(price("1ns").code, 4);

  monitor->process().signal(SIGKILL);
  ASSERT_TRUE(wait_for([this] { return price("1h").code == 4; }));
  EXPECT_THAT(price("1h").err, HasSubstr("writer_dead"));
  monitor.reset();
  monitor = std::make_unique<Monitored>(configuration());
  ASSERT_TRUE(priced()) << "the next one took its place: " << monitor->process().err();

  monitor->process().signal(SIGTERM);
  EXPECT_EQ(monitor->process().wait(), 0);
  EXPECT_EQ(price("1h").code, 1);
  EXPECT_THAT(price("1h").err, HasSubstr("no monitor writes it"));
}

TEST_F(SharedBoard, HasOneMonitorAtATime) {
  Monitored monitor(configuration());
  ASSERT_TRUE(priced());
  const Ran second =
      run_feedwatch({"run", "-c", configuration("other.db"), "--set", "api.listen=127.0.0.1:0"});
  EXPECT_EQ(second.code, 3);
  EXPECT_THAT(second.err, HasSubstr("another running monitor writes it"));
  EXPECT_TRUE(priced()) << "the first goes on";
}

TEST_F(SharedBoard, ThatCannotBeMadeStopsTheStart) {
  const Ran ran = run_feedwatch({"run", "-c", configuration("feedwatch.db", "/nonexistent")});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("board /nonexistent/board: No such file or directory"));
}

}  // namespace
}  // namespace feedwatch::integration
