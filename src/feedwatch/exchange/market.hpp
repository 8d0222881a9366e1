#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/model/kind.hpp"

namespace feedwatch::exchange {

/// A set of kinds.
struct Kinds {
  std::uint8_t bits = 0;

  constexpr bool has(Kind kind) const { return (bits >> static_cast<unsigned>(kind)) & 1U; }
  constexpr bool any() const { return bits != 0; }
  constexpr void add(Kind kind) {
    bits = static_cast<std::uint8_t>(bits | (1U << static_cast<unsigned>(kind)));
  }
  constexpr void add(Kinds more) { bits = static_cast<std::uint8_t>(bits | more.bits); }
  constexpr bool contains(Kinds other) const { return (bits & other.bits) == other.bits; }
  constexpr bool meets(Kinds other) const { return (bits & other.bits) != 0; }
  friend constexpr bool operator==(Kinds, Kinds) = default;
};
constexpr Kinds every_kind{0b1111};

/// What the venue knows of one symbol now.
struct SymbolState {
  std::string symbol;
  Decimal last, bid, ask, mark, index;
  Kinds known;                  ///< kinds that have ever had a price
  std::uint64_t seq = 0;        ///< grows with every update
  std::uint64_t quote_seq = 0;  ///< seq of the last change of the quote: a book's update id
  std::uint64_t trade_seq = 0;  ///< seq of the last change of the last price: a trade's number
  MonoTime updated{};
};

/// All symbols of one exchange, in a stable order. Not thread-safe.
class Market {
 public:
  /// Index of the symbol, added if it is new.
  std::size_t add(std::string_view symbol);
  std::optional<std::size_t> find(std::string_view symbol) const;

  SymbolState& at(std::size_t index) { return states_[index]; }
  const SymbolState& at(std::size_t index) const { return states_[index]; }
  std::size_t size() const { return states_.size(); }

 private:
  std::vector<SymbolState> states_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// One frame of a capture and the channel it belongs to.
struct RawFrame {
  std::uint8_t channel = 0;
  bool snapshot = false;  ///< the full state, as the venue marks it
  std::string_view text;
};

/// The state of a symbol has just changed.
struct MarketUpdate {
  std::size_t symbol = 0;
  Kinds changed;
  std::optional<RawFrame> raw;  ///< captures only
};

class MarketListener {
 public:
  virtual ~MarketListener() = default;
  virtual void on_update(const MarketUpdate& update, MonoTime now) = 0;
};

/// Moves a market through time: the seeded model or a capture. Owned by the desk; pure apart from
/// the file a capture is read from.
class MarketSource {
 public:
  virtual ~MarketSource() = default;
  /// The first subscription has been made (captures begin to play then).
  virtual void on_demand(MonoTime now) = 0;
  virtual MonoTime next_deadline() const = 0;
  virtual void on_time(MonoTime now, MarketListener& listener) = 0;
  /// The venue's wall clock at a moment, without faults.
  virtual WallTime venue_time(MonoTime at) const = 0;
  /// Whether a new subscription is told the present state at once, whatever its channel does.
  virtual bool greets_everybody() const { return false; }
  /// Nothing will come any more; connections stay open and silent.
  virtual bool ended() const = 0;
  /// What went wrong with the source, empty if nothing did.
  virtual std::string error() const { return {}; }
};

}  // namespace feedwatch::exchange
