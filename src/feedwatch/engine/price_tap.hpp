#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "feedwatch/monitor/monitor.hpp"
#include "feedwatch/protect/trailing_stop.hpp"

namespace feedwatch::engine {

/// Prices of one stream, accepted one by one, since the control last looked.
struct TappedPrices {
  StreamId stream;
  PriceWindow sold;    ///< at which a LONG is closed: bids of a quote, else the price
  PriceWindow bought;  ///< at which a SHORT is closed: asks of a quote, else the price
  std::uint64_t count = 0;
  /// False where a connection began anew in between: what lies before it is not known.
  bool continuous = true;
};

/// What positions need of a stream: its newest price, which the board has, or every one, which only
/// the tap keeps.
enum class PriceNeed : std::uint8_t { newest, every };

/// Shard → control: every accepted price of the streams positions are protected with, conflated
/// with their extremes, so that it cannot overflow and no wick is lost. Thread-safe. `on_dirty` is
/// called by the putting thread when the tap goes from empty to not empty.
class PriceTap {
 public:
  explicit PriceTap(std::function<void()> on_dirty) : on_dirty_(std::move(on_dirty)) {}

  void put(StreamId stream, Kind kind, const Price& price);
  /// Everything pending, in ascending order of streams.
  std::vector<TappedPrices> take();

  /// How old a price may be that a position is protected by (semantics §10).
  static constexpr Duration max_age_clocked = 5s, max_age_event = 15s;
  /// Of aged positions, where the stream's own limit is not more.
  static constexpr Duration max_age_aged = 30s;
  /// As the guard judges it where confirmations count: from the last one on, by the larger age.
  static Duration age_of(const Price& price);
  static Duration max_age_of(const Policy& policy, const Cadence& cadence);

  /// Every price of the stream goes to the tap from now on, one older than it may be to protect a
  /// position excepted. The shard's thread; again is the same, but that another limit counts from
  /// then on. The tap outlives the subscription.
  static void attach(Monitor& monitor, StreamId stream, PriceTap& tap);
  /// Nothing of one that is not on the tap.
  static void detach(Monitor& monitor, StreamId stream, PriceTap& tap);
  /// On the tap where every price is needed, else off it. As attach().
  static void serve(Monitor& monitor, StreamId stream, PriceTap& tap, PriceNeed need);

 private:
  struct Cell {
    TappedPrices prices;
    std::uint32_t epoch = 0;  ///< of the newest price; kept when prices are taken
    bool pending = false;
    Subscription subscription;
    Duration max_age{};  ///< it was made with
  };

  std::optional<Cell> cell_of(StreamId stream);

  std::function<void()> on_dirty_;
  std::mutex mutex_;
  std::unordered_map<StreamId, Cell> cells_;
  std::vector<StreamId> pending_;
};

}  // namespace feedwatch::engine
