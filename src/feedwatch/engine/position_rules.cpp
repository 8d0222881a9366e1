#include "feedwatch/engine/position_rules.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <variant>

#include <fmt/format.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::engine {
namespace {

template <class Row>
Error wrong_row(const Row& row, std::string_view table, std::string_view what) {
  return {row.venue + "/" + row.symbol + "/" + row.id,
          "is kept in " + std::string(table) + " with " + std::string(what),
          "its rules begin anew: look at its stop"};
}

template <class Word, std::size_t Size>
std::optional<Word> of_text(const std::array<Word, Size>& words, std::string_view text) {
  for (const Word word : words) {
    if (to_text(word) == text) return word;
  }
  return std::nullopt;
}

/// Absent where it may be and is; an error where it is no number.
std::expected<std::optional<Decimal>, DecimalError> maybe(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const auto number = Decimal::parse(*text);
  if (!number) return std::unexpected(number.error());
  return *number;
}

std::optional<std::string> text_of(const std::optional<Decimal>& number) {
  return number ? std::optional(number->to_string()) : std::nullopt;
}

std::optional<double> seconds_of(const std::optional<Duration>& duration) {
  return duration ? std::optional(to_seconds(*duration)) : std::nullopt;
}

void append(Protection::Decisions& decisions, Protection::Decisions more) {
  decisions.insert(decisions.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
}

/// As the guard judges it where confirmations count: from the last one on, by the larger age.
Duration age_of(const Price& price) {
  Duration age = price.confirmed_age;
  if (price.event_age) {
    age = std::max(age, *price.event_age - (price.receive_age - price.confirmed_age));
  }
  return age;
}

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

PositionRules::PositionRules(RuleOptions options, WallAnchor anchor, MayAct may_act)
    : options_(std::move(options)),
      anchor_(anchor),
      may_act_(std::move(may_act)),
      protection_(anchor),
      last_(anchor.mono) {}

Result<void> PositionRules::restore(const TrailingStopRow& row) {
  constexpr std::array states{TrailingState::inactive, TrailingState::waiting,
                              TrailingState::active, TrailingState::triggered};
  const auto state = of_text(states, row.state);
  const auto peak = Decimal::parse(row.peak);
  const auto stop = maybe(row.stop);
  const auto confirmed = maybe(row.confirmed_stop);
  if (!state) return std::unexpected(wrong_row(row, "trailing_stops", "an unknown state"));
  if (!peak || !stop || !confirmed) {
    return std::unexpected(wrong_row(row, "trailing_stops", "a price that is no number"));
  }
  Kept& kept = kept_[{row.venue, row.symbol, row.id}];
  kept.opened_at = row.opened_at;
  kept.memory.trailing = TrailingMemory{.state = *state,
                                        .peak = *peak,
                                        .stop = *stop,
                                        .confirmed_stop = *confirmed,
                                        .activation_confirmed = row.activation_confirmed,
                                        .last_number = static_cast<std::uint64_t>(row.last_number)};
  kept.memory.last_number =
      std::max(kept.memory.last_number, static_cast<std::uint64_t>(row.decisions));
  return {};
}

Result<void> PositionRules::restore(const AgedPositionRow& row) {
  constexpr std::array phases{AgedPhase::young, AgedPhase::grace, AgedPhase::progressive,
                              AgedPhase::emergency};
  const auto phase = of_text(phases, row.phase);
  if (!phase) return std::unexpected(wrong_row(row, "aged_positions", "an unknown phase"));
  Kept& kept = kept_[{row.venue, row.symbol, row.id}];
  kept.opened_at = row.opened_at;
  kept.memory.aged = AgedMemory{.phase = *phase, .reached = row.reached, .exited = row.exited};
  kept.memory.last_number =
      std::max(kept.memory.last_number, static_cast<std::uint64_t>(row.decisions));
  return {};
}

ProtectionStream PositionRules::stream_of(const Position& position, bool second) {
  const auto count = static_cast<std::uint32_t>(2 * streams_.size());
  const auto [place, added] = streams_.try_emplace(
      Symbol{position.venue, position.symbol, second},
      Streams{.sold = ProtectionStream{count}, .bought = ProtectionStream{count + 1}, .until = {}});
  if (added) symbols_.push_back(place->first);
  return position.side == Side::buy ? place->second.sold : place->second.bought;
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
ProtectionMemory PositionRules::take_memory(const Position& position) {
  const PositionKey key = key_of(position);
  ProtectionMemory memory;
  if (const auto before = kept_.extract(key)) {
    // Of another position that had the name before, nothing is known of this one.
    if (before.mapped().opened_at == position.opened_at) memory = before.mapped().memory;
  } else if (const auto known = protection_.memory(key)) {
    memory = *known;
    protection_.remove(key);
  }
  if (memory.trailing) follow(*memory.trailing, position);
  return memory;
}

Result<void> PositionRules::put(const Position& position, WallTime registered, MonoTime now,
                                const RuleOverrides& overrides, bool has_second) {
  untold_ = expire(now);
  const PositionKey key = key_of(position);
  ProtectionMemory memory = take_memory(position);
  const auto trailing = trailing_of(overrides);
  const auto aged = aged_of(overrides);
  // A stop that nobody followed meanwhile would be hit by the first price.
  if (!trailing) memory.trailing.reset();
  if (!aged) memory.aged.reset();
  // Numbers of decisions go on even while there is no rule.
  if (!trailing && !aged && memory == ProtectionMemory{}) {
    open_.erase(key);
    return {};
  }
  ProtectionRules rules;
  if (trailing) rules.trailing = TrailingRule{stream_of(position, false), *trailing};
  if (aged) rules.aged = AgedRule{.stream = stream_of(position, has_second), .options = *aged};
  if (Result<void> added = protection_.add(position, rules, memory, now); !added) {
    kept_[key] = {position.opened_at, memory};
    open_.erase(key);
    return added;
  }
  open_.insert_or_assign(key, Open{.opened_at = position.opened_at,
                                   .registered = registered,
                                   .side = position.side,
                                   .entry_price = position.entry_price,
                                   .overrides = overrides,
                                   .has_second = has_second});
  return {};
}

bool PositionRules::is_put(const Position& position, const RuleOverrides& overrides,
                           bool has_second) const {
  const auto known = open_.find(key_of(position));
  if (known == open_.end()) return false;
  const Open& open = known->second;
  return open.opened_at == position.opened_at && open.side == position.side &&
         open.entry_price == position.entry_price && open.overrides == overrides &&
         open.has_second == has_second;
}

void PositionRules::close(const PositionKey& key) {
  protection_.remove(key);
  open_.erase(key);
  kept_.erase(key);
  changed_.erase(key);
}

void PositionRules::set_until(const Symbol& symbol, Streams& streams,
                              std::optional<MonoTime> until) {
  if (streams.until) untils_.erase({*streams.until, symbol});
  streams.until = until;
  if (until) untils_.emplace(*until, symbol);
}

PositionRules::Decisions PositionRules::refuse(const Symbol& symbol, Streams& streams,
                                               MonoTime now) {
  set_until(symbol, streams, std::nullopt);
  Decisions decisions = protection_.on_refused(streams.sold, now);
  append(decisions, protection_.on_refused(streams.bought, now));
  return decisions;
}

PositionRules::Decisions PositionRules::tell(const Streams& streams, const TappedPrices& prices,
                                             const GuardedPrice& newest, bool is_quote,
                                             MonoTime now) {
  // The newest price on the board may be newer than the newest on the tap.
  const Price& price = newest.price;
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
  set_until(symbol, streams->second, plus(now, max_age - age_of(newest.price)));
  append(decisions, tell(streams->second, prices, newest, is_quote, now));
  return decisions;
}

PositionRules::Decisions PositionRules::on_verdict(const Symbol& symbol,
                                                   const Guard::Answer& verdict, bool is_quote,
                                                   Duration max_age, MonoTime now) {
  const auto streams = streams_.find(symbol);
  if (streams == streams_.end()) return {};
  if (!verdict) {
    // Nothing that became due meanwhile is done by a price that is refused now.
    Decisions decisions = refuse(symbol, streams->second, last_);
    append(decisions, expire(now));
    return decisions;
  }
  Decisions decisions = expire(now);
  // Accepted again without a new one: the venue has said that the old one still holds.
  const bool again = !streams->second.until;
  set_until(symbol, streams->second, plus(now, max_age - age_of(verdict->price)));
  if (verdict->source == PriceSource::live && !again) return decisions;
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
  while (!untils_.empty() && untils_.begin()->first < now) {
    const Symbol symbol = untils_.begin()->second;
    append(decisions, refuse(symbol, streams_.at(symbol), last_));
  }
  for (const ProtectionStream stream : protection_.due_streams(now)) {
    append(decisions, ask(symbols_[stream.index() / 2], now));
  }
  last_ = now;
  return decisions;
}

PositionRules::Decisions PositionRules::ask(const Symbol& symbol, MonoTime now) {
  const auto streams = streams_.find(symbol);
  const bool is_open = streams != streams_.end() && streams->second.until;
  if (!is_open || !may_act_ || may_act_(symbol, now)) return {};
  return refuse(symbol, streams->second, last_);
}

PositionRules::Decisions PositionRules::answer(const PositionKey& key, std::uint64_t number,
                                               bool confirmed, MonoTime now) {
  Decisions decisions = expire(now);
  append(decisions, ask({key.venue, key.symbol}, now));
  append(decisions,
         confirmed ? protection_.confirm(key, number, now) : protection_.reject(key, number, now));
  return decisions;
}

void PositionRules::note_changes() {
  for (PositionKey& key : protection_.take_changed()) changed_.insert(std::move(key));
}

void PositionRules::append_memory(const PositionKey& key, MonoTime now,
                                  std::vector<JournalRow>& rows) {
  const auto memory = protection_.memory(key);
  const auto opened = open_.find(key);
  if (!memory || opened == open_.end()) return;
  const WallTime at = anchor_.at(now);
  const auto decisions = static_cast<std::int64_t>(memory->last_number);
  if (const auto& stop = memory->trailing) {
    rows.emplace_back(TrailingStopRow{.venue = key.venue,
                                      .symbol = key.symbol,
                                      .id = key.id,
                                      .opened_at = opened->second.opened_at,
                                      .state = std::string(to_text(stop->state)),
                                      .peak = stop->peak.to_string(),
                                      .stop = text_of(stop->stop),
                                      .confirmed_stop = text_of(stop->confirmed_stop),
                                      .activation_confirmed = stop->activation_confirmed,
                                      .last_number = static_cast<std::int64_t>(stop->last_number),
                                      .decisions = decisions,
                                      .updated_at = at});
  }
  if (const auto& aged = memory->aged) {
    rows.emplace_back(AgedPositionRow{.venue = key.venue,
                                      .symbol = key.symbol,
                                      .id = key.id,
                                      .opened_at = opened->second.opened_at,
                                      .phase = std::string(to_text(aged->phase)),
                                      .reached = aged->reached,
                                      .exited = aged->exited,
                                      .decisions = decisions,
                                      .updated_at = at});
  }
}

std::vector<JournalRow> PositionRules::samples_of(const Decisions& decisions, MonoTime now) const {
  std::vector<JournalRow> rows;
  for (const ProtectionDecision& decision : decisions) {
    if (is_sample(decision)) rows.emplace_back(*aged_event_row(decision, anchor_.at(now)));
  }
  return rows;
}

std::vector<JournalRow> PositionRules::rows_of(const Decisions& decisions, MonoTime now) {
  note_changes();
  std::vector<JournalRow> rows;
  std::set<PositionKey> keys;
  for (const ProtectionDecision& decision : decisions) {
    const auto open = open_.find(decision.key);
    if (is_sample(decision) || open == open_.end()) continue;
    rows.emplace_back(decision_row(decision, open->second.registered, anchor_.at(now)));
    if (auto event = aged_event_row(decision, anchor_.at(now)))
      rows.emplace_back(std::move(*event));
    keys.insert(decision.key);
  }
  for (const PositionKey& key : keys) {
    append_memory(key, now, rows);
    changed_.erase(key);
  }
  return rows;
}

std::vector<JournalRow> PositionRules::changed_rows(std::size_t limit, MonoTime now) {
  note_changes();
  std::vector<JournalRow> rows;
  for (std::size_t written = 0; written < limit && !changed_.empty(); ++written) {
    auto next = changed_.upper_bound(turn_);
    if (next == changed_.end()) next = changed_.begin();
    turn_ = *next;
    append_memory(*next, now, rows);
    changed_.erase(next);
  }
  return rows;
}

void PositionRules::on_written(const JournalBatch& batch, bool durable) {
  if (durable) return;
  for (const JournalRow& row : batch.rows) {
    if (const auto* stop = std::get_if<TrailingStopRow>(&row)) {
      changed_.insert({stop->venue, stop->symbol, stop->id});
    } else if (const auto* aged = std::get_if<AgedPositionRow>(&row)) {
      changed_.insert({aged->venue, aged->symbol, aged->id});
    }
  }
}

bool is_sample(const ProtectionDecision& decision) {
  const auto* aged = std::get_if<AgedDecision>(&decision.what);
  return aged != nullptr && aged->type == AgedDecision::Type::price_check;
}

PositionDecisionRow decision_row(const ProtectionDecision& decision, WallTime registered,
                                 WallTime at) {
  PositionDecisionRow row;
  // Numbers begin anew with a position that is registered again.
  row.id = fmt::format("{}@{:x}", decision.idempotency_key(),
                       static_cast<std::uint64_t>(to_ns(registered)));
  row.venue = decision.key.venue;
  row.symbol = decision.key.symbol;
  row.position = decision.key.id;
  row.opened_at = decision.opened_at;
  row.number = static_cast<std::int64_t>(decision.number);
  row.type = type_text(decision);
  row.price = text_of(decision.price);
  if (const auto* stop = std::get_if<TrailingDecision>(&decision.what)) {
    row.rule = "trailing";
    row.stop = stop->stop.to_string();
    row.peak = stop->peak.to_string();
  } else {
    const auto& aged = std::get<AgedDecision>(decision.what);
    row.rule = "aged";
    row.target = text_of(aged.target);
    row.phase = to_text(aged.phase);
  }
  if (decision.ages) {
    row.receive_age_seconds = to_seconds(decision.ages->receive);
    row.event_age_seconds = seconds_of(decision.ages->event);
  }
  if (decision.source) row.source = to_text(*decision.source);
  row.reason = decision.reason;
  row.created_at = at;
  return row;
}

std::optional<AgedMonitoringEventRow> aged_event_row(const ProtectionDecision& decision,
                                                     WallTime at) {
  const auto* aged = std::get_if<AgedDecision>(&decision.what);
  if (aged == nullptr) return std::nullopt;
  AgedMonitoringEventRow row;
  row.id =
      fmt::format("{}@{:x}", decision.idempotency_key(), static_cast<std::uint64_t>(to_ns(at)));
  row.aged_position_id = decision.key.venue + "/" + decision.key.symbol + "/" + decision.key.id;
  row.event_type = to_text(aged->type);
  row.market_price = text_of(aged->price);
  row.target_price = text_of(aged->target);
  if (aged->price && aged->target) {
    // For people: how far the price is from the target.
    const double target = aged->target->to_double();
    row.price_distance_percent = (aged->price->to_double() - target) / target * 100;
  }
  row.action_taken = aged->type == AgedDecision::Type::target_reached ||
                             aged->type == AgedDecision::Type::emergency_exit
                         ? "told"
                         : "none";
  JsonWriter json(row.event_metadata);
  json.begin_object()
      .field("phase", to_text(aged->phase))
      .field("number", decision.number)
      .field("reason", decision.reason)
      .end_object();
  row.created_at = at;
  return row;
}

}  // namespace feedwatch::engine
