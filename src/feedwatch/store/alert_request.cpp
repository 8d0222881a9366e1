#include "feedwatch/store/alert_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "feedwatch/alert/payload.hpp"
#include "feedwatch/base/decimal.hpp"
#include "feedwatch/store/sqlite/json_text.hpp"

namespace feedwatch::store {
namespace {

Error refused(std::string why, std::string fix) {
  return {"alert", std::move(why), std::move(fix)};
}

Error no_event(std::string why, std::string fix) {
  return {"aged monitoring event", std::move(why), std::move(fix)};
}

bool is_price(const std::optional<std::string>& text) {
  return !text || Decimal::parse(*text).has_value();
}

}  // namespace

std::optional<Error> check_request(const AlertRequest& request) {
  if (request.type.empty()) return refused("has no type", "name what it is about");
  if (request.severity != to_text(alert::Severity::warning) &&
      request.severity != to_text(alert::Severity::critical)) {
    return refused("has the unknown severity '" + request.severity + "'",
                   "use warning or critical");
  }
  const auto disorder = std::ranges::adjacent_find(request.labels, std::ranges::greater_equal{},
                                                   &Labels::value_type::first);
  if (disorder != request.labels.end()) {
    return refused("has labels out of order or twice", "sort them by name");
  }
  if (!is_json_object(request.metadata)) {
    return refused("has metadata that is no JSON object", "use {} when there is none");
  }
  return std::nullopt;
}

std::optional<Error> check_request(const AgedEventRequest& request) {
  if (request.aged_position_id.empty()) return no_event("names no position", "give its id");
  if (request.event_type.empty()) return no_event("has no type", "name what happened");
  if (!is_price(request.market_price) || !is_price(request.target_price)) {
    return no_event("has a price that is no decimal number", "give it as text, like 28145.10");
  }
  if (!is_json_object(request.event_metadata)) {
    return no_event("has metadata that is no JSON object", "use {} when there is none");
  }
  return std::nullopt;
}

AgedMonitoringEventRow event_row(AgedEventRequest request, std::string id, WallTime now) {
  return {.id = std::move(id),
          .aged_position_id = std::move(request.aged_position_id),
          .event_type = std::move(request.event_type),
          .market_price = std::move(request.market_price),
          .target_price = std::move(request.target_price),
          .price_distance_percent = request.price_distance_percent,
          .action_taken = std::move(request.action_taken),
          .success = request.success,
          .error_message = std::move(request.error_message),
          .event_metadata = std::move(request.event_metadata),
          .created_at = now};
}

std::vector<NotificationRow> outbox_rows(const AlertRow& row, alert::Change::Type news,
                                         const Recipients& recipients, WallTime now) {
  Notice notice = alert::notice_of(row);
  notice.news = to_text(news);
  const std::string record = alert::notice_record(notice);
  std::vector<NotificationRow> rows;
  for (const std::string& sink : recipients.sinks) {
    if (recipients.takes && !recipients.takes(sink, notice)) continue;
    NotificationRow note;
    note.id = fmt::format("{}@{}", notice.key, sink);
    note.alert_id = row.id;
    note.sink = sink;
    note.state = "pending";
    note.payload = record;
    note.created_at = now;
    rows.push_back(std::move(note));
  }
  return rows;
}

}  // namespace feedwatch::store
