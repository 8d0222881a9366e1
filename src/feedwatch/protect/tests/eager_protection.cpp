#include "feedwatch/protect/tests/eager_protection.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace feedwatch::testing_protection {
namespace {

std::string text(const std::optional<Decimal>& value) {
  if (!value) return "-";
  std::string digits = value->to_string();
  while (digits.contains('.') && (digits.ends_with('0') || digits.ends_with('.'))) {
    digits.pop_back();
  }
  return digits;
}

}  // namespace

std::string line_of(std::uint64_t number, const TrailingDecision& what) {
  return fmt::format("{} {} proposal {} price {} stop {} peak {}", number, to_text(what.type),
                     what.number, text(what.price), text(what.stop), text(what.peak));
}

std::string line_of(std::uint64_t number, const AgedDecision& what) {
  return fmt::format("{} {} {} price {} target {}", number, to_text(what.type), to_text(what.phase),
                     text(what.price), text(what.target));
}

EagerProtection::Lines lines_of(const Protection::Decisions& decisions) {
  EagerProtection::Lines out;
  for (const ProtectionDecision& each : decisions) {
    out[each.key.id].push_back(
        std::visit([&](const auto& what) { return line_of(each.number, what); }, each.what));
  }
  return out;
}

void EagerProtection::add(const Position& position, const ProtectionRules& rules,
                          const ProtectionMemory& memory, MonoTime now) {
  Held held;
  held.position = position;
  held.rules = rules;
  held.last_number = memory.last_number;
  if (rules.trailing) {
    const TrailingOptions& options = rules.trailing->options;
    held.stop = memory.trailing ? TrailingStop::restore(position.side, position.entry_price,
                                                        options, *memory.trailing, now)
                                      .value()
                                : TrailingStop(position.side, position.entry_price, options);
    held.stop->on_refused();
    stream(rules.trailing->stream, now);
  }
  if (rules.aged) {
    held.watch = AgedWatch(position, rules.aged->options, rules.aged->sample,
                           memory.aged.value_or(AgedMemory{}));
    stream(rules.aged->stream, now);
    schedule(held, now);
  }
  positions_.insert_or_assign(position.id, std::move(held));
  update_waiting();
}

EagerProtection::Lines EagerProtection::on_prices(ProtectionStream id, const PriceWindow& window,
                                                  MonoTime now) {
  Lines out;
  due(now, out);
  const auto known = streams_.find(id);
  if (known == streams_.end()) return out;
  known->second = {false, now, false};
  update_waiting();
  for (auto& [name, held] : positions_) {
    if (!held.stop || held.rules.trailing->stream != id) continue;
    tell(held, held.stop->on_prices(window, now), out);
    ++told_;
  }
  update_waiting();
  for (auto& [name, held] : positions_) {
    if (!held.watch || held.rules.aged->stream != id) continue;
    tell(held, held.watch->on_price(window.last, age(held, now), now), out);
    schedule(held, now);
    ++told_;
  }
  return out;
}

EagerProtection::Lines EagerProtection::on_refused(ProtectionStream id, MonoTime now) {
  Lines out;
  due(now, out);
  Stream& refused = stream(id, now);
  if (!refused.refused) refused = {true, now, false};
  for (auto& [name, held] : positions_) {
    if (held.stop && held.rules.trailing->stream == id) held.stop->on_refused();
  }
  return out;
}

EagerProtection::Lines EagerProtection::on_time(MonoTime now) {
  Lines out;
  due(now, out);
  return out;
}

EagerProtection::Lines EagerProtection::answer(const std::string& id, std::uint64_t number,
                                               bool confirmed, MonoTime now) {
  Lines out;
  due(now, out);
  const auto found = positions_.find(id);
  if (found == positions_.end()) return out;
  Held& held = found->second;
  if (!held.stop || held.open_number != number) return out;
  const std::uint64_t proposal = held.open_proposal;
  tell(held, confirmed ? held.stop->confirm(proposal, now) : held.stop->reject(proposal, now), out);
  update_waiting();
  return out;
}

ProtectionMemory EagerProtection::memory(const std::string& id) const {
  const Held& held = positions_.at(id);
  ProtectionMemory out;
  out.last_number = held.last_number;
  if (held.stop) out.trailing = held.stop->memory();
  if (held.watch) out.aged = held.watch->memory();
  return out;
}

bool EagerProtection::is_unmanaged(const std::string& id) const {
  const Held& held = positions_.at(id);
  return held.stop && held.stop->memory().state == TrailingState::active &&
         streams_.at(held.rules.trailing->stream).unmanaged;
}

bool EagerProtection::is_unconfirmed(const std::string& id) const {
  const Held& held = positions_.at(id);
  return held.stop && held.stop->is_unconfirmed();
}

Duration EagerProtection::age(const Held& held, MonoTime now) const {
  return std::max(Duration::zero(), anchor_.at(now) - held.position.opened_at);
}

void EagerProtection::due(MonoTime now, Lines& out) {
  for (auto& [id, each] : streams_) {
    if (each.refused && now >= each.since + unmanaged_after_) each.unmanaged = true;
  }
  for (auto& [name, held] : positions_) due(held, now, out);
  update_waiting();
}

/// Both rules in the order of their deadlines.
void EagerProtection::due(Held& held, MonoTime now, Lines& out) {
  for (;;) {
    const MonoTime stop_at = held.stop ? held.stop->next_deadline() : never_mono;
    const MonoTime watch_at = held.watch ? held.aged_at : never_mono;
    if (std::min(stop_at, watch_at) > now) return;
    if (stop_at <= watch_at) {
      if (!tell(held, held.stop->on_time(now), out)) return;
    } else {
      tell(held, held.watch->on_time(age(held, now)), out);
      schedule(held, now);
    }
  }
}

void EagerProtection::schedule(Held& held, MonoTime now) const {
  const Duration old = age(held, now);
  const AgedOptions& options = held.rules.aged->options;
  const auto change = next_phase_at(old, options);
  held.aged_at = change ? now + (*change - old) : never_mono;
  if (aged_phase(old, options) != held.watch->memory().phase &&
      aged_target(held.position, old, options)) {
    held.aged_at = now;
  }
}

bool EagerProtection::tell(Held& held, const TrailingStop::Result& result, Lines& out) {
  if (!result) return false;
  for (const TrailingDecision& what : *result) {
    const std::uint64_t number = ++held.last_number;
    if (what.type == TrailingDecision::Type::activated ||
        what.type == TrailingDecision::Type::stop_moved) {
      held.open_number = number;
      held.open_proposal = what.number;
    }
    out[held.position.id].push_back(line_of(number, what));
  }
  return true;
}

bool EagerProtection::tell(Held& held, const AgedWatch::Result& result, Lines& out) {
  if (!result) return false;
  for (const AgedDecision& what : *result) {
    out[held.position.id].push_back(line_of(++held.last_number, what));
  }
  return true;
}

void EagerProtection::update_waiting() {
  for (auto& [name, held] : positions_) {
    if (!held.watch) continue;
    const bool active = held.stop && held.stop->memory().state == TrailingState::active;
    held.watch->set_waiting(active && !is_unmanaged(name));
  }
}

}  // namespace feedwatch::testing_protection
