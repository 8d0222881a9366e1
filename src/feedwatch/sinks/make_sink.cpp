#include "feedwatch/sinks/make_sink.hpp"

#include <algorithm>

#include "feedwatch/sinks/alertmanager.hpp"
#include "feedwatch/sinks/decision_post.hpp"
#include "feedwatch/sinks/email.hpp"
#include "feedwatch/sinks/exec.hpp"
#include "feedwatch/sinks/log.hpp"
#include "feedwatch/sinks/pagerduty.hpp"
#include "feedwatch/sinks/slack.hpp"
#include "feedwatch/sinks/telegram.hpp"
#include "feedwatch/sinks/webhook.hpp"

namespace feedwatch::sinks {
namespace {

/// `*` is any characters. Linear in the text for each star.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

/// A sink with the limits and the filter of its configuration.
class ConfiguredSink final : public Sink {
 public:
  ConfiguredSink(std::unique_ptr<Sink> sink, SinkFilter filter, SinkLimits limits)
      : sink_(std::move(sink)), filter_(std::move(filter)), limits_(limits) {}

  const std::string& name() const override { return sink_->name(); }
  void deliver(const Notification& notification, Done done) override {
    sink_->deliver(notification, std::move(done));
  }
  SinkLimits limits() const override { return limits_; }
  bool takes(const Notice& notice) const override { return passes(filter_, notice); }

 private:
  std::unique_ptr<Sink> sink_;
  SinkFilter filter_;
  SinkLimits limits_;
};

Endpoint endpoint_of(const SinkSettings& settings, std::string url) {
  return {.url = std::move(url),
          .ca_file = settings.ca_file,
          .timeout = settings.timeout,
          .headers = {},
          .secrets = {settings.token, settings.signing_key}};
}

/// With the token as the receiver's own.
Endpoint bearer_endpoint(const SinkSettings& settings, std::string url) {
  Endpoint endpoint = endpoint_of(settings, std::move(url));
  if (!settings.token.empty()) {
    endpoint.headers.emplace_back("Authorization", "Bearer " + settings.token);
  }
  return endpoint;
}

std::unique_ptr<Sink> make_email(const SinkSettings& settings, const SinkParts& parts) {
  EmailOptions options{.name = settings.name,
                       .url = settings.url,
                       .tls = settings.tls,
                       .ca_file = settings.ca_file,
                       .addresses = {settings.from, settings.to},
                       .user = settings.user,
                       .password = settings.password,
                       .timeout = settings.timeout,
                       .speaker = parts.speaker};
  return std::make_unique<EmailSink>(std::move(options), parts.mailbox);
}

std::unique_ptr<Sink> bare_sink(const SinkSettings& s, const SinkParts& parts) {
  using Type = SinkSettings::Type;
  switch (s.type) {
    case Type::log:
      return std::make_unique<LogSink>(s.name, parts.write, parts.mailbox);
    case Type::webhook:
      return std::make_unique<WebhookSink>(
          WebhookOptions{s.name, bearer_endpoint(s, s.url), s.signing_key, parts.speaker},
          parts.http);
    case Type::alertmanager:
      return std::make_unique<AlertmanagerSink>(
          AlertmanagerOptions{s.name, bearer_endpoint(s, alertmanager_url(s.url)), parts.speaker,
                              s.resend},
          parts.http);
    case Type::slack:
      return std::make_unique<SlackSink>(SlackOptions{s.name, endpoint_of(s, s.url)}, parts.http);
    case Type::telegram:
      return std::make_unique<TelegramSink>(
          TelegramOptions{s.name, endpoint_of(s, telegram_url(s.url, s.token)), s.chat, s.thread},
          parts.http);
    case Type::pagerduty:
      return std::make_unique<PagerdutySink>(
          PagerdutyOptions{s.name, endpoint_of(s, s.url), s.token, parts.speaker}, parts.http);
    case Type::email:
      return make_email(s, parts);
    case Type::exec:
      return std::make_unique<ExecSink>(ExecOptions{s.name, s.command, s.timeout, parts.speaker},
                                        parts.mailbox);
  }
  return nullptr;
}

}  // namespace

bool passes(const SinkFilter& filter, const Notice& notice) {
  if (filter.critical_only && notice.severity != "critical") return false;
  const Labels labels = all_labels(notice, {});
  return std::ranges::all_of(filter.match, [&](const auto& wanted) {
    const auto label = std::ranges::find(labels, wanted.first, &Labels::value_type::first);
    return matches(wanted.second, label == labels.end() ? "" : std::string_view(label->second));
  });
}

std::unique_ptr<DecisionReceiver> make_decision_webhook(const SinkSettings& settings,
                                                        HttpFetch& http) {
  return std::make_unique<DecisionWebhook>(
      DecisionWebhookOptions{settings.name, bearer_endpoint(settings, settings.url),
                             settings.signing_key},
      http);
}

std::unique_ptr<Sink> make_sink(const SinkSettings& settings, const SinkParts& parts) {
  auto sink = bare_sink(settings, parts);
  SinkLimits limits = sink->limits();
  limits.per_second = settings.per_second.value_or(limits.per_second);
  limits.burst = settings.burst.value_or(limits.burst);
  return std::make_unique<ConfiguredSink>(std::move(sink), settings.filter, limits);
}

}  // namespace feedwatch::sinks
