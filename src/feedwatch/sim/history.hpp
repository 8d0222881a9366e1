#pragma once

#include <map>
#include <string>
#include <vector>

#include "feedwatch/engine/control.hpp"

namespace feedwatch::sim {

/// Everything the control told its observer during a run, in order.
class History {
 public:
  using Event = engine::Control::Event;

  void add(const Event& event) { events_.push_back(event); }
  const std::vector<Event>& events() const { return events_; }

 private:
  std::vector<Event> events_;
};

/// What one scenario consumer saw of one stream.
struct ConsumerRecord {
  std::string name;
  StreamKey stream;
  StreamId id;
  Duration max_age{};
  Duration min_interval{};
  Subscription subscription;
  bool subscribed = false;
  MonoTime subscribed_at{};
  std::uint64_t delivered = 0;
  std::uint64_t counted = 0;    ///< ticks the windows of all deliveries say they stand for
  std::uint64_t refused = 0;    ///< episodes it was told of
  std::uint64_t after_end = 0;  ///< calls after unsubscribe returned: must stay zero
  std::optional<Prices> last;
  MonoTime last_at{};
};

}  // namespace feedwatch::sim
