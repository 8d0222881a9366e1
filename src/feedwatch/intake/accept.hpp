#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "feedwatch/board/slot.hpp"
#include "feedwatch/intake/order.hpp"
#include "feedwatch/intake/outcome.hpp"
#include "feedwatch/model/kind.hpp"
#include "feedwatch/model/tick.hpp"

namespace feedwatch::intake {

/// What the channel's sheet says about reading its messages.
struct Rules {
  Kind kind = Kind::last;
  bool absent_is_unchanged = false;
  bool repeat_confirms = false;
  bool seq_orders = false;
  /// A price further from the stored one than so many per cent is refused; 0 = never.
  std::uint16_t sanity_percent = 0;
  /// … unless so many messages with such a price came in a row: then the market did move.
  std::uint16_t sanity_repeats = 0;

  friend bool operator==(const Rules&, const Rules&) = default;
};

/// What the gate remembers of one stream beside its slot.
struct State {
  std::uint64_t newest_seq = 0;       ///< taken; meaningful if `ordered`
  std::uint32_t epoch = 0;            ///< current one; ticks of older ones are refused
  std::uint16_t channel = 0;          ///< whose Rules hold, as the owner numbers them
  bool ordered : 1 = false;           ///< a number has been taken since the order began
  bool carried_in_epoch : 1 = false;  ///< a price has come in the current epoch
  bool holds : 1 =
      false;  ///< nothing unusable has been said since: an absent field means "as stored"

  /// A subscription begins: order and what was said before prove nothing about the new one.
  void begin(std::uint32_t new_epoch) { *this = State{.epoch = new_epoch, .channel = channel}; }
};
static_assert(sizeof(State) == 16);

/// What the gate remembers only while something is doubtful.
struct Doubt {
  OrderRun older;                  ///< ticks older than the newest one taken
  std::uint32_t outside_band = 0;  ///< messages with prices far from the stored one, in a row
  /// The newest of those, the n-th at n % 4: its number, or venue time and prices in one word. As
  /// many as lines may bring the same messages one behind the other.
  std::array<std::uint64_t, 4> outside_messages{};

  bool empty() const { return older.count == 0 && outside_band == 0; }
};

/// The gate's answer. `prices` is what to store when accepted: absent sides of a quote filled in.
struct Decision {
  Outcome outcome;
  Prices prices;
  bool renews_confirmed = false;  ///< confirmed, or a repeat on a channel whose repeats confirm
  bool first_of_epoch = false;    ///< first price of its epoch: it may be old and still be healthy
};

/// The one gate for feed and update_price alike (semantics §3). Looks at what the tick says and
/// what is stored, never at a clock and never at ts_event. Changes `state` and `doubt` only.
Decision accept(const Rules& rules, State& state, Doubt& doubt, const Slot& slot, const Tick& tick);

}  // namespace feedwatch::intake
