#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "feedwatch/base/time.hpp"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/model/level.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch {

struct ConsumerOptions {
  std::string name;
  Duration max_age = 5s;          ///< no call with an older price
  Duration min_interval = 100ms;  ///< throttle per (consumer, stream)
  Basis basis = Basis::both;      ///< which age max_age is about
  bool accept_confirmed = false;  ///< ages count from the last confirmation
};

/// Extremes of what was conflated since the previous delivery, this price included. Quotes: low of
/// the bids, high of the asks. Prices that were refused are not in it: nobody may act on them.
struct Window {
  Decimal low;
  Decimal high;
  std::uint64_t count = 0;
};

struct Delivery {
  const StreamKey& stream;
  Price price;
  Window window;
};

/// Called on the owner's thread. An exception is counted as failed and stops nobody else.
struct Callbacks {
  std::function<void(const Delivery&)> on_price;
  /// Once per episode of refusals, found by a timer too: the newest price is older than max_age.
  std::function<void(const StreamKey&, const Refusal&)> on_refused;
  std::function<void(const StreamKey&, Level from, Level to)> on_level;
};

/// Handle of one (consumer, stream). Copyable; unsubscribe twice is harmless.
struct Subscription {
  std::uint64_t id = 0;
  friend bool operator==(Subscription, Subscription) = default;
};

struct DeliveryCounters {
  std::string consumer;
  StreamKey stream;
  /// Every price received is delivered, conflated, refused, failed (the callback threw) or pending.
  std::uint64_t received = 0, conflated = 0, delivered = 0, refused = 0, failed = 0;
  std::uint64_t episodes = 0;        ///< of refusals, those found by a timer included
  std::uint64_t notices_failed = 0;  ///< on_refused or on_level threw
};

}  // namespace feedwatch
