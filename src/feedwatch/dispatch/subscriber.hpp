#pragma once

#include <cstdint>
#include <utility>

#include "feedwatch/dispatch/conflator.hpp"
#include "feedwatch/dispatch/consumer.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch {

/// One (consumer, stream): its throttle, its episode of refusals, its counters. The dispatcher
/// decides when; this makes the calls and lets nothing a callback throws pass.
class Subscriber {
 public:
  Subscriber(StreamId stream, StreamKey key, ConsumerOptions options, Callbacks callbacks);

  StreamId stream() const { return stream_; }
  const std::string& name() const { return options_.name; }
  ReadOptions read_options() const;
  bool alive() const { return alive_; }
  void detach() { alive_ = false; }

  /// The newest price is waiting from now on, unless this consumer may not have it.
  void on_price(const Slot& slot, MonoTime now);
  /// Whether a price is waiting whose window has ended.
  bool due(MonoTime now) const { return conflator_.pending() && conflator_.due() <= now; }
  /// Calls the consumer with the newest price, or counts and tells why not. max_age is judged here,
  /// immediately before the call.
  void deliver(const Slot& slot, MonoTime now);
  /// Without a price to deliver: begins or ends an episode if the verdict has changed.
  void check(const Slot& slot, MonoTime now);
  void on_level(Level from, Level to);

  /// When this has something to do if nothing comes.
  MonoTime next_due(const Slot& slot) const;
  DeliveryCounters counters() const;

 private:
  void refuse(const Refusal& refusal);
  template <class Call>
  bool run(Call&& call);

  StreamId stream_;
  StreamKey key_;
  ConsumerOptions options_;
  Callbacks callbacks_;
  Conflator conflator_;
  DeliveryCounters counters_;
  bool refused_ = false;  ///< inside an episode: already told
  bool alive_ = true;
};

}  // namespace feedwatch
