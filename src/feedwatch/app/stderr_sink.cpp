#include "feedwatch/app/stderr_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace feedwatch::app {

namespace {

// A pipe or socket that is ready takes this much without blocking.
constexpr std::size_t chunk = 4096;
constexpr int poll_ms = 50;

/// Standard error opened anew without blocking, where it is a pipe or a terminal: a terminal that
/// has been halted takes part of a write and sleeps over the rest. The flag must not be set on what
/// we share with the shell. Empty where it cannot be had; waiting for room has to do then.
net::Fd reopened() {
  struct stat info{};
  if (::fstat(STDERR_FILENO, &info) != 0 || !(S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode))) {
    return {};
  }
  return net::Fd{::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
}

}  // namespace

StderrSink::StderrSink() : own_(reopened()), fd_(own_ ? own_.get() : STDERR_FILENO) {}

void StderrSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (!write_whole({line.data(), line.size()})) ++dropped_;
}

bool StderrSink::write_whole(std::string_view line) const {
  while (!line.empty()) {
    if (!wait_for_room()) return false;
    const auto n =
        net::uninterrupted([&] { return ::write(fd_, line.data(), std::min(line.size(), chunk)); });
    if (n >= 0) {
      line.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno != EAGAIN || over()) return false;
    ::poll(nullptr, 0, poll_ms);
  }
  return true;
}

/// Room, or an end of the descriptor that the write will name.
bool StderrSink::wait_for_room() const {
  while (true) {
    const bool last = over();
    pollfd room{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&room, 1, last ? 0 : poll_ms) > 0) return true;
    if (last) return false;
  }
}

}  // namespace feedwatch::app
