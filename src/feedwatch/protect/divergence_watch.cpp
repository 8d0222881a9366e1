#include "feedwatch/protect/divergence_watch.hpp"

#include "feedwatch/base/decimal_math.hpp"

namespace feedwatch {

std::string_view DivergenceOptions::problem() const {
  if (!percent.is_positive()) return "the difference must be above 0";
  if (longer_than < Duration::zero()) return "the time must not be below 0";
  return {};
}

void DivergenceWatch::on_prices(const Decimal& last, const Decimal& mark, MonoTime now) {
  if (!mark.is_positive()) return;
  const DecimalResult gap = subtract(last, mark);
  const DecimalResult hundredfold = multiply(gap ? abs(*gap) : gap, DecimalResult{Decimal{100, 0}});
  const DecimalResult limit = multiply(mark, options_.percent);
  if (!hundredfold || !limit) return;
  const DecimalResult percent = divide(*hundredfold, mark, 2, Rounding::half_even);
  percent_ = percent ? std::optional(*percent) : std::nullopt;
  if (*hundredfold <= *limit) {
    state_ = State::agreed;
    since_.reset();
    return;
  }
  if (!since_) since_ = now;
  if (state_ != State::diverged) {
    state_ = now - *since_ > options_.longer_than ? State::diverged : State::apart;
  }
}

void DivergenceWatch::on_refused() {
  if (state_ == State::diverged) return;
  state_ = State::unknown;
  since_.reset();
}

}  // namespace feedwatch
