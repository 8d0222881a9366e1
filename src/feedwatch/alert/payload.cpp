#include "feedwatch/alert/payload.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "feedwatch/alert/group.hpp"
#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::alert {
namespace {

constexpr std::string_view still_firing = "0001-01-01T00:00:00Z";

void write_object(JsonWriter& json, const Labels& members) {
  json.begin_object();
  for (const auto& [name, value] : members) json.field(name, value);
  json.end_object();
}

Labels labels_of(const Alert& alert, const Envelope& envelope) {
  Labels labels = alert.labels;
  labels.emplace_back("alertname", alert.name);
  labels.emplace_back("severity", to_text(alert.severity));
  if (!envelope.instance.empty()) labels.emplace_back("instance", envelope.instance);
  std::ranges::sort(labels);
  return labels;
}

Labels group_labels(const Alert& alert) {
  for (const auto& label : alert.labels) {
    if (label.first == "venue") return {label};
  }
  return {{"alertname", alert.name}};
}

std::string_view reason_text(Change::Type type) {
  switch (type) {
    case Change::Type::raised:
      return "severity raised";
    case Change::Type::repeated:
      return "repeat interval elapsed";
    case Change::Type::resolved:
      return "all alerts resolved";
    case Change::Type::fired:
    case Change::Type::pending:
    case Change::Type::acknowledged:
    case Change::Type::unacknowledged:
      break;
  }
  return "first notification";
}

void write_alert(JsonWriter& json, const Alert& alert, const Labels& labels,
                 const Labels& annotations, const WallAnchor& anchor) {
  json.begin_object().field("status", to_text(alert.state));
  json.key("labels");
  write_object(json, labels);
  json.key("annotations");
  write_object(json, annotations);
  json.field("startsAt", format_time(anchor.at(alert.started)));
  if (alert.resolved) {
    json.field("endsAt", format_time(anchor.at(*alert.resolved)));
  } else {
    json.field("endsAt", still_firing);
  }
  json.field("generatorURL", "")
      .field("fingerprint", fingerprint_text(alert.identity))
      .end_object();
}

}  // namespace

std::string webhook_payload(const Change& change, const Envelope& envelope,
                            const WallAnchor& anchor) {
  const Alert& alert = change.alert;
  const Labels labels = labels_of(alert, envelope);
  const Labels group = group_labels(alert);
  const Labels annotations{{"metadata", alert.metadata}, {"summary", alert.message}};

  std::string out;
  JsonWriter json(out);
  json.begin_object().field("version", "4");
  json.field("groupKey", fmt::format("{{}}:{}", identity_of("", group)));
  json.field("truncatedAlerts", 0).field("status", to_text(alert.state));
  json.field("receiver", envelope.receiver).field("notification_reason", reason_text(change.type));
  json.key("groupLabels");
  write_object(json, group);
  json.key("commonLabels");
  write_object(json, labels);
  json.key("commonAnnotations");
  write_object(json, annotations);
  json.field("externalURL", envelope.external_url);
  json.key("alerts").begin_array();
  write_alert(json, alert, labels, annotations, anchor);
  json.end_array().end_object();
  return out;
}

std::string summary_of(const Alert& alert) {
  if (alert.state == State::resolved) return fmt::format("[RESOLVED] {}", alert.message);
  return fmt::format("[FIRING {}] {}", to_text(alert.severity), alert.message);
}

std::string notification_key(const Change& change) {
  const Alert& alert = change.alert;
  std::string key =
      fmt::format("{}/{}/{}", alert.id, to_text(alert.state), to_text(alert.severity));
  if (change.type == Change::Type::repeated) key += fmt::format("/repeat-{}", alert.repeats);
  return key;
}

}  // namespace feedwatch::alert
