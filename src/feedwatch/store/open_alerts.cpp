#include "feedwatch/store/open_alerts.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/store/alert_request.hpp"

namespace feedwatch::store {
namespace {

using alert::Change;

/// Deliveries are recorded some time after their alert has ended; hardly this many alerts later.
constexpr std::size_t kept_ids = 1'000;

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

/// The alert, the change of its state, and who is to be told.
JournalBatch batch_of(AlertRow row, std::string from, Change::Type news, std::string key,
                      const Recipients& recipients, WallTime now) {
  JournalBatch batch{.idempotency_key = std::move(key), .rows = {}};
  AlertTransitionRow step{.alert_id = row.id,
                          .at = now,
                          .from = std::move(from),
                          .to = row.state,
                          .severity = row.severity,
                          .message = row.message};
  std::vector<NotificationRow> notes = outbox_rows(row, news, recipients, now);
  batch.rows.emplace_back(std::move(row));
  batch.rows.emplace_back(std::move(step));
  for (NotificationRow& note : notes) batch.rows.emplace_back(std::move(note));
  return batch;
}

}  // namespace

void RecentIds::put(const std::string& id, std::string word) {
  if (words_.insert_or_assign(id, std::move(word)).second) order_.push_back(id);
  if (order_.size() <= kept_ids) return;
  words_.erase(order_.front());
  order_.pop_front();
}

const std::string* RecentIds::find(const std::string& id) const {
  const auto found = words_.find(id);
  return found == words_.end() ? nullptr : &found->second;
}

void RecentIds::clear() {
  words_.clear();
  order_.clear();
}

void OpenAlerts::load(std::vector<AlertRow> alerts) {
  by_identity_.clear();
  ended_.clear();  // perhaps of a batch that came to nothing
  for (AlertRow& row : alerts) {
    std::string identity = row.identity;
    by_identity_.insert_or_assign(std::move(identity), std::move(row));
  }
}

void OpenAlerts::join(JournalBatch& batch) {
  std::set<std::string> opening;
  for (const JournalRow& each : batch.rows) {
    const auto* row = std::get_if<AlertRow>(&each);
    if (row == nullptr || row->state == "resolved") continue;
    const auto open = by_identity_.find(row->identity);
    if (open == by_identity_.end() || open->second.id == known_as(row->id)) continue;
    joined_.put(row->id, open->second.id);
    opening.insert(row->id);
  }
  std::erase_if(batch.rows, [&](const JournalRow& each) {
    if (const auto* row = std::get_if<AlertRow>(&each)) return has_ended(row->id);
    const auto* step = std::get_if<AlertTransitionRow>(&each);
    // One episode has one row of its firing, and that was the other writer's.
    return step != nullptr && (opening.contains(step->alert_id) || has_ended(step->alert_id));
  });
  for (JournalRow& each : batch.rows) {
    if (auto* row = std::get_if<AlertRow>(&each)) {
      join_row(*row);
    } else if (auto* step = std::get_if<AlertTransitionRow>(&each)) {
      step->alert_id = known_as(step->alert_id);
    } else if (auto* note = std::get_if<NotificationRow>(&each)) {
      note->alert_id = known_as(note->alert_id);
    }
  }
}

void OpenAlerts::join_row(AlertRow& row) const {
  row.id = known_as(row.id);
  const auto open = by_identity_.find(row.identity);
  if (open == by_identity_.end() || open->second.id != row.id) return;
  // Its writer may not have heard yet that the alert has risen, which it does once.
  row.started_at = std::min(row.started_at, open->second.started_at);
  if (open->second.severity == "critical") row.severity = open->second.severity;
}

const std::string& OpenAlerts::known_as(const std::string& id) const {
  const std::string* joined = joined_.find(id);
  return joined == nullptr ? id : *joined;
}

bool OpenAlerts::has_ended(const std::string& id) const {
  return ended_.find(known_as(id)) != nullptr;
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
      ended_.put(row->id, {});
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
  if (open && !rises) return {.idempotency_key = std::move(key), .rows = {std::move(row)}};
  return batch_of(std::move(row), open ? "firing" : "pending",
                  open ? Change::Type::raised : Change::Type::fired, std::move(key), recipients_,
                  now);
}

std::optional<JournalBatch> OpenAlerts::resolution(const std::string& id, WallTime now,
                                                   std::string key) const {
  const auto found = std::ranges::find_if(
      by_identity_, [&](const auto& entry) { return entry.second.id == known_as(id); });
  if (found == by_identity_.end()) return std::nullopt;
  AlertRow row = found->second;
  row.state = "resolved";
  row.updated_at = now;
  row.resolved_at = now;
  return batch_of(std::move(row), "firing", Change::Type::resolved, std::move(key), recipients_,
                  now);
}

}  // namespace feedwatch::store
