#include "feedwatch/store/postgres/pg_wait.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <stdexcept>

namespace feedwatch::store {
namespace {

/// What a server that works needs for one answer, when there is no time to wait for another.
constexpr Duration hurried_limit = 300ms;
/// Between two looks at the flags, once the wake-up has been seen.
constexpr Duration slice = 10ms;

int poll_ms(PgWait::Deadline deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  return static_cast<int>(std::clamp<std::int64_t>(
      std::chrono::ceil<std::chrono::milliseconds>(left).count(), 0, 60'000));
}

}  // namespace

PgWait::PgWait() : wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_fd_ < 0) throw std::runtime_error("no file descriptor is left for an eventfd");
}

PgWait::~PgWait() {
  ::close(wake_fd_);
}

PgWait::Deadline PgWait::in(Duration limit) {
  return std::chrono::steady_clock::now() + limit;
}

void PgWait::hurry() {
  hurried_ = true;
  const std::uint64_t one = 1;
  // It is readable already when this fails.
  if (::write(wake_fd_, &one, sizeof one) < 0) errno = 0;
}

void PgWait::interrupt() {
  interrupted_ = true;
  hurry();
}

PgWait::Outcome PgWait::wait(int fd, short events, Deadline deadline) {
  const Deadline soon = in(hurried_limit);
  while (true) {
    if (interrupted_) return Outcome::interrupted;
    const bool hurried = hurried_;
    const Deadline limit = hurried ? std::min(deadline, soon) : deadline;
    std::array<pollfd, 2> fds{pollfd{fd, events, 0}, pollfd{wake_fd_, POLLIN, 0}};
    const Deadline until = hurried ? std::min(limit, in(slice)) : limit;
    const int ready = ::poll(fds.data(), hurried ? 1 : 2, poll_ms(until));
    if (ready > 0 && fds[0].revents != 0) return Outcome::ready;
    if (std::chrono::steady_clock::now() >= limit) return Outcome::late;
  }
}

}  // namespace feedwatch::store
