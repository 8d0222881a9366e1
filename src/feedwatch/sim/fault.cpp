#include "feedwatch/sim/fault.hpp"

#include <array>

namespace feedwatch::sim {
namespace {

using enum FaultWord::Argument;
using enum FaultWord::Healing;

constexpr std::array words{
    FaultWord{.word = "drop",
              .type = FaultType::drop_symbol,
              .argument = symbol,
              .healing = either,
              .of_connections = true},
    FaultWord{.word = "silence",
              .type = FaultType::silence_all,
              .argument = none,
              .healing = either,
              .of_connections = true},
    FaultWord{.word = "ack-without-data",
              .type = FaultType::ack_without_data,
              .argument = optional_symbol,
              .healing = either},
    FaultWord{.word = "half-open",
              .type = FaultType::half_open,
              .argument = none,
              .heals = Heals::on_reconnect,
              .healing = reconnect,
              .of_connections = true},
    FaultWord{.word = "close",
              .type = FaultType::close,
              .argument = optional_status,
              .once = true,
              .of_connections = true},
    FaultWord{"announce-close", FaultType::announce_close, duration, Heals::never, true},
    FaultWord{"says-halted", FaultType::says_halted, none, Heals::never, true},
    FaultWord{"says-trading", FaultType::says_trading, none, Heals::never, true},
    FaultWord{"accept-then-close", FaultType::accept_then_close, optional_duration},
    FaultWord{"upgrade-never", FaultType::upgrade_never, none},
    FaultWord{.word = "handshake",
              .type = FaultType::handshake,
              .argument = status,
              .tells_retry_after = true},
    FaultWord{"outage", FaultType::outage, none},
    FaultWord{"refused", FaultType::refused, none},
    FaultWord{"frozen", FaultType::frozen, optional_symbol},
    FaultWord{
        .word = "queue", .type = FaultType::queue, .argument = duration, .of_connections = true},
    FaultWord{"clock", FaultType::clock, duration},
    FaultWord{"partial-deltas", FaultType::partial_deltas, optional_symbol},
    FaultWord{"sequence-restart", FaultType::sequence_restart, optional_symbol, Heals::never, true},
    FaultWord{"no-pong", FaultType::no_pong, none},
    FaultWord{"halt", FaultType::halt_symbol, symbol},
    FaultWord{"delist", FaultType::delist_symbol, symbol},
    FaultWord{"rest-down", FaultType::rest_down, none},
    FaultWord{"rest-old", FaultType::rest_old, duration},
    FaultWord{.word = "rest-429",
              .type = FaultType::rest_limited,
              .argument = none,
              .tells_retry_after = true},
};

}  // namespace

std::span<const FaultWord> fault_words() {
  return words;
}

std::string_view to_text(FaultType type) {
  for (const FaultWord& word : words) {
    if (word.type == type) return word.word;
  }
  return "unknown";
}

}  // namespace feedwatch::sim
