#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/net/channel.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/tls.hpp"
#include "feedwatch/net/url.hpp"

namespace feedwatch::net {

struct DialGoal {
  Url url;
  std::string ca_file;
  Duration next_address_after = 3s;
};

/// Name look-up, TCP connect (each address in turn) and TLS handshake, one after the other. No
/// timeout of its own beyond moving on from a silent address: destroying it gives up, and no
/// callback follows. The last callback may destroy it. The reactor's thread only.
class Dialer final : private IoHandler {
 public:
  /// Called when a step begins, first with `resolving` from inside start().
  using OnPhase = std::function<void(DialPhase)>;
  /// The ready channel, or what failed, for people.
  using OnDone = std::function<void(std::expected<std::unique_ptr<Channel>, std::string>)>;

  Dialer(Reactor& reactor, Resolver& resolver, TlsContexts& tls, DialGoal goal, OnPhase on_phase,
         OnDone on_done);
  ~Dialer() override;
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  /// Not from inside a call of whoever is told: callbacks may come at once.
  void start();

 private:
  void on_resolved(std::vector<std::string> addresses, const std::string& error);
  void connect_next();
  void on_connected();
  void start_tls();
  void on_io(bool readable, bool writable) override;
  void shake_hands();
  void fail(const std::string& why);
  void finish(std::expected<std::unique_ptr<Channel>, std::string> result);

  Reactor& reactor_;
  Resolver& resolver_;
  TlsContexts& tls_;
  const DialGoal goal_;
  OnPhase on_phase_;
  OnDone on_done_;
  std::shared_ptr<Dialer*> alive_ = std::make_shared<Dialer*>(this);
  std::vector<std::string> addresses_;  // still to be tried, last first
  std::string connecting_to_;
  std::string last_error_;
  Fd socket_;
  std::unique_ptr<Channel> channel_;  // while TLS is being agreed
  std::unique_ptr<IoWatch> watch_;
  std::unique_ptr<Wakeup> next_address_;
};

}  // namespace feedwatch::net
