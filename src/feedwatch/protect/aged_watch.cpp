#include "feedwatch/protect/aged_watch.hpp"

#include "feedwatch/base/saturate.hpp"

namespace feedwatch {

using Type = AgedDecision::Type;

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
  out.push_back({Type::phase_change, phase, target, std::nullopt});
}

void AgedWatch::decide(const Decimal& price, const std::optional<Decimal>& target, MonoTime now,
                       Decisions& out) {
  if (!sampled_ || now >= plus(*sampled_, sample_)) {
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

}  // namespace feedwatch
