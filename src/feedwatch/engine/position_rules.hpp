#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/engine/price_tap.hpp"
#include "feedwatch/engine/unstored_decisions.hpp"
#include "feedwatch/guard/guard.hpp"
#include "feedwatch/protect/position_book.hpp"
#include "feedwatch/protect/protection.hpp"

namespace feedwatch::engine {

/// The rules of the configuration, for every position that says nothing else.
struct RuleOptions {
  std::optional<TrailingOptions> trailing;
  std::optional<AgedOptions> aged;
  /// What a position goes by where it wants a rule that is not enabled, and leaves a number out.
  TrailingOptions trailing_numbers;
  AgedOptions aged_numbers;
};

/// Protection between the control's rows and the shards' prices: which of the two prices of a quote
/// a side is closed at, what is kept, what is told. One owner (the control).
class PositionRules {
 public:
  using Decisions = Protection::Decisions;
  /// Whose prices. Those of aged positions are told apart from those of stops, also where they are
  /// the same: they may be older, and perhaps of another kind.
  struct Symbol {
    std::string venue, symbol;
    bool aged = false;
    friend bool operator==(const Symbol&, const Symbol&) = default;
  };

  /// Whether a symbol's price may be acted on at this moment: asked before timers and answers
  /// decide by the newest one. Without it what on_prices() and on_verdict() have said holds until
  /// its time.
  using MayAct = std::function<bool(const Symbol&, MonoTime)>;

  PositionRules(RuleOptions options, WallAnchor anchor, MayAct may_act = {});

  /// Takes rows of an earlier run until their positions come; the error says what is wrong with it.
  Result<void> restore(const TrailingStopRow& row);
  Result<void> restore(const AgedPositionRow& row);
  /// Whether rules can be followed so; the error names the rule.
  Result<void> check(const RuleOverrides& overrides) const;
  /// A new position, or one that has changed: what is known of its rules goes on, of those that it
  /// has switched off nothing. `registered` tells it from one of the same id and moment of opening
  /// that was closed. After an error no rule of it decides anything.
  Result<void> put(const Position& position, WallTime registered, MonoTime now,
                   const RuleOverrides& overrides = {});
  /// Whether its rules are applied like this already: nothing they know is lost for what does not
  /// concern them.
  bool is_put(const Position& position, const RuleOverrides& overrides) const;
  /// To be asked before put() when it has become known when a position was opened: what is known of
  /// its rules goes on, and these are the rows of it, to be written with the position. Empty where
  /// the moment is the one they have.
  std::vector<JournalRow> redate(const Position& position, MonoTime now);
  void close(const PositionKey& key);

  /// Prices of a stream, and what the guard says of the newest of them.
  Decisions on_prices(const Symbol& symbol, const TappedPrices& prices, const GuardedPrice& newest,
                      bool is_quote, Duration max_age, MonoTime now);
  /// The guard's word, asked by a timer: refused; or a price to decide by that did not come with
  /// on_prices(), because it was bridged, is an old one that holds again, or never does,
  /// because it is too old for the tap (not `comes`).
  Decisions on_verdict(const Symbol& symbol, const Guard::Answer& verdict, bool is_quote,
                       Duration max_age, bool comes, MonoTime now);
  /// Its prices are another stream's from now on: nothing is decided by the one before.
  Decisions on_moved(const Symbol& symbol, MonoTime now);
  /// What time alone decides. A price that has grown older than it may be since the guard was last
  /// asked is refused from then on.
  Decisions on_time(MonoTime now);
  Decisions answer(const PositionKey& key, std::uint64_t number, bool confirmed, MonoTime now);
  MonoTime next_deadline() const {
    return untold_.empty() ? protection_.next_deadline() : MonoTime::min();
  }
  std::vector<ProtectionFinding> take_findings() { return protection_.take_findings(); }
  /// Room for pairs of streams that rules go by; one nobody goes by any more takes none.
  std::size_t streams() const {
    return std::max({streams_.size(), places_.size(), (protection_.streams() + 1) / 2});
  }

  /// Prices that were only compared (`price_check`), as rows of events.
  std::vector<JournalRow> samples_of(const Decisions& decisions, MonoTime now) const;
  /// All others, by position, with what has changed of it. From then on its memory is not written
  /// by changed_rows() until release(): what is kept never knows of a decision that is not.
  std::vector<DecidedRows> rows_of(const Decisions& decisions, MonoTime now);
  /// Everything decided about it is durable.
  void release(const PositionKey& key);
  /// Rows of what has changed otherwise, of at most so many positions, each in its turn.
  std::vector<JournalRow> changed_rows(std::size_t limit, MonoTime now);
  /// A batch has ended. Memory in one that was given up is to be written again.
  void on_written(const JournalBatch& batch, bool durable);

