#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/sinks/post.hpp"

namespace feedwatch::sinks {

struct TelegramOptions {
  std::string name;
  Endpoint endpoint;        ///< telegram_url(), a secret
  std::string chat;         ///< a number, or "@channel"
  std::int64_t thread = 0;  ///< of a forum; 0 = none
};

/// "https://api.telegram.org/bot<token>/sendMessage".
std::string telegram_url(std::string base, const std::string& token);

/// What sendMessage takes. Plain text without parse_mode: a stray underscore or bracket must not
/// make it a refusal. At most 4,096 UTF-16 units. Ends alone make no sound.
std::string telegram_body(const Notification& notification, const TelegramOptions& options);

/// "parameters":{"retry_after":17} of an answer, at most an hour.
std::optional<Duration> telegram_retry_after(std::string_view body);

/// A Telegram bot. The token is in the path, so no part of the URL is in any result. 401, 403 and
/// 404 mean that the token or the chat is gone. Owner's thread only; `http` must outlive it; may be
/// destroyed while an attempt is under way.
class TelegramSink final : public Sink {
 public:
  TelegramSink(TelegramOptions options, HttpFetch& http)
      : options_(std::move(options)), http_(http) {}

  const std::string& name() const override { return options_.name; }
  void deliver(const Notification& notification, Done done) override;
  SinkLimits limits() const override { return {.notices = 20, .per_second = 1, .burst = 1}; }

 private:
  TelegramOptions options_;
  HttpFetch& http_;
};

}  // namespace feedwatch::sinks
