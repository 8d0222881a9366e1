#include "feedwatch/intake/line_merge.hpp"

#include <algorithm>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::intake {

using Type = Outcome::Type;

// ---- one line -----------------------------------------------------------------------------------

Decision LineCopy::take(const Rules& rules, Tick& tick) {
  const Decision decision = accept(rules, state_, doubt_, slot_, tick);
  const bool accepted = decision.outcome.type == Type::accepted;
  if (accepted || decision.renews_confirmed) heard_ = tick.mono_recv;
  if (!accepted) return decision;
  if (!slot_.received || !(slot_.prices == decision.prices)) slot_.changed = tick.mono_recv;
  slot_.received = true;
  slot_.prices = decision.prices;
  slot_.has_seq = tick.seq.has_value();
  slot_.seq = tick.seq.value_or(0);
  tick.prices = decision.prices;
  tick.fields = {.price = true, .ask = rules.kind == Kind::quote};
  newest_ = tick;
  return decision;
}

bool LineCopy::holds(const Prices& prices) const {
  return state_.carried_in_epoch && state_.holds && slot_.prices == prices;
}

// ---- several ------------------------------------------------------------------------------------

LineMerge::LineMerge(Rules rules, bool comparable, std::size_t lines)
    : rules_(rules), comparable_(comparable), copies_(lines) {
  // Whether a price is too far off is judged once, where it is stored.
  rules_.sanity_percent = 0;
}

Merged LineMerge::take(std::size_t line, bool primary, Tick& tick) {
  LineCopy& copy = copies_[line];
  if (tick.epoch > copy.state_.epoch) {  // a new subscription is of the order there is
    copy.generation_ = generation_;
    copy.began_ = tick.mono_recv;
    copy.behind_ = {};
  }
  const Decision own = copy.take(rules_, tick);
  if (comparable_ && tick.seq) return compare(line, primary, own, tick);
  if (!primary) return {Merged::Way::standby, own.outcome};
  if (said_by_the_one_before(tick)) return {Merged::Way::duplicate, own.outcome};
  return {Merged::Way::goes_on, own.outcome};
}

Merged LineMerge::compare(std::size_t line, bool primary, const Decision& own, Tick& tick) {
  using enum Merged::Way;
  const Outcome& outcome = own.outcome;
  const Order order = order_of(copies_[line], own, tick);
  if (order == Order::over) return {standby, outcome};
  // What proves nothing on its own line is counted for one of them, and only there.
  const bool nothing = outcome.type == Type::rejected || outcome.type == Type::ignored;
  if (nothing && order != Order::begun) return {primary ? goes_on : standby, outcome};
  if (!is_first_copy(line, own, tick)) return {duplicate, outcome};
  for (LineCopy& copy : copies_) copy.behind_ = {};
  newest_ = tick.seq;
  newest_at_ = tick.mono_recv;
  newest_line_ = line;
  return {goes_on, outcome};
}

/// The first line on which the numbers begin again begins the new order; the others follow as they
/// notice the same.
LineMerge::Order LineMerge::order_of(LineCopy& copy, const Decision& own, Tick& tick) {
  const bool again = own.outcome.sequence_reset || tick.restart;
  if (!again) return copy.generation_ == generation_ ? Order::present : Order::over;
  const bool begins = copy.generation_ == generation_;
  if (begins) {
    ++generation_;
    newest_.reset();
    tick.restart = true;
  }
  copy.generation_ = generation_;
  return begins ? Order::begun : Order::present;
}

bool LineMerge::is_first_copy(std::size_t line, const Decision& own, Tick& tick) {
  if (!newest_ || *tick.seq > *newest_) return true;
  // A repeat is the line's own: the venue says again what this line has said already.
  const bool again = own.outcome.type == Type::repeat || newest_line_ == line;
  if (*tick.seq == *newest_) return again;
  LineCopy& copy = copies_[line];
  if (copy.began_ <= newest_at_) return false;
  const Place place = place_in_order(newest_, copy.behind_, *tick.seq, tick.mono_recv);
  tick.restart = place == Place::restarted;
  return tick.restart;
}

void LineMerge::take_over(std::size_t line, const Slot& stored, MonoTime now) {
  LineCopy& copy = copies_[line];
  if (copy.generation_ != generation_) {  // of two orders, that of the line in use holds
    generation_ = copy.generation_;
    newest_.reset();
  }
  already_until_.reset();
  taken_over_ = now;
  if (stored.received && stored.has_event_time) already_until_ = stored.ts_event;
}

void LineMerge::lose(std::size_t line) {
  LineCopy& copy = copies_[line];
  copy.slot_.received = false;
  copy.state_.holds = copy.state_.carried_in_epoch = false;
  copy.heard_ = never_mono;
}

void LineMerge::lose_all() {
  newest_.reset();
  already_until_.reset();
}

/// A line that took over and was behind brings what the stream has already. Venues' times are no
/// order: what comes later than that is believed whatever its time.
bool LineMerge::said_by_the_one_before(const Tick& tick) {
  constexpr Duration longest_lag = 1s;
  if (!already_until_ || !tick.fields.any()) return false;
  const bool said = tick.ts_event && *tick.ts_event <= *already_until_ &&
                    minus(tick.mono_recv, taken_over_) <= longest_lag;
  if (!said) already_until_.reset();
  return said;
}

bool LineMerge::differ(std::size_t one, std::size_t other, MonoTime now) const {
  const LineCopy& a = copies_[one];
  const LineCopy& b = copies_[other];
  if (a.newest() == nullptr || b.newest() == nullptr) return false;
  if (a.slot_.prices == b.slot_.prices) return false;
  return minus(now, std::max(a.changed(), b.changed())) > diverged_after;
}

}  // namespace feedwatch::intake
