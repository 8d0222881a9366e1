#include "feedwatch/alert/payload.hpp"

#include <fmt/format.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::alert {

Notice notice_of(const Change& change, const WallAnchor& anchor) {
  const Alert& alert = change.alert;
  Notice notice;
  notice.key = notification_key(change, anchor);
  notice.alert_id = alert.id;
  notice.name = alert.name;
  notice.identity = alert.identity;
  notice.fingerprint = fingerprint_text(alert.identity);
  notice.labels = alert.labels;
  notice.severity = to_text(alert.severity);
  notice.news = to_text(change.type);
  notice.message = alert.message;
  notice.metadata = alert.metadata;
  notice.started_at = anchor.at(alert.started);
  if (alert.state == State::resolved) {
    notice.resolved_at = anchor.at(alert.resolved.value_or(change.at));
  }
  return notice;
}

Notice notice_of(const AlertRow& row) {
  Notice notice;
  notice.key = fmt::format("{}/{}/{}", row.id, row.state, row.severity);
  notice.alert_id = row.id;
  notice.name = row.name;
  notice.identity = identity_of(row.name, row.labels);
  notice.fingerprint = fingerprint_text(notice.identity);
  notice.labels = row.labels;
  notice.severity = row.severity;
  notice.news = row.resolved_at ? "resolved" : "repeated";
  notice.message = row.message;
  notice.metadata = row.metadata;
  notice.started_at = row.started_at;
  notice.resolved_at = row.resolved_at;
  return notice;
}

// The order of members is read_notice()'s.
std::string notice_record(const Notice& notice) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("key", notice.key).field("alert_id", notice.alert_id);
  json.field("name", notice.name).field("identity", notice.identity);
  json.field("fingerprint", notice.fingerprint).key("labels").begin_object();
  for (const auto& [name, value] : notice.labels) json.field(name, value);
  json.end_object();
  json.field("severity", notice.severity).field("news", notice.news);
  json.field("message", notice.message).key("metadata").raw(notice.metadata);
  json.field("started_at", format_time(notice.started_at));
  json.key("resolved_at");
  if (notice.resolved_at) {
    json.string(format_time(*notice.resolved_at));
  } else {
    json.null();
  }
  json.end_object();
  return out;
}

std::string notification_key(const Change& change, const WallAnchor& anchor) {
  const Alert& alert = change.alert;
  std::string key =
      fmt::format("{}/{}/{}", alert.id, to_text(alert.state), to_text(alert.severity));
  if (change.type == Change::Type::repeated) {
    key += fmt::format("/repeat-{:x}", static_cast<std::uint64_t>(to_ns(anchor.at(change.at))));
  }
  return key;
}

std::string set_key(std::span<const std::string_view> keys) {
  if (keys.size() == 1) return std::string(keys.front());
  // A sum, so that the order does not matter.
  std::uint64_t sum = 0;
  for (const std::string_view key : keys) sum += fingerprint(key);
  return fmt::format("set-{}-{:016x}", keys.size(), sum);
}

}  // namespace feedwatch::alert
