#include <algorithm>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/dispatch/dispatcher.hpp"

namespace feedwatch {

std::vector<DeliveryCounters> Dispatcher::counters() const {
  std::vector<DeliveryCounters> all;
  for (std::uint32_t index = 0; index < shared_.records.size(); ++index) {
    const Record& record = shared_.records[index];
    if (!record.state().has(State::closed)) all.push_back(counters_of(record));
  }
  return all;
}

std::vector<UndeliveredFinding> Dispatcher::undelivered(MonoTime now) const {
  std::vector<UndeliveredFinding> found;
  for (std::uint32_t index = 0; index < shared_.records.size(); ++index) {
    const Record& record = shared_.records[index];
    if (record.state().has(State::closed)) continue;
    if (auto finding = undelivered_of(record, now)) found.push_back(std::move(*finding));
  }
  return found;
}

/// Conflated are those received that have no other fate: counted by subtraction, because a tick
/// touches no subscription. A call that is under way on another thread counts as pending.
DeliveryCounters Dispatcher::counters_of(const Record& record) const {
  const std::uint64_t ticks = shared_.board.own(record.stream()).ticks;
  const State state = record.state();
  DeliveryCounters counters;
  const Consumer& consumer = consumer_of(record);
  counters.consumer = consumer.options.name;
  counters.stream = name(record.stream());
  counters.received = record.received(ticks);
  counters.delivered = record.delivered();
  counters.refused = record.refused();
  counters.failed = record.failed();
  const std::uint64_t called = counters.delivered + counters.refused + counters.failed;
  const std::uint64_t rest = counters.received - std::min(called, counters.received);
  // The stream's own window holds those since the subscription was last looked at.
  const bool unseen = state.covered() != static_cast<std::uint32_t>(ticks);
  const bool waits = state.has(State::pending) || state.has(State::calling) || unseen;
  counters.pending = waits ? std::min<std::uint64_t>(1, rest) : 0;
  counters.conflated = rest - counters.pending;
  counters.episodes = record.episodes();
  counters.notices_failed = consumer.notices_failed.load(std::memory_order_relaxed);
  counters.overruns = consumer.overruns;
  counters.in_flight = record.in_flight();
  return counters;
}

std::optional<UndeliveredFinding> Dispatcher::undelivered_of(const Record& record,
                                                             MonoTime now) const {
  const std::uint64_t received = record.received(shared_.board.own(record.stream()).ticks);
  if (received == 0 || record.delivered() > 0) return std::nullopt;
  const ConsumerOptions& options = consumer_of(record).options;
  const Duration patience =
      std::max<Duration>(5s, plus(options.min_interval, options.min_interval));
  const bool fails = record.failed() > 0;
  if (!fails && minus(now, record.moment()) <= patience) return std::nullopt;
  UndeliveredFinding finding;
  finding.consumer = options.name;
  finding.stream = name(record.stream());
  finding.received = received;
  finding.refused = record.refused();
  finding.failed = record.failed();
  finding.since = record.moment();
  if (record.episodes() > 0) finding.refusal = record.last_refusal();
  return finding;
}

}  // namespace feedwatch
