#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues::wire {

/// Where a venue's instrument list stands, and how its members say what they are.
struct InstrumentList {
  std::span<const std::string_view> parents;  ///< objects to descend through
  std::string_view list;               ///< key of the array, or of an object; empty = the root
  std::string_view symbol = "symbol";  ///< key of the symbol
  std::string_view status = "status";  ///< key of the status
  std::string_view trading;            ///< the status word that means trading
  std::string_view also_trading{};     ///< another word for it, if there is one
  std::span<const std::string_view> barred{};  ///< keys of flags each of which stops trading
  std::string_view alias{};    ///< key of another name, under which all data come: left out then
  bool skip_nameless = false;  ///< members without a symbol are none of ours
};

/// Reads a REST body (no padding needed). Errors say what is missing, for people. A list that is
/// there but empty is an answer, not an error.
std::expected<std::vector<Instrument>, std::string> parse_instruments(std::string_view body,
                                                                      const InstrumentList& where);

/// A string below nested objects; empty when it is not there.
std::string string_at(std::string_view body, std::span<const std::string_view> path);

}  // namespace feedwatch::venues::wire
