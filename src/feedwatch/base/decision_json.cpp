#include "feedwatch/base/decision_json.hpp"

#include "feedwatch/base/time_text.hpp"

namespace feedwatch {

void write_decision(JsonWriter& json, const PositionDecisionRow& row) {
  json.begin_object()
      .field("key", row.id)
      .field("venue", row.venue)
      .field("symbol", row.symbol)
      .field("position", row.position)
      .field("number", row.number)
      .field("rule", row.rule)
      .field("type", row.type)
      .field("price", row.price)
      .field("stop", row.stop)
      .field("peak", row.peak)
      .field("target", row.target)
      .field("phase", row.phase)
      .field("receive_age_seconds", row.receive_age_seconds)
      .field("event_age_seconds", row.event_age_seconds)
      .field("source", row.source)
      .field("reason", row.reason)
      .field("decided_at", format_time(row.created_at))
      .end_object();
}

}  // namespace feedwatch
