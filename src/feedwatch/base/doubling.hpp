#pragma once

#include <algorithm>
#include <cstdint>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// How long to wait after so many failures in a row: `first`, twice that after the next one, …, at
/// most `max`. Who asks along with others takes a random part of it.
constexpr Duration doubling(Duration first, Duration max, std::uint64_t failures) {
  for (std::uint64_t i = 1; i < failures && first < max; ++i) first *= 2;
  return std::min(first, max);
}

}  // namespace feedwatch
