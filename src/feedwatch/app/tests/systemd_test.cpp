#include "feedwatch/app/systemd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

namespace feedwatch::app {
namespace {

using ::testing::ElementsAre;

/// The manager's end of the socket.
class Manager {
 public:
  explicit Manager(std::string name) : name_(std::move(name)) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(static_cast<char*>(address.sun_path), name_.data(), name_.size());
    if (name_.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  ~Manager() {
    ::close(fd_);
    if (name_.front() == '/') ::unlink(name_.c_str());
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  std::vector<std::string> heard() {
    std::vector<std::string> all;
    char buffer[1024];
    for (;;) {
      const ssize_t size = ::recv(fd_, static_cast<char*>(buffer), sizeof buffer, 0);
      if (size <= 0) return all;
      all.emplace_back(static_cast<const char*>(buffer), static_cast<std::size_t>(size));
    }
  }

 private:
  std::string name_;
  int fd_ = -1;
};

std::string unique(const char* prefix) {
  return prefix + std::string("feedwatch-notify-") + std::to_string(::getpid());
}

TEST(ServiceManager, is_told_by_path_and_by_abstract_name) {
  for (const std::string& name :
       {(std::filesystem::temp_directory_path() / unique("")).string(), unique("@")}) {
    Manager manager(name);
    const ServiceManager told(name, {});
    told.ready("listening on http://x");
    told.alive();
    told.status("two\nREADY=1");
    told.stopping();
    EXPECT_THAT(manager.heard(), ElementsAre("READY=1\nSTATUS=listening on http://x", "WATCHDOG=1",
                                             "STATUS=two READY=1", "STOPPING=1\nSTATUS=stopping"));
  }
}

TEST(ServiceManager, nobody_there_is_no_trouble) {
  ServiceManager({}, {}).ready("x");
  ServiceManager("/nowhere/at/all", {}).ready("x");
  ServiceManager(std::string(200, 'a'), {}).ready("x");
}

TEST(ServiceManager, the_watchdog_of_another_process_is_none_of_ours) {
  const auto watchdog = [](const char* micros, const std::string& pid) {
    ::setenv("WATCHDOG_USEC", micros, 1);
    ::setenv("WATCHDOG_PID", pid.c_str(), 1);
    const auto found = ServiceManager::from_environment().watchdog();
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
    return found;
  };
  EXPECT_EQ(watchdog("30000000", std::to_string(::getpid())), Duration{30s});
  EXPECT_EQ(watchdog("30000000", "1"), std::nullopt);
  EXPECT_EQ(watchdog("soon", std::to_string(::getpid())), std::nullopt);
  EXPECT_EQ(ServiceManager::from_environment().watchdog(), std::nullopt);
}

}  // namespace
}  // namespace feedwatch::app
