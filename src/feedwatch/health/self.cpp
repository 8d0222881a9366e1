#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/health/checks.hpp"
#include "feedwatch/health/optional_seconds.hpp"

namespace feedwatch::health {
namespace {

constexpr Duration stall_memory = 60s;
constexpr Duration step_memory = 1h;
constexpr Duration step_limit = 1s;
constexpr Duration lag_limit = 200ms;
constexpr std::uint64_t low_bytes = std::uint64_t{1} << 30U;
constexpr std::uint64_t low_share = 20;  // a twentieth
constexpr std::uint64_t full_bytes = std::uint64_t{16} << 20U;
constexpr int worst_score = 7;

struct Finding {
  Status status = Status::degraded;
  std::string text;
};

void judge(const LoopEvidence& loop, std::vector<Finding>& found) {
  if (loop.since_beat && *loop.since_beat > check_limit) {
    found.push_back({Status::critical, fmt::format("the loop {} has not answered for {:.1f}s",
                                                   loop.name, to_seconds(*loop.since_beat))});
  }
  if (loop.since_last_stall && *loop.since_last_stall <= stall_memory) {
    found.push_back(
        {Status::degraded,
         fmt::format("the loop {} stalled {:.0f}s ago, {} stalls, longest {:.3f}s", loop.name,
                     to_seconds(*loop.since_last_stall), loop.stalls, to_seconds(loop.max_stall))});
  }
  if (loop.lag > lag_limit) {
    found.push_back({Status::degraded, fmt::format("timers of the loop {} came {:.3f}s late",
                                                   loop.name, to_seconds(loop.lag))});
  }
}

void judge(const QueueEvidence& queue, std::vector<Finding>& found) {
  if (queue.capacity == 0 || queue.length * 2 <= queue.capacity) return;
  found.push_back({Status::degraded, fmt::format("{} of {} places of the {} are taken",
                                                 queue.length, queue.capacity, queue.name)});
}

void judge(const DiskEvidence& disk, std::vector<Finding>& found) {
  if (!disk.error.empty()) {
    found.push_back({Status::degraded, fmt::format("{} {}: {}", disk.what, disk.path, disk.error)});
  } else if (disk.free_bytes < full_bytes) {
    found.push_back({Status::critical, fmt::format("the disk of the {} ({}) is full: {} MiB left",
                                                   disk.what, disk.path, disk.free_bytes >> 20U)});
  } else if (disk.free_bytes < low_bytes && disk.free_bytes < disk.total_bytes / low_share) {
    found.push_back({Status::degraded, fmt::format("the disk of the {} ({}) fills up: {} MiB left",
                                                   disk.what, disk.path, disk.free_bytes >> 20U)});
  }
}

std::vector<Finding> findings_of(const SelfEvidence& self) {
  std::vector<Finding> found;
  for (const auto& loop : self.loops) judge(loop, found);
  for (const auto& queue : self.queues) judge(queue, found);
  for (const auto& disk : self.disks) judge(disk, found);
  if (self.clock_step && self.since_clock_step && *self.since_clock_step <= step_memory &&
      std::chrono::abs(*self.clock_step) > step_limit) {
    found.push_back(
        {Status::degraded,
         fmt::format("the system clock was stepped by {:+.3f}s {:.0f}s ago",
                     to_seconds(*self.clock_step), to_seconds(*self.since_clock_step))});
  }
  if (self.recording_failed) {
    found.push_back({Status::degraded,
                     "the recording stopped: its files cannot be written (the log says why)"});
  }
  return found;
}

std::string loops_json(const std::vector<LoopEvidence>& loops) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const auto& loop : loops) {
    json.begin_object().field("loop", loop.name).field("stalls", loop.stalls);
    json.field("max_stall_seconds", to_seconds(loop.max_stall));
    json.field("lag_seconds", to_seconds(loop.lag));
    optional_seconds(json, "since_beat_seconds", loop.since_beat);
    json.end_object();
  }
  json.end_array();
  return out;
}

std::string queues_json(const std::vector<QueueEvidence>& queues) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const auto& queue : queues) {
    json.begin_object().field("queue", queue.name).field("length", queue.length);
    json.field("capacity", queue.capacity).end_object();
  }
  json.end_array();
  return out;
}

std::string disks_json(const std::vector<DiskEvidence>& disks) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const auto& disk : disks) {
    json.begin_object().field("disk", disk.what).field("path", disk.path);
    json.field("free_bytes", disk.free_bytes).field("total_bytes", disk.total_bytes).end_object();
  }
  json.end_array();
  return out;
}

std::string number(double value) {
  std::string out;
  JsonWriter(out).number(value);
  return out;
}

}  // namespace

Verdict check_self(const SelfEvidence& self) {
  Verdict verdict{.status = Status::healthy, .message = {}, .error_count = 0, .metadata = {}};
  Duration max_stall{};
  Duration lag{};
  for (const auto& loop : self.loops) {
    verdict.error_count += loop.stalls;
    max_stall = std::max(max_stall, loop.max_stall);
    lag = std::max(lag, loop.lag);
  }
  std::string text;
  for (Finding& finding : findings_of(self)) {
    if (finding.status == Status::critical) verdict.status = Status::critical;
    if (verdict.status == Status::healthy) verdict.status = finding.status;
    text += (text.empty() ? "" : "; ") + std::move(finding.text);
  }
  if (!text.empty()) verdict.message = std::move(text);
  verdict.measured = Measurement{to_seconds(lag), "s"};
  verdict.metadata = {{"stalls", fmt::format("{}", verdict.error_count)},
                      {"max_stall_seconds", number(to_seconds(max_stall))},
                      {"recording_failed", self.recording_failed ? "true" : "false"},
                      {"local_health_score", fmt::format("{}", local_health_score(self))},
                      {"loops", loops_json(self.loops)},
                      {"queues", queues_json(self.queues)},
                      {"disks", disks_json(self.disks)}};
  return verdict;
}

int local_health_score(const SelfEvidence& self) {
  const auto found = findings_of(self).size();
  return static_cast<int>(std::min<std::size_t>(found, worst_score));
}

}  // namespace feedwatch::health
