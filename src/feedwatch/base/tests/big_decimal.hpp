#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/base/uint256.hpp"

/// The same numbers in Boost.Multiprecision, to compare with, and random ones of every size.
namespace feedwatch::testing {

using BigInt = boost::multiprecision::cpp_int;
using Rational = boost::multiprecision::cpp_rational;

inline BigInt big(Uint128 value) {
  return (BigInt{static_cast<std::uint64_t>(value >> 64U)} << 64U) +
         BigInt{static_cast<std::uint64_t>(value)};
}

inline BigInt big(const Uint256& value) {
  return (big(value.high) << 128U) + big(value.low);
}

inline BigInt big(Decimal::Mantissa mantissa) {
  return mantissa < 0 ? BigInt{-big(Uint128{0} - static_cast<Uint128>(mantissa))}
                      : big(static_cast<Uint128>(mantissa));
}

inline BigInt ten_to(int exponent) {
  return boost::multiprecision::pow(BigInt{10}, static_cast<unsigned>(exponent));
}

inline Rational exact(const Decimal& d) {
  return Rational{big(d.mantissa()), ten_to(d.scale())};
}

inline Uint128 random_bits(Random& random) {
  return (Uint128{random.next()} << 64U) | random.next();
}

/// All lengths alike: uniform numbers would nearly always have 36 digits.
inline Decimal::Mantissa random_mantissa(Random& random) {
  return static_cast<Decimal::Mantissa>(random_bits(random)) >>
         static_cast<int>(6 + random.below(122));
}

inline Decimal random_decimal(Random& random) {
  return {random_mantissa(random), static_cast<int>(random.below(Decimal::max_scale + 1))};
}

}  // namespace feedwatch::testing
