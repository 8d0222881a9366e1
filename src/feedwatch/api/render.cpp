#include "feedwatch/api/render.hpp"

#include "feedwatch/api/json_fields.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::api {

namespace {

/// `price` of one-price kinds; `bid` and `ask` of quotes, whose `price` is null.
void prices(JsonWriter& json, Kind kind, const std::optional<Prices>& value) {
  const bool quote = kind == Kind::quote;
  json.key("price");
  if (value && !quote) {
    json.string(value->price.to_string());
  } else {
    json.null();
  }
  if (!quote) return;
  json.key("bid");
  if (value) {
    json.string(value->price.to_string());
  } else {
    json.null();
  }
  json.key("ask");
  if (value) {
    json.string(value->ask.to_string());
  } else {
    json.null();
  }
}

void key_fields(JsonWriter& json, const StreamKey& key) {
  json.field("stream", key.text()).field("venue", key.venue).field("symbol", key.symbol);
  json.field("kind", to_text(key.kind));
}

std::string_view cadence_word(CadenceType type) {
  switch (type) {
    case CadenceType::clocked:
      return "clocked";
    case CadenceType::event:
      return "event";
    case CadenceType::connection_clocked:
      return "connection_clocked";
  }
  return "event";
}

/// health+json knows three words; unknown is no proof of anything, so it warns and never passes.
std::string_view health_word(health::Status status) {
  switch (status) {
    case health::Status::healthy:
      return "pass";
    case health::Status::degraded:
    case health::Status::unknown:
      return "warn";
    case health::Status::unhealthy:
    case health::Status::critical:
      return "fail";
  }
  return "fail";
}

/// The draft's three types of components; ours stands beside.
std::string_view component_type(std::string_view type) {
  if (type == "database") return "datastore";
  return type == "self" ? "system" : "component";
}

void list(JsonWriter& json, std::string_view name, const std::vector<std::string>& values) {
  if (values.empty()) return;
  json.key(name).begin_array();
  for (const std::string& value : values) json.string(value);
  json.end_array();
}

/// A path as it stands in a URI.
std::string encoded(std::string_view path) {
  constexpr std::string_view plain = "-._~/";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || plain.contains(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return out;
}

void component(JsonWriter& json, const health::Component& component) {
  const bool well = component.status == health::Status::healthy;
  json.key(component.name).begin_array().begin_object();
  json.field("componentId", component.name).field("componentType", component_type(component.type));
  json.field("type", component.type);
  if (component.measured) {
    json.field("observedValue", component.measured->value);
    json.field("observedUnit", component.measured->unit);
  }
  json.field("status", health_word(component.status)).field("state", to_text(component.status));
  moment(json, "time", component.last_check);
  if (component.error_message && !well) json.field("output", *component.error_message);
  std::vector<std::string> paths;
  for (const std::string& path : component.affected) paths.push_back(encoded(path));
  list(json, "affectedEndpoints", paths);
  list(json, "depends_on", component.depends_on);
  if (component.because_of) json.field("because_of", *component.because_of);
  json.field("required", component.required);
  json.field("response_time_ms", component.response_time_ms);
  json.field("error_count", component.error_count);
  json.key("metadata").begin_object();
  for (const auto& [name, value] : component.metadata) json.key(name).raw(value);
  json.end_object().end_object().end_array();
}

void append_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const std::string& name : names) json.string(name);
  json.end_array();
}

}  // namespace

std::string stream_json(const engine::StreamView& view) {
  const engine::StreamInfo& info = *view.info;
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  key_fields(json, info.key);
  json.field("level", to_text(view.level)).field("reason", to_text(view.reason));
  json.field("fault", view.fault).field("required", info.required);
  moment(json, "level_since", view.level_since);
  moment(json, "suspect_since", view.suspect_since);
  seconds(json, "age_seconds", view.ages.level);
  seconds(json, "receive_age_seconds", view.ages.receive);
  seconds(json, "confirmed_age_seconds", view.ages.confirmed);
  seconds(json, "event_age_seconds", view.ages.event);
  moment(json, "last_update", view.last_update);
  moment(json, "last_change", view.last_change);
  prices(json, info.key.kind, view.prices);
  json.field("line", view.line).field("epoch", view.epoch).field("ticks", view.ticks);
  json.field("quarantined", view.quarantined).field("retired", view.retired);
  json.field("repair_exhausted", view.repair_exhausted).field("flapping", view.flapping);
  json.field("detail", view.detail).field("channel", info.channel);
  json.field("cadence", cadence_word(info.cadence.type));
  json.key("thresholds").begin_object();
  json.field("degraded_after_seconds", to_seconds(info.policy.degraded_after));
  json.field("stale_after_seconds", to_seconds(info.policy.stale_after));
  json.field("suspect_after_seconds", to_seconds(info.policy.suspect_after));
  json.end_object().end_object();
  return out;
}

std::string line_json(const engine::LineView& view) {
  const engine::LineStatus& status = view.status;
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("line", status.name).field("venue", status.venue);
  json.field("route", status.route).field("state", to_text(status.state));
  json.field("reason", to_text(status.reason)).field("detail", status.detail);
  moment(json, "state_since", view.state_since);
  seconds(json, "last_frame_age_seconds", view.last_frame_age);
  seconds(json, "ping_round_trip_seconds", status.ping_rtt);
  json.field("frames", status.frames).field("frames_per_second", view.frames_per_second);
  json.field("dials", status.dials).field("unplanned_closes", status.unplanned_closes);
  json.field("topics", status.topics).end_object();
  return out;
}

