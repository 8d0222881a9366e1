#include "feedwatch/net/dialer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace feedwatch::net {

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
  resolver_.resolve(goal_.url.host, [weak](std::vector<std::string> addresses, std::string error) {
    if (const auto self = weak.lock()) (*self)->on_resolved(std::move(addresses), error);
  });
}

void Dialer::on_resolved(std::vector<std::string> addresses, const std::string& error) {
  if (addresses.empty()) {
    fail(fmt::format("looking up '{}': {}", goal_.url.host, error.empty() ? "no address" : error));
    return;
  }
  addresses_ = std::move(addresses);
  std::ranges::reverse(addresses_);
  const std::weak_ptr<Dialer*> weak = alive_;
  on_phase_(DialPhase::connecting);
  if (!weak.expired()) connect_next();
}

void Dialer::connect_next() {
  watch_.reset();
  socket_ = Fd{};
  next_address_.reset();
  while (!addresses_.empty()) {
    const std::string address = std::move(addresses_.back());
    addresses_.pop_back();
    const auto endpoint = make_endpoint(address, goal_.url.port);
    if (!endpoint) {
      last_error_ = endpoint.error();
      continue;
    }
    connecting_to_ = endpoint_text(*endpoint);
    auto started = start_connect(*endpoint);
    if (!started) {
      last_error_ = fmt::format("connecting to {}: {}", connecting_to_, started.error());
      continue;
    }
    socket_ = std::move(*started);
    watch_ = reactor_.watch(socket_.get(), *this);
    watch_->want(false, true);
    if (!addresses_.empty()) {
      last_error_ = fmt::format("connecting to {}: no answer", connecting_to_);
      next_address_ = reactor_.make_wakeup([this](MonoTime) { connect_next(); });
      next_address_->arm(reactor_.clock().now() + goal_.next_address_after);
    }
    return;
  }
  fail(last_error_);
}

void Dialer::on_io(bool, bool) {
  if (channel_) {
    shake_hands();
  } else {
    on_connected();
  }
}

void Dialer::on_connected() {
  if (const int error = pending_error(socket_.get()); error != 0) {
    last_error_ = fmt::format("connecting to {}: {}", connecting_to_, errno_text(error));
    connect_next();
    return;
  }
  next_address_.reset();
  watch_.reset();
  if (goal_.url.secure()) {
    start_tls();
  } else {
    finish(plain_channel(std::move(socket_)));
  }
}

void Dialer::start_tls() {
  const std::weak_ptr<Dialer*> weak = alive_;
  on_phase_(DialPhase::securing);
  if (weak.expired()) return;
  const auto context = tls_.client(goal_.ca_file);
  if (!context) {
    fail(context.error());
    return;
  }
  const int fd = socket_.get();
  auto channel = (*context)->connect(std::move(socket_), goal_.url.host);
  if (!channel) {
    fail(channel.error());
    return;
  }
  channel_ = std::move(*channel);
  watch_ = reactor_.watch(fd, *this);
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
    fail(fmt::format("TLS with {}: {}", connecting_to_,
                     channel_->error().empty() ? "connection closed" : channel_->error()));
  }
}

void Dialer::fail(const std::string& why) {
  finish(std::unexpected(why));
}

void Dialer::finish(std::expected<std::unique_ptr<Channel>, std::string> result) {
  watch_.reset();
  next_address_.reset();
  const OnDone done = std::move(on_done_);
  done(std::move(result));
}

}  // namespace feedwatch::net
