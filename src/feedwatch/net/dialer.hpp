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
  Duration next_address_after = 250ms;  ///< RFC 8305: the "connection attempt delay"
};

/// The addresses of a host in the order to try them: families take turns, beginning with that of
/// the first, so that a family which leads nowhere costs one delay and not one for each address.
std::vector<std::string> interleaved(const std::vector<std::string>& addresses);

/// Name look-up, TCP connect and TLS handshake, one after the other. Addresses are tried beside
/// each other ("happy eyeballs"): the next one joins when the last has not answered for a while or
/// has failed, and the first that connects is taken. No timeout of its own: destroying it gives up,
/// and no callback follows. The last callback may destroy it. The reactor's thread only.
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
  void on_resolved(const std::vector<std::string>& addresses, const std::string& error);
  /// One address being connected to.
  struct Attempt final : IoHandler {
    Attempt(Dialer& dialer_in, Fd socket_in, std::string to_in);
    void on_io(bool, bool) override { dialer.on_answer(*this); }

    Dialer& dialer;
    Fd socket;
    std::string to;
    std::unique_ptr<IoWatch> watch;
  };

  void connect_next();
  bool connect_to(const std::string& address);
  void on_answer(Attempt& attempt);
  void start_tls(Fd socket);
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
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::string connected_to_;
  std::string last_error_;
  std::unique_ptr<Channel> channel_;  // while TLS is being agreed
  std::unique_ptr<IoWatch> watch_;
  std::unique_ptr<Wakeup> next_address_;
};

}  // namespace feedwatch::net
