#include "feedwatch/api/metrics_process.hpp"

#include "feedwatch/health/checks.hpp"

namespace feedwatch::api {

namespace {

using Type = MetricsText::Type;

void ticks(MetricsText& text, const ProcessFacts& facts) {
  std::uint64_t received = facts.ticks_accepted;
  for (const auto& [reason, count] : facts.ticks_rejected) received += count;
  text.family("feedwatch_ticks_received", Type::counter, "Ticks received, stored or not.");
  text.sample(received);
  text.family("feedwatch_ticks_rejected", Type::counter, "Ticks not stored, by reason.");
  for (const auto& [reason, count] : facts.ticks_rejected) text.sample(count, {{"reason", reason}});
  text.family("feedwatch_ticks_duplicate", Type::counter,
              "Ticks that another of doubled lines had brought first.");
  text.sample(facts.ticks_duplicate);
  text.family("feedwatch_sequence_resets", Type::counter,
              "Times the order of a stream's numbers began again without a new subscription.");
  text.sample(facts.sequence_resets);
  text.family("feedwatch_line_divergences", Type::counter,
              "Times the prices of two of doubled lines stood still and differed.");
  text.sample(facts.line_divergences);
}

void loops(MetricsText& text, const ProcessFacts& facts) {
  text.family("feedwatch_loop_stalls", Type::counter,
              "Times a loop of our own did not poll for 250 ms.");
  text.sample(facts.stalls);
  text.family("feedwatch_loop_longest_stall_seconds", Type::gauge, "The longest of them.");
  text.sample(to_seconds(facts.longest_stall));
  text.family("feedwatch_mailbox_refused", Type::counter, "Tasks refused by a full mailbox.");
  text.sample(facts.mailbox_refused);
  text.family("feedwatch_event_loop_lag_seconds", Type::histogram,
              "How late the timers of our own loops come; each is asked twice a second.");
  for (const LoopFacts& loop : facts.loops) text.sample(loop.lag, {{"loop", loop.name}});
  text.family("feedwatch_local_health_score", Type::gauge,
              "0 to 7: how many things of our own (loops, queues, disks, clock) are not well.");
  text.sample(static_cast<std::uint64_t>(health::local_health_score(facts.self)));
}

void queues(MetricsText& text, const ProcessFacts& facts) {
  text.family("feedwatch_queue_length", Type::gauge, "What waits inside the process.");
  for (const health::QueueEvidence& queue : facts.self.queues) {
    text.sample(std::uint64_t{queue.length}, {{"queue", queue.name}});
  }
  text.family("feedwatch_queue_capacity", Type::gauge, "How much may wait.");
  for (const health::QueueEvidence& queue : facts.self.queues) {
    if (queue.capacity > 0) text.sample(std::uint64_t{queue.capacity}, {{"queue", queue.name}});
  }
  text.family("feedwatch_disk_free_bytes", Type::gauge, "Room left where we write.");
  for (const health::DiskEvidence& disk : facts.self.disks) {
    if (disk.error.empty()) text.sample(disk.free_bytes, {{"disk", disk.what}});
  }
}

void venues(MetricsText& text, const ProcessFacts& facts) {
  text.family("feedwatch_tick_interarrival_seconds", Type::histogram,
              "From a tick of a stream to its next one, of a sample of the venue's ticks.");
  for (const VenueFacts& venue : facts.venues) {
    text.sample(venue.interarrival, {{"venue", venue.venue}});
  }
  text.family("feedwatch_tick_source_lag_seconds", Type::histogram,
              "From the venue's stamp to our receipt, both clocks as they are, of a sample.");
  for (const VenueFacts& venue : facts.venues) {
    text.sample(venue.source_lag, {{"venue", venue.venue}});
  }
  text.family("feedwatch_detector_false_suspicions", Type::counter,
              "Suspicions that ended because the feed itself delivered, with nothing repaired.");
  for (const VenueFacts& venue : facts.venues) {
    text.sample(venue.false_suspicions, {{"venue", venue.venue}});
  }
  text.family("feedwatch_detector_mistake_seconds", Type::counter, "How long these lasted.");
  for (const VenueFacts& venue : facts.venues) {
    text.sample(to_seconds(venue.mistaken), {{"venue", venue.venue}});
  }
}

/// By the names all client libraries use.
void usage(MetricsText& text, const ProcessUsage& usage) {
  text.family("process_cpu_seconds", Type::counter, "User and system time spent.");
  text.sample(usage.cpu_seconds);
  const auto gauge = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    text.family(name, Type::gauge, help);
    text.sample(value);
  };
  gauge("process_resident_memory_bytes", "Memory that is resident.", usage.resident_bytes);
  gauge("process_virtual_memory_bytes", "Memory that is mapped.", usage.virtual_bytes);
  gauge("process_open_fds", "Open file descriptors.", usage.open_fds);
  gauge("process_max_fds", "How many may be open.", usage.max_fds);
  gauge("process_threads", "Threads.", usage.threads);
  text.family("process_start_time_seconds", Type::gauge, "When the process began.");
  text.sample(usage.start_time_seconds);
}

}  // namespace

void process_metrics(MetricsText& text, const ProcessFacts& facts, std::string_view version) {
  text.family("feedwatch_build_info", Type::gauge, "Version of the running program.");
  text.sample(std::uint64_t{1}, {{"version", version}});
  usage(text, facts.usage);
  ticks(text, facts);
  loops(text, facts);
  queues(text, facts);
  venues(text, facts);
}

}  // namespace feedwatch::api
