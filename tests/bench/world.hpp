#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/model/symbol_table.hpp"
#include "feedwatch/monitor/monitor.hpp"

namespace feedwatch::bench {

/// The venue's name of stream `place`: "BTCUSDT" and its like, all different.
std::string symbol_of(std::size_t place);

struct WorldOptions {
  std::size_t streams = 0;
  Policy policy;
  MonoTime start{1000s};
};

/// Where a world's board lies; by default in memory of this process.
struct BoardPlace {
  std::unique_ptr<board::Memory> memory{};
  board::Identity identity{};
};

struct Watchers {
  std::size_t consumers = 0;
  Duration min_interval = 100ms;
  bool in_line = false;
};

/// A monitor of `streams` streams under load, through its public interface alone.
class World {
 public:
  explicit World(const WorldOptions& options, BoardPlace board = {});

  /// Each consumer subscribes to every stream.
  void subscribe(const Watchers& watchers);
  /// One tick of every stream, in order of place.
  void warm(MonoTime now);

  Monitor& monitor() { return monitor_; }
  StreamId id(std::size_t place) const { return ids_[place]; }
  std::size_t streams() const { return ids_.size(); }
  std::uint64_t delivered() const { return delivered_; }

  /// The bytes of a frame → stream, as the engine finds it.
  StreamId find(std::string_view symbol) const { return ids_[symbols_.find(symbol)]; }

  /// Into a tick of the same kind or a new one.
  void fill(Tick& tick, StreamId stream, const Decimal& price, MonoTime now) const {
    tick.stream = stream;
    tick.prices.price = price;
    tick.fields.price = true;
    tick.ts_recv = anchor_.at(now);
    tick.mono_recv = now;
  }
  /// With the venue's time of publication, as most channels send it.
  void fill_stamped(Tick& tick, StreamId stream, const Decimal& price, MonoTime now) const {
    fill(tick, stream, price, now);
    tick.ts_event = tick.ts_recv - 5ms;
  }
  Tick stamped_tick(StreamId stream, const Decimal& price, MonoTime now) const {
    Tick tick;
    fill_stamped(tick, stream, price, now);
    return tick;
  }

  /// Does everything that has become due, in the slices of the engine.
  void settle(MonoTime now);
  /// Makes the calls that wait in the queues of the consumers.
  void drain(MonoTime now);

 private:
  WallAnchor anchor_;
  std::uint64_t delivered_ = 0;
  Monitor monitor_;
  std::vector<StreamId> ids_;
  SymbolTable symbols_;  ///< numbers are places
  std::vector<StreamChange> changes_;
};

/// Ticks to come: which stream, by the bytes of its symbol, and at which price. The same for the
/// same seed.
class Flow {
 public:
  struct Item {
    std::string_view symbol;
    std::uint32_t place = 0;
    Decimal price;
  };

  /// `items` ticks of `streams` streams in random order, `items` a power of two.
  Flow(std::size_t streams, std::size_t items, std::uint64_t seed);

  const Item& next() { return items_[at_++ & mask_]; }
  const Item& at(std::size_t index) const { return items_[index & mask_]; }
  const std::vector<std::string>& symbols() const { return symbols_; }

 private:
  std::vector<std::string> symbols_;
  std::vector<Item> items_;
  std::size_t mask_ = 0;
  std::size_t at_ = 0;
};

}  // namespace feedwatch::bench
