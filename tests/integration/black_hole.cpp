#include "black_hole.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ranges>
#include <stdexcept>
#include <system_error>

namespace feedwatch::integration {
namespace {

constexpr int most_fillers = 16;
constexpr int answered_within_ms = 200;  ///< loopback answers in microseconds, or not at all

int socket_of(int flags) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  return fd;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* raw(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

BlackHole::BlackHole(std::uint16_t port) {
  sockets_.push_back(socket_of(0));
  const int on = 1;
  ::setsockopt(sockets_[0], SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (::bind(sockets_[0], raw(address), sizeof address) != 0 || ::listen(sockets_[0], 0) != 0) {
    throw std::system_error(errno, std::generic_category(), "black hole");
  }
  for (int i = 0; i < most_fillers; ++i) {
    if (!fill(port)) return;
  }
  throw std::runtime_error("the queue of the black hole does not fill up");
}

/// Whether there was room for one more.
bool BlackHole::fill(std::uint16_t port) {
  sockets_.push_back(socket_of(SOCK_NONBLOCK));
  const sockaddr_in address = loopback(port);
  if (::connect(sockets_.back(), raw(address), sizeof address) == 0) return true;
  if (errno != EINPROGRESS) throw std::system_error(errno, std::generic_category(), "connect");
  pollfd wait{.fd = sockets_.back(), .events = POLLOUT, .revents = 0};
  return ::poll(&wait, 1, answered_within_ms) > 0;
}

BlackHole::~BlackHole() {
  for (const int fd : std::views::reverse(sockets_)) ::close(fd);
}

}  // namespace feedwatch::integration
