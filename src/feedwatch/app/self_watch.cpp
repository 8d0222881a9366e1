#include "feedwatch/app/self_watch.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "feedwatch/app/process_usage.hpp"
#include "feedwatch/engine/venue_meter.hpp"

namespace feedwatch::app {

namespace {

constexpr Duration alive_limit = 2s;

health::QueueEvidence mailbox(std::string_view of, const net::Reactor& reactor) {
  return {.name = fmt::format("mailbox of {}", of),
          .length = reactor.queued(),
          .capacity = reactor.mailbox_capacity()};
}

std::string shard_name(std::size_t number) {
  return fmt::format("shard {}", number);
}

}  // namespace

void SelfWatch::watch_disks(std::vector<std::pair<std::string, std::filesystem::path>> places) {
  disks_.emplace(std::move(places), parts_.clock);
}

void SelfWatch::on_clock_step(Duration step, MonoTime at) {
  step_ns_ = step.count();
  step_at_ns_ = to_ns(at);
}

bool SelfWatch::shards_alive() const {
  return parts_.clock.now() - oldest_beat() < alive_limit;
}

MonoTime SelfWatch::oldest_beat() const {
  MonoTime oldest = never_mono;
  for (const auto& loop : parts_.loops) oldest = std::min(oldest, loop->meter().beat_at());
  return oldest;
}

health::LoopEvidence SelfWatch::loop_evidence(std::string name, const net::Reactor& reactor,
                                              const LoopMeter& meter, MonoTime beat) const {
  const MonoTime now = parts_.clock.now();
  const net::StallStats stalls = reactor.stalls();
  health::LoopEvidence loop{.name = std::move(name),
                            .since_beat = now - beat,
                            .stalls = stalls.count,
                            .max_stall = stalls.longest,
                            .lag = meter.lag()};
  if (stalls.newest) loop.since_last_stall = std::max(Duration::zero(), now - *stalls.newest);
  return loop;
}

health::SelfEvidence SelfWatch::evidence(const engine::Control* control,
                                         const store::StoreHealth* store) const {
  health::SelfEvidence self;
  const MonoTime now = parts_.clock.now();
  // Whoever asks is the control's thread: it answers by asking.
  self.loops.push_back(loop_evidence("control", parts_.control, control_meter_, now));
  self.queues.push_back(mailbox("control", parts_.control));
  for (std::size_t i = 0; i < parts_.loops.size(); ++i) {
    const ShardLoop& loop = *parts_.loops[i];
    self.loops.push_back(
        loop_evidence(shard_name(i), loop.reactor(), loop.meter(), loop.meter().beat_at()));
    self.queues.push_back(mailbox(shard_name(i), loop.reactor()));
    self.recording_failed = self.recording_failed || loop.recording_failed();
  }
  if (control != nullptr) {
    const engine::Control::Counters counters = control->counters();
    self.queues.push_back({"journal", counters.journal_rows, counters.journal_capacity});
    std::size_t capacity = 0;
    for (const engine::SinkView& sink : control->sinks()) capacity += sink.capacity;
    self.queues.push_back({"outbox", counters.notifications_pending, capacity});
  }
  if (store != nullptr) {
    const store::StoreOptions bounds;
    self.queues.push_back({"spool", store->spool_bytes, bounds.max_spool_bytes});
  }
  if (disks_) self.disks = disks_->evidence();
  if (const std::int64_t at = step_at_ns_; at != 0) {
    self.clock_step = Duration{step_ns_.load()};
    self.since_clock_step = now - mono_from_ns(at);
  }
  return self;
}

void SelfWatch::add_ticks(api::ProcessFacts& facts) const {
  const auto sum = [&](auto counter) {
    std::uint64_t total = 0;
    for (const auto& loop : parts_.loops) total += counter(loop->counters());
    return total;
  };
  facts.ticks_accepted = sum([](const auto& each) { return each.accepted.load(); });
  for (std::size_t i = 1; i < rejection_count; ++i) {
    facts.ticks_rejected.emplace_back(
        to_text(static_cast<Rejection>(i)),
        sum([i](const auto& each) { return each.rejected[i].load(); }));
  }
  facts.ticks_rejected.emplace_back("undecodable",
                                    sum([](const auto& each) { return each.undecodable.load(); }));
  facts.ticks_duplicate = sum([](const auto& each) { return each.duplicate.load(); });
  facts.sequence_resets = sum([](const auto& each) { return each.sequence_resets.load(); });
  facts.line_divergences = sum([](const auto& each) { return each.divergences.load(); });
}

api::ProcessFacts SelfWatch::facts(health::SelfEvidence self) const {
  api::ProcessFacts facts;
  facts.shard_loop_alive = shards_alive();
  facts.stopping = stopping_;
  for (const health::LoopEvidence& loop : self.loops) {
    facts.stalls += loop.stalls;
    facts.longest_stall = std::max(facts.longest_stall, loop.max_stall);
  }
  facts.self = std::move(self);
  add_ticks(facts);
  facts.mailbox_refused = parts_.control.refused();
  facts.loops.push_back({.name = "control", .lag = control_meter_.lags()});
  for (std::size_t i = 0; i < parts_.loops.size(); ++i) {
    const ShardLoop& loop = *parts_.loops[i];
    facts.mailbox_refused += loop.reactor().refused();
    facts.loops.push_back({.name = shard_name(i), .lag = loop.meter().lags()});
    for (const auto& meter : loop.venue_meters()) {
      facts.venues.push_back({.venue = meter->venue(),
                              .interarrival = meter->interarrival(),
                              .source_lag = meter->source_lag(),
                              .false_suspicions = meter->false_suspicions(),
                              .mistaken = meter->mistaken()});
    }
  }
  facts.usage = process_usage();
  return facts;
}

}  // namespace feedwatch::app
