#include "feedwatch/protect/trailing_stop.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/protect/percent.hpp"

namespace feedwatch {
namespace {

constexpr Decimal zero{};
constexpr Decimal hundred{100, 0};

bool is_share(const Decimal& percents) {
  return percents > zero && percents < hundred;
}

/// Which of the invariants the kept state breaks; empty when none.
std::string_view broken(Side side, const Decimal& entry, const TrailingMemory& memory) {
  if (memory.side != side) return "it is of a position on the other side";
  if (!memory.peak.is_positive()) return "its peak is not a price";
  if (is_better(side, entry, memory.peak)) return "its peak is worse than the entry price";
  const bool has_stop = memory.stop.has_value();
  if (memory.state == TrailingState::inactive && has_stop) return "it has a stop and is inactive";
  if (memory.state != TrailingState::inactive && !has_stop) return "it has no stop";
  if (has_stop && !memory.stop->is_positive()) return "its stop is not a price";
  if (has_stop && !is_better(side, memory.peak, *memory.stop)) {
    return "its stop does not lie behind its peak";
  }
  if (memory.confirmed_stop &&
      (!has_stop || is_better(side, *memory.confirmed_stop, *memory.stop))) {
    return "its confirmed stop lies beyond its stop";
  }
  return "";
}

}  // namespace

std::string_view TrailingOptions::problem() const {
  if (!is_share(activation_percent)) return "activation_percent must be above 0 and below 100";
  if (!is_share(callback_percent)) return "callback_percent must be above 0 and below 100";
  Decimal profit;
  for (const TrailingStep& step : steps) {
    if (step.profit_percent <= profit) return "steps must be by rising profit_percent, above 0";
    if (!is_share(step.callback_percent)) return "callback_percent must be above 0 and below 100";
    profit = step.profit_percent;
  }
  if (commission_percent < zero || commission_percent >= Decimal{50, 0}) {
    return "commission_percent must be 0 or more, and below 50";
  }
  const DecimalResult both = multiply(commission_percent, Decimal{2, 0});
  if (breakeven_percent && (!is_share(*breakeven_percent) || *breakeven_percent <= *both)) {
    return "breakeven_percent must be above two commissions and below 100";
  }
  if (small_move_percent < zero || large_move_percent < small_move_percent) {
    return "large_move_percent must not be below small_move_percent, nor that below 0";
  }
  if (move_interval < Duration::zero() || confirm_within <= Duration::zero() || retries < 0) {
    return "move_interval and retries must not be negative, confirm_within not zero";
  }
  return "";
}

bool TrailingOptions::are_ordinary() const {
  const auto are_ordinary = [](const TrailingStep& step) {
    return is_ordinary_percent(step.profit_percent) && is_ordinary_percent(step.callback_percent);
  };
  return is_ordinary_percent(activation_percent) && is_ordinary_percent(callback_percent) &&
         is_ordinary_percent(breakeven_percent.value_or(zero)) &&
         is_ordinary_percent(commission_percent) && is_ordinary_percent(large_move_percent) &&
         is_ordinary_percent(small_move_percent) && std::ranges::all_of(steps, are_ordinary);
}

TrailingStop::TrailingStop(Side side, Decimal entry_price, TrailingOptions options)
    : side_(side), entry_(entry_price), options_(std::move(options)), last_(entry_price) {
  memory_.side = side;
  memory_.peak = entry_price;
}

std::expected<TrailingStop, std::string_view> TrailingStop::restore(Side side, Decimal entry_price,
                                                                    TrailingOptions options,
                                                                    const TrailingMemory& memory,
                                                                    MonoTime now) {
  if (const std::string_view problem = options.problem(); !problem.empty()) {
    return std::unexpected(problem);
  }
  if (const std::string_view problem = broken(side, entry_price, memory); !problem.empty()) {
    return std::unexpected(problem);
  }
  TrailingStop stop(side, entry_price, std::move(options));
  stop.memory_ = memory;
  stop.last_ = memory.peak;
  // When it was confirmed is not known any more: the next small move waits its interval.
  stop.confirmed_at_ = now;
  return stop;
}

DecimalResult TrailingStop::activation_price() const {
  return with_gain(side_, entry_, options_.activation_percent);
}

/// Precondition: there is a breakeven_percent.
DecimalResult TrailingStop::breakeven_from() const {
  return with_gain(side_, entry_, *options_.breakeven_percent);
}

/// Of the last step whose profit the peak has come to.
DecimalResult TrailingStop::callback() const {
  Decimal percents = options_.callback_percent;
  for (const TrailingStep& step : options_.steps) {
    const auto reached = moved_by(entry_, memory_.peak, step.profit_percent);
    if (!reached) return std::unexpected(reached.error());
    if (!*reached) break;
    percents = step.callback_percent;
  }
  return percents;
}

TrailingStop::Result TrailingStop::on_prices(const PriceWindow& window, MonoTime now) {
  if (memory_.state == TrailingState::triggered) return Decisions{};
  const TrailingMemory before = memory_;
  const Decimal last = last_;
  const bool held = std::exchange(held_, false);
  Decisions out;
  if (const Step taken = take(window, now, out); !taken) {
    memory_ = before;
    last_ = last;
    held_ = held;
    return std::unexpected(taken.error());
  }
  return out;
}

TrailingStop::Step TrailingStop::take(const PriceWindow& window, MonoTime now, Decisions& out) {
  const bool is_long = side_ == Side::buy;
  last_ = window.last;
  if (trigger(is_long ? window.low : window.high, out)) return {};
  if (const Step followed = follow(is_long ? window.high : window.low); !followed) return followed;
  if (trigger(window.last, out)) return {};
  return propose(now, out);
}

bool TrailingStop::trigger(const Decimal& price, Decisions& out) {
  if (!memory_.stop || is_better(side_, price, *memory_.stop)) return false;
  memory_.state = TrailingState::triggered;
  proposal_.reset();
  retry_.reset();
  out.push_back({TrailingDecision::Type::triggered, ++memory_.last_number, price, *memory_.stop,
                 memory_.peak});
  return true;
}

/// Peak, state and stop after the best price of a window.
TrailingStop::Step TrailingStop::follow(const Decimal& best) {
  if (is_better(side_, best, memory_.peak)) memory_.peak = best;
  if (memory_.state != TrailingState::active) {
    const DecimalResult activation = activation_price();
    if (!activation) return std::unexpected(activation.error());
    if (is_better(side_, *activation, memory_.peak)) return begin_waiting();
    memory_.state = TrailingState::active;
  }
  const DecimalResult stop = with_loss(side_, memory_.peak, callback());
  if (!stop) return std::unexpected(stop.error());
  if (!memory_.stop || is_better(side_, *stop, *memory_.stop)) memory_.stop = *stop;
  return {};
}

TrailingStop::Step TrailingStop::begin_waiting() {
  if (memory_.state == TrailingState::waiting || !options_.breakeven_percent) return {};
  const DecimalResult from = breakeven_from();
  const DecimalResult stop =
      with_gain(side_, entry_, multiply(options_.commission_percent, Decimal{2, 0}));
  if (!from) return std::unexpected(from.error());
  if (!stop) return std::unexpected(stop.error());
  if (is_better(side_, *from, memory_.peak)) return {};
  memory_.state = TrailingState::waiting;
  memory_.stop = *stop;
  return {};
}

/// Whether the stop is worth being told: the first of its state is, then a large move, or a small
/// one when none was told for a while.
std::expected<bool, DecimalError> TrailingStop::has_news(MonoTime now) const {
  if (!memory_.stop) return false;
  if (memory_.state == TrailingState::active && !memory_.activation_confirmed) return true;
  if (!memory_.confirmed_stop) return true;
  if (!is_better(side_, *memory_.stop, *memory_.confirmed_stop)) return false;
  return moved_by(*memory_.confirmed_stop, *memory_.stop,
                  now >= rested_at() ? options_.small_move_percent : options_.large_move_percent);
}

/// From when on a small move is told.
MonoTime TrailingStop::rested_at() const {
  return confirmed_at_ == MonoTime::min() ? confirmed_at_
                                          : plus(confirmed_at_, options_.move_interval);
}

TrailingStop::Step TrailingStop::propose(MonoTime now, Decisions& out) {
  if (held_ || proposal_ || now < not_before_) return {};
  if (const auto retry = std::exchange(retry_, std::nullopt)) {
    begin(retry->type, retry->attempts, now, out);
    return {};
  }
  const auto news = has_news(now);
  if (!news) return std::unexpected(news.error());
  const bool begins = memory_.state == TrailingState::active && !memory_.activation_confirmed;
  if (*news) {
    begin(begins ? TrailingDecision::Type::activated : TrailingDecision::Type::stop_moved, 1, now,
          out);
  }
  return {};
}

void TrailingStop::begin(TrailingDecision::Type type, int attempts, MonoTime now, Decisions& out) {
  proposal_ = {type, ++memory_.last_number, *memory_.stop, plus(now, options_.confirm_within),
               attempts};
  out.push_back({type, proposal_->number, last_, proposal_->stop, memory_.peak});
}

TrailingStop::Result TrailingStop::on_time(MonoTime now) {
  if (memory_.state == TrailingState::triggered) return Decisions{};
  if (proposal_) return proposal_->expires <= now ? give_up(now) : Decisions{};
  Decisions out;
  if (const Step proposed = propose(now, out); !proposed) return std::unexpected(proposed.error());
  return out;
}

TrailingStop::Result TrailingStop::confirm(std::uint64_t number, MonoTime now) {
  if (!proposal_ || proposal_->number != number) return Decisions{};
  memory_.confirmed_stop = proposal_->stop;
  if (proposal_->type == TrailingDecision::Type::activated) memory_.activation_confirmed = true;
  proposal_.reset();
  confirmed_at_ = now;
  unconfirmed_ = false;
  return on_time(now);
}

TrailingStop::Result TrailingStop::reject(std::uint64_t number, MonoTime now) {
  if (!proposal_ || proposal_->number != number) return Decisions{};
  return give_up(now);
}

/// What nobody took did not happen: the confirmed stop stays, and the stop as it is now is
/// proposed.
TrailingStop::Result TrailingStop::give_up(MonoTime now) {
  const Proposal lost = *std::exchange(proposal_, std::nullopt);
  Decisions out{{TrailingDecision::Type::rolled_back, lost.number, last_, lost.stop, memory_.peak}};
  if (lost.attempts <= options_.retries) {
    retry_ = {lost.type, lost.attempts + 1};
    if (const Step proposed = propose(now, out); !proposed)
      return std::unexpected(proposed.error());
    return out;
  }
  unconfirmed_ = true;
  not_before_ = plus(now, options_.move_interval);
  out.push_back({TrailingDecision::Type::unconfirmed, lost.number, last_, lost.stop, memory_.peak});
  return out;
}

MonoTime TrailingStop::next_deadline() const {
  if (memory_.state == TrailingState::triggered || !memory_.stop) return never_mono;
  if (proposal_) return proposal_->expires;
  if (held_) return never_mono;
  if (retry_) return not_before_;
  const MonoTime next = std::max(not_before_, rested_at());
  const auto news = has_news(next);
  return news && *news ? next : never_mono;
}

}  // namespace feedwatch
