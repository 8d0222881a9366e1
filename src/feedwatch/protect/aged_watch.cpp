#include "feedwatch/protect/aged_watch.hpp"

#include <algorithm>

#include "feedwatch/protect/percent.hpp"

namespace feedwatch {

using Type = AgedDecision::Type;

std::string_view AgedMemory::problem() const {
  if (phase > AgedPhase::emergency) return "its phase is none";
  if (reached && phase == AgedPhase::young) return "it has reached a target and is not aged";
  if (exited && phase != AgedPhase::emergency) return "it has told an exit outside the emergency";
  return "";
}

AgedWatch::Result AgedWatch::on_time(Duration age) {
  const auto target = aged_target(position_, age, options_);
  if (!target) return std::unexpected(target.error());
  Decisions out;
  enter(aged_phase(age, options_), *target, out);
  return out;
}

AgedWatch::Result AgedWatch::on_price(const Decimal& price, Duration age, MonoTime now) {
  const auto target = aged_target(position_, age, options_);
  if (!target) return std::unexpected(target.error());
  Decisions out;
  enter(aged_phase(age, options_), *target, out);
  if (memory_.phase != AgedPhase::young && !waiting_) decide(price, *target, now, out);
  return out;
}

void AgedWatch::enter(AgedPhase phase, const std::optional<Decimal>& target, Decisions& out) {
  if (phase == memory_.phase) return;
  memory_.phase = phase;
  // Back again, by other numbers: what belongs to a later phase has not been told of this one.
  if (phase == AgedPhase::young) memory_.reached = false;
  if (phase != AgedPhase::emergency) memory_.exited = false;
  out.push_back({Type::phase_change, phase, target, std::nullopt});
}

void AgedWatch::decide(const Decimal& price, const std::optional<Decimal>& target, MonoTime now,
                       Decisions& out) {
  if (samples(now)) {
    sampled_ = now;
    out.push_back({Type::price_check, memory_.phase, target, price});
  }
  if (!target) {
    if (memory_.exited) return;
    memory_.exited = true;
    out.push_back({Type::emergency_exit, memory_.phase, target, price});
    return;
  }
  const bool reached = has_reached(position_.side, price, *target);
  if (reached && !memory_.reached) {
    out.push_back({Type::target_reached, memory_.phase, target, price});
  }
  memory_.reached = reached;
}

AgedMarks AgedWatch::marks(Duration age, MonoTime now, Duration horizon) const {
  AgedMarks out;
  if (const auto change = next_change(age)) out.at = plus(now, *change - age);
  out.phase_at = out.at;
  if (!mark_target(age, now, horizon, out)) out.every = true;
  return out;
}

std::expected<void, DecimalError> AgedWatch::mark_target(Duration age, MonoTime now,
                                                         Duration horizon, AgedMarks& marks) const {
  const auto target = aged_target(position_, age, options_);
  if (!target) return std::unexpected(target.error());
  const AgedPhase phase = aged_phase(age, options_);
  if (phase != memory_.phase) marks.at = marks.phase_at = now;
  if (phase == AgedPhase::young || waiting_) return {};
  if (samples(now) || (!*target && !memory_.exited)) {
    marks.every = true;
  } else {
    marks.at = std::min(marks.at, plus(*sampled_, sample_));
  }
  if (!*target) return {};
  // The target only ever gives way, so that these two are its best and its worst.
  const auto change = next_change(age);
  const Duration until = std::min(plus(age, horizon), *change - Duration{1});
  const auto later = aged_target(position_, until, options_);
  if (!later) return std::unexpected(later.error());
  if (!options_.are_ordinary() || !is_ordinary_price(position_.entry_price)) marks.every = true;
  if (**later != **target) marks.at = std::min(marks.at, plus(now, horizon));
  const Decimal a = as_gain(position_.side, **target);
  const Decimal b = as_gain(position_.side, **later);
  if (memory_.reached) {
    marks.leave = max(a, b);
  } else {
    marks.reach = min(a, b);
  }
  return {};
}

}  // namespace feedwatch
