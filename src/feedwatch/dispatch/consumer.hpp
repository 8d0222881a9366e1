#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "feedwatch/base/time.hpp"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/model/level.hpp"
#include "feedwatch/model/stream_key.hpp"
#include "feedwatch/model/stream_name.hpp"

namespace feedwatch {

/// Who makes a consumer's calls.
enum class DeliveryMode : std::uint8_t {
  /// The consumer's own thread, from its ConsumerQueue: slow as it may be, it delays nobody.
  queued,
  /// The monitor's thread, inside the call that brought the price: shares that thread's time.
  in_line,
};

/// Callbacks in line are for what takes microseconds.
constexpr Duration in_line_limit = 1ms;

struct ConsumerOptions {
  std::string name;
  DeliveryMode delivery = DeliveryMode::queued;
  int priority = 100;             ///< among the consumers of a stream: lower first
  Duration max_age = 5s;          ///< no call with an older price
  Duration min_interval = 100ms;  ///< throttle per (consumer, stream)
  Basis basis = Basis::both;      ///< which age max_age is about
  bool accept_confirmed = false;  ///< ages count from the last confirmation

  friend bool operator==(const ConsumerOptions&, const ConsumerOptions&) = default;
};

/// Extremes of what was conflated since the previous delivery, this price included. Quotes: low of
/// the bids, high of the asks. Prices that were refused are not in it: nobody may act on them.
struct Window {
  Decimal low;
  Decimal high;
  std::uint32_t count = 0;
};

struct Delivery {
  StreamName stream;
  Price price;
  Window window;
};

/// What a consumer is called with, for all its streams. An exception is counted and stops nobody
/// else. Called by the thread that ConsumerOptions::delivery names, on_detached excepted. The names
/// they are given hold as long as the monitor.
struct Callbacks {
  std::function<void(const Delivery&)> on_price;
  /// Once per episode of refusals, found by a timer too: the newest price is older than max_age.
  std::function<void(const StreamName&, const Refusal&)> on_refused;
  /// Queued: changes the consumer's thread had no time for are merged into one, or into none if
  /// the level is back where it was.
  std::function<void(const StreamName&, Level from, Level to)> on_level;
  /// Once for every subscription, as its last call, however it ends. On the monitor's thread,
  /// before what ended it returns; but where that did not wait for a call still running, on the
  /// thread of that call, right after it.
  std::function<void(const StreamName&)> on_detached;
};

/// Handle of one (consumer, stream), or of one (consumer, pattern). Copyable; unsubscribe twice is
/// harmless. After 65,536 subscriptions in one place of the pool a handle is that of the first.
struct Subscription {
  std::uint64_t id = 0;  ///< 0: there is none
  explicit operator bool() const { return id != 0; }
  friend bool operator==(Subscription, Subscription) = default;
};

struct DeliveryCounters {
  std::string consumer;
  StreamKey stream;
  /// Every price received is delivered, conflated, refused, failed (the callback threw) or pending.
  std::uint64_t received = 0, conflated = 0, delivered = 0, refused = 0, failed = 0, pending = 0;
  std::uint64_t episodes = 0;  ///< of refusals, those found by a timer included
  /// How often another callback than on_price threw: for all streams of the consumer together.
  std::uint64_t notices_failed = 0;
  /// How often a call in line held up the monitor's thread for more than in_line_limit, on_detached
  /// excepted: likewise together, and where somebody times them (MonitorOptions::in_line_clock).
  std::uint64_t overruns = 0;
  Duration in_flight{};  ///< age of the last price called with, then; exact to 1/2048
};

/// Prices come in and none has ever reached the consumer.
struct UndeliveredFinding {
  std::string consumer;
  StreamKey stream;
  std::uint64_t received = 0, refused = 0, failed = 0;
  MonoTime since{};                    ///< the first price, or the last call that failed
  std::optional<RefusalCode> refusal;  ///< the last one
};

}  // namespace feedwatch
