// Decisions out: to whoever is told of them, and what is said when they do not arrive.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

using alert::Evidence;

/// Under which the StateStore has how far decisions are delivered.
std::string mark_key(const DecisionReceiver& receiver) {
  return "decisions/" + receiver.name();
}

}  // namespace

void Control::Impl::find_receivers() {
  std::uint64_t seed = options.seed + 2;
  for (const DecisionReceiver* receiver : ports.receivers) {
    const auto mark = ports.state != nullptr ? ports.state->get(mark_key(*receiver)) : std::nullopt;
    decision_outboxes.emplace_back(DecisionOutboxOptions{.seed = seed++}, mark, anchor);
  }
}

/// It is durable.
void Control::Impl::hand_over(const PositionDecisionRow& row) {
  if (ports.decided) ports.decided(row);
  for (DecisionOutbox& decisions : decision_outboxes) decisions.decided(row, ports.clock.now());
}

void Control::Impl::serve_receivers(MonoTime now) {
  if (!started) return;
  for (std::size_t receiver = 0; receiver < decision_outboxes.size(); ++receiver) {
    serve(receiver, now);
  }
}

void Control::Impl::serve(std::size_t receiver, MonoTime now) {
  DecisionOutbox& decisions = decision_outboxes[receiver];
  if (const auto reading = decisions.reading(now); reading && ports.written) {
    ports.written(reading->after, reading->limit,
                  [weak = std::weak_ptr(alive), receiver,
                   number = reading->number](Result<std::vector<WrittenDecision>> read) {
                    const auto self = weak.lock();
                    if (!self) return;
                    Impl& impl = **self;
                    const MonoTime at = impl.ports.clock.now();
                    impl.decision_outboxes[receiver].on_read(number, read, at);
                    impl.run(at);
                  });
  }
  for (DecisionOutbox::Attempt& attempt : decisions.due(now)) {
    ports.receivers[receiver]->deliver(
        attempt.row, anchor.at(now),
        [weak = std::weak_ptr(alive), receiver, number = attempt.number,
         key = attempt.row.id](const SinkResult& result) {
          if (const auto self = weak.lock()) (*self)->on_taken(receiver, number, key, result);
        });
  }
  const std::optional<std::string> mark = decisions.take_mark();
  if (mark && ports.state != nullptr) ports.state->put(mark_key(*ports.receivers[receiver]), *mark);
}

void Control::Impl::on_taken(std::size_t receiver, std::uint64_t number, const std::string& key,
                             const SinkResult& result) {
  const MonoTime now = ports.clock.now();
  if (decision_outboxes[receiver].on_result(number, result, now)) {
    Event event;
    event.type = Event::Type::position;
    event.at = now;
    event.subject = key;
    event.text =
        fmt::format("refused for good by {}: {}", ports.receivers[receiver]->name(), result.detail);
    emit(event);
  }
  run(now);
}

/// That nothing waits yet says nothing about an alert of an earlier run.
void Control::Impl::judge_receivers(MonoTime now) {
  for (std::size_t receiver = 0; receiver < decision_outboxes.size(); ++receiver) {
    const std::string& name = ports.receivers[receiver]->name();
    const DecisionOutbox::Health health = decision_outboxes[receiver].health();
    judged(rules::decision_undelivered(name, health, rule_options, now),
           rules::decision_undelivered_name, rules::webhook_scope(name), now,
           health.settled ? Evidence::seen : Evidence::none, now);
    judged(rules::decision_refused(name, health, rule_options, now), rules::decision_refused_name,
           rules::webhook_scope(name), now, Evidence::seen, now);
  }
}

MonoTime Control::Impl::next_receiver() const {
  MonoTime next = never_mono;
  if (!started) return next;
  for (const DecisionOutbox& decisions : decision_outboxes) {
    next = std::min(next, decisions.next_deadline());
  }
  return next;
}

bool Control::Impl::receivers_idle(MonoTime now) const {
  return std::ranges::all_of(
      decision_outboxes, [now](const DecisionOutbox& decisions) { return decisions.idle(now); });
}

std::vector<health::SinkEvidence> Control::Impl::receiver_evidence(MonoTime now) const {
  std::vector<health::SinkEvidence> evidence;
  for (std::size_t receiver = 0; receiver < decision_outboxes.size(); ++receiver) {
    const std::string& name = ports.receivers[receiver]->name();
    const DecisionOutbox::Health health = decision_outboxes[receiver].health();
    health::SinkEvidence one;
    one.name = "decisions to " + name;
    one.failing = rules::decision_undelivered(name, health, rule_options, now).has_value();
    one.consecutive_failures = health.failures;
    if (health.last_success) one.last_success_age = now - *health.last_success;
    one.pending = health.pending;
    if (health.oldest) one.oldest_pending = now - *health.oldest;
    one.last_error = health.last_error;
    evidence.push_back(std::move(one));
  }
  return evidence;
}

std::vector<SinkView> Control::receivers() const {
  std::vector<SinkView> views;
  for (std::size_t receiver = 0; receiver < impl_->decision_outboxes.size(); ++receiver) {
    const DecisionOutbox& decisions = impl_->decision_outboxes[receiver];
    const DecisionOutbox::Counters& counters = decisions.counters();
    views.push_back({.name = impl_->ports.receivers[receiver]->name(),
                     .delivered = counters.delivered,
                     .refused = counters.refused,
                     .retries = counters.retries,
                     .dropped = counters.lost,
                     .pending = decisions.health().pending,
                     .capacity = decisions.capacity(),
                     .latency = decisions.took()});
  }
  return views;
}

}  // namespace feedwatch::engine
