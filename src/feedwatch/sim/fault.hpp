#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "feedwatch/base/time.hpp"

namespace feedwatch::sim {

/// Everything that can be made to go wrong at a venue. The words are those of scenario files.
enum class FaultType : std::uint8_t {
  drop_symbol,        ///< one symbol's data silent; pongs, acks and the others flow
  silence_all,        ///< no data at all while pongs flow
  ack_without_data,   ///< subscriptions made from now on are acknowledged and never served
  half_open,          ///< neither direction delivers and nobody closes
  close,              ///< every connection is closed, once
  announce_close,     ///< every connection is told that it will be closed, and is, this much later
  says_halted,        ///< the venue says that it does not trade, once
  says_trading,       ///< … that it does, once
  accept_then_close,  ///< the upgrade succeeds, then the venue closes
  upgrade_never,      ///< TCP opens, the upgrade is never answered
  handshake,          ///< the upgrade is refused with an HTTP status
  outage,             ///< unreachable: dials hang, connections go half-open, REST times out
  refused,            ///< unreachable: dials are refused, connections are reset, REST fails
  frozen,             ///< messages flow, prices stand still
  queue,              ///< data waits this long inside the venue before it is sent
  clock,              ///< the venue's stamps are off by this much
  partial_deltas,     ///< messages carry no price field
  sequence_restart,   ///< sequence numbers begin again, once
  no_pong,            ///< pings are not answered
  halt_symbol,        ///< REST lists the symbol as not trading; its data stops
  delist_symbol,      ///< REST no longer lists it; its data stops
  rest_down,          ///< REST fails
  rest_old,           ///< REST data is this old
  rest_limited,       ///< REST answers 429
};

/// What ends a fault by itself. `restore` in a scenario ends any.
enum class Heals : std::uint8_t {
  never,
  on_resubscribe,  ///< a subscription made after the fault began is served
  on_reconnect,    ///< a connection opened after the fault began is whole
};

/// One thing wrong at one venue: the only description of faults the venue model reads.
struct Fault {
  FaultType type = FaultType::close;
  Heals heals = Heals::never;
  MonoTime since{};
  MonoTime until = never_mono;   ///< `for D` and `heals after D`
  std::string symbol;            ///< the symbol it concerns; empty = all
  std::uint64_t connection = 0;  ///< the one it concerns, counted from the venue's first; 0 = all
  Duration amount{};             ///< queue, clock, rest_old, accept_then_close: how much
  int status = 0;                ///< handshake: HTTP status; close: close code
  std::optional<Duration> retry_after;

  bool active(MonoTime now) const { return since <= now && now < until; }
  bool concerns(std::string_view name) const { return symbol.empty() || symbol == name; }
  /// Whether it still holds for a connection, and a subscription on it, of these ages.
  bool touches(std::uint64_t number, MonoTime opened, MonoTime subscribed, MonoTime now) const {
    if (!active(now) || (connection != 0 && connection != number)) return false;
    if (heals == Heals::on_reconnect) return opened <= since;
    if (heals == Heals::on_resubscribe) return subscribed <= since;
    return true;
  }
};

/// The words of a fault in a scenario, its argument and how it heals unless the scenario says.
struct FaultWord {
  std::string_view word;
  FaultType type;
  enum class Argument : std::uint8_t {
    none,
    symbol,
    optional_symbol,
    duration,
    optional_duration,
    status,
    optional_status
  } argument;
  Heals heals = Heals::never;
  bool once = false;  ///< happens at one moment and is over
  /// What may end it by itself, beyond the passing of time.
  enum class Healing : std::uint8_t { nothing, reconnect, either } healing = Healing::nothing;
  bool tells_retry_after = false;
  bool of_connections = false;  ///< may befall a single one
};
std::span<const FaultWord> fault_words();
std::string_view to_text(FaultType type);

}  // namespace feedwatch::sim
