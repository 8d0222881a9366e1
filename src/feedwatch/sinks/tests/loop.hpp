#pragma once

#include <optional>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"
#include "feedwatch/sinks/make_sink.hpp"
#include "feedwatch/sinks/tests/fakes.hpp"

namespace feedwatch::sinks {

/// The owner's loop with its real HTTP client, turned until an answer has come.
class Loop {
 public:
  SinkParts parts() {
    return {.http = http, .mailbox = reactor, .write = [](std::string_view) {}, .speaker = {}};
  }

  std::optional<SinkResult> deliver(Sink& sink, const Notification& message = message_of({btc()}),
                                    Duration limit = 10s) {
    std::optional<SinkResult> result;
    sink.deliver(message, [&](SinkResult given) { result = std::move(given); });
    turn_until([&] { return result.has_value(); }, limit);
    return result;
  }

  template <class Condition>
  void turn_until(Condition condition, Duration limit) {
    const MonoTime deadline = clock.now() + limit;
    while (!condition() && clock.now() < deadline) reactor.turn();
  }

  embed::SystemClock clock;
  net::Reactor reactor{clock};
  net::SystemResolver resolver{reactor};
  net::HttpClient http{reactor, resolver};
};

}  // namespace feedwatch::sinks
