#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "feedwatch/base/decimal_math.hpp"
#include "feedwatch/protect/position.hpp"

/// A stop that follows the best price a position has seen (semantics §10). No floating point.
namespace feedwatch {

/// From this profit on the stop follows more closely (or less).
struct TrailingStep {
  Decimal profit_percent;  ///< of the peak over the entry price
  Decimal callback_percent;
  friend bool operator==(const TrailingStep&, const TrailingStep&) = default;
};

struct TrailingOptions {
  Decimal activation_percent{15, 1};  ///< E · (1 ± a/100) begins it
  Decimal callback_percent{5, 1};     ///< stop = peak · (1 ∓ callback/100)
  std::vector<TrailingStep> steps;    ///< by rising profit
  /// A peak this far in profit sets the stop to breakeven before activation, if given.
  std::optional<Decimal> breakeven_percent;
  Decimal commission_percent{1, 1};  ///< of one trade; breakeven pays for two

  Decimal large_move_percent{1, 0};  ///< of the stop: told at once
  Decimal small_move_percent{5, 2};  ///< told once move_interval has passed since the last was
  Duration move_interval = 30s;
  Duration confirm_within = 10s;  ///< else the move is rolled back and proposed again
  int retries = 3;                ///< of one move; then it is a finding

  /// What is wrong, for the person who wrote it; empty when nothing is.
  std::string_view problem() const;
  /// Whether every formula is exact with them (percent.hpp).
  bool are_ordinary() const;
};

/// inactive: the price has not come far enough. waiting: not either, but the stop is at breakeven.
enum class TrailingState : std::uint8_t { inactive, waiting, active, triggered };
constexpr std::string_view to_text(TrailingState state) {
  constexpr std::array<std::string_view, 4> words{"inactive", "waiting", "active", "triggered"};
  return words[static_cast<std::size_t>(state)];
}

/// Prices since the last look, all accepted. Where their extremes must not count (from REST, after
/// a gap) all three are the newest one.
struct PriceWindow {
  Decimal low, high, last;
};

/// To be told to whoever holds the position. `activated` and `stop_moved` propose a stop and wait
/// for confirm() or reject() with their number.
struct TrailingDecision {
  enum class Type : std::uint8_t {
    activated,    ///< the price has come to the activation price
    stop_moved,   ///< the stop follows
    triggered,    ///< the price has come back to the stop: close
    rolled_back,  ///< a proposal was refused, or nobody confirmed it
    unconfirmed,  ///< the same, after the last retry: a finding until one is confirmed
  };
  Type type = Type::activated;
  std::uint64_t number = 0;  ///< of the proposal; of `triggered` a number of its own
  Decimal price;             ///< that decided it
  Decimal stop;
  Decimal peak;
};
constexpr std::string_view to_text(TrailingDecision::Type type) {
  constexpr std::array<std::string_view, 5> words{"activated", "stop_moved", "triggered",
                                                  "rolled_back", "unconfirmed"};
  return words[static_cast<std::size_t>(type)];
}

/// All that must survive a restart.
struct TrailingMemory {
  Side side = Side::buy;
  TrailingState state = TrailingState::inactive;
  Decimal peak;                           ///< the best price so far; the entry price at first
  std::optional<Decimal> stop;            ///< as the peak demands; never moves back
  std::optional<Decimal> confirmed_stop;  ///< the newest somebody has confirmed
  bool activation_confirmed = false;
  std::uint64_t last_number = 0;
  friend bool operator==(const TrailingMemory&, const TrailingMemory&) = default;
};

/// How far prices and time may go before a stop has anything to decide: windows within need not be
/// told one by one, catch_up() makes good for them. Prices are gains (as_gain(): greater is
/// better), and never beyond what they stand for: a look too many decides nothing.
struct TrailingMarks {
  Decimal peak;
  std::optional<Decimal> best;      ///< a best price of a window that comes here
  std::optional<Decimal> stop;      ///< a price that falls back here; the peak does not move it
  std::optional<Decimal> callback;  ///< in its place: a stop so many percent behind the peak
  MonoTime at = never_mono;         ///< on_time()
  bool every = false;               ///< the next window, whatever it holds
};

/// The stop of one position. State machine: told prices and the time; one owner.
///
/// Of a window the price that is worse for the position is held against the stop from before it,
/// then the better one moves peak and stop, then the newest is held against the new stop: which of
/// the extremes came first is not known, and the stop must not be missed. Only a proposal that is
/// confirmed counts as told; meanwhile no other is made. Triggers do not wait for confirmations.
/// What cannot be computed is an error and changes nothing.
class TrailingStop {
 public:
  using Decisions = std::vector<TrailingDecision>;
  using Result = std::expected<Decisions, DecimalError>;

