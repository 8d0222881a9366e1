#include "feedwatch/health/checks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::health {
namespace {

constexpr Duration store_limit = 10s;
constexpr Duration probe_period = 30s;  // of the journal and of the probe

std::string seconds_or_null(const std::optional<Duration>& duration) {
  std::string out;
  JsonWriter json(out);
  if (duration) {
    json.number(to_seconds(*duration));
  } else {
    json.null();
  }
  return out;
}

bool longer_than(const std::optional<Duration>& duration, Duration limit) {
  return duration.value_or(Duration::zero()) > limit;
}

Status store_status(const StoreEvidence& store) {
  if (store.dropped_lately > 0) return Status::critical;
  if (longer_than(store.failing_for, store_limit)) return Status::unhealthy;
  if (longer_than(store.oldest_pending, store_limit)) return Status::unhealthy;
  if (longer_than(store.probe.waiting, store_limit)) return Status::unhealthy;
  if (store.consecutive_failures > 0 || store.self.failures > 0) return Status::degraded;
  if (store.self.spooled > 0 || !store.probe.error.empty()) return Status::degraded;
  if (longer_than(store.probe.waiting, check_limit)) return Status::degraded;
  return store.last_success_age ? Status::healthy : Status::unknown;
}

std::string spool_message(const StoreSelf& self) {
  std::string text = fmt::format("{} batches in the spool only", self.spooled);
  if (self.spool_age) text += fmt::format(" for {:.1f}s", to_seconds(*self.spool_age));
  if (self.failures > 0 && !self.last_error.empty()) text += ": " + self.last_error;
  return text;
}

std::optional<std::string> store_message(const StoreEvidence& store, Status status) {
  if (status == Status::healthy) return std::nullopt;
  if (store.dropped_lately > 0) {
    return fmt::format("{} rows lost: {}", store.dropped_lately, store.last_error);
  }
  if (store.consecutive_failures > 0) return "commits fail: " + store.last_error;
  if (longer_than(store.oldest_pending, store_limit)) {
    return fmt::format("a commit has waited for {:.1f}s", to_seconds(*store.oldest_pending));
  }
  if (store.self.spooled > 0) return spool_message(store.self);
  if (store.self.failures > 0) return "the database fails: " + store.self.last_error;
  if (!store.probe.error.empty()) return "the probe fails: " + store.probe.error;
  if (longer_than(store.probe.waiting, check_limit)) {
    return fmt::format("the probe has had no answer for {:.1f}s", to_seconds(*store.probe.waiting));
  }
  return "no answer of the store yet";
}

std::string sinks_json(const std::vector<SinkEvidence>& sinks) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const auto& sink : sinks) {
    json.begin_object().field("sink", sink.name).field("failing", sink.failing);
    json.field("consecutive_failures", sink.consecutive_failures).field("pending", sink.pending);
    json.key("oldest_undelivered_seconds").raw(seconds_or_null(sink.oldest_pending));
    json.key("last_success_seconds").raw(seconds_or_null(sink.last_success_age));
    json.field("last_error", sink.last_error).end_object();
  }
  json.end_array();
  return out;
}

}  // namespace

Verdict check_store(const StoreEvidence& store) {
  const Status status = store_status(store);
  Verdict verdict{status,
                  store_message(store, status),
                  store.errors,
                  {{"last_success_seconds", seconds_or_null(store.last_success_age)},
                   {"pending", fmt::format("{}", store.pending)},
                   {"oldest_pending_seconds", seconds_or_null(store.oldest_pending)},
                   {"spooled", fmt::format("{}", store.self.spooled)},
                   {"spool_bytes", fmt::format("{}", store.self.spool_bytes)},
                   {"spool_age_seconds", seconds_or_null(store.self.spool_age)},
                   {"probe_seconds", seconds_or_null(store.probe.took)},
                   {"dropped", fmt::format("{}", store.dropped)}}};
  if (store.probe.took) verdict.measured = Measurement{to_seconds(*store.probe.took), "s"};
  verdict.affected = {"/v1/alerts"};
  // What is wrong is known as it is asked; that all is well was true at the newest success.
  if (status == Status::healthy) {
    verdict.evidence_age = store.last_success_age;
    verdict.period = probe_period;
  }
  return verdict;
}

Verdict check_notifier(const std::vector<SinkEvidence>& sinks) {
  Verdict verdict{Status::healthy, std::nullopt, 0, {{"sinks", sinks_json(sinks)}}};
  verdict.affected = {"/v1/alerts"};
  std::size_t failing = 0;
  Duration oldest{};
  std::string names;
  for (const auto& sink : sinks) {
    oldest = std::max(oldest, sink.oldest_pending.value_or(Duration::zero()));
    verdict.error_count += sink.consecutive_failures;
    if (!sink.failing) continue;
    ++failing;
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", sink.name, sink.last_error);
  }
  verdict.measured = Measurement{to_seconds(oldest), "s"};
  if (failing == 0) return verdict;
  verdict.status = failing == sinks.size() ? Status::unhealthy : Status::degraded;
  verdict.message = fmt::format("{} of {} sinks fail: {}", failing, sinks.size(), names);
  return verdict;
}

}  // namespace feedwatch::health
