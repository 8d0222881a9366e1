#include "tests/bench/store/work.hpp"

#include <fmt/format.h>

#include <chrono>

namespace feedwatch::bench {
namespace {

const WallTime epoch = today();

StreamTransitionRow transition_of(int i) {
  return {.stream = fmt::format("binance-usdm/SYMBOL{}USDT/mark", i % 667),
          .at = epoch + i * 1ms,
          .from = "healthy",
          .to = "stale",
          .reason = "silent",
          .fault = true,
          .age_seconds = 10.25,
          .merged = 0};
}

AlertRow alert_of(const std::string& id, int i) {
  const std::string stream = fmt::format("binance-usdm/SYMBOL{}USDT/mark", i);
  return {.id = id,
          .name = "price_staleness",
          .identity = fmt::format("price_staleness{{run=\"{}\",stream=\"{}\"}}", id, stream),
          .severity = "critical",
          .state = "resolved",
          .message = stream + " has not been heard of for 10.2 s (limit 10 s)",
          .metadata = R"({"age_seconds":10.25,"limit_seconds":10,"reason":"silent","line":"l1"})",
          .labels = {{"kind", "mark"}, {"symbol", stream}, {"venue", "binance-usdm"}},
          .started_at = epoch + i * 1ms,
          .updated_at = epoch + i * 1ms,
          .resolved_at = epoch + i * 1ms};
}

}  // namespace

WallTime today() {
  return wall_from_ns(std::chrono::duration_cast<std::chrono::nanoseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count());
}

std::vector<JournalBatch> alert_batches(int run, int count) {
  std::vector<JournalBatch> batches;
  for (int i = 0; i < count; ++i) {
    const std::string id = fmt::format("a{}-{}", run, i);
    AlertRow row = alert_of(id, i);
    NotificationRow note{.id = id + "/firing/critical@hook",
                         .alert_id = id,
                         .sink = "hook",
                         .state = "pending",
                         .payload = std::string(600, 'p'),
                         .attempts = 0,
                         .created_at = row.started_at,
                         .finished_at = {},
                         .last_error = {}};
    AlertTransitionRow step{.alert_id = id,
                            .at = row.started_at,
                            .from = "pending",
                            .to = "firing",
                            .severity = row.severity,
                            .message = row.message};
    batches.push_back({.idempotency_key = "alert/" + id,
                       .rows = {std::move(row), std::move(step), std::move(note)}});
  }
  return batches;
}

std::vector<JournalBatch> transition_batches(int run, int count) {
  std::vector<JournalBatch> batches;
  for (int i = 0; i < count; ++i) {
    batches.push_back(
        {.idempotency_key = fmt::format("streams/{}/{}", run, i), .rows = {transition_of(i)}});
  }
  return batches;
}

std::vector<std::vector<const JournalBatch*>> transactions(
    const std::vector<JournalBatch>& batches) {
  std::vector<std::vector<const JournalBatch*>> all;
  std::size_t rows = rows_of_transaction;
  for (const JournalBatch& batch : batches) {
    if (rows + batch.rows.size() > rows_of_transaction) {
      all.emplace_back();
      rows = 0;
    }
    all.back().push_back(&batch);
    rows += batch.rows.size();
  }
  return all;
}

}  // namespace feedwatch::bench
