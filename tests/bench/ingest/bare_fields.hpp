#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "feedwatch/base/decimal.hpp"
#include "tests/bench/ingest/shapes.hpp"

namespace feedwatch::bench::ingest {

/// What the product takes out of a message, too.
struct BareFields {
  std::string_view symbol;
  Decimal price, second;  ///< bid and ask, or mark and index
  bool has_second = false;
  std::uint64_t id = 0;
  std::uint64_t time = 0;
};

/// By simdjson on demand, each key looked for where it is known to come; throws what is not there.
/// At least 64 readable bytes follow the text.
BareFields fields_by_simdjson(simdjson::ondemand::parser& parser, std::string_view text,
                              Shape shape);

/// By hand: what stands between the fields is compared with what is known to stand there. Throws
/// when it does not.
BareFields fields_by_hand(std::string_view text, Shape shape);

}  // namespace feedwatch::bench::ingest
