#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/build.hpp"

namespace feedwatch::config {
namespace {

using Type = SinkConfig::Type;

constexpr Duration longest_timeout = 25s;  // below what the outbox waits for an answer
constexpr Duration shortest_resend = 1s;
constexpr Duration longest_resend = 1h;

/// Which keys a type has, beside those of every sink.
struct Kind {
  std::string_view word;
  Type type;
  std::string_view url;  ///< default; "required", or "" when it has none
  std::array<std::string_view, 3> required;
  std::array<std::string_view, 6> allowed;
};

constexpr std::array kinds{
    Kind{"log", Type::log, "", {}, {}},
    Kind{"webhook",
         Type::webhook,
         "required",
         {},
         {"ca_file", "token_file", "signing_key_file", "timeout"}},
    Kind{"alertmanager",
         Type::alertmanager,
         "required",
         {},
         {"ca_file", "token_file", "timeout", "resend"}},
    Kind{"slack", Type::slack, "required", {}, {"ca_file", "timeout"}},
    Kind{"telegram",
         Type::telegram,
         "https://api.telegram.org",
         {"token_file", "chat"},
         {"ca_file", "thread", "timeout"}},
    Kind{"pagerduty",
         Type::pagerduty,
         "https://events.pagerduty.com/v2/enqueue",
         {"token_file"},
         {"ca_file", "timeout"}},
    Kind{"email",
         Type::email,
         "required",
         {"from", "to"},
         {"ca_file", "user", "password_file", "tls", "timeout"}},
    Kind{"exec", Type::exec, "", {"command"}, {"timeout"}},
};

constexpr std::array<std::string_view, 6> common_keys{"type",  "name",       "severity",
                                                      "match", "per_minute", "burst"};

/// One that no header and no SMTP command would obey.
bool is_address(std::string_view text) {
  const auto is_harmless = [](char c) {
    return c > ' ' && c <= '~' &&
           std::string_view("<>()[]\\,;:\"").find(c) == std::string_view::npos;
  };
  return text.size() <= 254 && std::ranges::count(text, '@') == 1 && !text.starts_with('@') &&
         !text.ends_with('@') && std::ranges::all_of(text, is_harmless);
}

bool has(std::span<const std::string_view> keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

class SinkBuilder {
 public:
  SinkBuilder(const Surroundings& around, bool may_exec, Problems& problems)
      : around_(around), may_exec_(may_exec), problems_(problems) {}

  SinkConfig build(const Section& section) {
    SinkConfig sink;
    const std::string& type = section.text("type");
    sink.name = section.find("name") != nullptr ? section.text("name") : type;
    check_name(section, sink.name);
    const auto kind = std::ranges::find(kinds, type, &Kind::word);
    if (!section.given("type") || kind == kinds.end()) return sink;
    sink.type = kind->type;
    check_keys(section, *kind);
    sink.critical_only = section.text("severity") == "critical";
    read_match(section, sink);
    if (section.given("per_minute")) sink.per_minute = section.integer("per_minute");
    if (section.given("burst")) sink.burst = section.integer("burst");
    sink.timeout = timeout_of(section, *kind);
    if (section.given("resend")) sink.resend = resend_of(section);
    if (has(kind->allowed, "ca_file")) check_ca_file(section, problems_);
    sink.ca_file = section.text("ca_file");
    sink.url = url_of(section, *kind);
    sink.token = secret_of(section, "token_file");
    sink.signing_key = secret_of(section, "signing_key_file");
    if (kind->type == Type::telegram) read_telegram(section, sink);
    if (kind->type == Type::email) read_email(section, sink);
    if (kind->type == Type::exec) read_exec(section, sink);
    return sink;
  }

 private:
  void check_name(const Section& section, const std::string& name) {
    if (!section.given("type") || (section.find("name") != nullptr && !section.given("name"))) {
      return;
    }
    const std::string_view key = section.find("name") != nullptr ? "name" : "type";
    if (name.empty()) {
      problems_.add(section, key, "is empty", "give the sink a name");
      return;
    }
    const auto [first, fresh] = names_.emplace(name, section.place(key));
    if (fresh) return;
    problems_.add(section, key,
                  fmt::format("a sink {} stands at {}", json_quoted(name), first->second.text()),
                  "give this one another name");
  }

  void check_keys(const Section& section, const Kind& kind) {
    for (const auto& [key, setting] : section.settings) {
      const bool of_url = (key == "url" || key == "url_file") && !kind.url.empty();
      if (of_url || has(common_keys, key) || has(kind.required, key) || has(kind.allowed, key)) {
        continue;
      }
      problems_.add(section, key, fmt::format("means nothing for a sink of type {}", kind.word),
                    "remove it, or use another type");
    }
    for (const std::string_view key : kind.required) {
      if (key.empty() || section.find(key) != nullptr) continue;
      problems_.add(section, key, "is missing", fmt::format("type {} needs it", kind.word));
    }
  }

  void read_match(const Section& section, SinkConfig& sink) {
    for (const std::string& text : section.list("match")) {
      const std::size_t equals = text.find('=');
      const std::string label = text.substr(0, equals);
      if (equals == std::string::npos || label.empty()) {
        problems_.add(section, "match", json_quoted(text) + " is not LABEL=PATTERN",
                      "write it as in \"venue=binance-*\"");
      } else if (label == "severity") {
        // A severity rises while an alert is open: its end would be told to nobody.
        problems_.add(section, "match", "a severity is not matched", "use the key severity");
      } else {
        sink.match.emplace_back(label, text.substr(equals + 1));
      }
    }
  }

  Duration timeout_of(const Section& section, const Kind& kind) {
    const Duration usual = kind.type == Type::email ? 20s : 10s;
    if (!section.given("timeout")) return usual;
    if (section.duration("timeout") <= longest_timeout) return section.duration("timeout");
    problems_.add(section, "timeout", "is longer than an attempt may take", "use at most 25s");
    return usual;
  }

  Duration resend_of(const Section& section) {
    const Duration resend = section.duration("resend");
    if (resend < shortest_resend || resend > longest_resend) {
      problems_.add(section, "resend", "is not between 1s and 1h",
                    "alerts of a dead monitor end after four times that; the usual is 1m");
    }
    return resend;
  }

  std::string url_of(const Section& section, const Kind& kind) {
    if (kind.url.empty()) return {};
    const bool direct = section.find("url") != nullptr;
    const bool by_file = section.find("url_file") != nullptr;
    if (!direct && !by_file && kind.url != "required") return std::string(kind.url);
    return read_receiver_url(section, kind.type == Type::email, around_, problems_);
  }

  std::string secret_of(const Section& section, std::string_view key) {
    if (!section.given(key)) return {};
    if (key == "password_file") return read_secret(section, key, around_, problems_).value_or("");
    return read_header_secret(section, key, around_, problems_);
  }

  void read_telegram(const Section& section, SinkConfig& sink) {
    sink.chat = section.text("chat");
    if (section.given("thread")) sink.thread = section.integer("thread");
    if (section.given("chat") && sink.chat.empty()) {
      problems_.add(section, "chat", "is empty", "write the chat's number or @channel");
    }
  }

  void read_email(const Section& section, SinkConfig& sink) {
    sink.from = section.text("from");
    sink.to = section.list("to");
    const auto check = [&](std::string_view key, const std::string& address) {
      if (is_address(address)) return;
      problems_.add(section, key, json_quoted(address) + " is not a mail address",
                    "write it as in \"ops@example.com\"");
    };
    if (section.given("from")) check("from", sink.from);
    for (const std::string& address : sink.to) check("to", address);
    if (section.given("to") && sink.to.empty()) {
      problems_.add(section, "to", "is empty", "name a receiver");
    }
    sink.user = section.text("user");
    sink.password = secret_of(section, "password_file");
    sink.tls = section.find("tls") == nullptr || section.flag("tls");
    const bool user = section.find("user") != nullptr;
    if (user != (section.find("password_file") != nullptr)) {
      problems_.add(section, user ? "user" : "password_file",
                    fmt::format("stands without {}", user ? "password_file" : "user"),
                    "set both or none");
    }
    if (user && !sink.tls && !sink.url.starts_with("smtps://")) {
      problems_.add(section, "tls", "a password is not sent in clear",
                    "use TLS, or no user and password_file");
    }
  }

  void read_exec(const Section& section, SinkConfig& sink) {
    sink.command = section.list("command");
    if (!may_exec_) {
      problems_.add(section, "type", "sinks that start programs are not allowed",
                    "set allow_exec = true in [alerts]");
    }
    if (!section.given("command")) return;
    if (sink.command.empty() || !sink.command.front().starts_with('/')) {
      problems_.add(section, "command", "does not begin with an absolute path",
                    "write it as in [\"/usr/local/bin/tell\", \"--now\"]");
    }
  }

  const Surroundings& around_;
  bool may_exec_;
  Problems& problems_;
  std::map<std::string, Origin> names_;
};

}  // namespace

void build_sinks(const Document& document, const Surroundings& around, Config& config,
                 Problems& problems) {
  SinkBuilder builder(around, document.single("alerts").flag("allow_exec"), problems);
  for (const Section* section : document.all("sink")) {
    config.sinks.push_back(builder.build(*section));
  }
}

}  // namespace feedwatch::config
