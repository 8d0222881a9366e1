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
  for (auto& one : receiver_evidence(now)) evidence.push_back(std::move(one));
  return evidence;
}

health::StoreEvidence Control::Impl::store_evidence(MonoTime now) const {
  health::StoreEvidence store = journal.evidence(now);
  if (ports.store) store.self = ports.store();
  store.probe = probe.evidence(now);
  return store;
}

std::vector<health::ExchangeEvidence> Control::Impl::exchange_evidence(MonoTime now) const {
  std::vector<health::ExchangeEvidence> evidence;
  for (const auto& [name, facts] : venues) {
    if (!facts.status.rest) continue;
    const feed::RestStatus& rest = *facts.status.rest;
    health::ExchangeEvidence one{.venue = name, .failures = rest.failures, .error = rest.error};
    if (rest.good_at) one.last_good = now - *rest.good_at;
    one.skew = rest.skew;
    for (const auto& until : {rest.denied_until, facts.status.limited_until}) {
      if (until && *until > now) {
        one.banned_for = std::max(one.banned_for.value_or(*until - now), *until - now);
      }
    }
    evidence.push_back(std::move(one));
  }
  return evidence;
}

std::vector<health::PulseEvidence> Control::Impl::pulse_evidence(MonoTime now) const {
  std::vector<health::PulseEvidence> evidence;
  for (const PulseView& pulse : pulses.views(now)) {
    evidence.push_back(
        {.name = pulse.name,
         .age = pulse.silence,
         .every = pulse.every,
         .grace = pulse.grace,
         .failed = pulse.failed,
         .late = pulse.state == PulseState::degraded || pulse.state == PulseState::silent});
  }
  return evidence;
}

/// Components that are always there, and those there is something to judge of.
HealthView Control::Impl::health(MonoTime now) const {
  const health::FeedEvidence feed = feed_evidence(now);
  const auto exchanges = exchange_evidence(now);
  const auto heard = pulse_evidence(now);
  health::Registry registry;
  registry.add({.name = "WebSocket Streams", .type = "websocket", .depends_on = {"Monitor"}},
               [&] { return health::check_streams(&feed); });
  registry.add({.name = "Price Updates",
                .type = "websocket",
                .depends_on = {"Monitor", "WebSocket Streams"}},
               [&] { return health::check_prices(&feed); });
  registry.add({.name = "Database", .type = "database", .depends_on = {"Monitor"}},
               [&] { return health::check_store(store_evidence(now)); });
  if (!outbox.sinks().empty() || !ports.receivers.empty()) {
    registry.add({.name = "Notifier",
                  .type = "notifier",
                  .required = false,
                  .depends_on = {"Monitor", "Database"}},
                 [&] { return health::check_notifier(sink_evidence(now)); });
  }
  if (ports.self) {
    registry.add({.name = "Monitor", .type = "self"},
                 [&] { return health::check_self(ports.self()); });
  }
  if (!exchanges.empty()) {
    registry.add({.name = "Exchange API",
                  .type = "exchange_api",
                  .required = false,
                  .depends_on = {"Monitor"}},
                 [&] { return health::check_exchange(exchanges); });
  }
  if (!heard.empty()) {
    registry.add({.name = "Signal Processor",
                  .type = "signal_processor",
                  .required = false,
                  .depends_on = {"Monitor"}},
                 [&] { return health::check_pulses(heard); });
  }
  reports.add_to(registry, now);
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

/// Once it has answered, a store that fails is retried from memory and takes nothing from prices.
bool Control::Impl::store_accepts(MonoTime now) const {
  const health::StoreEvidence store = journal.evidence(now);
  return store.last_success_age.has_value() && store.dropped_lately == 0;
}

Readiness Control::readiness(MonoTime now) const {
  Readiness readiness;
  readiness.store = impl_->store_accepts(now);
  // Once true it stays: a symbol listed later, or a lease, takes nothing from the others.
  readiness.streams = impl_->streams_known;
  if (!impl_->components_known) {
    const HealthView view = impl_->health(now);
    impl_->components_known =
        std::ranges::none_of(view.components, [](const health::Component& component) {
          return component.required && component.status == health::Status::unknown;
        });
  }
  readiness.components = impl_->components_known;
  return readiness;
}

bool Control::ready(MonoTime now) const {
  const Readiness readiness = this->readiness(now);
  return readiness.store && readiness.streams && readiness.components;
}

Result<void> Control::report(health::Report report) {
  const MonoTime now = impl_->ports.clock.now();
  if (!impl_->reports.has(report.name)) {
    const HealthView view = impl_->health(now);
    const bool ours = std::ranges::any_of(
        view.components, [&](const auto& component) { return component.name == report.name; });
    if (ours) {
      return std::unexpected(Error{.what = "component '" + report.name + "'",
                                   .why = "is one of our own",
                                   .fix = "report under another name"});
    }
  }
  return impl_->reports.put(std::move(report), now);
}

bool Control::withdraw(std::string_view component) {
  return impl_->reports.withdraw(component);
}

}  // namespace feedwatch::engine
