#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/protect/aged_watch.hpp"
#include "feedwatch/protect/trailing_stop.hpp"

/// Which of the positions a stream serves may have something to decide in a window, found without
/// looking at the others. One index holds one side of one stream, in gains (percent.hpp: greater is
/// better), by what TrailingStop::marks() and AgedWatch::marks() tell. It yields candidates; the
/// state machines decide. Pure; one owner.
namespace feedwatch {

/// A position's place in whatever its owner keeps them in.
using PositionSlot = std::uint32_t;
using PositionSlots = std::vector<PositionSlot>;

/// A position, ordered by a price or percents of it.
struct PriceMark {
  Decimal at;
  PositionSlot slot = 0;
  friend std::strong_ordering operator<=>(const PriceMark&, const PriceMark&) = default;
};

/// A window, in gains.
struct GainWindow {
  Decimal worst, best, last;
};
/// Precondition: positive prices.
GainWindow as_gain(Side side, const PriceWindow& window);

/// What of a window an index has to look at; kept, because every tick is held against it.
struct IndexBounds {
  Decimal best{Decimal::max_mantissa, 0};    ///< the least best price
  Decimal worst{-Decimal::max_mantissa, 0};  ///< the greatest worst price
  bool every = false;                        ///< whatever it holds
};

/// Trailing stops. Those that have seen the same best price are a group: a new best price merges
/// all groups below it, the smaller ones into the largest, so that whatever the peaks are the
/// position moves between groups a logarithmic number of times. In a group the one with the
/// smallest callback has its stop nearest, and among groups that nearest stop is their order.
/// Stops that the peak does not move are ordered among themselves, and so is what a best price
/// brings: activation, breakeven, steps, proposals.
class TrailingIndex {
 public:
  explicit TrailingIndex(Side side) : side_(side) {}

  /// Precondition: it is not in.
  void insert(PositionSlot slot, const TrailingMarks& marks);
  /// Precondition: it is in.
  void erase(PositionSlot slot);
  /// The best price since before it was inserted; of the group.
  const Decimal& peak(PositionSlot slot) const;

  /// Before a window moves the peaks: those to be told it after catch_up() with their peak. With
  /// repetitions, in no order.
  void collect(const GainWindow& window, PositionSlots& out) const;
  /// Moves the peaks of all that are in, and says whether any was. Those whose moved stop the
  /// newest price has come to are to be told the window itself, without catch_up(): it holds the
  /// worst price against the stop from before.
  bool advance(const GainWindow& window, PositionSlots& out);

  const IndexBounds& bounds() const { return bounds_; }
  /// Members of the groups whose peak has moved since the last call.
  void take_moved(PositionSlots& out);

 private:
  struct Group;
  using ByStop = std::multimap<Decimal, Group*>;
  struct Group {
    std::set<PriceMark> members;  ///< by callback
    Decimal peak;
    std::optional<ByStop::iterator> stop;  ///< of the nearest; absent when no stop moves
    bool moved = false;
  };
  struct ByPeak {
    using is_transparent = void;
    using Pointer = std::unique_ptr<Group>;
    bool operator()(const Pointer& a, const Pointer& b) const { return a->peak < b->peak; }
    bool operator()(const Pointer& a, const Decimal& b) const { return a->peak < b; }
    bool operator()(const Decimal& a, const Pointer& b) const { return a < b->peak; }
  };
  struct Node {
    TrailingMarks marks;
    Group* group = nullptr;
  };

  Decimal stop_of(const Decimal& peak, const Decimal& callback) const;
  void hang(Group& group);
  void unhang(Group& group);
  void collect_group(const Group& group, const Decimal& price, PositionSlots& out) const;
  Group& group_at(const Decimal& peak);
  Group& merged_below(const Decimal& best);

  void bound();

  Side side_;
  IndexBounds bounds_;
  std::unordered_map<PositionSlot, Node> nodes_;
  std::set<std::unique_ptr<Group>, ByPeak> groups_;
  ByStop moving_;
  std::set<PriceMark> fixed_;
  std::set<PriceMark> bests_;
  std::set<PositionSlot> every_;
  std::optional<Decimal> moved_to_;  ///< the best peak moved to since take_moved()
};

/// Aged positions, which are held against the newest price.
class AgedIndex {
 public:
  void insert(PositionSlot slot, const AgedMarks& marks);
  void erase(PositionSlot slot, const AgedMarks& marks);
  /// With repetitions, in no order. `last` is a gain.
  void collect(const Decimal& last, PositionSlots& out) const;
  const IndexBounds& bounds() const { return bounds_; }

 private:
  void bound();

  IndexBounds bounds_;
  std::set<PriceMark> reach_, leave_;
  std::set<PositionSlot> every_;
};

}  // namespace feedwatch
