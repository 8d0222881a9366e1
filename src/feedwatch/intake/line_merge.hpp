#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "feedwatch/board/slot.hpp"
#include "feedwatch/intake/accept.hpp"

namespace feedwatch::intake {

/// What one of several lines has said of a stream by itself: its deltas make sense only together
/// (semantics §7, "assembled per line").
class LineCopy {
 public:
  /// The gate's word on the line's tick, by what the line said before. A quote's side that the tick
  /// leaves out is filled in, if the line has said it.
  Decision take(const Rules& rules, Tick& tick);

  /// The newest price, whole, with the stamps it came with; nullptr before the first.
  const Tick* newest() const { return slot_.received ? &newest_ : nullptr; }
  /// When the line last carried the price, or confirmed it; never_mono before it did.
  MonoTime heard() const { return heard_; }
  /// Whether that was more than the first message of a subscription, which is owed to nobody else.
  bool spoke_again() const { return heard_ != never_mono && heard_ > began_; }
  /// When its price last became another one.
  MonoTime changed() const { return slot_.changed; }
  /// Whether what its next messages leave out is `prices`.
  bool holds(const Prices& prices) const;

 private:
  friend class LineMerge;

  State state_;
  Doubt doubt_;
  Slot slot_;
  Tick newest_;
  MonoTime heard_ = never_mono;
  MonoTime began_{};              ///< first tick of its subscription
  OrderRun behind_;               ///< its ticks older than the newest that went on
  std::uint32_t generation_ = 0;  ///< of the venue's order; see LineMerge
};

/// What becomes of a tick that one of several lines brought.
struct Merged {
  enum class Way : std::uint8_t {
    goes_on,    ///< to the stream, in its order
    duplicate,  ///< another line brought it first
    standby,    ///< its line only stands by, or cannot vouch for it
  };
  Way way = Way::standby;
  Outcome own;  ///< by what its own line said before
};

/// Several lines that bring one stream, and which of their ticks are the stream's (semantics §7).
///
/// Where the venue's sequence numbers mean the same on every socket the first copy wins, whichever
/// line brings it. Where they do not, one line is the primary and the others stand by. A venue that
/// starts its numbers again does so on each line by itself: until a line has, its numbers are of an
/// order that is over, and none of them goes on. Where it did so between two subscriptions and said
/// nothing, the new one's numbers are believed as `place_in_order` believes them.
///
/// Pure; one thread.
class LineMerge {
 public:
  LineMerge(Rules rules, bool comparable, std::size_t lines);

  /// `primary` = the line whose epoch is the stream's now. Fills in what the line's deltas leave
  /// out; `tick.epoch` is the line's own.
  Merged take(std::size_t line, bool primary, Tick& tick);
  /// The line is the primary from here on. What it brings again of what the stream has is dropped:
  /// by its number, or, where numbers say nothing, by the venue's time until it brings a newer one.
  void take_over(std::size_t line, const Slot& stored, MonoTime now);
  /// The line no longer brings the stream: what it has said is of the past, and vouches for
  /// nothing.
  void lose(std::size_t line);
  /// No line brings it any more: the next one's numbers are a new order.
  void lose_all();

  const LineCopy& copy(std::size_t line) const { return copies_[line]; }
  std::size_t lines() const { return copies_.size(); }
  /// The first copy wins: what any line has brought has gone on.
  bool comparable() const { return comparable_; }
  /// Both lines' prices have stood for longer than `diverged_after`, and differ.
  bool differ(std::size_t one, std::size_t other, MonoTime now) const;

  static constexpr Duration diverged_after = Duration{2'000'000'000};

 private:
  Merged compare(std::size_t line, bool primary, const Decision& own, Tick& tick);
  enum class Order : std::uint8_t { over, present, begun };
  Order order_of(LineCopy& copy, const Decision& own, Tick& tick);
  bool is_first_copy(std::size_t line, const Decision& own, Tick& tick);
  bool said_by_the_one_before(const Tick& tick);

  Rules rules_;
  bool comparable_;
  std::vector<LineCopy> copies_;
  std::optional<std::uint64_t> newest_;  ///< that went on
  MonoTime newest_at_{};
  std::size_t newest_line_ = 0;
  std::uint32_t generation_ = 0;           ///< how often the venue's numbers have begun again
  std::optional<WallTime> already_until_;  ///< venue time up to which the line before had told
  MonoTime taken_over_{};
};

}  // namespace feedwatch::intake
