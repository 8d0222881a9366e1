#include "feedwatch/sinks/slack.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "feedwatch/sinks/wording.hpp"

namespace feedwatch::sinks {
namespace {

constexpr std::size_t max_text = 3'000;

std::string escaped(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

/// Its own words for an error are told; anything else in an answer might be the secret path.
SinkResult judge(const HttpResponse& response) {
  constexpr std::array<std::string_view, 9> words{
      "invalid_payload", "user_not_found",    "action_prohibited",
      "no_service",      "channel_not_found", "channel_is_archived",
      "rollup_error",    "no_active_hooks",   "invalid_token"};
  SinkResult result = gone_at(judge_answer(response), response.status, {403, 404, 410});
  if (std::ranges::find(words, response.body) != words.end()) {
    result.detail.append(" ").append(response.body);
  }
  return result;
}

}  // namespace

std::string slack_body(const Notification& notification) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("text", fitted_text(notification, max_text, escaped, point_count));
  json.end_object();
  return out;
}

void SlackSink::deliver(const Notification& notification, Done done) {
  post_json(http_, options_.endpoint, {.key = notification.id, .body = slack_body(notification)},
            judge, std::move(done));
}

}  // namespace feedwatch::sinks
