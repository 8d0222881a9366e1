#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/app/app.hpp"
#include "feedwatch/net/ws_transport.hpp"
#include "feedwatch/signals/client.hpp"

namespace feedwatch::app {

/// The source of signals on the control's loop: a client, its sockets and its wake-up. Constructed
/// and destroyed while the loop stands, the rest on its thread or before it runs.
class SignalLink {
 public:
  struct Parts {
    Clock& clock;
    WallAnchor anchor;
    net::Reactor& reactor;
    Resolver& resolver;
    engine::Control& control;  ///< may end before the link: then nothing happens any more
    LogLine log;
  };
  SignalLink(SignalSettings settings, const Parts& parts);
  SignalLink(const SignalLink&) = delete;
  SignalLink& operator=(const SignalLink&) = delete;

  void start() { client_.start(transport_); }
  /// Says good-bye; nothing is dialled any more.
  void stop() { client_.stop(); }
  /// Of the pulse it feeds; nothing of another.
  std::optional<PulseSource> status(std::string_view pulse, MonoTime now) const;

 private:
  std::string pulse_;
  std::unique_ptr<Wakeup> wakeup_;
  signals::Client client_;
  net::WsTransport transport_;
};

}  // namespace feedwatch::app
