// Alerts and events as operations of the store.

#include <utility>

#include "feedwatch/store/alert_request.hpp"
#include "feedwatch/store/async_store.hpp"

namespace feedwatch::store {

void AsyncStore::create_alert(AlertRequest request, Created done) {
  if (std::optional<Error> error = check_request(request)) {
    refuse(std::move(*error), std::move(done));
  } else {
    const std::unique_lock lock(mutex_);
    accept_alert(
        open_alerts_.request(request, clock_.wall_now(), fresh_id("a-"), fresh_id("create-")),
        std::move(done));
  }
  completions_->flush();
}

void AsyncStore::resolve_alert(std::string id, Created done) {
  {
    const std::unique_lock lock(mutex_);
    auto batch = open_alerts_.resolution(id, clock_.wall_now(), fresh_id("resolve-"));
    if (batch) {
      accept_alert(std::move(*batch), std::move(done));
    } else {
      refuse({"alert " + id, "is not open", ""}, std::move(done));
    }
  }
  completions_->flush();
}

void AsyncStore::create_aged_monitoring_event(AgedEventRequest request, Created done) {
  if (std::optional<Error> error = check_request(request)) {
    refuse(std::move(*error), std::move(done));
  } else {
    const std::unique_lock lock(mutex_);
    AgedMonitoringEventRow row = event_row(std::move(request), fresh_id("e-"), clock_.wall_now());
    std::string id = row.id;
    JournalBatch batch{.idempotency_key = id, .rows = {}};
    batch.rows.emplace_back(std::move(row));
    accept(std::move(batch),
           [id = std::move(id), done = std::move(done)](std::expected<void, Error> result) mutable {
             if (!result) return done(std::unexpected(std::move(result.error())));
             done(std::move(id));
           });
  }
  completions_->flush();
}

void AsyncStore::refuse(Error error, Created done) {
  completions_->push([error = std::move(error), done = std::move(done)]() mutable {
    done(std::unexpected(std::move(error)));
  });
}

/// A batch whose first row is the alert; whoever goes on with it hears of it before `done`.
void AsyncStore::accept_alert(JournalBatch batch, Created done) {
  AlertRow row = std::get<AlertRow>(batch.rows.front());
  std::vector<NotificationRow> notes;
  for (const JournalRow& each : batch.rows) {
    if (const auto* note = std::get_if<NotificationRow>(&each)) notes.push_back(*note);
  }
  accept(std::move(batch), [row = std::move(row), notes = std::move(notes), done = std::move(done),
                            tell = options_.on_alert](std::expected<void, Error> result) mutable {
    if (!result) return done(std::unexpected(std::move(result.error())));
    std::string id = row.id;
    if (tell) tell(std::move(row), std::move(notes));
    done(std::move(id));
  });
}

}  // namespace feedwatch::store
