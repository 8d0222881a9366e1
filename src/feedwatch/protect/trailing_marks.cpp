// Until when a stop has nothing to decide. In gains, so that both sides are one.
#include <algorithm>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/protect/percent.hpp"
#include "feedwatch/protect/trailing_stop.hpp"

namespace feedwatch {
namespace {

constexpr Decimal one{1, 0};

void bring_forward(std::optional<Decimal>& mark, const Decimal& price) {
  mark = mark ? min(*mark, price) : price;
}

/// The peak whose stop lies at `stop`, or a little before it: the quotient is rounded, and so is,
/// in its 36th digit, what it is computed from.
DecimalResult peak_before(Side side, const DecimalResult& stop, const Decimal& callback) {
  constexpr int places = 18;
  constexpr Decimal slack{4, places};
  const DecimalResult share = with_loss(side, one, callback);
  if (!stop) return stop;
  if (!share) return share;
  const DecimalResult peak = divide(*stop, *share, places, Rounding::floor);
  return peak ? subtract(*peak, slack) : peak;
}

}  // namespace

void TrailingStop::catch_up(const Decimal& best, const Decimal& last) {
  if (memory_.state == TrailingState::triggered) return;
  held_ = false;
  last_ = last;
  const TrailingMemory before = memory_;
  if (!follow(best)) memory_ = before;  // never: what is not exact was told every window
}

TrailingMarks TrailingStop::marks(MonoTime now) const {
  TrailingMarks out;
  out.peak = as_gain(side_, memory_.peak);
  if (memory_.state == TrailingState::triggered) return out;
  const bool exact =
      options_.are_ordinary() && is_ordinary_price(entry_) && is_ordinary_price(memory_.peak);
  if (!exact || !mark_levels(out)) out.every = true;
  if (!mark_proposals(now, out)) out.every = true;
  return out;
}

TrailingStop::Step TrailingStop::mark_levels(TrailingMarks& marks) const {
  if (memory_.state == TrailingState::active) return mark_active(marks);
  const DecimalResult activation = activation_price();
  if (!activation) return std::unexpected(activation.error());
  bring_forward(marks.best, as_gain(side_, *activation));
  if (memory_.state == TrailingState::waiting) {
    marks.stop = as_gain(side_, *memory_.stop);
  } else if (options_.breakeven_percent) {
    const DecimalResult from = breakeven_from();
    if (!from) return std::unexpected(from.error());
    bring_forward(marks.best, as_gain(side_, *from));
  }
  if (*marks.best <= marks.peak) marks.every = true;  // restored, with other options
  return {};
}

/// The stop is where the peak puts it, or better than that (a later step may be a wider one, and
/// breakeven may lie nearer): then it stays until the peak has caught up.
TrailingStop::Step TrailingStop::mark_active(TrailingMarks& marks) const {
  const DecimalResult percents = callback();
  const DecimalResult demanded = with_loss(side_, memory_.peak, percents);
  if (!demanded) return std::unexpected(demanded.error());
  if (is_better(side_, *demanded, *memory_.stop))
    marks.every = true;  // restored, with other options
  if (is_better(side_, *memory_.stop, *demanded)) {
    marks.stop = as_gain(side_, *memory_.stop);
    const DecimalResult caught_up = peak_before(side_, *marks.stop, *percents);
    if (!caught_up) return std::unexpected(caught_up.error());
    bring_forward(marks.best, *caught_up);
  } else {
    marks.callback = *percents;
  }
  return mark_step(marks);
}

/// Where the next callback begins.
TrailingStop::Step TrailingStop::mark_step(TrailingMarks& marks) const {
  for (const TrailingStep& step : options_.steps) {
    const auto reached = moved_by(entry_, memory_.peak, step.profit_percent);
    if (!reached) return std::unexpected(reached.error());
    if (*reached) continue;
    const DecimalResult from = with_gain(side_, entry_, step.profit_percent);
    if (!from) return std::unexpected(from.error());
    bring_forward(marks.best, as_gain(side_, *from));
    break;
  }
  return {};
}

TrailingStop::Step TrailingStop::mark_proposals(MonoTime now, TrailingMarks& marks) const {
  if (!memory_.stop) return {};
  if (proposal_ || now < not_before_) {
    marks.at = proposal_ ? proposal_->expires : not_before_;
    return {};
  }
  const auto news = has_news(now);
  if (!news) return std::unexpected(news.error());
  if (*news || retry_) {
    if (held_) {
      marks.every = true;
    } else {
      marks.at = now;
    }
    return {};
  }
  const bool rested = now >= rested_at();
  if (!rested) marks.at = rested_at();
  if (!marks.callback || !memory_.confirmed_stop) return {};
  const DecimalResult due =
      peak_before(side_,
                  with_gain(side_, as_gain(side_, *memory_.confirmed_stop),
                            rested ? options_.small_move_percent : options_.large_move_percent),
                  *marks.callback);
  if (!due) return std::unexpected(due.error());
  bring_forward(marks.best, *due);
  return {};
}

}  // namespace feedwatch
