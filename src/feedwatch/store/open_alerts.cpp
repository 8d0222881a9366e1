#include "feedwatch/store/open_alerts.hpp"

#include <utility>

#include "feedwatch/alert/identity.hpp"

namespace feedwatch::store {
namespace {

AlertRow fresh_row(const AlertRequest& request, WallTime now, std::string id) {
  AlertRow row;
  row.id = std::move(id);
  row.name = request.type;
  row.identity = alert::identity_of(request.type, request.labels);
  row.severity = request.severity;
  row.state = "firing";
  row.labels = request.labels;
  row.started_at = now;
  return row;
}

}  // namespace

void OpenAlerts::load(std::vector<AlertRow> alerts) {
  by_identity_.clear();
  for (AlertRow& row : alerts) {
    std::string identity = row.identity;
    by_identity_.insert_or_assign(std::move(identity), std::move(row));
  }
}

void OpenAlerts::note(const JournalBatch& batch) {
  for (const JournalRow& each : batch.rows) {
    const auto* row = std::get_if<AlertRow>(&each);
    if (row == nullptr) continue;
    if (row->state != "resolved") {
      by_identity_.insert_or_assign(row->identity, *row);
    } else if (const auto it = by_identity_.find(row->identity);
               it != by_identity_.end() && it->second.id == row->id) {
      by_identity_.erase(it);
    }
  }
}

JournalBatch OpenAlerts::request(const AlertRequest& request, WallTime now, std::string fresh_id,
                                 std::string key) const {
  const auto it = by_identity_.find(alert::identity_of(request.type, request.labels));
  const bool open = it != by_identity_.end();
  AlertRow row = open ? it->second : fresh_row(request, now, std::move(fresh_id));
  const bool rises = open && row.severity != "critical" && request.severity == "critical";
  if (rises) row.severity = request.severity;
  row.message = request.message;
  row.metadata = request.metadata;
  row.updated_at = now;
  JournalBatch batch{.idempotency_key = std::move(key), .rows = {}};
  if (!open || rises) {
    batch.rows.emplace_back(AlertTransitionRow{.alert_id = row.id,
                                               .at = now,
                                               .from = open ? "firing" : "",
                                               .to = "firing",
                                               .severity = row.severity,
                                               .message = row.message});
  }
  batch.rows.insert(batch.rows.begin(), std::move(row));
  return batch;
}

}  // namespace feedwatch::store
