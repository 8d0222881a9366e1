#include "feedwatch/store/postgres/pg_resolve.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <thread>

namespace feedwatch::store {
namespace {

struct Answer {
  std::vector<std::string> addresses;
  std::atomic<bool> there = false;
};

constexpr int max_left_behind = 4;
std::atomic<int> looking = 0;  ///< threads that wait for the resolver, of the whole program

std::vector<std::string> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::vector<std::string> addresses;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  ::freeaddrinfo(found);
  return addresses;
}

}  // namespace

bool is_host_name(std::string_view host) {
  if (host.empty() || host.starts_with('/') || host.starts_with('@') || host.contains(',')) {
    return false;
  }
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const std::string text(host);
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) != 1 &&
         ::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1;
}

std::vector<std::string> resolve(const std::string& host, PgWait& wait, PgWait::Deadline deadline) {
  // A resolver that hangs for ever leaves a few threads behind, not one more each attempt.
  if (looking >= max_left_behind) return {};
  const auto answer = std::make_shared<Answer>();
  ++looking;
  std::thread([answer, host] {
    answer->addresses = look_up(host);
    answer->there = true;
    --looking;
  }).detach();
  while (!answer->there && std::chrono::steady_clock::now() < deadline) {
    if (wait.wait(-1, 0, std::min(deadline, PgWait::in(2ms))) == PgWait::Outcome::interrupted) {
      return {};
    }
  }
  return answer->there ? answer->addresses : std::vector<std::string>{};
}

}  // namespace feedwatch::store
