#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/model/kind.hpp"

namespace feedwatch {

/// One or two prices: `price` for last, mark and index; bid in `price` and ask in `ask` for quote.
struct Prices {
  Decimal price;
  Decimal ask;

  friend bool operator==(const Prices&, const Prices&) = default;
};

/// Which price fields the message really carried.
struct Fields {
  bool price = false;  ///< the price, or the bid of a quote
  bool ask = false;    ///< quote only

  constexpr bool any() const { return price || ask; }
  friend constexpr bool operator==(const Fields&, const Fields&) = default;
};

/// What `ts_event` of a channel says (its sheet): when the venue published, or when it traded.
enum class EventTime : std::uint8_t { none, publish, trade };

/// One price update as a venue's message says it, before it is matched to a stream. Text views
/// point into the frame, or, where it had escapes, into the decoder: valid until its next message.
struct WireTick {
  std::string_view symbol;  ///< the venue's bytes, unescaped
  Kind kind = Kind::last;
  Prices prices;                ///< only the fields in `fields` are meaningful
  Fields fields;                ///< none = the message proves the symbol alive but carries no price
  std::string_view price_text;  ///< the raw token of price (or bid), empty if absent
  std::string_view ask_text;    ///< the raw token of ask, empty if absent
  std::optional<WallTime> ts_event;
  std::optional<std::uint64_t> seq;
  bool snapshot = false;  ///< full state on a channel that also sends deltas: order begins again
  bool restart = false;   ///< the venue says its sequence starts again
};

/// One normalized update of one stream.
struct Tick {
  StreamId stream;
  Prices prices;
  Fields fields;
  std::optional<WallTime> ts_event;
  WallTime ts_recv;
  MonoTime mono_recv;
  /// The line's round trip where it is too long: the price may have left the venue so much earlier.
  Duration lag{};
  std::optional<std::uint64_t> seq;
  std::uint32_t epoch = 0;
  bool snapshot = false;
  bool restart = false;
  bool stalled = false;  ///< its ReadStamp was moved back because our loop did not poll
};

}  // namespace feedwatch
