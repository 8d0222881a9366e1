#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace feedwatch::net {

/// Owns one descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// A numeric address with its port, as the kernel wants it.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// Nothing unless `address` is numeric: IPv4 as four decimal numbers (not what inet_aton would take
/// besides), or IPv6 without brackets, a zone allowed.
std::expected<Endpoint, std::string> make_endpoint(const std::string& address, std::uint16_t port);
bool is_numeric_address(const std::string& address);
/// "fe80::1%eth0" → "fe80::1": which network, not who.
std::string without_zone(const std::string& address);
/// "127.0.0.1:80", "[::1]:80"
std::string endpoint_text(const Endpoint& endpoint);
std::uint16_t endpoint_port(const Endpoint& endpoint);

/// The result of a system call, repeated while a signal ends it: an interruption says nothing about
/// the descriptor.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// What errno says, beginning with a lower-case letter: "connection refused".
std::string errno_text(int error);

/// A non-blocking TCP socket with TCP_NODELAY whose connect is under way or done.
std::expected<Fd, std::string> start_connect(const Endpoint& to);
/// Bytes the kernel holds for reading.
std::size_t unread_bytes(int fd);
/// The pending error of a socket (SO_ERROR), 0 if none.
int pending_error(int fd);

struct ListenFailure {
  int error = 0;
};
std::expected<Fd, ListenFailure> listen_on(const Endpoint& at);
/// The next waiting connection, non-blocking; an empty Fd with errno when there is none.
Fd accept_one(int listener, Endpoint& from);
Endpoint local_endpoint(int fd);
void set_no_delay(int fd);
/// The coming close() sends a TCP reset.
void reset_on_close(int fd);

}  // namespace feedwatch::net
