#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/exchange/fault_set.hpp"
#include "feedwatch/exchange/market.hpp"

namespace feedwatch::exchange {

struct ClearFaults {
  std::optional<FaultId> id;  ///< empty = all
};
using ControlCommand = std::variant<FaultSpec, ClearFaults>;

/// Reads one JSON object: a fault, `{"fault":"silent_symbol","symbol":"BTCUSDT",
/// "heals":"on_resubscribe","for":"10s"}`, or `{"clear":"all"}`, `{"clear":3}`.
///
/// Keys of every fault: fault, symbol or symbols, route, heals (never, on_resubscribe,
/// on_reconnect, "after 10s"), for, at. Further keys by kind are those of FaultSpec: delay, offset
/// ("-2s"), code, status, retry_after, price, limit, window, ban. Durations are text with units.
/// Errors name the key and what would be valid.
Result<ControlCommand> parse_control(std::string_view json);

/// Whether the fault's route and symbols exist on this exchange, and its venue has words for it.
Result<void> check_fault(const FaultSpec& spec, const venues::VenueSide& side,
                         const Market& market);

/// The same objects one a line; blank lines and lines that start with '#' are skipped. Errors name
/// the file and the line.
Result<std::vector<FaultSpec>> read_fault_file(const std::string& path);

}  // namespace feedwatch::exchange
