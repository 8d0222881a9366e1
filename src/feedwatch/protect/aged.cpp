#include "feedwatch/protect/aged.hpp"

#include "feedwatch/protect/percent.hpp"

namespace feedwatch {
namespace {

constexpr Decimal hundred{100, 0};
constexpr Decimal ns_of_an_hour{3'600'000'000'000, 0};

}  // namespace

std::string_view AgedOptions::problem() const {
  const Decimal zero;
  if (max_age < Duration::zero() || grace < Duration::zero() || progressive < Duration::zero()) {
    return "times must not be negative";
  }
  if (commission_percent < zero || commission_percent >= Decimal{50, 0}) {
    return "commission_percent must be 0 or more, and below 50";
  }
  if (loss_step_percent < zero) return "loss_step_percent must not be negative";
  if (max_loss_percent < zero || max_loss_percent >= hundred) {
    return "max_loss_percent must be 0 or more, and below 100";
  }
  return "";
}

bool AgedOptions::are_ordinary() const {
  return is_ordinary_percent(commission_percent) && is_ordinary_percent(loss_step_percent) &&
         is_ordinary_percent(max_loss_percent);
}

AgedPhase aged_phase(Duration age, const AgedOptions& options) {
  const Duration over = age - options.max_age;
  if (over <= Duration::zero()) return AgedPhase::young;
  if (over <= options.grace) return AgedPhase::grace;
  return over - options.grace <= options.progressive ? AgedPhase::progressive
                                                     : AgedPhase::emergency;
}

std::optional<Duration> next_phase_at(Duration age, const AgedOptions& options) {
  constexpr Duration after{1};  // a phase holds up to and with its last moment
  switch (aged_phase(age, options)) {
    case AgedPhase::young:
      return options.max_age + after;
    case AgedPhase::grace:
      return options.max_age + options.grace + after;
    case AgedPhase::progressive:
      return options.max_age + options.grace + options.progressive + after;
    case AgedPhase::emergency:
      break;
  }
  return std::nullopt;
}

DecimalResult tolerance_percent(Duration age, const AgedOptions& options) {
  if (aged_phase(age, options) != AgedPhase::progressive) return Decimal{0, tolerance_scale};
  const Duration past = age - options.max_age - options.grace;
  const DecimalResult steps =
      multiply(Decimal::from_integer(past.count()), options.loss_step_percent);
  if (!steps) return steps;
  const DecimalResult tolerance =
      divide(*steps, ns_of_an_hour, tolerance_scale, Rounding::half_even);
  return tolerance ? min(*tolerance, options.max_loss_percent) : tolerance;
}

std::expected<std::optional<Decimal>, DecimalError> aged_target(const Position& position,
                                                                Duration age,
                                                                const AgedOptions& options) {
  const AgedPhase phase = aged_phase(age, options);
  if (phase == AgedPhase::young || phase == AgedPhase::emergency) return std::nullopt;
  const Decimal& entry = position.entry_price;
  const DecimalResult target =
      phase == AgedPhase::grace
          ? with_gain(position.side, entry,
                      multiply(options.commission_percent, Decimal::from_integer(2)))
          : with_loss(position.side, entry, tolerance_percent(age, options));
  if (!target) return std::unexpected(target.error());
  return *target;
}

}  // namespace feedwatch
