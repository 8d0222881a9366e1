#include <algorithm>
#include <string>
#include <utility>

#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {

health::FeedEvidence Control::Impl::feed_evidence(MonoTime now) const {
  health::FeedEvidence feed;
  for (const auto& [id, track] : streams) {
    const StreamView view = view_of(id, track, now);
    feed.streams.push_back({view.info->text, view.level, view.reason, view.fault,
                            view.info->required, view.info->cadence.type == CadenceType::clocked,
                            view.quarantined, view.ages.level, view.info->policy.stale_after});
  }
  for (const auto& [id, track] : lines) {
    feed.lines.push_back({track.status.name, std::string(to_text(track.status.state)),
                          std::string(to_text(track.status.reason)), track.rate.per_second(now)});
  }
  return feed;
}

std::vector<health::SinkEvidence> Control::Impl::sink_evidence(MonoTime now) const {
  std::vector<health::SinkEvidence> evidence;
  for (std::size_t sink = 0; sink < outbox.sinks().size(); ++sink) {
    const alert::SinkHealth health = outbox.health(sink);
    const std::string& name = outbox.sinks()[sink];
    health::SinkEvidence one;
    one.name = name;
    one.failing = rules::sink_failing(name, health, rule_options, now).has_value();
    one.consecutive_failures = health.consecutive_failures;
    if (health.last_success) one.last_success_age = now - *health.last_success;
    one.pending = health.pending;
    if (health.oldest_pending) one.oldest_pending = now - *health.oldest_pending;
    one.last_error = health.last_error;
    evidence.push_back(std::move(one));
  }
  return evidence;
}

health::StoreEvidence Control::Impl::store_evidence(MonoTime now) const {
  health::StoreEvidence store = journal.evidence(now);
  if (ports.store) store.self = ports.store();
  store.probe = probe.evidence(now);
  return store;
}

HealthView Control::Impl::health(MonoTime now) const {
  const health::FeedEvidence feed = feed_evidence(now);
  health::Registry registry;
  registry.add("WebSocket Streams", "websocket", true,
               [&] { return health::check_streams(&feed); });
  registry.add("Price Updates", "websocket", true, [&] { return health::check_prices(&feed); });
  registry.add("Database", "database", true,
               [&] { return health::check_store(store_evidence(now)); });
  if (!outbox.sinks().empty()) {
    registry.add("Notifier", "notifier", false,
                 [&] { return health::check_notifier(sink_evidence(now)); });
  }
  if (ports.self) {
    registry.add("Monitor", "self", true, [&] { return health::check_self(ports.self()); });
  }
  HealthView view;
  view.components = registry.run(anchor.at(now), [this] { return ports.clock.now(); });
  view.status = health::roll_up(view.components);
  return view;
}

HealthView Control::health(MonoTime now) const {
  return impl_->health(now);
}

bool Control::Impl::streams_left_unknown() const {
  const auto waits = [](const auto& entry) {
    return entry.second.status.info->required && !entry.second.left_unknown;
  };
  return evaluated && !streams.empty() && !any_awaits_instruments() &&
         std::ranges::none_of(streams, waits);
}

bool Control::ready(MonoTime now) const {
  // Once true it stays: a symbol listed later, or a lease, takes nothing from the others.
  if (!impl_->streams_known) return false;
  // Once it has answered, a store that fails is retried from memory and takes nothing from prices.
  const health::StoreEvidence store = impl_->journal.evidence(now);
  return store.last_success_age.has_value() && store.dropped_lately == 0;
}

}  // namespace feedwatch::engine
