#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/alert/lane.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::alert {

struct OutboxOptions {
  Duration retry_first = 1s;
  Duration retry_max = 60s;
  Duration retry_after_max = 1h;  ///< a sink may not silence itself for longer
  Duration gone_pause = 10min;    ///< how long a sink that takes nothing any more is left alone
  Duration attempt_limit = 30s;   ///< a sink that has not answered by then is tried again
  Duration store_patience = 5s;   ///< news waits this long for its row to be durable, then leaves
  std::size_t max_pending = 20'000;  ///< of each sink
  std::uint64_t seed = 1;
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
  std::optional<MonoTime> refused_since;  ///< it has said that trying again is of no use
  std::optional<MonoTime> last_success;
  std::size_t pending = 0;
  std::optional<MonoTime> oldest_pending;
  std::string last_error;
};

/// Notifications on their way: pending → delivered | failed, at least once (semantics §9).
///
/// Per sink one message at a time, no faster than its limits allow. A message is what is due of one
/// group; its notices leave, are tried again and end together. News of one identity leaves in its
/// order. A failure makes the sink wait (exponential with jitter, or what its Retry-After says) and
/// the message too, so that one the receiver cannot digest does not block the others. Only what can
/// succeed is tried again.
///
/// Later news of an alert takes the place of earlier news nothing was tried for; an end that comes
/// before the firing was due takes it back. Bounded: at the bound the oldest story nobody was told
/// the beginning of gives way, else new firing news is refused: it is told with the alert's next
/// news there is room for, or not at all if that is its end. An end whose firing left, or may have
/// left, is always taken. State machine: told `now`.
class Outbox {
 public:
  /// Of one sink. `failed` are notices it refused for good, `replaced` such as later news took the
  /// place of.
  struct Counters {
    std::uint64_t delivered = 0, failed = 0, retries = 0, dropped = 0, replaced = 0;
  };

  struct Target {
    std::string name;
    SinkLimits limits;
  };

  Outbox(OutboxOptions options, std::vector<Target> sinks);
  /// Other times from now on; what is held beyond a smaller bound stays.
  void set_options(OutboxOptions options) { options_ = options; }

  /// Takes news for sink number `sink`; it leaves at `not_before`, and once committed() or
  /// store_patience has passed. False if it is not needed or there is no room.
  bool add(std::size_t sink, Parcel parcel, MonoTime not_before, MonoTime now, bool committed);
  /// A beginning of an alert that waits, and that nothing was tried for.
  struct Untold {
    const Notice* notice = nullptr;
    std::vector<std::size_t> sinks;  ///< where it waits
  };
  /// By identity. The notices live until the next call that changes anything.
  std::map<std::string, Untold> untold() const;
  /// Takes such a beginning back, at every sink; its rows end as failed because of `why`.
  void take_back(const std::string& identity, const std::string& why);
  /// The row of this id is durable.
  void committed(const std::string& row_id);
  /// Nothing waits for siblings any more (stopping).
  void hurry(MonoTime now);

  std::vector<Attempt> due(MonoTime now);
  void on_result(std::size_t sink, std::uint64_t number, const SinkResult& result, MonoTime now);
  /// How a sink answered to something that does not stand in the outbox.
  void observe(std::size_t sink, const SinkResult& result, MonoTime now);
  MonoTime next_deadline() const;

  /// Rows that came to an end since the last call, in order, with state and last_error set.
  std::vector<NotificationRow> take_finished();

  SinkHealth health(std::size_t sink) const;
  const std::vector<std::string>& sinks() const { return names_; }
  std::size_t pending() const;
  const Counters& counters(std::size_t sink) const { return posts_.at(sink).counters; }
  /// How many undelivered notices a sink may have.
  std::size_t capacity() const { return options_.max_pending; }

 private:
  /// A message that was tried.
  struct Batch {
    std::vector<Waiting> notices;
    std::string id;
    std::uint32_t attempts = 0;
    MonoTime retry_at{};
  };
  struct Post {
    SinkLimits limits;
    Lane lane;
    std::map<std::uint64_t, Batch> tried;
    std::set<std::pair<MonoTime, std::uint64_t>> retries;
    std::size_t tried_notices = 0;
    std::optional<std::uint64_t> in_flight;
    MonoTime attempt_began{};
    MonoTime blocked_until = MonoTime::min();
    MonoTime paced_until = MonoTime::min();  ///< when the token bucket would be full again
    std::set<std::string> refused;           ///< alerts whose firing was never taken
    SinkHealth health;
    Counters counters;
  };

  MonoTime token_at(const Post& post) const;
  std::optional<std::uint64_t> next_batch(Post& post, MonoTime now);
  std::uint64_t form_batch(Post& post, const std::string& group, MonoTime now);
  Attempt begin(std::size_t sink, std::uint64_t number, MonoTime now);
  void forget_waiting(const NotificationRow& row);
  void finish(NotificationRow row, const char* state, std::string error);
  void finish_batch(Post& post, std::uint64_t number, const char* state, const std::string& error);
  bool make_room(Post& post);
  void note_failure(Post& post, const SinkResult& result, MonoTime now);
  void fail(Post& post, const SinkResult& result, MonoTime now);
  Duration backoff(std::uint32_t failures);

  OutboxOptions options_;
  std::vector<std::string> names_;
  std::vector<Post> posts_;
  std::vector<NotificationRow> finished_;
  std::map<std::string, std::pair<std::size_t, std::uint64_t>> uncommitted_;  ///< row id → place
  std::uint64_t next_number_ = 1;
  Random random_;
};

}  // namespace feedwatch::alert
