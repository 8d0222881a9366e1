#pragma once

#include <optional>
#include <string>
#include <vector>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::store {

/// What is wrong with a request, as Store says of each operation. Rows are shown as they are, so
/// what is not checked here breaks every answer that holds it.
std::optional<Error> check_request(const AlertRequest& request);
std::optional<Error> check_request(const AgedEventRequest& request);

AgedMonitoringEventRow event_row(AgedEventRequest request, std::string id, WallTime now);

/// The outbox entries that tell every sink of `row`, dated `now`.
std::vector<NotificationRow> outbox_rows(const AlertRow& row, alert::Change::Type news,
                                         const Recipients& recipients, WallTime now);

}  // namespace feedwatch::store
