// What the service manager, a monitoring system and an operator see of the program.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "process.hpp"

namespace feedwatch::integration {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// The service manager's socket.
class Manager {
 public:
  explicit Manager(std::string path) : path_(std::move(path)) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(static_cast<char*>(address.sun_path), path_.data(), path_.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Manager() { ::close(fd_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// How many messages so far begin with the words.
  std::ptrdiff_t heard(std::string_view words) {
    char buffer[512];
    for (ssize_t size = 0;
         (size = ::recv(fd_, static_cast<char*>(buffer), sizeof buffer, 0)) > 0;) {
      all_.emplace_back(static_cast<const char*>(buffer), static_cast<std::size_t>(size));
    }
    return std::ranges::count_if(all_, [&](const auto& one) { return one.starts_with(words); });
  }

 private:
  std::string path_;
  int fd_ = -1;
  std::vector<std::string> all_;
};

class Operations : public testing::Test {
 protected:
  std::string configuration() const {
    return scratch_.write("feedwatch.toml",
                          fmt::format(R"([[venue]]
name = "binance-usdm"
url = "{}"
rest_url = "{}"
streams = ["BTCUSDT/mark"]
[store]
url = "sqlite://{}"
state_dir = "{}"
[api]
listen = "127.0.0.1:0"
)",
                                      exchange_.ws_url(), exchange_.rest_url(),
                                      scratch_.file("feedwatch.db"), scratch_.path().string()));
  }

  Scratch scratch_;
  Simulated exchange_{{"--venue", "binance-usdm"}};
};

TEST_F(Operations, TheServiceManagerHearsOfEveryTurnOfItsLife) {
  Manager manager(scratch_.file("notify"));
  Process process({FEEDWATCH_PROGRAM, "run", "-c", configuration()},
                  {{"NOTIFY_SOCKET", scratch_.file("notify")}, {"WATCHDOG_USEC", "2000000"}});
  ASSERT_TRUE(wait_for([&] { return manager.heard("READY=1") == 1; })) << process.err();
  ASSERT_TRUE(wait_for([&] { return manager.heard("WATCHDOG=1") >= 3; })) << process.err();
  EXPECT_TRUE(wait_for([&] { return manager.heard("STATUS=health ") >= 1; }));
  process.signal(SIGSTOP);
  const auto before = manager.heard("WATCHDOG=1");
  EXPECT_FALSE(process.wait(1500ms));
  EXPECT_LE(manager.heard("WATCHDOG=1"), before + 1) << "fed by nobody else";
  process.signal(SIGCONT);
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0) << process.err();
  EXPECT_EQ(manager.heard("STOPPING=1"), 1);
}

TEST_F(Operations, CheckTellsHealthAndStreamsByItsExitCode) {
  Monitored monitor(configuration());
  ASSERT_TRUE(monitor.ready()) << monitor.process().err();
  ASSERT_TRUE(wait_for([&] { return get(monitor.url() + "/health").json()["state"] == "healthy"; }))
      << get(monitor.url() + "/health").body;
  const std::string stream = "binance-usdm/BTCUSDT/mark";
  const auto check = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"check", "--api", monitor.url()});
    return run_feedwatch(std::move(arguments));
  };
  Ran ran = check({});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, StartsWith("FEEDWATCH OK - healthy | total=1;;;0 healthy=1;;;0 "));
  ran = check({"--stream", stream, "-w", "1h"});
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, StartsWith("FEEDWATCH OK - " + stream + " healthy, age "));
  EXPECT_EQ(check({"--stream", stream, "-w", "1ns", "-c", "1h"}).code, 1);
  EXPECT_EQ(check({"--stream", stream, "-w", "1ns", "-c", "1ns"}).code, 2);
  EXPECT_EQ(check({"--stream", "binance-usdm/NOBODY/mark"}).code, 3);
  EXPECT_EQ(check({"--stream", "nonsense"}).code, 3);
  EXPECT_EQ(check({"-w", "1s"}).code, 3) << "of which stream?";
  EXPECT_EQ(check({"--nothing"}).code, 3);
  monitor.process().signal(SIGTERM);
  ASSERT_EQ(monitor.process().wait(), 0);
  ran = check({});
  EXPECT_EQ(ran.code, 2) << "nobody watches";
  EXPECT_THAT(ran.out, StartsWith("FEEDWATCH CRITICAL - "));
}

TEST_F(Operations, DoctorWorksBesideAMonitorAndWithoutOne) {
  const std::string file = configuration();
  Ran ran = run_feedwatch({"doctor", "-c", file, "--json"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  nlohmann::json told = nlohmann::json::parse(ran.out);
  EXPECT_EQ(told["ok"], true);
  {
    Monitored monitor(file);
    ASSERT_TRUE(monitor.ready()) << monitor.process().err();
    ran = run_feedwatch({"doctor", "-c", file});
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("intact (quick_check)"));
  }
  ran = run_feedwatch({"doctor", "-c", "/nowhere.toml"});
  EXPECT_EQ(ran.code, 3);
}

}  // namespace
}  // namespace feedwatch::integration