std::string venue_json(const engine::VenueStatus& venue) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("venue", venue.venue).field("live", venue.live);
  json.field("redundancy_lost", venue.stood_in.has_value());
  json.field("rate_limited", venue.limited_until.has_value());
  json.field("dials_in_window", venue.dials_in_window).field("dial_share", venue.dial_share);
  json.field("detail", venue.detail).end_object();
  return out;
}

std::string alert_json(const engine::AlertView& view) {
  const AlertRow& row = view.row;
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("id", row.id).field("name", row.name).field("identity", row.identity);
  json.field("severity", row.severity).field("state", row.state).field("open", view.open);
  json.field("message", row.message).key("labels").begin_object();
  for (const auto& [name, value] : row.labels) json.field(name, value);
  json.end_object().key("metadata").raw(row.metadata.empty() ? "{}" : row.metadata);
  moment(json, "started_at", row.started_at);
  moment(json, "updated_at", row.updated_at);
  moment(json, "resolved_at", row.resolved_at);
  json.key("acknowledged");
  if (row.acked_at) {
    json.begin_object().field("by", row.acked_by).field("comment", row.ack_comment);
    moment(json, "at", row.acked_at);
    json.end_object();
  } else {
    json.null();
  }
  append_names(json, "silenced_by", view.silenced_by);
  append_names(json, "maintenance", view.maintenance);
  json.end_object();
  return out;
}

std::string alert_json(const engine::AlertView& view, const AlertStory* story) {
  std::string out = alert_json(view);
  out.pop_back();  // its last brace
  if (story == nullptr) return out + R"(,"transitions":null,"notifications":null})";
  out += R"(,"transitions":)";
  JsonWriter transitions(out);
  transitions.begin_array();
  for (const AlertTransitionRow& row : story->transitions) {
    transitions.begin_object();
    moment(transitions, "at", row.at);
    transitions.field("from", row.from).field("to", row.to).field("severity", row.severity);
    transitions.field("message", row.message).end_object();
  }
  transitions.end_array();
  out += R"(,"notifications":)";
  JsonWriter notes(out);
  notes.begin_array();
  for (const NotificationRow& row : story->notifications) {
    notes.begin_object().field("id", row.id).field("sink", row.sink).field("state", row.state);
    notes.field("attempts", row.attempts);
    moment(notes, "created_at", row.created_at);
    moment(notes, "finished_at", row.finished_at);
    notes.field("last_error", row.last_error).end_object();
  }
  notes.end_array();
  return out + "}";
}

std::string event_json(const HistoryEvent& event) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  if (const auto* level = std::get_if<StreamTransitionRow>(&event.row)) {
    json.field("type", "level");
    moment(json, "at", level->at);
    json.field("stream", level->stream).field("from", level->from).field("to", level->to);
    json.field("reason", level->reason).field("fault", level->fault);
    json.field("age_seconds", level->age_seconds).field("merged", level->merged);
  } else {
    const auto& repair = std::get<RepairRow>(event.row);
    json.field("type", "repair");
    moment(json, "at", repair.started_at);
    json.field("stream", repair.stream).field("step", repair.step).field("line", repair.line);
    moment(json, "ended_at", repair.ended_at);
    json.field("ok", repair.ok).field("topics", repair.topics);
    json.field("gap_seconds", repair.gap_seconds).field("detail", repair.detail);
  }
  json.end_object();
  return out;
}

std::string health_json(const engine::HealthView& view, std::string_view version) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("status", health_word(view.status));
  json.field("state", to_text(view.status)).field("version", "1").field("releaseId", version);
  json.field("serviceId", "feedwatch").field("description", "age of prices");
  std::string output;
  std::vector<std::string> notes;
  for (const health::Component& part : view.components) {
    if (part.status == health::Status::healthy) continue;
    const std::string because = part.because_of ? " (because of " + *part.because_of + ")" : "";
    notes.push_back(part.name + " is " + std::string(to_text(part.status)) + because);
    if (!part.error_message) continue;
    if (!output.empty()) output += "; ";
    output += part.name + ": " + *part.error_message;
  }
  list(json, "notes", notes);
  if (!output.empty()) json.field("output", output);
  json.key("links").begin_object().field("self", "/health").field("streams", "/v1/streams");
  json.field("alerts", "/v1/alerts").end_object().key("checks").begin_object();
  for (const health::Component& part : view.components) component(json, part);
  json.end_object().end_object();
  return out;
}

int health_status_code(const engine::HealthView& view) {
  return health_word(view.status) == "fail" ? 503 : 200;
}

std::string price_json(const StreamKey& key, const Price& price) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  key_fields(json, key);
  prices(json, key.kind, price.prices);
  json.field("level", to_text(price.level)).field("source", "live");
  seconds(json, "receive_age_seconds", price.receive_age);
  seconds(json, "confirmed_age_seconds", price.confirmed_age);
  seconds(json, "event_age_seconds", price.event_age);
  moment(json, "ts_recv", price.ts_recv);
  moment(json, "ts_event", price.ts_event);
  json.field("epoch", price.epoch).end_object();
  return out;
}

}  // namespace feedwatch::api
