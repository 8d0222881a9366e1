#include "feedwatch/sinks/pagerduty.hpp"

#include <algorithm>
#include <string_view>

#include "feedwatch/base/time_text.hpp"

namespace feedwatch::sinks {
namespace {

constexpr std::size_t max_key = 255;
constexpr std::size_t max_summary = 1'024;
constexpr std::size_t max_body = 512'000;

std::string_view label(const Notice& notice, std::string_view name) {
  const auto found = std::ranges::find(notice.labels, name, &Labels::value_type::first);
  return found == notice.labels.end() ? std::string_view{} : std::string_view(found->second);
}

/// "2026-11-22T07:40:00.123+0000"
std::string timestamp(WallTime time) {
  std::string text = format_time(time);
  text.pop_back();
  return text.append("+0000");
}

void write_details(JsonWriter& json, const Notice& notice, bool whole) {
  json.key("custom_details").begin_object();
  if (whole) {
    json.key("labels");
    write_object(json, notice.labels);
    json.key("metadata").raw(notice.metadata);
  } else {
    json.field("error", "left out: too large");
  }
  json.end_object();
}

void write_payload(JsonWriter& json, const Notice& notice, const Speaker& speaker, bool whole) {
  json.key("payload").begin_object();
  json.field("summary",
             cut_points(notice.message.empty() ? notice.name : notice.message, max_summary));
  json.field("source", speaker.instance.empty() ? "feedwatch" : speaker.instance);
  json.field("severity", notice.severity).field("timestamp", timestamp(notice.started_at));
  if (const auto symbol = label(notice, "symbol"); !symbol.empty()) json.field("component", symbol);
  if (const auto venue = label(notice, "venue"); !venue.empty()) json.field("group", venue);
  json.field("class", notice.name);
  write_details(json, notice, whole);
  json.end_object();
}

std::string event(const Notice& notice, const PagerdutyOptions& options, bool whole) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("routing_key", options.routing_key);
  json.field("event_action", notice.resolved() ? "resolve" : "trigger");
  json.field("dedup_key", dedup_key(notice));
  if (!notice.resolved()) {
    json.field("client", "feedwatch");
    const std::string url = alert_url(notice, options.speaker);
    if (!url.empty()) json.field("client_url", options.speaker.external_url);
    write_payload(json, notice, options.speaker, whole);
    if (!url.empty()) {
      json.key("links").begin_array().begin_object();
      json.field("href", url).field("text", "alert").end_object().end_array();
    }
  }
  json.end_object();
  return out;
}

/// Without a word of theirs when: the limit is a sliding minute.
SinkResult judge(const HttpResponse& response) {
  SinkResult result = judge_answer(response);
  if (response.status == 429 && !result.retry_after) result.retry_after = 1min;
  return result;
}

}  // namespace

std::string dedup_key(const Notice& notice) {
  if (notice.identity.size() <= max_key) return notice.identity;
  const std::string ending = "#" + notice.fingerprint;
  return std::string(cut_bytes(notice.identity, max_key - ending.size())) + ending;
}

std::string pagerduty_body(const Notice& notice, const PagerdutyOptions& options) {
  std::string whole = event(notice, options, true);
  return whole.size() <= max_body ? whole : event(notice, options, false);
}

void PagerdutySink::deliver(const Notification& notification, Done done) {
  post_json(
      http_, options_.endpoint,
      {.key = notification.id, .body = pagerduty_body(notification.notices.front(), options_)},
      judge, std::move(done));
}

}  // namespace feedwatch::sinks
