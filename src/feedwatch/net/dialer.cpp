#include "feedwatch/net/dialer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace feedwatch::net {

namespace {

constexpr std::size_t max_attempts = 8;  // at a time: answers of the DNS may be long

bool is_ipv6(const std::string& address) {
  return address.contains(':');
}

}  // namespace

std::vector<std::string> interleaved(const std::vector<std::string>& addresses) {
  std::vector<std::string> families[2];
  for (const std::string& address : addresses) {
    families[is_ipv6(address) != is_ipv6(addresses.front())].push_back(address);
  }
  std::vector<std::string> order;
  for (std::size_t i = 0; order.size() < addresses.size(); ++i) {
    for (const std::vector<std::string>& family : families) {
      if (i < family.size()) order.push_back(family[i]);
    }
  }
  return order;
}

Dialer::Attempt::Attempt(Dialer& dialer_in, Fd socket_in, std::string to_in)
    : dialer(dialer_in),
      socket(std::move(socket_in)),
      to(std::move(to_in)),
      watch(dialer.reactor_.watch(socket.get(), *this)) {
  watch->want(false, true);
}

Dialer::Dialer(Reactor& reactor, Resolver& resolver, TlsContexts& tls, DialGoal goal,
               OnPhase on_phase, OnDone on_done)
    : reactor_(reactor),
      resolver_(resolver),
      tls_(tls),
      goal_(std::move(goal)),
      on_phase_(std::move(on_phase)),
      on_done_(std::move(on_done)) {}

Dialer::~Dialer() = default;

void Dialer::start() {
  const std::weak_ptr<Dialer*> weak = alive_;
  on_phase_(DialPhase::resolving);
  if (weak.expired()) return;
  resolver_.resolve(goal_.url.host, weak,
                    [weak](const std::vector<std::string>& addresses, const std::string& error) {
                      if (const auto self = weak.lock()) (*self)->on_resolved(addresses, error);
                    });
}

void Dialer::on_resolved(const std::vector<std::string>& addresses, const std::string& error) {
  if (addresses.empty()) {
    fail(fmt::format("looking up '{}': {}", goal_.url.host, error.empty() ? "no address" : error));
    return;
  }
  addresses_ = interleaved(addresses);
  std::ranges::reverse(addresses_);
  const std::weak_ptr<Dialer*> weak = alive_;
  on_phase_(DialPhase::connecting);
  if (weak.expired()) return;
  next_address_ = reactor_.make_wakeup([this](MonoTime) { connect_next(); });
  connect_next();
}

void Dialer::connect_next() {
  next_address_->disarm();
  while (!addresses_.empty() && attempts_.size() < max_attempts) {
    const std::string address = std::move(addresses_.back());
    addresses_.pop_back();
    if (!connect_to(address)) continue;
    if (!addresses_.empty()) {
      next_address_->arm(reactor_.clock().now() + goal_.next_address_after);
    }
    return;
  }
  if (attempts_.empty()) fail(last_error_);
}

bool Dialer::connect_to(const std::string& address) {
  const auto endpoint = make_endpoint(address, goal_.url.port);
  if (!endpoint) {
    last_error_ = endpoint.error();
    return false;
  }
  auto started = start_connect(*endpoint);
  if (!started) {
    last_error_ = fmt::format("connecting to {}: {}", endpoint_text(*endpoint), started.error());
    return false;
  }
  attempts_.push_back(
      std::make_unique<Attempt>(*this, std::move(*started), endpoint_text(*endpoint)));
  return true;
}

void Dialer::on_answer(Attempt& attempt) {
  if (const int error = pending_error(attempt.socket.get()); error != 0) {
    last_error_ = fmt::format("connecting to {}: {}", attempt.to, errno_text(error));
    std::erase_if(attempts_, [&](const auto& one) { return one.get() == &attempt; });
    connect_next();
    return;
  }
  connected_to_ = attempt.to;
  attempt.watch.reset();
  Fd socket = std::move(attempt.socket);
  next_address_.reset();
  attempts_.clear();
  if (goal_.url.secure()) {
    start_tls(std::move(socket));
  } else {
    finish(plain_channel(std::move(socket)));
  }
}

void Dialer::start_tls(Fd socket) {
  const std::weak_ptr<Dialer*> weak = alive_;
  on_phase_(DialPhase::securing);
  if (weak.expired()) return;
  const auto context = tls_.client(goal_.ca_file);
  if (!context) {
    fail(context.error());
    return;
  }
  const int fd = socket.get();
  auto channel = (*context)->connect(std::move(socket), goal_.url.host);
  if (!channel) {
    fail(channel.error());
    return;
  }
  channel_ = std::move(*channel);
  watch_ = reactor_.watch(fd, *this);
  shake_hands();
}

void Dialer::on_io(bool, bool) {
  shake_hands();
}

void Dialer::shake_hands() {
  const IoResult r = channel_->handshake();
  if (r.status == IoStatus::would_block) {
    const bool write = channel_->waits_to_write();
    watch_->want(!write, write);
    return;
  }
  watch_.reset();
  if (r.status == IoStatus::ok) {
    finish(std::move(channel_));
  } else {
    fail(fmt::format("TLS with {}: {}", connected_to_,
                     channel_->error().empty() ? "connection closed" : channel_->error()));
  }
}

void Dialer::fail(const std::string& why) {
  finish(std::unexpected(why));
}

void Dialer::finish(std::expected<std::unique_ptr<Channel>, std::string> result) {
  watch_.reset();
  attempts_.clear();
  next_address_.reset();
  const OnDone done = std::move(on_done_);
  done(std::move(result));
}

}  // namespace feedwatch::net
