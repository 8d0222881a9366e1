#include "feedwatch/sinks/alertmanager.hpp"

#include <algorithm>
#include <string_view>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::sinks {
namespace {

constexpr std::string_view api_path = "/api/v2/alerts";

/// As every version of it takes: letters, digits and underscores, no digit first.
std::string label_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9' && !out.empty();
    out += letter || digit ? c : '_';
  }
  return out.empty() ? "_" : out;
}

/// Without empty ones, which it drops, and without two of the same name.
Labels taken_labels(const Notice& notice, const Speaker& speaker) {
  Labels labels;
  for (auto& [name, value] : all_labels(notice, speaker)) {
    std::string plain = label_name(name);
    const bool twice = std::ranges::find(labels, plain, &Labels::value_type::first) != labels.end();
    if (!value.empty() && !twice) labels.emplace_back(std::move(plain), std::move(value));
  }
  return labels;
}

void write_alert(JsonWriter& json, const Notice& notice, const Speaker& speaker, WallTime ends) {
  json.begin_object().key("labels");
  write_object(json, taken_labels(notice, speaker));
  json.key("annotations");
  write_object(json, annotations(notice));
  json.field("startsAt", format_time(notice.started_at));
  json.field("endsAt", format_time(std::max(ends, notice.started_at)));
  json.field("generatorURL", alert_url(notice, speaker)).end_object();
}

}  // namespace

std::string alertmanager_body(const Notification& notification, const Speaker& speaker) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  const WallTime unless_told_again = plus(notification.sent_at, 4 * alertmanager_resend);
  for (const Notice& notice : notification.notices) {
    write_alert(json, notice, speaker, notice.resolved_at.value_or(unless_told_again));
    if (notice.news != "raised") continue;
    Notice before = notice;
    before.severity = "warning";
    write_alert(json, before, speaker, notification.sent_at);
  }
  json.end_array();
  return out;
}

std::string alertmanager_url(std::string url) {
  if (url.ends_with(api_path)) return url;
  while (url.ends_with('/')) url.pop_back();
  return url.append(api_path);
}

void AlertmanagerSink::deliver(const Notification& notification, Done done) {
  post_json(http_, options_.endpoint,
            {.key = notification.id, .body = alertmanager_body(notification, options_.speaker)},
            judge_answer, std::move(done));
}

}  // namespace feedwatch::sinks
