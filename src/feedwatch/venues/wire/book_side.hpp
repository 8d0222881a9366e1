#pragma once

#include <string_view>

#include "feedwatch/venues/wire/fields.hpp"
#include "feedwatch/venues/wire/json.hpp"

namespace feedwatch::venues::wire {

/// One side of an order book: [["11.248","1"],…], or [] when nobody offers. Only the best level's
/// price is kept.
struct BookSide {
  Token list;   ///< "[" when it is a list at all
  Token price;  ///< first element of the first level

  /// Reads the side's value; what is no list is remembered as it stands.
  simdjson::error_code collect(ondemand::value& value);
  /// That the side came, once, and is a list.
  bool check(FieldReader& fields, std::string_view name) const;
};

}  // namespace feedwatch::venues::wire
