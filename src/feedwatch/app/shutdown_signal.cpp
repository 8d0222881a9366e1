#include "feedwatch/app/shutdown_signal.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace feedwatch::app {

namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  return set;
}

}  // namespace

ShutdownSignal::ShutdownSignal() {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
}

ShutdownSignal::~ShutdownSignal() {
  close(fd_);
  const sigset_t set = watched();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

ShutdownSignal::Signal ShutdownSignal::wait(std::optional<Duration> limit) {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  int milliseconds = -1;
  if (limit) {
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(*limit).count();
    milliseconds = static_cast<int>(std::clamp<std::int64_t>(rounded, 0, 86'400'000));
  }
  if (poll(&ready, 1, milliseconds) <= 0) return Signal::none;
  signalfd_siginfo info{};
  if (read(fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return Signal::none;
  return info.ssi_signo == SIGHUP ? Signal::reload : Signal::stop;
}

}  // namespace feedwatch::app
