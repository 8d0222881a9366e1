#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/model/price_source.hpp"
#include "feedwatch/protect/aged_watch.hpp"
#include "feedwatch/protect/position_book.hpp"
#include "feedwatch/protect/trailing_stop.hpp"

/// What goes into and comes out of Protection. Values; any thread.
namespace feedwatch {

/// A stream that serves positions: a small number its caller chooses, dense from 0.
using ProtectionStream = StrongId<struct ProtectionStreamTag>;

/// How old a price is (semantics §3).
struct PriceAges {
  Duration receive{};
  std::optional<Duration> event;  ///< absent without a venue time
  friend bool operator==(const PriceAges&, const PriceAges&) = default;
};

/// Prices a guard has accepted, since the last ones of this stream.
struct AcceptedPrices {
  PriceWindow window;
  PriceAges ages;  ///< of window.last
  PriceSource source = PriceSource::live;
  /// False after a gap: what lies between is not known, and of the window the newest price counts
  /// alone. So it does of a bridged price, whatever is said here.
  bool continuous = true;
};

struct TrailingRule {
  ProtectionStream stream;
  TrailingOptions options;
};
struct AgedRule {
  ProtectionStream stream;
  AgedOptions options;
  Duration sample = 1min;  ///< between two price_check
};
/// By which one position is protected.
struct ProtectionRules {
  std::optional<TrailingRule> trailing;
  std::optional<AgedRule> aged;
};

/// All of a position that must survive a restart. What is absent begins anew.
struct ProtectionMemory {
  std::optional<TrailingMemory> trailing;
  std::optional<AgedMemory> aged;
  std::uint64_t last_number = 0;
  friend bool operator==(const ProtectionMemory&, const ProtectionMemory&) = default;
};

/// To be told to whoever holds the position, and recorded. Of one position in the order of numbers.
struct ProtectionDecision {
  PositionKey key;
  WallTime opened_at{};
  /// Of this position, rising, also across restarts. `confirm()` and `reject()` ask for the one of
  /// the proposal.
  std::uint64_t number = 0;
  std::variant<TrailingDecision, AgedDecision> what;
  std::optional<Decimal> price;   ///< newest or extreme that decided; absent of a phase_change
  std::optional<PriceAges> ages;  ///< of the newest accepted price, at the decision
  std::optional<PriceSource> source;
  std::string reason;  ///< for people

  /// "venue/symbol/id/opened_at/number", opened_at in ns of UTC; '/' and '%' inside a part are
  /// percent-encoded. The same decision told twice has the same key, no other has it.
  std::string idempotency_key() const;
};
std::string_view type_text(const ProtectionDecision& decision);

/// Something wrong with how a position is protected, which begins or ends.
struct ProtectionFinding {
  enum class Type : std::uint8_t {
    unmanaged,    ///< its stop is active and its prices have been refused for too long
    unconfirmed,  ///< nobody confirms its stop
    quarantined,  ///< what was kept of a rule contradicts itself: the rule decides nothing
    uncomputable  ///< its prices have more digits than can be computed with
  };
  PositionKey key;
  Type type = Type::unmanaged;
  bool present = true;
  std::string why;
};
constexpr std::string_view to_text(ProtectionFinding::Type type) {
  constexpr std::array<std::string_view, 4> words{"unmanaged", "unconfirmed", "quarantined",
                                                  "uncomputable"};
  return words[static_cast<std::size_t>(type)];
}

}  // namespace feedwatch
