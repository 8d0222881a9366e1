#include "feedwatch/intake/accept.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "feedwatch/base/decimal_math.hpp"

namespace feedwatch::intake {
namespace {

using Type = Outcome::Type;

Decision reject(Rejection why) {
  Decision decision;
  decision.outcome.type = Type::rejected;
  decision.outcome.rejection = why;
  return decision;
}

bool wrong_kind(const Rules& rules, const Tick& tick) {
  return rules.kind != Kind::quote && tick.fields.ask;
}

bool all_positive(const Tick& tick) {
  return (!tick.fields.price || tick.prices.price.is_positive()) &&
         (!tick.fields.ask || tick.prices.ask.is_positive());
}

bool is_whole(const Rules& rules, const Tick& tick) {
  return tick.fields.price && (rules.kind != Kind::quote || tick.fields.ask);
}

/// Whether an absent field can mean "as stored": only after this subscription has said it, and
/// while it has said nothing else that we had to refuse.
bool absent_holds(const Rules& rules, const State& state, const Slot& slot) {
  return rules.absent_is_unchanged && state.carried_in_epoch && state.holds && slot.received;
}

/// The quote with its absent side taken from the store; nothing when that would be a guess.
std::optional<Prices> whole(const Rules& rules, const State& state, const Slot& slot,
                            const Tick& tick) {
  Prices prices = tick.prices;
  if (rules.kind != Kind::quote) {
    prices.ask = Decimal{};
    return prices;
  }
  if (is_whole(rules, tick)) return prices;
  if (!absent_holds(rules, state, slot)) return std::nullopt;
  if (!tick.fields.price) prices.price = slot.prices.price;
  if (!tick.fields.ask) prices.ask = slot.prices.ask;
  return prices;
}

Decision without_price(const Rules& rules, const State& state, const Slot& slot, bool restarted) {
  Decision decision;
  decision.outcome.sequence_reset = restarted;
  decision.renews_confirmed = absent_holds(rules, state, slot);
  decision.outcome.type = decision.renews_confirmed ? Type::confirmed : Type::ignored;
  return decision;
}

Decision repeat(const Rules& rules) {
  Decision decision;
  decision.outcome.type = Type::repeat;
  decision.renews_confirmed = rules.repeat_confirms;
  return decision;
}

Decision store(State& state, const Prices& prices, bool restarted) {
  Decision decision;
  decision.outcome.type = Type::accepted;
  decision.outcome.sequence_reset = restarted;
  decision.prices = prices;
  decision.first_of_epoch = !state.carried_in_epoch;
  state.carried_in_epoch = true;
  state.holds = true;
  return decision;
}

Place place_of(const Rules& rules, const State& state, Doubt& doubt, const Tick& tick) {
  if (!tick.seq || !rules.seq_orders) return Place::newer;
  const auto newest = state.ordered ? std::optional{state.newest_seq} : std::nullopt;
  return place_in_order(newest, doubt.older, *tick.seq, tick.mono_recv);
}

/// The tick with this number was taken.
void advance(State& state, Doubt& doubt, const Tick& tick) {
  if (!tick.seq) return;
  state.newest_seq = *tick.seq;
  state.ordered = true;
  doubt.older = {};
}

bool said_before(const State& state, const Slot& slot, const Tick& tick, const Prices& prices) {
  return tick.seq && state.carried_in_epoch && slot.has_seq && slot.seq == *tick.seq &&
         prices == slot.prices;
}

/// Whether the price differs from the stored one by more than the band allows.
bool outside(const Decimal& price, const Decimal& stored, std::uint16_t percent) {
  // Zero is no price: nothing is stored for this side yet.
  if (!stored.is_positive()) return false;
  const DecimalResult difference = subtract(price, stored);
  const DecimalResult distance = difference ? abs(*difference) : difference;
  const DecimalResult allowed = multiply(stored, Decimal{percent, 2});
  return !distance || !allowed || *distance > *allowed;
}

/// What two copies of one message have in common and two messages have not; nothing where the venue
/// gives neither number nor time.
std::optional<std::uint64_t> identity(const Tick& tick, const Prices& prices) {
  if (tick.seq) return tick.seq;
  if (!tick.ts_event) return std::nullopt;
  auto word = static_cast<std::uint64_t>(to_ns(*tick.ts_event));
  for (const std::uint64_t part : std::bit_cast<std::array<std::uint64_t, 4>>(prices)) {
    constexpr std::uint64_t mix = 0x9e37'79b9'7f4a'7c15;
    word = (word ^ part) * mix;
    word ^= word >> 29U;
  }
  return word;
}

bool is_outside_band(const Rules& rules, const Slot& slot, const Prices& prices) {
  if (rules.sanity_percent == 0 || !slot.received) return false;
  return outside(prices.price, slot.prices.price, rules.sanity_percent) ||
         outside(prices.ask, slot.prices.ask, rules.sanity_percent);
}

/// Whether a message outside the band makes them enough to be right. The same one again, from
/// another line or sent twice, proves nothing new; where numbers order, nor does an older one.
bool is_believed(const Rules& rules, const State& state, Doubt& doubt, const Tick& tick,
                 Place place, const Prices& prices) {
  auto& messages = doubt.outside_messages;
  const auto message = identity(tick, prices);
  if (message && doubt.outside_band > 0) {
    const bool ordered = tick.seq && rules.seq_orders && state.ordered && place == Place::newer;
    const bool older = ordered && *message < messages[(doubt.outside_band - 1U) % messages.size()];
    const auto known = std::span(messages).first(std::min<std::size_t>(doubt.outside_band, 4));
    if (older || std::ranges::find(known, *message) != known.end()) return false;
  }
  messages[doubt.outside_band % messages.size()] = message.value_or(0);
  return ++doubt.outside_band >= rules.sanity_repeats;
}

}  // namespace

Decision accept(const Rules& rules, State& state, Doubt& doubt, const Slot& slot,
                const Tick& tick) {
  if (wrong_kind(rules, tick)) return reject(Rejection::wrong_kind);
  if (tick.epoch < state.epoch) return reject(Rejection::old_epoch);
  const bool begins = tick.epoch > state.epoch;
  if (!all_positive(tick)) {
    // The venue has said something else than what is stored.
    if (!begins) state.holds = false;
    return reject(Rejection::not_positive);
  }
  if (begins) {
    // With a whole price: until then the subscription before it may still deliver.
    if (!tick.fields.any()) return {};
    if (!is_whole(rules, tick)) return reject(Rejection::crossed_fields);
    state.begin(tick.epoch);
    doubt.older = {};
  }

  if (tick.restart || tick.snapshot) {
    state.ordered = false;
    doubt.older = {};
  }
  const Place place = place_of(rules, state, doubt, tick);
  if (place == Place::older) return reject(Rejection::out_of_order);

  const bool restarted = place == Place::restarted;
  if (!tick.fields.any()) {
    // What was missed in between may have carried a price.
    if (restarted) state.holds = false;
    advance(state, doubt, tick);
    return without_price(rules, state, slot, restarted);
  }
  const std::optional<Prices> prices = whole(rules, state, slot, tick);
  if (!prices) return reject(Rejection::crossed_fields);
  const bool far = is_outside_band(rules, slot, *prices);
  if (far && !is_believed(rules, state, doubt, tick, place, *prices)) {
    state.holds = false;
    return reject(Rejection::outside_band);
  }
  doubt.outside_band = 0;
  advance(state, doubt, tick);
  if (said_before(state, slot, tick, *prices)) return repeat(rules);
  Decision decision = store(state, *prices, restarted);
  decision.outcome.band_broken = far;
  return decision;
}

}  // namespace feedwatch::intake
