#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::alert {

struct OutboxOptions {
  Duration retry_first = 1s;
  Duration retry_max = 60s;
  Duration retry_after_max = 1h;  ///< a sink may not silence itself for longer
  Duration attempt_limit = 30s;   ///< a sink that has not answered by then is tried again
  Duration store_patience = 5s;   ///< news waits this long for its row to be durable, then leaves
  std::size_t max_pending = 10'000;  ///< shared out evenly, so that a dead sink starves no other
  std::uint64_t seed = 1;
};

/// One message to one sink.
struct Parcel {
  NotificationRow row;
  std::string key;  ///< Notification::id
  std::string summary;
  enum class News : std::uint8_t { fired, update, resolved } news = News::fired;
};

/// An attempt to be made now; answered by on_result() with the same sink and number.
struct Attempt {
  std::size_t sink = 0;
  std::uint64_t number = 0;
  Notification notification;
};

/// How a sink fares.
struct SinkHealth {
  std::uint32_t consecutive_failures = 0;
  std::optional<MonoTime> failing_since;
  std::optional<MonoTime> last_success;
  std::size_t pending = 0;
  std::optional<MonoTime> oldest_pending;
  std::string last_error;
};

/// Notifications on their way: pending → delivered | failed, at least once (semantics §9).
///
/// Per sink one attempt at a time; news of one alert leaves in its order; a failure makes the sink
/// wait (exponential with jitter, or what its Retry-After says) and the message too, so that one
/// the receiver cannot digest does not block the others. Only what can succeed is tried again.
///
/// Bounded: at the bound a message no attempt was made for gives way if later news of the same
/// alert makes it pointless, else new firing news is refused together with its later resolved one.
/// A resolved one whose firing left, or may have left, is always taken. State machine: told `now`.
class Outbox {
 public:
  /// Of one sink. `failed` are those it refused for good.
  struct Counters {
    std::uint64_t delivered = 0, failed = 0, retries = 0, dropped = 0;
  };

  Outbox(OutboxOptions options, std::vector<std::string> sinks);
  /// Other times from now on; what is held beyond a smaller bound stays.
  void set_options(OutboxOptions options);

  /// Takes a message for sink number `sink`; it leaves at `not_before`, and once committed() or
  /// store_patience has passed. False at the bound.
  bool add(std::size_t sink, Parcel parcel, MonoTime not_before, MonoTime now, bool committed);
  /// The row of this id is durable.
  void committed(const std::string& row_id);
  /// Nothing waits for siblings any more (stopping).
  void hurry(MonoTime now);

  std::vector<Attempt> due(MonoTime now);
  void on_result(std::size_t sink, std::uint64_t number, const SinkResult& result, MonoTime now);
  MonoTime next_deadline() const;

  /// Rows that came to an end since the last call, in order, with state and last_error set.
  std::vector<NotificationRow> take_finished();

  SinkHealth health(std::size_t sink) const;
  const std::vector<std::string>& sinks() const { return names_; }
  std::size_t pending() const;
  const Counters& counters(std::size_t sink) const { return lanes_.at(sink).counters; }
  /// How many undelivered messages a sink may have.
  std::size_t capacity() const { return lane_bound_; }

 private:
  struct Waiting {
    Parcel parcel;
    MonoTime added{};
    MonoTime not_before{};
    bool committed = false;
    bool attempted = false;
  };
  struct Lane {
    std::map<std::uint64_t, Waiting> waiting;  ///< by number, which is the order of arrival
    std::set<std::string> refused;             ///< alerts whose firing was never taken
    std::optional<std::uint64_t> in_flight;
    MonoTime attempt_began{};
    MonoTime blocked_until = MonoTime::min();
    SinkHealth health;
    Counters counters;
  };

  MonoTime leaves_at(const Waiting& waiting) const;
  std::optional<std::uint64_t> pick(const Lane& lane, MonoTime now) const;
  bool make_room(Lane& lane);
  void drop(Lane& lane, std::uint64_t number);
  void finish(Lane& lane, std::uint64_t number, const char* state, std::string error);
  void fail(Lane& lane, const SinkResult& result, MonoTime now);
  Duration backoff(std::uint32_t failures);

  OutboxOptions options_;
  std::vector<std::string> names_;
  std::vector<Lane> lanes_;
  std::vector<NotificationRow> finished_;
  std::map<std::string, std::pair<std::size_t, std::uint64_t>> uncommitted_;
  std::uint64_t next_number_ = 1;
  std::size_t lane_bound_ = 1;
  MonoTime told_ = MonoTime::min();  ///< the newest `now` heard of
  Random random_;
};

}  // namespace feedwatch::alert
