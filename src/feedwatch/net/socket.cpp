#include "feedwatch/net/socket.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

namespace feedwatch::net {
namespace {

// The socket calls take one address type for all families.
const sockaddr* raw(const Endpoint& endpoint) {
  return reinterpret_cast<const sockaddr*>(&endpoint.storage);
}
sockaddr* raw(Endpoint& endpoint) {
  return reinterpret_cast<sockaddr*>(&endpoint.storage);
}

Fd new_socket(int family) {
  return Fd{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
}

// getaddrinfo's own idea of a number is inet_aton's: "127.1", "0x7f000001".
bool spelt_in_full(const std::string& address) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, address.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, without_zone(address).c_str(), bytes) == 1;
}

void set_flag(int fd, int level, int name) {
  const int on = 1;
  setsockopt(fd, level, name, &on, sizeof on);
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

std::string errno_text(int error) {
  std::string text = std::generic_category().message(error);
  if (!text.empty()) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

std::expected<Endpoint, std::string> make_endpoint(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  if (!spelt_in_full(address) ||
      getaddrinfo(address.c_str(), service.c_str(), &hints, &found) != 0) {
    return std::unexpected(fmt::format("'{}' is not a numeric address", address));
  }
  Endpoint endpoint;
  std::memcpy(&endpoint.storage, found->ai_addr, found->ai_addrlen);
  endpoint.size = found->ai_addrlen;
  freeaddrinfo(found);
  return endpoint;
}

bool is_numeric_address(const std::string& address) {
  return make_endpoint(address, 0).has_value();
}

std::string without_zone(const std::string& address) {
  return address.substr(0, address.find('%'));
}

std::string endpoint_text(const Endpoint& endpoint) {
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getnameinfo(raw(endpoint), endpoint.size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown address";
  }
  return endpoint.storage.ss_family == AF_INET6 ? fmt::format("[{}]:{}", host, port)
                                                : fmt::format("{}:{}", host, port);
}

std::uint16_t endpoint_port(const Endpoint& endpoint) {
  if (endpoint.storage.ss_family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, &endpoint.storage, sizeof in6);
    return ntohs(in6.sin6_port);
  }
  sockaddr_in in4{};
  std::memcpy(&in4, &endpoint.storage, sizeof in4);
  return ntohs(in4.sin_port);
}

void set_no_delay(int fd) {
  set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
}

std::expected<Fd, std::string> start_connect(const Endpoint& to) {
  Fd fd = new_socket(to.storage.ss_family);
  if (!fd) return std::unexpected(errno_text(errno));
  set_no_delay(fd.get());
  if (::connect(fd.get(), raw(to), to.size) != 0 && errno != EINPROGRESS) {
    return std::unexpected(errno_text(errno));
  }
  return fd;
}

std::size_t unread_bytes(int fd) {
  int bytes = 0;
  // Not known counts as more than will ever be read.
  if (ioctl(fd, FIONREAD, &bytes) != 0) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(bytes);
}

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

std::expected<Fd, ListenFailure> listen_on(const Endpoint& at) {
  Fd fd = new_socket(at.storage.ss_family);
  if (!fd) return std::unexpected(ListenFailure{errno});
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (at.storage.ss_family == AF_INET6) set_flag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(fd.get(), raw(at), at.size) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
    return std::unexpected(ListenFailure{errno});
  }
  return fd;
}

Fd accept_one(int listener, Endpoint& from) {
  from.size = sizeof from.storage;
  return Fd{::accept4(listener, raw(from), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
}

Endpoint local_endpoint(int fd) {
  Endpoint endpoint;
  endpoint.size = sizeof endpoint.storage;
  getsockname(fd, raw(endpoint), &endpoint.size);
  return endpoint;
}

void reset_on_close(int fd) {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

}  // namespace feedwatch::net
