#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/time.hpp"
#include "feedwatch/model/kind.hpp"
#include "feedwatch/venues/venue.hpp"

/// What can go wrong with the fake exchange: every fault is one FaultSpec, posted to /control, read
/// from a `--fault` file or given in Options. How it is read from JSON: fault_parse.hpp; what it
/// does to one message, one dial or one REST request: fault_set.hpp.
namespace feedwatch::exchange {

enum class FaultKind : std::uint8_t {
  silent_symbol,           ///< no data of `symbols`; everything else flows
  silent_all,              ///< no data at all while acknowledgements and pongs flow
  ack_without_data,        ///< subscriptions made from now on are acknowledged and never fed
  half_open,               ///< existing connections: nothing in or out, sockets stay open
  close,                   ///< at once: existing connections end with `code`
  accept_then_close,       ///< upgrades succeed, then end with `code` after `delay`
  upgrade_never_answered,  ///< the TCP connection stands, the upgrade gets no answer
  handshake_status,        ///< upgrades are refused with `status` and, if given, Retry-After
  frozen_price,            ///< messages flow, their prices stand still (`price`: one kind only)
  queue_delay,             ///< data wait `delay` in the server before they are sent
  clock_offset,            ///< the venue's clock is wrong by `offset` (data and REST time)
  partial_deltas_only,     ///< delta channels: deltas without any price field, no snapshot
  sequence_restart,        ///< at once: sequence numbers of `symbols` start again at 1
  rest_down,               ///< REST answers 503 (or `status`)
  rest_old,                ///< REST tickers stand still as they were when the fault began
  rest_429,                ///< REST answers 429 with Retry-After
  connect_budget,          ///< more than `limit` dials per `window`: refused for `ban`
  announce_close,  ///< existing connections are told that they will end, and do after `delay`
  says_halted,     ///< the venue says that it does not trade, and at the end that it does again
};
constexpr std::array<std::string_view, 19> fault_words{"silent_symbol",
                                                       "silent_all",
                                                       "ack_without_data",
                                                       "half_open",
                                                       "close",
                                                       "accept_then_close",
                                                       "upgrade_never_answered",
                                                       "handshake_status",
                                                       "frozen_price",
                                                       "queue_delay",
                                                       "clock_offset",
                                                       "partial_deltas_only",
                                                       "sequence_restart",
                                                       "rest_down",
                                                       "rest_old",
                                                       "rest_429",
                                                       "connect_budget",
                                                       "announce_close",
                                                       "says_halted"};
constexpr std::string_view to_text(FaultKind kind) {
  return fault_words[static_cast<std::size_t>(kind)];
}

/// What ends a fault before somebody clears it. Whatever it says, `duration` ends it too.
///
/// A fault must have had an effect before an event can heal it: the subscription or connection that
/// meets the fault first is never the one that heals it.
enum class Heals : std::uint8_t {
  never,
  on_resubscribe,  ///< subscribing the topic again, on any connection, heals that topic everywhere;
                   ///< faults without a topic heal as a whole with the next subscription
  on_reconnect,    ///< connections opened later are healthy, older ones stay as they are;
                   ///< faults of dials and REST heal as a whole with the next dial
  after,           ///< `duration` alone
};
constexpr std::array<std::string_view, 4> heals_words{"never", "on_resubscribe", "on_reconnect",
                                                      "after"};
constexpr std::string_view to_text(Heals heals) {
  return heals_words[static_cast<std::size_t>(heals)];
}

/// One fault. Fields that mean nothing for its kind are ignored; the parser refuses them.
struct FaultSpec {
  FaultKind kind = FaultKind::silent_all;
  std::vector<std::string> symbols;  ///< empty = every symbol
  std::string route;                 ///< empty = every route
  std::optional<Kind> price;         ///< frozen_price: only this kind
  Heals heals = Heals::never;
  Duration at{};                     ///< begins so long after it was added
  std::optional<Duration> duration;  ///< ends so long after it began
  Duration delay{};                  ///< queue_delay, accept_then_close, announce_close (60 s)
  Duration offset{};                 ///< clock_offset; positive = the venue's clock is ahead
  std::uint32_t connections = 0;     ///< close, half_open: the oldest so many; 0 = all
  std::uint16_t code = 1001;         ///< close, accept_then_close, announce_close
  int status = 0;                    ///< handshake_status 403, rest_down 503, connect_budget 429
  std::optional<Duration> retry_after;
  venues::RateLimit budget;  ///< connect_budget: limit per window
  Duration ban = 120s;       ///< connect_budget
};

/// Silences or changes data of single topics (and can therefore heal topic by topic).
constexpr bool is_topic_fault(FaultKind kind) {
  switch (kind) {
    case FaultKind::silent_symbol:
    case FaultKind::silent_all:
    case FaultKind::ack_without_data:
    case FaultKind::frozen_price:
    case FaultKind::queue_delay:
    case FaultKind::clock_offset:
    case FaultKind::partial_deltas_only:
      return true;
    default:
      return false;
  }
}

/// Does what it does in one moment and is over.
constexpr bool is_instant(FaultKind kind) {
  return kind == FaultKind::close || kind == FaultKind::sequence_restart ||
         kind == FaultKind::announce_close;
}

/// Meets connections before they stand.
constexpr bool is_dial_fault(FaultKind kind) {
  return kind == FaultKind::accept_then_close || kind == FaultKind::upgrade_never_answered ||
         kind == FaultKind::handshake_status || kind == FaultKind::connect_budget;
}

constexpr bool is_rest_fault(FaultKind kind) {
  return kind == FaultKind::rest_down || kind == FaultKind::rest_old || kind == FaultKind::rest_429;
}

}  // namespace feedwatch::exchange
