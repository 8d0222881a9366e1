#pragma once

#include "feedwatch/base/decimal_math.hpp"
#include "feedwatch/protect/position.hpp"

/// Percentages of prices, without floating point. Exact where 36 digits suffice, else half-even.
namespace feedwatch {

/// price · (1 + percents/100).
inline DecimalResult raised(const Decimal& price, const DecimalResult& percents) {
  constexpr Decimal one_hundredth{1, 2};
  const DecimalResult whole = Decimal{100, 0};
  return multiply(DecimalResult(price),
                  multiply(add(whole, percents), DecimalResult(one_hundredth)));
}

/// price · (1 − percents/100).
inline DecimalResult lowered(const Decimal& price, const DecimalResult& percents) {
  return percents ? raised(price, negate(*percents)) : percents;
}

/// The price moved by so many percent to the gain of who holds `side`.
inline DecimalResult with_gain(Side side, const Decimal& price, const DecimalResult& percents) {
  return side == Side::buy ? raised(price, percents) : lowered(price, percents);
}

/// The price moved by so many percent against who holds `side`.
inline DecimalResult with_loss(Side side, const Decimal& price, const DecimalResult& percents) {
  return side == Side::buy ? lowered(price, percents) : raised(price, percents);
}

/// Whether `to` lies at least `percents` of `from` away from it. Exact.
inline std::expected<bool, DecimalError> moved_by(const Decimal& from, const Decimal& to,
                                                  const Decimal& percents) {
  const DecimalResult way = to < from ? subtract(from, to) : subtract(to, from);
  const DecimalResult moved = multiply(way, DecimalResult(Decimal{100, 0}));
  const DecimalResult limit = multiply(DecimalResult(percents), DecimalResult(from));
  if (!moved) return std::unexpected(moved.error());
  if (!limit) return std::unexpected(limit.error());
  return *moved >= *limit;
}

}  // namespace feedwatch
