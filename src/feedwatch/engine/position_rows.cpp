// What of the rules of positions is kept and told, as rows, and back.

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <variant>

#include <fmt/format.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/engine/position_rules.hpp"

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

/// What must not be lost of the position opened at that moment.
void append_rows(const PositionKey& key, WallTime opened_at, const ProtectionMemory& memory,
                 WallTime at, std::vector<JournalRow>& rows) {
  const auto decisions = static_cast<std::int64_t>(memory.last_number);
  if (const auto& stop = memory.trailing) {
    rows.emplace_back(TrailingStopRow{.venue = key.venue,
                                      .symbol = key.symbol,
                                      .id = key.id,
                                      .opened_at = opened_at,
                                      .state = std::string(to_text(stop->state)),
                                      .peak = stop->peak.to_string(),
                                      .stop = text_of(stop->stop),
                                      .confirmed_stop = text_of(stop->confirmed_stop),
                                      .activation_confirmed = stop->activation_confirmed,
                                      .last_number = static_cast<std::int64_t>(stop->last_number),
                                      .decisions = decisions,
                                      .updated_at = at});
  }
  if (const auto& aged = memory.aged) {
    rows.emplace_back(AgedPositionRow{.venue = key.venue,
                                      .symbol = key.symbol,
                                      .id = key.id,
                                      .opened_at = opened_at,
                                      .phase = std::string(to_text(aged->phase)),
                                      .reached = aged->reached,
                                      .exited = aged->exited,
                                      .decisions = decisions,
                                      .updated_at = at});
  }
}

}  // namespace

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

void PositionRules::note_changes() {
  for (PositionKey& key : protection_.take_changed()) note_change(std::move(key));
}

void PositionRules::note_change(PositionKey key) {
  if (const auto held = held_.find(key); held != held_.end()) {
    held->second = true;
  } else {
    changed_.insert(std::move(key));
  }
}

/// Whose memory is asked for is caught up with its peak, and listed once more: that is in the rows.
void PositionRules::forget_caught_up() {
  std::ignore = protection_.take_changed();
}

void PositionRules::release(const PositionKey& key) {
  const auto held = held_.extract(key);
  if (!held.empty() && held.mapped()) changed_.insert(key);
}

/// As it is to be kept: a rule that is no longer asked is written over as one that has not begun.
std::optional<ProtectionMemory> PositionRules::memory_of(const PositionKey& key, const Open& open) {
  std::optional<ProtectionMemory> memory = protection_.memory(key);
  if (!memory) return memory;
  if (!memory->trailing && open.ended.trailing) {
    memory->trailing = not_begun(open.side, open.entry_price);
  }
  if (!memory->aged && open.ended.aged) memory->aged.emplace();
  return memory;
}

void PositionRules::append_memory(const PositionKey& key, MonoTime now,
                                  std::vector<JournalRow>& rows) {
  const auto opened = open_.find(key);
  if (opened == open_.end()) return;
  const auto memory = memory_of(key, opened->second);
  if (memory) append_rows(key, opened->second.opened_at, *memory, anchor_.at(now), rows);
}

std::vector<JournalRow> PositionRules::redate(const Position& position, MonoTime now) {
  const PositionKey key = key_of(position);
  std::vector<JournalRow> rows;
  // What is kept never knows of a decision that is not: release() has it written, with the date.
  if (held_.contains(key)) return rows;
  const auto kept = kept_.find(key);
  if (kept != kept_.end() && kept->second.opened_at != position.opened_at) {
    kept->second.opened_at = position.opened_at;
    append_rows(key, position.opened_at, kept->second.memory, anchor_.at(now), rows);
  }
  const auto opened = open_.find(key);
  if (opened == open_.end() || opened->second.opened_at == position.opened_at) return rows;
  if (const auto memory = memory_of(key, opened->second)) {
    append_rows(key, position.opened_at, *memory, anchor_.at(now), rows);
  }
  return rows;
}

std::vector<JournalRow> PositionRules::samples_of(const Decisions& decisions, MonoTime now) const {
  std::vector<JournalRow> rows;
  for (const ProtectionDecision& decision : decisions) {
    if (is_sample(decision)) rows.emplace_back(*aged_event_row(decision, anchor_.at(now)));
  }
  return rows;
}

std::vector<DecidedRows> PositionRules::rows_of(const Decisions& decisions, MonoTime now) {
  note_changes();
  std::vector<DecidedRows> made;
  std::map<PositionKey, std::size_t> places;
  for (const ProtectionDecision& decision : decisions) {
    const auto open = open_.find(decision.key);
    if (is_sample(decision) || open == open_.end()) continue;
    const auto [place, is_first] = places.try_emplace(decision.key, made.size());
    if (is_first) made.push_back({decision.key, {}});
    std::vector<JournalRow>& rows = made[place->second].rows;
    rows.emplace_back(decision_row(decision, open->second.registered, anchor_.at(now)));
    if (auto event = aged_event_row(decision, anchor_.at(now)))
      rows.emplace_back(std::move(*event));
  }
  for (DecidedRows& one : made) {
    append_memory(one.position, now, one.rows);
    changed_.erase(one.position);
    held_.insert_or_assign(one.position, false);
  }
  forget_caught_up();
  return made;
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
  forget_caught_up();
  return rows;
}

void PositionRules::on_written(const JournalBatch& batch, bool durable) {
  if (durable) return;
  for (const JournalRow& row : batch.rows) {
    if (const auto* stop = std::get_if<TrailingStopRow>(&row)) {
      note_change({stop->venue, stop->symbol, stop->id});
    } else if (const auto* aged = std::get_if<AgedPositionRow>(&row)) {
      note_change({aged->venue, aged->symbol, aged->id});
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
