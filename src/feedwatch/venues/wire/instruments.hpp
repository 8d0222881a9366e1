#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues::wire {

/// Where a venue's instrument list stands: objects to descend through, the array's key, the keys of
/// its members, and the status word that means trading.
struct InstrumentList {
  std::span<const std::string_view> parents;
  std::string_view list;
  std::string_view symbol = "symbol";
  std::string_view status = "status";
  std::string_view trading;
};

/// Reads a REST body (no padding needed). Errors say what is missing, for people. A list that is
/// there but empty is an answer, not an error.
std::expected<std::vector<Instrument>, std::string> parse_instruments(std::string_view body,
                                                                      const InstrumentList& where);

/// A string below nested objects; empty when it is not there.
std::string string_at(std::string_view body, std::span<const std::string_view> path);

}  // namespace feedwatch::venues::wire
