// What holds for every decimal, whatever its size and scale.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "feedwatch/base/tests/arbitrary_decimal.hpp"

namespace feedwatch {
namespace {

/// Both refused alike, or the same value.
bool same(const DecimalResult& a, const DecimalResult& b) {
  return a.has_value() == b.has_value() && (a ? *a == *b : a.error() == b.error());
}

int sign(const Decimal& d) {
  return d.is_negative() ? -1 : d.is_positive() ? 1 : 0;
}

int sign(std::strong_ordering order) {
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

constexpr int any_scale_end = Decimal::max_scale + 1;

/// Nothing was lost: subtract() answers exactly, or refuses.
bool is_exact_sum(const Decimal& total, const Decimal& a, const Decimal& b) {
  return total.scale() == std::max(a.scale(), b.scale());
}

RC_GTEST_PROP(DecimalAlgebra, AdditionAndMultiplicationCommute, (Decimal a, Decimal b)) {
  RC_ASSERT(same(add(a, b), add(b, a)));
  RC_ASSERT(same(multiply(a, b), multiply(b, a)));
}

RC_GTEST_PROP(DecimalAlgebra, SubtractionUndoesAnExactAddition, (Decimal a, Decimal b)) {
  const DecimalResult total = add(a, b);
  RC_PRE(total.has_value() && is_exact_sum(*total, a, b));
  const DecimalResult back = subtract(*total, b);
  RC_ASSERT(back.has_value());
  // Equal always: what was exact fits at the scale of a too.
  RC_ASSERT(*back == a);
}

RC_GTEST_PROP(DecimalAlgebra, ZeroAndOneChangeNothing, (Decimal a)) {
  RC_ASSERT(identical(*add(a, Decimal{}), a));
  RC_ASSERT(identical(*subtract(a, Decimal{}), a));
  RC_ASSERT(identical(*multiply(a, Decimal::from_integer(1)), a));
  RC_ASSERT(subtract(a, a)->is_zero());
}

RC_GTEST_PROP(DecimalAlgebra, SubtractionHasTheSignOfTheComparison, (Decimal a, Decimal b)) {
  const DecimalResult distance = subtract(a, b);
  RC_PRE(distance.has_value());
  RC_ASSERT(sign(*distance) == sign(a <=> b));
  RC_ASSERT((a == b) == distance->is_zero());
}

RC_GTEST_PROP(DecimalAlgebra, ComparisonIsATotalOrder, (Decimal a, Decimal b, Decimal c)) {
  RC_ASSERT(sign(a <=> b) == -sign(b <=> a));
  RC_ASSERT((a == b) == ((a <=> b) == 0));
  if (a <= b && b <= c) RC_ASSERT(a <= c);
  if (a == b) RC_ASSERT((a <=> c) == (b <=> c));
  RC_ASSERT(min(a, b) <= max(a, b));
  RC_ASSERT((min(a, b) == a) || (min(a, b) == b));
}

RC_GTEST_PROP(DecimalAlgebra, RoundingOnceIsRoundingTwice, (Decimal a, Rounding rounding)) {
  const int scale = *rc::gen::inRange(0, any_scale_end);
  const DecimalResult once = round(a, scale, rounding);
  RC_ASSERT(once.has_value());
  RC_ASSERT(identical(*round(*once, scale, rounding), *once));
}

RC_GTEST_PROP(DecimalAlgebra, FloorAndCeilingEncloseEveryRounding, (Decimal a, Rounding rounding)) {
  const int scale = *rc::gen::inRange(0, any_scale_end);
  const Decimal floor = *round(a, scale, Rounding::floor);
  const Decimal ceiling = *round(a, scale, Rounding::ceiling);
  RC_ASSERT(floor <= a && a <= ceiling);
  const Decimal rounded = *round(a, scale, rounding);
  RC_ASSERT(rounded == floor || rounded == ceiling);
}

RC_GTEST_PROP(DecimalAlgebra, NegationTurnsTheOrderRound, (Decimal a, Decimal b)) {
  const DecimalResult minus_a = negate(a);
  const DecimalResult minus_b = negate(b);
  RC_PRE(minus_a.has_value() && minus_b.has_value());
  RC_ASSERT((*minus_a <=> *minus_b) == (b <=> a));
  RC_ASSERT(identical(*negate(*minus_a), a));
  RC_ASSERT(same(subtract(a, b), add(a, *minus_b)));
  RC_ASSERT(!abs(a)->is_negative());
}

RC_GTEST_PROP(DecimalAlgebra, ATickHoldsWhatIsOnIt, (Decimal price, Decimal tick, Rounding r)) {
  RC_PRE(tick.is_positive());
  const DecimalResult once = to_tick(price, tick, r);
  RC_PRE(once.has_value());
  RC_ASSERT(once->scale() == tick.scale());
  RC_ASSERT(identical(*to_tick(*once, tick, r), *once));
  const DecimalResult distance = abs(subtract(*once, price).value_or(Decimal{}));
  // Equal only where the distance itself has more digits than fit.
  RC_ASSERT(*distance <= tick);
}

RC_GTEST_PROP(DecimalAlgebra, TextIsReadBackAsItself, (Decimal a)) {
  const auto back = Decimal::parse(a.to_string());
  RC_ASSERT(back.has_value() && identical(*back, a));
}

}  // namespace
}  // namespace feedwatch
