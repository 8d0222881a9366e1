#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <ostream>

#include "feedwatch/base/decimal_math.hpp"

/// Decimals for the properties of rapidcheck: small ones as venues send them, and of every size and
/// scale.
namespace rc {

template <>
struct Arbitrary<feedwatch::Decimal> {
  static Gen<feedwatch::Decimal> arbitrary() {
    using feedwatch::Decimal;
    const auto usual =
        gen::apply([](std::int64_t mantissa, int scale) { return Decimal{mantissa, scale}; },
                   gen::arbitrary<std::int64_t>(), gen::inRange(0, 12));
    const auto any = gen::apply(
        [](std::int64_t high, std::uint64_t low, int shift, int scale) {
          const auto bits = static_cast<Decimal::Mantissa>(high) * (Decimal::Mantissa{1} << 64U);
          return Decimal{(bits + low) >> shift, scale};
        },
        gen::resize(kNominalSize, gen::arbitrary<std::int64_t>()),
        gen::resize(kNominalSize, gen::arbitrary<std::uint64_t>()), gen::inRange(6, 128),
        gen::inRange(0, Decimal::max_scale + 1));
    return gen::oneOf(usual, any);
  }
};

template <>
struct Arbitrary<feedwatch::Rounding> {
  static Gen<feedwatch::Rounding> arbitrary() {
    using enum feedwatch::Rounding;
    return gen::element(half_even, toward_zero, away_from_zero, floor, ceiling);
  }
};

}  // namespace rc

namespace feedwatch {

/// Found by rapidcheck, which chose the name.
inline void showValue(const Decimal& value, std::ostream& out) {
  out << value.to_string();
}

}  // namespace feedwatch
