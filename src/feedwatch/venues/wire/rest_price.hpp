#pragma once

#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues::wire {

/// Where one symbol's price stands in a REST answer. Where that is a list (Kraken's trades), keys
/// are places: "0", "6".
struct PriceFields {
  /// Keys from the root to the object, or to the list; "*" is the first member, whatever its name.
  std::span<const std::string_view> parents;
  std::string_view symbol;  ///< key that names the symbol; empty = none does
  std::string_view price;   ///< key of the price, or of the bid
  std::string_view ask;     ///< key of the ask; empty = not a quote
  /// Key of the moment it was so, in milliseconds, beside the price or at the root; if there is
  /// one.
  std::string_view time;
  std::string_view seq;  ///< key of a number comparable with the channel's, if there is one
};

/// Reads it. In a list the object that names the symbol is meant, or the last one where none names
/// any. A price is a string, or a list whose first member is one (Kraken), or a list of such lists,
/// best first (order books).
std::expected<RestPrice, std::string> parse_price(std::string_view body, std::string_view symbol,
                                                  const PriceFields& where);

/// Where the prices of a kind stand, `symbol` always given or the list an object whose keys name
/// them. All of one answer have the same `parents`.
using FieldsOf = std::function<PriceFields(Kind)>;
/// What a symbol may be called in the answer, likelier names first.
using NamesOf = std::function<std::vector<std::string>(std::string_view symbol)>;

/// Reads those asked for out of a list of all symbols; `names` where REST has its own.
std::expected<RestPrices, std::string> parse_prices(std::string_view body,
                                                    std::span<const PriceName> asked,
                                                    const FieldsOf& fields,
                                                    const NamesOf& names = {});

}  // namespace feedwatch::venues::wire
