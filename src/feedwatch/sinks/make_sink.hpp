#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/decisions.hpp"
#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/mailbox.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/sinks/wording.hpp"

namespace feedwatch::sinks {

/// Which alerts a sink is told of.
struct SinkFilter {
  bool critical_only = false;
  /// label = pattern, all of which have to match; `*` is any characters. Labels are those of
  /// all_labels() without the instance.
  Labels match = {};
};
bool passes(const SinkFilter& filter, const Notice& notice);

/// A sink as it is configured. What a type has no use for stays as it is.
struct SinkSettings {
  enum class Type : unsigned char {
    log,
    webhook,
    alertmanager,
    slack,
    telegram,
    pagerduty,
    email,
    exec
  };
  Type type = Type::log;
  std::string name;
  std::string url = {};  ///< a server's where the path is known, else the whole. Often secret.
  std::string ca_file = {};
  std::string token = {};        ///< bearer, bot token, routing key. Secret.
  std::string signing_key = {};  ///< webhook. Secret.
  std::string chat = {};         ///< telegram
  std::int64_t thread = 0;       ///< telegram
  std::string from = {};         ///< email
  std::vector<std::string> to = {};
  std::string user = {}, password = {};   ///< email. Secret.
  bool tls = true;                        ///< email
  std::vector<std::string> command = {};  ///< exec
  Duration timeout = 10s;
  Duration resend = 1min;  ///< alertmanager
  SinkFilter filter = {};
  std::optional<double> per_second = {};  ///< instead of the type's own limits
  std::optional<std::size_t> burst = {};
};

/// What sinks are made with; all of it outlives them.
struct SinkParts {
  HttpFetch& http;
  Mailbox& mailbox;
  std::function<void(std::string_view line)> write;  ///< log
  Speaker speaker;
};

/// Where decisions go: `name`, `url`, `ca_file`, `token`, `signing_key` and `timeout` count.
std::unique_ptr<DecisionReceiver> make_decision_webhook(const SinkSettings& settings,
                                                        HttpFetch& http);

std::unique_ptr<Sink> make_sink(const SinkSettings& settings, const SinkParts& parts);

}  // namespace feedwatch::sinks
