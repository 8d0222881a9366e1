// Whom something is POSTed to: what tables of such have in common, and [[decision_webhook]].

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/build.hpp"
#include "feedwatch/config/url.hpp"

namespace feedwatch::config {
namespace {

constexpr Duration longest_timeout = 25s;  // below what an attempt may take
constexpr std::size_t most_webhooks = 8;

bool is_smtp(std::string_view text) {
  for (const std::string_view scheme : {"smtp://", "smtps://"}) {
    if (!text.starts_with(scheme)) continue;
    const auto url = parse_url(fmt::format("http://{}", text.substr(scheme.size())));
    return url && (url->path.empty() || url->path == "/");
  }
  return false;
}

Duration timeout_of(const Section& section, Problems& problems) {
  const Duration timeout = section.duration("timeout");
  if (timeout > longest_timeout) {
    problems.add(section, "timeout", "is longer than an attempt may take", "use at most 25s");
  }
  return timeout;
}

SinkConfig decision_webhook_of(const Section& section, const Surroundings& around,
                               Problems& problems) {
  SinkConfig webhook;
  webhook.type = SinkConfig::Type::webhook;
  webhook.name = section.text("name");
  if (section.given("name") && webhook.name.empty()) {
    problems.add(section, "name", "is empty", "give the webhook a name");
  }
  webhook.timeout = timeout_of(section, problems);
  check_ca_file(section, problems);
  webhook.ca_file = section.text("ca_file");
  webhook.url = read_receiver_url(section, false, around, problems);
  webhook.token = read_header_secret(section, "token_file", around, problems);
  webhook.signing_key = read_header_secret(section, "signing_key_file", around, problems);
  return webhook;
}

}  // namespace

std::string read_receiver_url(const Section& section, bool mail, const Surroundings& around,
                              Problems& problems) {
  const bool direct = section.find("url") != nullptr;
  const bool by_file = section.find("url_file") != nullptr;
  if (direct == by_file) {
    problems.add(section, direct ? "url_file" : "url",
                 direct ? "stands beside url" : "is missing, and url_file too",
                 direct ? "keep one of the two" : "set one of them");
    return {};
  }
  const std::string_view key = direct ? "url" : "url_file";
  if (!section.given(key)) return {};
  const std::optional<std::string> text =
      direct ? section.text("url") : read_secret(section, key, around, problems);
  if (!text) return {};
  if (mail ? is_smtp(*text) : is_web(parse_url(*text))) return *text;
  // Not quoted: a webhook's URL is a secret in itself.
  problems.add(section, key, direct ? "is not a URL" : "holds no URL",
               mail ? "write smtps://host[:port] or smtp://host[:port]"
                    : "write http://host[:port][/path] or https://…, without credentials");
  return {};
}

std::string read_header_secret(const Section& section, std::string_view key,
                               const Surroundings& around, Problems& problems) {
  if (!section.given(key)) return {};
  std::string secret = read_secret(section, key, around, problems).value_or("");
  if (std::ranges::all_of(secret, [](char c) { return c > ' ' && c <= '~'; })) return secret;
  problems.add(section, key, "its secret holds blanks or control characters",
               "put the secret alone into the file");
  return {};
}

void build_decision_webhooks(const Document& document, const Surroundings& around, Config& config,
                             Problems& problems) {
  std::map<std::string, Origin> names;
  for (const Section* section : document.all("decision_webhook")) {
    SinkConfig webhook = decision_webhook_of(*section, around, problems);
    const auto [first, fresh] = names.emplace(webhook.name, section->place("name"));
    if (!fresh) {
      problems.add(*section, "name",
                   fmt::format("a decision_webhook {} stands at {}", json_quoted(webhook.name),
                               first->second.text()),
                   "give this one another name");
    } else if (names.size() == most_webhooks + 1) {
      problems.add(*section, "name", fmt::format("is one of more than {}", most_webhooks),
                   "have one of them pass decisions on");
    } else if (names.size() == 1 && !config.position_rules.trailing &&
               !config.position_rules.aged) {
      problems.warn(*section, "name", "is told only of positions with rules of their own",
                    "enable [trailing] or [aged] for all of them");
    }
    config.decision_webhooks.push_back(std::move(webhook));
  }
}

}  // namespace feedwatch::config
