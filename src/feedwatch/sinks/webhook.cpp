#include "feedwatch/sinks/webhook.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <span>

#include "feedwatch/base/time_text.hpp"

namespace feedwatch::sinks {
namespace {

constexpr std::string_view still_firing = "0001-01-01T00:00:00Z";

/// The receiver's words for why it is told.
std::string_view reason_of(const Notification& notification) {
  const auto any = [&](std::string_view news) {
    return std::ranges::find(notification.notices, news, &Notice::news) !=
           notification.notices.end();
  };
  if (any("fired")) return "first notification";
  if (any("raised")) return "severity raised";
  if (any("repeated")) return "repeat interval elapsed";
  return "all alerts resolved";
}

void keep_common(Labels& common, const Labels& others) {
  std::erase_if(common,
                [&](const auto& each) { return std::ranges::find(others, each) == others.end(); });
}

void write_alert(JsonWriter& json, const Notice& notice, const Speaker& speaker) {
  json.begin_object().field("status", notice.resolved() ? "resolved" : "firing");
  json.key("labels");
  write_object(json, all_labels(notice, speaker));
  json.key("annotations");
  write_object(json, annotations(notice));
  json.field("startsAt", format_time(notice.started_at));
  json.field("endsAt",
             notice.resolved_at ? format_time(*notice.resolved_at) : std::string(still_firing));
  json.field("generatorURL", alert_url(notice, speaker));
  json.field("fingerprint", notice.fingerprint);
  // Beside Alertmanager's members: a message's own key does not say what of it came before.
  json.field("alertId", notice.alert_id).field("idempotencyKey", notice.key).end_object();
}

}  // namespace

std::string webhook_body(const Notification& notification, const std::string& receiver,
                         const Speaker& speaker) {
  Labels labels = all_labels(notification.notices.front(), speaker);
  Labels notes = annotations(notification.notices.front());
  for (const Notice& notice : notification.notices) {
    keep_common(labels, all_labels(notice, speaker));
    keep_common(notes, annotations(notice));
  }
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("version", "4");
  json.field("groupKey", fmt::format("{{}}:{}", notification.group_key));
  json.field("truncatedAlerts", notification.truncated());
  json.field("status", notification.firing > 0 ? "firing" : "resolved");
  json.field("receiver", receiver).field("notification_reason", reason_of(notification));
  json.key("groupLabels");
  write_object(json, notification.group_labels);
  json.key("commonLabels");
  write_object(json, labels);
  json.key("commonAnnotations");
  write_object(json, notes);
  json.key("routeLabels").begin_object().end_object();
  json.field("externalURL", speaker.external_url).key("alerts").begin_array();
  for (const Notice& notice : notification.notices) write_alert(json, notice, speaker);
  json.end_array().end_object();
  return out;
}

std::string signature(const std::string& key, const std::string& timestamp,
                      const std::string& body) {
  const std::string text = timestamp + "." + body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  // The text's bytes as OpenSSL spells them.
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), digest.data(),
       &size);
  std::string hex = "sha256=";
  for (const unsigned char byte : std::span(digest).first(size)) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::vector<std::pair<std::string, std::string>> signed_headers(const std::string& key,
                                                                WallTime sent_at,
                                                                const std::string& body) {
  if (key.empty()) return {};
  const std::string timestamp = fmt::format("{}", to_ns(sent_at) / 1'000'000'000);
  return {{"X-Feedwatch-Timestamp", timestamp},
          {"X-Feedwatch-Signature", signature(key, timestamp, body)}};
}

WebhookSink::WebhookSink(WebhookOptions options, HttpFetch& http)
    : options_(std::move(options)), http_(http) {}

void WebhookSink::deliver(const Notification& notification, Done done) {
  Posting posting{.key = notification.id,
                  .body = webhook_body(notification, options_.name, options_.speaker)};
  posting.headers = signed_headers(options_.signing_key, notification.sent_at, posting.body);
  post_json(http_, options_.endpoint, std::move(posting), judge_answer, std::move(done));
}

}  // namespace feedwatch::sinks