  /// Precondition: options.problem() is empty, prices of the position are positive.
  TrailingStop(Side side, Decimal entry_price, TrailingOptions options);
  /// Goes on from an earlier run; the error says which invariant what was kept breaks.
  static std::expected<TrailingStop, std::string_view> restore(Side side, Decimal entry_price,
                                                               TrailingOptions options,
                                                               const TrailingMemory& memory,
                                                               MonoTime now);

  Result on_prices(const PriceWindow& window, MonoTime now);
  /// Prices are refused: until the next on_prices() or catch_up() nothing is proposed. What nobody
  /// confirms is still rolled back.
  void on_refused() { held_ = true; }
  Result on_time(MonoTime now);
  /// An answer to the proposal under way; to any other it is nothing.
  Result confirm(std::uint64_t number, MonoTime now);
  Result reject(std::uint64_t number, MonoTime now);
  /// When on_time() is due; never_mono when it is not.
  MonoTime next_deadline() const;

  /// After this what every window within would have done, had it been told: `best` is the best of
  /// their prices, `last` the newest.
  TrailingMarks marks(MonoTime now) const;
  void catch_up(const Decimal& best, const Decimal& last);

  const TrailingMemory& memory() const { return memory_; }
  bool is_unconfirmed() const { return unconfirmed_; }
  DecimalResult activation_price() const;

 private:
  struct Proposal {
    TrailingDecision::Type type{};
    std::uint64_t number = 0;
    Decimal stop;
    MonoTime expires{};
    int attempts = 1;
  };
  struct Retry {
    TrailingDecision::Type type{};
    int attempts = 1;
  };

  bool better(const Decimal& a, const Decimal& b) const { return is_better(side_, a, b); }
  using Step = std::expected<void, DecimalError>;

  DecimalResult callback() const;
  DecimalResult breakeven_from() const;
  Step mark_levels(TrailingMarks& marks) const;
  Step mark_active(TrailingMarks& marks) const;
  Step mark_step(TrailingMarks& marks) const;
  Step mark_proposals(MonoTime now, TrailingMarks& marks) const;
  MonoTime rested_at() const;
  Step take(const PriceWindow& window, MonoTime now, Decisions& out);
  bool trigger(const Decimal& price, Decisions& out);
  Step follow(const Decimal& best);
  Step begin_waiting();
  std::expected<bool, DecimalError> has_news(MonoTime now) const;
  Step propose(MonoTime now, Decisions& out);
  void begin(TrailingDecision::Type type, int attempts, MonoTime now, Decisions& out);
  Result give_up(MonoTime now);

  Side side_;
  Decimal entry_;
  TrailingOptions options_;
  TrailingMemory memory_;
  Decimal last_;  ///< newest price
  std::optional<Proposal> proposal_;
  std::optional<Retry> retry_;  ///< of what was rolled back while prices were refused
  MonoTime confirmed_at_ = MonoTime::min();
  MonoTime not_before_ = MonoTime::min();  ///< of the next proposal, after a finding
  bool unconfirmed_ = false;
  bool held_ = false;  ///< prices are refused
};

}  // namespace feedwatch
