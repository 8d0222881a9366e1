#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/protect/aged.hpp"

namespace feedwatch {

/// To be told, or recorded, of a position that is held for too long.
struct AgedDecision {
  enum class Type : std::uint8_t {
    phase_change,    ///< `phase` has begun
    price_check,     ///< a price against the target, sampled
    target_reached,  ///< it may be closed at this price
    emergency_exit,  ///< it is to be closed at any price
  };
  Type type = Type::phase_change;
  AgedPhase phase = AgedPhase::young;
  std::optional<Decimal> target;  ///< absent where the phase has none
  std::optional<Decimal> price;   ///< absent of a phase_change
};
constexpr std::string_view to_text(AgedDecision::Type type) {
  constexpr std::array<std::string_view, 4> words{"phase_change", "price_check", "target_reached",
                                                  "emergency_exit"};
  return words[static_cast<std::size_t>(type)];
}

/// What has been told, and must survive a restart so that it is not told again.
struct AgedMemory {
  AgedPhase phase = AgedPhase::young;
  bool reached = false;
  bool exited = false;
  friend bool operator==(const AgedMemory&, const AgedMemory&) = default;

  /// Which invariant it breaks; empty when none.
  std::string_view problem() const;
};

/// How far the price and time may go before a watch has anything to decide: prices within need not
/// be told. In gains, as TrailingMarks are; a price too many decides nothing.
struct AgedMarks {
  std::optional<Decimal> reach;    ///< a newest price that comes here
  std::optional<Decimal> leave;    ///< a newest price that is worse than this
  MonoTime at = never_mono;        ///< on_time(), and marks() anew
  MonoTime phase_at = never_mono;  ///< not before at: on_time() tells the next phase
  bool every = false;              ///< the next price, whatever it is
};

/// One position that is held for too long (semantics §10). It is held against the newest accepted
/// price, which is the one it can be closed at, not against a better one that has passed.
/// target_reached is told once for as long as the target stays reached; emergency_exit once. While
/// somebody else manages the position (an active trailing stop) nothing is decided and phases still
/// change. State machine: told how old the position is, and the time; one owner.
class AgedWatch {
 public:
  using Decisions = std::vector<AgedDecision>;
  using Result = std::expected<Decisions, DecimalError>;

  /// `sample`: between two recorded price checks.
  explicit AgedWatch(Position position, AgedOptions options, Duration sample = 1min,
                     AgedMemory memory = {})
      : position_(std::move(position)), options_(options), sample_(sample), memory_(memory) {}

  /// Whether another rule manages the position meanwhile.
  void set_waiting(bool waiting) { waiting_ = waiting; }
  bool is_waiting() const { return waiting_; }
  Result on_price(const Decimal& price, Duration age, MonoTime now);
  Result on_time(Duration age);
  /// How old the position is when on_time() is due; nothing when it is not any more.
  std::optional<Duration> next_change(Duration age) const { return next_phase_at(age, options_); }
  /// The target moves with time: marks hold for `horizon`, then on_time() is due.
  AgedMarks marks(Duration age, MonoTime now, Duration horizon) const;

  const AgedMemory& memory() const { return memory_; }

 private:
  void enter(AgedPhase phase, const std::optional<Decimal>& target, Decisions& out);
  bool samples(MonoTime now) const { return !sampled_ || now >= plus(*sampled_, sample_); }
  std::expected<void, DecimalError> mark_target(Duration age, MonoTime now, Duration horizon,
                                                AgedMarks& marks) const;
  void decide(const Decimal& price, const std::optional<Decimal>& target, MonoTime now,
              Decisions& out);

  Position position_;
  AgedOptions options_;
  Duration sample_;
  AgedMemory memory_;
  bool waiting_ = false;
  std::optional<MonoTime> sampled_;
};

}  // namespace feedwatch
