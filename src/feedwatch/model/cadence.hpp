#pragma once

#include <cstdint>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// What a channel promises about silence (semantics §1).
enum class CadenceType : std::uint8_t {
  clocked,             ///< sends every `period` even when nothing changes
  event,               ///< silence proves nothing by itself
  connection_clocked,  ///< proves the socket, not the symbol
};

struct Cadence {
  CadenceType type = CadenceType::event;
  Duration period{};  ///< clocked and connection_clocked only

  friend constexpr bool operator==(const Cadence&, const Cadence&) = default;
};

constexpr Cadence clocked(Duration period) {
  return {CadenceType::clocked, period};
}
constexpr Cadence event_driven() {
  return {CadenceType::event, Duration{}};
}

}  // namespace feedwatch
