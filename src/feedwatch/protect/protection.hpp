#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/protect/price_index.hpp"
#include "feedwatch/protect/protection_decision.hpp"

namespace feedwatch {

struct ProtectionOptions {
  std::size_t capacity = 1'000'000;  ///< positions
  Duration unmanaged_after = 5min;   ///< of refusals of an active stop's prices
};

/// The rules of all positions of a process (semantics §10): told the prices a guard has accepted,
/// it decides what would be decided if each position were told each window; the work is that of the
/// positions whose stop or target may be touched (docs/internals/protection.md).
///
/// Prices decide, refusals never do: while the prices of a stop are refused nothing is proposed.
/// While a stop is active the aged rule of its position waits, unless the stop's prices have been
/// refused for `unmanaged_after`; then the position is a finding. Whatever it is told at a moment,
/// what was due by then is done first. State machine: told `now`, which never goes back; one owner
/// thread; no I/O.
class Protection {
 public:
  using Decisions = std::vector<ProtectionDecision>;
  static constexpr std::size_t max_streams = std::size_t{1} << 20U;

  /// `anchor`: how old positions are is told by the boot clock.
  explicit Protection(WallAnchor anchor, ProtectionOptions options = {});
  Protection(const Protection&) = delete;
  Protection& operator=(const Protection&) = delete;
  ~Protection();

  /// From now on it is protected; with `memory` it goes on from an earlier run. A rule whose memory
  /// contradicts itself is a finding and decides nothing, the other one does. Errors name the
  /// field; everything is as before then.
  Result<void> add(const Position& position, const ProtectionRules& rules,
                   const ProtectionMemory& memory, MonoTime now);
  /// False: there is none of that key. Its findings end without being told.
  bool remove(const PositionKey& key);
  /// Whether a rule of any position goes by it.
  bool is_used(ProtectionStream stream) const;
  /// Nothing is known of it any more, and its number may be given to another one. Precondition: it
  /// is not used.
  void forget(ProtectionStream stream);

  /// Prices that contradict themselves (low above last, zero) are dropped and counted.
  Decisions on_prices(ProtectionStream stream, const AcceptedPrices& prices, MonoTime now);
  Decisions on_refused(ProtectionStream stream, MonoTime now);
  Decisions on_time(MonoTime now);
  /// Answers to the proposal of that number; of any other they are nothing.
  Decisions confirm(const PositionKey& key, std::uint64_t number, MonoTime now);
  Decisions reject(const PositionKey& key, std::uint64_t number, MonoTime now);
  /// When on_time() is due; never_mono when it is not.
  MonoTime next_deadline() const;
  /// Whose prices on_time() may decide by, each once: what was due by then is done by them, also
  /// where it is done first. on_refused() before keeps it from that.
  std::vector<ProtectionStream> due_streams(MonoTime now) const;

  /// As it is now; absent when there is no such position.
  std::optional<ProtectionMemory> memory(const PositionKey& key);
  /// Those whose memory may have changed since the last call. What must not be lost is written
  /// before the decisions are told: a number that was told is never used again.
  std::vector<PositionKey> take_changed();
  /// Findings that have begun or ended since the last call, in that order.
  std::vector<ProtectionFinding> take_findings();

  std::size_t size() const { return by_key_.size(); }
  /// Room for streams: the greatest number that is not forgotten, and one.
  std::size_t streams() const { return cells_.size(); }
  std::uint64_t dropped_windows() const { return dropped_; }
  /// Positions that have been told a window one by one so far, of both rules.
  std::uint64_t touched() const { return touched_; }

 private:
  struct Trailing;
  struct Aged;
  struct Entry;
  struct Cell;
  enum class Due : std::uint8_t { trailing, aged, stream };
  struct Timer {
    MonoTime at{};
    Due what = Due::trailing;
    std::uint32_t id = 0;  ///< slot or stream
    friend auto operator<=>(const Timer&, const Timer&) = default;
  };

  Result<void> check(const Position& position, const ProtectionRules& rules) const;
  void add_trailing(PositionSlot slot, const Position& position, const TrailingRule& rule,
                    const std::optional<TrailingMemory>& memory, MonoTime now);
  void add_aged(PositionSlot slot, const Position& position, const AgedRule& rule,
                const std::optional<AgedMemory>& memory, MonoTime now);
  Cell& cell_of(ProtectionStream stream, MonoTime now);
  Cell& cell(ProtectionStream stream) { return *cells_[stream.index()]; }
  void refuse(Cell& cell, MonoTime now);

  void due(MonoTime now, Decisions& out);
  void accept(Cell& cell, MonoTime now);
  void set_unmanaged(Cell& cell, bool unmanaged, MonoTime now);
  void tell_trailing(Cell& cell, const PriceWindow& window, MonoTime now, Decisions& out);
  void tell_aged(Cell& cell, const PriceWindow& window, MonoTime now, Decisions& out);
  void collect(Cell& cell, const PriceWindow& window);
  void advance(Cell& cell, const PriceWindow& window);
  void trailing_due(PositionSlot slot, MonoTime now, Decisions& out);
  void aged_due(const Timer& timer, MonoTime now, Decisions& out);
  Decisions answer(const PositionKey& key, std::uint64_t number, bool confirmed, MonoTime now);

  void catch_up(PositionSlot slot);
  void link_trailing(PositionSlot slot, MonoTime now);
  void unlink_trailing(PositionSlot slot);
  void link_aged(PositionSlot slot, MonoTime now);
  void unlink_aged(PositionSlot slot);
  void refresh_bounds(Cell& cell) const;
  void set_waiting(PositionSlot slot, MonoTime now);

  /// What one of the machines has decided: it is numbered, and what became of it is linked anew.
  void take(PositionSlot slot, const TrailingMemory& before, const TrailingStop::Result& result,
            MonoTime now, Decisions& out);
  void take(PositionSlot slot, const AgedMemory& before, const AgedWatch::Result& result,
            MonoTime now, Decisions& out);
  void tell(Entry& entry, const TrailingDecision& what, MonoTime now, Decisions& out);
  void tell(Entry& entry, const AgedDecision& what, MonoTime now, Decisions& out);
  ProtectionDecision numbered(Entry& entry, const Cell* priced_by, MonoTime now);
  void find_uncomputable(Entry& entry);
  void change(PositionSlot slot, Entry& entry);
  void find(Entry& entry, ProtectionFinding::Type type, bool present, std::string_view why);
  Duration age(const Entry& entry, MonoTime now) const;

  WallAnchor anchor_;
  ProtectionOptions options_;
  std::map<PositionKey, PositionSlot> by_key_;
  std::vector<std::unique_ptr<Entry>> entries_;  ///< by slot
  PositionSlots free_;
  std::vector<std::unique_ptr<Cell>> cells_;  ///< by stream
  std::set<Timer> timers_;
  PositionSlots changed_;
  std::vector<std::uint32_t> moved_;  ///< streams whose peaks have moved since take_changed()
  std::vector<ProtectionFinding> findings_;
  PositionSlots touched_now_;  ///< of the call under way
  std::uint64_t dropped_ = 0;
  std::uint64_t touched_ = 0;
};

}  // namespace feedwatch
