#include "feedwatch/app/simulate.hpp"

#include <pthread.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace feedwatch::app {
namespace {

using ::testing::HasSubstr;

/// run_simulate in a thread that SIGTERM is sent to, and what it printed.
struct Ended {
  int code = -1;
  std::string out;
};
Ended run_until_terminated(const SimulateArgs& args) {
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  // Blocked before the thread exists: the signal waits for it however early it comes.
  pthread_sigmask(SIG_BLOCK, &term, &before);
  ::testing::internal::CaptureStdout();
  Ended run;
  std::thread thread([&] { run.code = run_simulate(args); });
  pthread_kill(thread.native_handle(), SIGTERM);
  thread.join();
  run.out = ::testing::internal::GetCapturedStdout();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return run;
}

TEST(Simulate, PrintsItsAddressesAndStopsAtSigterm) {
  const Ended run = run_until_terminated({.exchange = {.venue = "binance-usdm"}});
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, HasSubstr("binance-usdm on ws://127.0.0.1:"));
  EXPECT_THAT(run.out, HasSubstr("/control"));
}

TEST(Simulate, PrintsJson) {
  const Ended run = run_until_terminated({.exchange = {.venue = "bybit-linear"}, .json = true});
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, HasSubstr(R"({"venue":"bybit-linear","ws_url":"ws://127.0.0.1:)"));
  EXPECT_EQ(run.out.back(), '\n');
}

int failing(const SimulateArgs& args, std::string& err) {
  ::testing::internal::CaptureStderr();
  const int code = run_simulate(args);
  err = ::testing::internal::GetCapturedStderr();
  return code;
}

TEST(Simulate, ErrorsAreOneLineOnStderr) {
  std::string err;
  EXPECT_EQ(failing({.exchange = {.venue = "nowhere"}}, err), 2);
  EXPECT_THAT(err, HasSubstr("feedwatch: --venue: there is no venue"));
  EXPECT_THAT(err, HasSubstr("bybit-linear"));
}

TEST(Simulate, AFaultFileWithAMistakeNamesTheLine) {
  const auto path =
      std::filesystem::temp_directory_path() / ("feedwatch-simulate-" + std::to_string(::getpid()));
  std::ofstream(path) << "{\"fault\":\"silent_all\",\"at\":\"5s\"}\n{\"fault\":\"quiet\"}\n";
  std::string err;
  EXPECT_EQ(failing({.exchange = {.venue = "binance-usdm"}, .fault_file = path.string()}, err), 1);
  EXPECT_THAT(err, HasSubstr(path.string() + ":2"));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace feedwatch::app
