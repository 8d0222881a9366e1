#include "feedwatch/sinks/telegram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "feedwatch/sinks/wording.hpp"

namespace feedwatch::sinks {
namespace {

constexpr std::size_t max_text = 4'096;

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() < 20 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

SinkResult judge(const HttpResponse& response) {
  SinkResult result = gone_at(judge_answer(response), response.status, {401, 403, 404});
  if (result.status != SinkResult::Status::retry) return result;
  if (const auto asked = telegram_retry_after(response.body)) result.retry_after = asked;
  return result;
}

}  // namespace

std::string telegram_url(std::string base, const std::string& token) {
  while (base.ends_with('/')) base.pop_back();
  return fmt::format("{}/bot{}/sendMessage", base, token);
}

std::string telegram_body(const Notification& notification, const TelegramOptions& options) {
  const auto as_it_is = [](std::string text) { return text; };
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("chat_id");
  if (is_number(options.chat)) {
    json.raw(options.chat);
  } else {
    json.string(options.chat);
  }
  json.field("text", fitted_text(notification, max_text, as_it_is, utf16_length));
  json.field("disable_notification", notification.firing == 0);
  json.key("link_preview_options").begin_object().field("is_disabled", true).end_object();
  if (options.thread != 0) json.field("message_thread_id", options.thread);
  json.end_object();
  return out;
}

std::optional<Duration> telegram_retry_after(std::string_view body) {
  constexpr std::string_view member = "\"retry_after\":";
  const std::size_t at = body.find(member);
  if (at == std::string_view::npos) return std::nullopt;
  body.remove_prefix(at + member.size());
  std::uint64_t seconds = 0;
  const auto read = std::from_chars(body.data(), body.data() + body.size(), seconds);
  if (read.ec == std::errc::invalid_argument) return std::nullopt;
  constexpr std::uint64_t longest = 3'600;
  const bool huge = read.ec == std::errc::result_out_of_range || seconds > longest;
  return std::chrono::seconds(huge ? longest : seconds);
}

void TelegramSink::deliver(const Notification& notification, Done done) {
  post_json(http_, options_.endpoint,
            {.key = notification.id, .body = telegram_body(notification, options_)}, judge,
            std::move(done));
}

}  // namespace feedwatch::sinks
