#include "feedwatch/engine/position_rules.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::engine {
namespace {

/// A peak that was the entry price follows it when that is corrected.
void follow(TrailingMemory& memory, const Position& position) {
  memory.side = position.side;
  const bool begun =
      memory.state != TrailingState::inactive && memory.state != TrailingState::waiting;
  if (!begun && is_better(position.side, position.entry_price, memory.peak)) {
    memory.peak = position.entry_price;
  }
}

PriceAges ages_of(const Price& price) {
  return {price.receive_age, price.event_age};
}

}  // namespace

void append(PositionRules::Decisions& decisions, PositionRules::Decisions more) {
  decisions.insert(decisions.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
}

TrailingMemory not_begun(Side side, const Decimal& entry_price) {
  return TrailingStop(side, entry_price, {}).memory();
}

PositionRules::PositionRules(RuleOptions options, WallAnchor anchor, MayAct may_act)
    : options_(std::move(options)),
      anchor_(anchor),
      may_act_(std::move(may_act)),
      protection_(anchor),
      last_(anchor.mono) {}

std::size_t PositionRules::SymbolHash::operator()(const Symbol& symbol) const {
  const std::hash<std::string> of_text;
  return (of_text(symbol.venue) * 31 + of_text(symbol.symbol)) * 2 + (symbol.aged ? 1 : 0);
}

ProtectionStream PositionRules::stream_of(const Position& position, bool aged) {
  const auto [known, added] =
      streams_.try_emplace(Symbol{position.venue, position.symbol, aged}, Streams{});
  if (added) {
    const std::uint32_t place = free_place();
    places_[place] = &*known;
    known->second.sold = ProtectionStream{2 * place};
    known->second.bought = ProtectionStream{2 * place + 1};
  }
  return position.side == Side::buy ? known->second.sold : known->second.bought;
}

/// The lowest, so that the others can be given back.
std::uint32_t PositionRules::free_place() {
  if (!free_.empty()) return free_.extract(free_.begin()).value();
  places_.push_back(nullptr);
  return static_cast<std::uint32_t>(places_.size() - 1);
}

/// What no rule goes by any more, in time that does not grow with how many there are.
void PositionRules::drop_unused(const std::string& venue, const std::string& symbol) {
  for (const bool aged : {false, true}) {
    const auto known = streams_.find({venue, symbol, aged});
    if (known == streams_.end()) continue;
    Streams& streams = known->second;
    if (protection_.is_used(streams.sold) || protection_.is_used(streams.bought)) continue;
    protection_.forget(streams.sold);
    protection_.forget(streams.bought);
    set_alarm(streams, std::nullopt);
    give_back(streams.sold.value / 2);
    streams_.erase(known);
  }
}

void PositionRules::give_back(std::uint32_t place) {
  places_[place] = nullptr;
  free_.insert(place);
  while (!places_.empty() && places_.back() == nullptr) {
    places_.pop_back();
    free_.erase(static_cast<std::uint32_t>(places_.size()));
  }
  if (places_.size() < places_.capacity() / 4) places_.shrink_to_fit();
}

std::optional<TrailingOptions> PositionRules::trailing_of(const RuleOverrides& overrides) const {
  if (!overrides.trailing) return options_.trailing;
  if (!overrides.trailing->enabled) return std::nullopt;
  return applied(*overrides.trailing, options_.trailing.value_or(options_.trailing_numbers));
}

std::optional<AgedOptions> PositionRules::aged_of(const RuleOverrides& overrides) const {
  if (!overrides.aged) return options_.aged;
  if (!overrides.aged->enabled) return std::nullopt;
  return applied(*overrides.aged, options_.aged.value_or(options_.aged_numbers));
}

Result<void> PositionRules::check(const RuleOverrides& overrides) const {
  const auto refused = [](const char* rule, std::string_view problem) {
    return std::unexpected(Error{rule, std::string(problem),
                                 "what it leaves out is the configuration's: mind that as well"});
  };
  const auto trailing = trailing_of(overrides);
  if (trailing && !trailing->problem().empty()) return refused("trailing", trailing->problem());
  const auto aged = aged_of(overrides);
  if (aged && !aged->problem().empty()) return refused("aged", aged->problem());
  return {};
}

/// What is known of the position, which is protected no more.
PositionRules::Kept PositionRules::take_kept(const Position& position, WallTime registered) {
  const PositionKey key = key_of(position);
  Kept kept;
  if (auto before = kept_.extract(key)) {
    // Of another position that had the name before, nothing is known of this one. Until it was
    // known when this one was opened, that was when it was registered.
    const WallTime opened = before.mapped().opened_at;
    const bool is_its = opened == position.opened_at || opened == registered;
    if (is_its) kept = before.mapped();
  } else if (const auto known = protection_.memory(key)) {
    kept.memory = *known;
    if (const auto open = open_.find(key); open != open_.end()) kept.ended = open->second.ended;
    protection_.remove(key);
  }
  kept.opened_at = position.opened_at;
  if (kept.memory.trailing) follow(*kept.memory.trailing, position);
  return kept;
}

/// A stop that nobody followed meanwhile would be hit by the first price.
void PositionRules::end_rules(const Position& position, bool trailing, bool aged, Kept& kept) {
  if (trailing) {
    kept.ended.trailing = false;
  } else if (const auto stop = std::exchange(kept.memory.trailing, std::nullopt)) {
    kept.ended.trailing = *stop != not_begun(position.side, position.entry_price);
  }
  if (aged) {
    kept.ended.aged = false;
  } else if (const auto phase = std::exchange(kept.memory.aged, std::nullopt)) {
    kept.ended.aged = *phase != AgedMemory{};
  }
}

Result<void> PositionRules::put(const Position& position, WallTime registered, MonoTime now,
                                const RuleOverrides& overrides) {
  untold_ = expire(now);
  Result<void> applied = apply(position, registered, now, overrides);
  // Not before: what it goes by as before goes on.
  drop_unused(position.venue, position.symbol);
  return applied;
}

Result<void> PositionRules::apply(const Position& position, WallTime registered, MonoTime now,
                                  const RuleOverrides& overrides) {
  const PositionKey key = key_of(position);
  Kept kept = take_kept(position, registered);
  const auto trailing = trailing_of(overrides);
  const auto aged = aged_of(overrides);
  end_rules(position, trailing.has_value(), aged.has_value(), kept);
  // Numbers of decisions go on even while there is no rule.
  const bool is_known = kept.memory != ProtectionMemory{} || kept.ended != Ended{};
  if (!trailing && !aged && !is_known) {
    open_.erase(key);
    return {};
  }
  ProtectionRules rules;
  if (trailing) rules.trailing = TrailingRule{stream_of(position, false), *trailing};
  if (aged) rules.aged = AgedRule{.stream = stream_of(position, true), .options = *aged};
  if (Result<void> added = protection_.add(position, rules, kept.memory, now); !added) {
    kept_[key] = kept;
    open_.erase(key);
    return added;
  }
  open_.insert_or_assign(key, Open{.opened_at = position.opened_at,
                                   .registered = registered,
                                   .side = position.side,
                                   .entry_price = position.entry_price,
                                   .overrides = overrides,
                                   .ended = kept.ended});
  return {};
}

bool PositionRules::is_put(const Position& position, const RuleOverrides& overrides) const {
  const auto known = open_.find(key_of(position));
  if (known == open_.end()) return false;
  const Open& open = known->second;
  return open.opened_at == position.opened_at && open.side == position.side &&
         open.entry_price == position.entry_price && open.overrides == overrides;
}

void PositionRules::close(const PositionKey& key) {
  protection_.remove(key);
  open_.erase(key);
  kept_.erase(key);
  changed_.erase(key);
  held_.erase(key);
  drop_unused(key.venue, key.symbol);
}

/// Each price puts it off; an alarm that comes too early is set again.
void PositionRules::set_until(Streams& streams, std::optional<MonoTime> until) {
  streams.until = until;
  if (until && (!streams.alarm || *until < *streams.alarm)) set_alarm(streams, until);
}

void PositionRules::set_alarm(Streams& streams, std::optional<MonoTime> alarm) {
  const std::uint32_t place = streams.sold.value / 2;
  if (streams.alarm) alarms_.erase({*streams.alarm, place});
  streams.alarm = alarm;
  if (alarm) alarms_.emplace(*alarm, place);
}

PositionRules::Decisions PositionRules::refuse(Streams& streams, MonoTime now) {
  set_until(streams, std::nullopt);
  Decisions decisions = protection_.on_refused(streams.sold, now);
  append(decisions, protection_.on_refused(streams.bought, now));
  return decisions;
}

PositionRules::Decisions PositionRules::tell(Streams& streams, const TappedPrices& prices,
                                             const GuardedPrice& newest, bool is_quote,
                                             MonoTime now) {
  // The newest price on the board may be newer than the newest on the tap.
  const Price& price = newest.price;
  streams.told = plus(now, -price.receive_age);
  const auto accepted = [&](PriceWindow window, const Decimal& last) {
    window.last = last;
    window.low = std::min(window.low, last);
    window.high = std::max(window.high, last);
    return AcceptedPrices{.window = window,
                          .ages = ages_of(price),
                          .source = newest.source,
                          .continuous = prices.continuous};
  };
  Decisions decisions =
      protection_.on_prices(streams.sold, accepted(prices.sold, price.prices.price), now);
  append(decisions,
         protection_.on_prices(
             streams.bought,
             accepted(prices.bought, is_quote ? price.prices.ask : price.prices.price), now));
  return decisions;
}

PositionRules::Decisions PositionRules::on_prices(const Symbol& symbol, const TappedPrices& prices,
                                                  const GuardedPrice& newest, bool is_quote,
                                                  Duration max_age, MonoTime now) {
  const auto streams = streams_.find(symbol);
  if (streams == streams_.end()) return {};
  Decisions decisions = expire(now);
  if (is_denied(symbol, streams->second, now)) return decisions;
  set_until(streams->second, plus(now, max_age - PriceTap::age_of(newest.price)));
  append(decisions, tell(streams->second, prices, newest, is_quote, now));
  return decisions;
}

PositionRules::Decisions PositionRules::on_verdict(const Symbol& symbol,
                                                   const Guard::Answer& verdict, bool is_quote,
                                                   Duration max_age, bool comes, MonoTime now) {
  const auto streams = streams_.find(symbol);
  if (streams == streams_.end()) return {};
  if (!verdict) {
    // Nothing that became due meanwhile is done by a price that is refused now.
    Decisions decisions = refuse(streams->second, last_);
    append(decisions, expire(now));
    return decisions;
  }
  Decisions decisions = expire(now);
  if (is_denied(symbol, streams->second, now)) return decisions;
  // Accepted again without a new one: the venue has said that the old one still holds.
  const bool again = !streams->second.until;
  set_until(streams->second, plus(now, max_age - PriceTap::age_of(verdict->price)));
  const bool untold = !comes && plus(now, -verdict->price.receive_age) > streams->second.told;
  if (verdict->source == PriceSource::live && !untold && !again) return decisions;
  const Prices& prices = verdict->price.prices;
  const Decimal& ask = is_quote ? prices.ask : prices.price;
  const TappedPrices alone{.stream = {},
                           .sold = {prices.price, prices.price, prices.price},
                           .bought = {ask, ask, ask},
                           .count = 1,
                           .continuous = false};
  append(decisions, tell(streams->second, alone, *verdict, is_quote, now));
  return decisions;
}

PositionRules::Decisions PositionRules::on_moved(const Symbol& symbol, MonoTime now) {
  Decisions decisions = expire(now);
  const auto streams = streams_.find(symbol);
  if (streams != streams_.end()) append(decisions, refuse(streams->second, now));
  return decisions;
}

PositionRules::Decisions PositionRules::on_time(MonoTime now) {
  Decisions decisions = expire(now);
  append(decisions, protection_.on_time(now));
  return decisions;
}

/// Before anything else of a moment: Protection does what is due by then first, and a price that
/// has grown old by then must not be what it is done by, not even what was due while it was good:
/// after a suspend everything is late.
PositionRules::Decisions PositionRules::expire(MonoTime now) {
  Decisions decisions = std::exchange(untold_, {});
  while (!alarms_.empty() && alarms_.begin()->first < now) {
    const auto [alarm, place] = *alarms_.begin();
    Streams& streams = places_[place]->second;
    const bool is_put_off = streams.until && *streams.until > alarm;
    set_alarm(streams, is_put_off ? streams.until : std::nullopt);
    if (streams.until && !is_put_off) append(decisions, refuse(streams, last_));
  }
  for (const ProtectionStream stream : protection_.due_streams(now)) {
    append(decisions, ask(places_[stream.index() / 2]->first, now));
  }
  last_ = now;
  return decisions;
}

PositionRules::Decisions PositionRules::ask(const Symbol& symbol, MonoTime now) {
  const auto streams = streams_.find(symbol);
  const bool is_open = streams != streams_.end() && streams->second.until;
  if (!is_open || !may_act_ || may_act_(symbol, now)) return {};
  streams->second.denied = now;
  return refuse(streams->second, last_);
}

/// What was accepted a moment ago is refused by now.
bool PositionRules::is_denied(const Symbol& symbol, const Streams& streams, MonoTime now) const {
  return streams.denied == now && !may_act_(symbol, now);
}

PositionRules::Decisions PositionRules::answer(const PositionKey& key, std::uint64_t number,
                                               bool confirmed, MonoTime now) {
  Decisions decisions = expire(now);
  append(decisions, ask({key.venue, key.symbol}, now));
  append(decisions,
         confirmed ? protection_.confirm(key, number, now) : protection_.reject(key, number, now));
  return decisions;
}

}  // namespace feedwatch::engine
