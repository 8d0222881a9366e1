#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/engine/price_tap.hpp"
#include "feedwatch/guard/guard.hpp"
#include "feedwatch/protect/position_book.hpp"
#include "feedwatch/protect/protection.hpp"

namespace feedwatch::engine {

/// The rules of the configuration, for every position alike; without either nothing is decided.
struct RuleOptions {
  std::optional<TrailingOptions> trailing;
  std::optional<AgedOptions> aged;
};

/// Protection between the control's rows and the shards' prices: which of the two prices of a quote
/// a side is closed at, what is kept, what is told. One owner (the control).
class PositionRules {
 public:
  using Decisions = Protection::Decisions;
  using Symbol = std::pair<std::string, std::string>;  ///< venue, symbol

  PositionRules(RuleOptions options, WallAnchor anchor);

  /// Takes rows of an earlier run until their positions come; the error says what is wrong with it.
  Result<void> restore(const TrailingStopRow& row);
  Result<void> restore(const AgedPositionRow& row);
  /// A new position, or one that has changed: what is known of its rules goes on.
  Result<void> put(const Position& position, MonoTime now);
  void close(const PositionKey& key);

  /// Prices of a stream, and what the guard says of the newest of them.
  Decisions on_prices(const Symbol& symbol, const TappedPrices& prices, const GuardedPrice& newest,
                      bool is_quote, MonoTime now);
  /// The guard's word, asked by a timer: refused; or a price to decide by that did not come with
  /// on_prices(), because it was bridged or is an old one that holds again.
  Decisions on_verdict(const Symbol& symbol, const Guard::Answer& verdict, bool is_quote,
                       MonoTime now);
  Decisions on_time(MonoTime now) { return protection_.on_time(now); }
  Decisions answer(const PositionKey& key, std::uint64_t number, bool confirmed, MonoTime now);
  MonoTime next_deadline() const { return protection_.next_deadline(); }
  std::vector<ProtectionFinding> take_findings() { return protection_.take_findings(); }

  /// Rows to be written with these decisions: themselves, and what has changed of their positions.
  std::vector<JournalRow> rows_of(const Decisions& decisions, MonoTime now);
  /// Rows of what has changed otherwise, at most so many.
  std::vector<JournalRow> changed_rows(std::size_t limit, MonoTime now);
  bool has_changed() const { return !changed_.empty(); }

 private:
  struct Streams {
    ProtectionStream sold, bought;
  };

  ProtectionStream stream_of(const Position& position);
  Decisions tell(const Streams& streams, const TappedPrices& prices, const GuardedPrice& newest,
                 bool is_quote, MonoTime now);
  void note_changes();
  void append_memory(const PositionKey& key, MonoTime now, std::vector<JournalRow>& rows);

  RuleOptions options_;
  WallAnchor anchor_;
  Protection protection_;
  std::map<Symbol, Streams> streams_;
  std::set<Symbol> refused_;
  std::map<PositionKey, WallTime> open_;  ///< opened_at
  struct Kept {
    WallTime opened_at;
    ProtectionMemory memory;
  };
  std::map<PositionKey, Kept> kept_;  ///< of an earlier run, whose position has not come yet
  std::set<PositionKey> changed_;
};

/// As it is kept and told.
PositionDecisionRow decision_row(const ProtectionDecision& decision, WallTime at);
/// A decision about an aged position is one of its events too.
std::optional<AgedMonitoringEventRow> aged_event_row(const ProtectionDecision& decision,
                                                     WallTime at);

}  // namespace feedwatch::engine
