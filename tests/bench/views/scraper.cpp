#include "tests/bench/views/scraper.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "tests/bench/clocks.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::string_view request =
    "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain;version=0.0.4\r\n\r\n";
constexpr std::string_view end_of_head = "\r\n\r\n";
constexpr time_t patience_seconds = 10;

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n =
        net::uninterrupted([&] { return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Appends what comes next; false at the end, and when nothing comes in time.
bool receive(int fd, std::string& text) {
  std::array<char, 65'536> bytes;
  const auto n = net::uninterrupted([&] { return ::recv(fd, bytes.data(), bytes.size(), 0); });
  if (n <= 0) return false;
  text.append(bytes.data(), static_cast<std::size_t>(n));
  return true;
}

/// Of the answer that begins with this head; nothing when it does not say.
std::size_t whole_size(std::string_view text, std::size_t head) {
  constexpr std::string_view key = "\r\nContent-Length: ";
  const std::size_t at = text.substr(0, head).find(key);
  if (!text.starts_with("HTTP/1.1 200") || at == std::string_view::npos) {
    throw std::runtime_error("/metrics answers: " + std::string(text.substr(0, head)));
  }
  std::size_t body = 0;
  std::from_chars(text.data() + at + key.size(), text.data() + head, body);
  return head + end_of_head.size() + body;
}

}  // namespace

MetricsClient::MetricsClient(std::uint16_t port)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const net::Endpoint to = *net::make_endpoint("127.0.0.1", port);
  const timeval patience{.tv_sec = patience_seconds, .tv_usec = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.size) != 0) {
    throw std::runtime_error("nobody listens where /metrics should be");
  }
}

std::string MetricsClient::scrape() {
  if (!send_all(fd_.get(), request)) throw std::runtime_error("/metrics takes no request");
  std::string answer;
  std::size_t head = std::string::npos;
  while (head == std::string::npos || answer.size() < whole_size(answer, head)) {
    if (!receive(fd_.get(), answer)) throw std::runtime_error("/metrics ends half-way");
    if (head == std::string::npos) head = answer.find(end_of_head);
  }
  return answer;
}

StandIn::StandIn(std::string answer) : answer_(std::move(answer)) {
  auto listening = net::listen_on(*net::make_endpoint("127.0.0.1", 0));
  if (!listening) throw std::runtime_error("cannot listen on loopback");
  listener_ = std::move(*listening);
  port_ = net::endpoint_port(net::local_endpoint(listener_.get()));
  thread_ = std::thread([this] { run(); });
}

StandIn::~StandIn() {
  stopped_ = true;
  thread_.join();
}

void StandIn::run() const {
  while (!stopped_) {
    pollfd watched{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&watched, 1, 20) <= 0) continue;
    const net::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) serve(client.get());
  }
}

void StandIn::serve(int client) const {
  for (std::string asked; receive(client, asked);) {
    if (!asked.ends_with(end_of_head)) continue;
    if (!send_all(client, answer_)) return;
    asked.clear();
  }
}

Scraper::Scraper(Ports ports, Duration every)
    : thread_([this, ports, every] {
        try {
          run(ports, every);
        } catch (const std::runtime_error& failure) {
          failure_ = failure.what();
        }
      }) {}

Scraper::~Scraper() {
  end();
}

void Scraper::run(Ports ports, Duration every) {
  MetricsClient product(ports.product);
  MetricsClient stand_in(ports.stand_in);
  for (Duration next = wall_now(); !stopped_; next += every) {
    std::this_thread::sleep_for(next - wall_now());
    const bool asked = product_;
    const Duration began = wall_now();
    (asked ? product : stand_in).scrape();
    if (!asked) continue;
    took_ms_.push_back(static_cast<double>(to_ns(wall_now() - began)) / 1e6);
    scrapes_ = took_ms_.size();
  }
}

void Scraper::end() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

std::vector<double> Scraper::finish() {
  end();
  if (!failure_.empty()) throw std::runtime_error(failure_);
  return std::move(took_ms_);
}

}  // namespace feedwatch::bench