 private:
  struct Streams {
    ProtectionStream sold, bought;
    std::optional<MonoTime> until;    ///< may be acted on until then; absent = it is refused
    std::optional<MonoTime> alarm;    ///< when that is looked at: never later
    std::optional<MonoTime> denied;   ///< when the guard was last asked in between, and refused
    MonoTime told = MonoTime::min();  ///< when the newest price they were told of had come
  };

  std::optional<TrailingOptions> trailing_of(const RuleOverrides& overrides) const;
  std::optional<AgedOptions> aged_of(const RuleOverrides& overrides) const;
  Result<void> apply(const Position& position, WallTime registered, MonoTime now,
                     const RuleOverrides& overrides);
  struct Open;
  struct Kept;
  Kept take_kept(const Position& position, WallTime registered);
  static void end_rules(const Position& position, bool trailing, bool aged, Kept& kept);
  ProtectionStream stream_of(const Position& position, bool aged);
  std::uint32_t free_place();
  void drop_unused(const std::string& venue, const std::string& symbol);
  void give_back(std::uint32_t place);
  Decisions tell(Streams& streams, const TappedPrices& prices, const GuardedPrice& newest,
                 bool is_quote, MonoTime now);
  void set_until(Streams& streams, std::optional<MonoTime> until);
  void set_alarm(Streams& streams, std::optional<MonoTime> alarm);
  Decisions refuse(Streams& streams, MonoTime now);
  Decisions expire(MonoTime now);
  Decisions ask(const Symbol& symbol, MonoTime now);
  bool is_denied(const Symbol& symbol, const Streams& streams, MonoTime now) const;
  void note_changes();
  void note_change(PositionKey key);
  void forget_caught_up();
  std::optional<ProtectionMemory> memory_of(const PositionKey& key, const Open& open);
  void append_memory(const PositionKey& key, MonoTime now, std::vector<JournalRow>& rows);

  RuleOptions options_;
  WallAnchor anchor_;
  MayAct may_act_;
  Protection protection_;
  MonoTime last_;     ///< newest moment it was told of
  Decisions untold_;  ///< made while nobody could be told
  struct SymbolHash {
    std::size_t operator()(const Symbol& symbol) const;
  };
  std::unordered_map<Symbol, Streams, SymbolHash> streams_;
  /// By half the number of their streams; nullptr = free.
  std::vector<std::pair<const Symbol, Streams>*> places_;
  std::set<std::uint32_t> free_;  ///< places there
  std::set<std::pair<MonoTime, std::uint32_t>> alarms_;
  /// Rules a position had and has no more: what was written of them is written over, or they would
  /// go on from there when a later run has them.
  struct Ended {
    bool trailing = false, aged = false;
    friend bool operator==(const Ended&, const Ended&) = default;
  };
  struct Open {
    WallTime opened_at, registered;
    Side side{};
    Decimal entry_price;
    RuleOverrides overrides;
    Ended ended;
  };
  std::map<PositionKey, Open> open_;
  struct Kept {
    WallTime opened_at;
    ProtectionMemory memory;
    Ended ended;
  };
  std::map<PositionKey, Kept> kept_;  ///< of an earlier run, whose position has not come yet
  std::set<PositionKey> changed_;
  /// Whose decisions are not durable yet, and whether more has changed since.
  std::map<PositionKey, bool> held_;
  PositionKey turn_;  ///< the last whose memory was written in its turn
};

/// Those that were made after.
void append(PositionRules::Decisions& decisions, PositionRules::Decisions more);

/// What a stop knows that has not begun.
TrailingMemory not_begun(Side side, const Decimal& entry_price);

/// A price that was compared and decides nothing.
bool is_sample(const ProtectionDecision& decision);

/// As it is kept and told, under the key of the position as it was registered then.
PositionDecisionRow decision_row(const ProtectionDecision& decision, WallTime registered,
                                 WallTime at);
/// A decision about an aged position is one of its events too.
std::optional<AgedMonitoringEventRow> aged_event_row(const ProtectionDecision& decision,
                                                     WallTime at);

}  // namespace feedwatch::engine
