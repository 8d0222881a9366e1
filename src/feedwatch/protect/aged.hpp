#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "feedwatch/base/decimal_math.hpp"
#include "feedwatch/protect/position.hpp"

/// Positions that are held for too long (semantics §10). Pure functions of how old a position is;
/// targets are computed when they are asked for, never kept. No floating point. Any thread.
namespace feedwatch {

struct AgedOptions {
  Duration max_age = 3h;             ///< older is aged
  Duration grace = 8h;               ///< past max_age: the target is breakeven
  Duration progressive = 20h;        ///< past grace: the target gives way
  Decimal commission_percent{1, 1};  ///< of one trade; breakeven pays for two
  Decimal loss_step_percent{5, 1};   ///< of the entry price, each hour of `progressive`
  Decimal max_loss_percent{10, 0};   ///< and no more than this

  /// What is wrong, for the person who wrote it; empty when nothing is.
  std::string_view problem() const;
  /// Whether every formula is exact with them (percent.hpp).
  bool are_ordinary() const;
};

/// young: not aged. emergency: there is no target, the first price that is accepted is taken.
enum class AgedPhase : std::uint8_t { young, grace, progressive, emergency };
constexpr std::string_view to_text(AgedPhase phase) {
  constexpr std::array<std::string_view, 4> words{"young", "grace", "progressive", "emergency"};
  return words[static_cast<std::size_t>(phase)];
}

AgedPhase aged_phase(Duration age, const AgedOptions& options);
/// How old the position is when its phase changes next; nothing in the last phase.
std::optional<Duration> next_phase_at(Duration age, const AgedOptions& options);

/// Percent of the entry price the target may lie on the losing side, with tolerance_scale places,
/// half-even: min((hours past grace) · loss_step_percent, max_loss_percent). Zero outside
/// `progressive`.
inline constexpr int tolerance_scale = 12;
DecimalResult tolerance_percent(Duration age, const AgedOptions& options);

/// The price at which the position may be closed. grace: E · (1 ± 2 c/100); progressive:
/// E · (1 ∓ tolerance/100). Exact where 36 digits suffice, else half-even. Nothing when the phase
/// has no target.
std::expected<std::optional<Decimal>, DecimalError> aged_target(const Position& position,
                                                                Duration age,
                                                                const AgedOptions& options);

/// LONG price ≥ target, SHORT price ≤ target.
constexpr bool has_reached(Side side, const Decimal& price, const Decimal& target) {
  return !is_better(side, target, price);
}

}  // namespace feedwatch
