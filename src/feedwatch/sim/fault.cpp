#include "feedwatch/sim/fault.hpp"

#include <array>

namespace feedwatch::sim {
namespace {

using enum FaultWord::Argument;

constexpr std::array words{
    FaultWord{"drop", FaultType::drop_symbol, symbol},
    FaultWord{"silence", FaultType::silence_all, none},
    FaultWord{"ack-without-data", FaultType::ack_without_data, optional_symbol},
    FaultWord{"half-open", FaultType::half_open, none, Heals::on_reconnect},
    FaultWord{"close", FaultType::close, optional_status, Heals::never, true},
    FaultWord{"accept-then-close", FaultType::accept_then_close, optional_duration},
    FaultWord{"upgrade-never", FaultType::upgrade_never, none},
    FaultWord{"handshake", FaultType::handshake, status},
    FaultWord{"outage", FaultType::outage, none},
    FaultWord{"refused", FaultType::refused, none},
    FaultWord{"frozen", FaultType::frozen, optional_symbol},
    FaultWord{"queue", FaultType::queue, duration},
    FaultWord{"clock", FaultType::clock, duration},
    FaultWord{"partial-deltas", FaultType::partial_deltas, optional_symbol},
    FaultWord{"sequence-restart", FaultType::sequence_restart, optional_symbol, Heals::never, true},
    FaultWord{"no-pong", FaultType::no_pong, none},
    FaultWord{"halt", FaultType::halt_symbol, symbol},
    FaultWord{"delist", FaultType::delist_symbol, symbol},
    FaultWord{"rest-down", FaultType::rest_down, none},
    FaultWord{"rest-old", FaultType::rest_old, duration},
    FaultWord{"rest-429", FaultType::rest_limited, none},
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
