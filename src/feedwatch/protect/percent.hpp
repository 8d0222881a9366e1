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

/// The price as a gain for who holds `side`: greater is better. Precondition: positive.
constexpr Decimal as_gain(Side side, const Decimal& price) {
  return side == Side::buy ? price : Decimal{-price.mantissa(), price.scale()};
}

/// Prices and percents of so many digits that every formula of protection is exact in them, as all
/// that venues send and people write are.
constexpr bool is_ordinary_price(const Decimal& price) {
  constexpr Decimal::Mantissa limit = Decimal::Mantissa{1} << 60U;
  return price.mantissa() > 0 && price.mantissa() < limit && price.scale() <= 18;
}
constexpr bool is_ordinary_percent(const Decimal& percents) {
  return percents.mantissa() >= 0 && percents.mantissa() < 1'000'000'000'000'000 &&
         percents.scale() <= 12;
}

}  // namespace feedwatch
