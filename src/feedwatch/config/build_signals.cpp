// [signals].

#include <algorithm>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/config/build.hpp"
#include "feedwatch/config/url.hpp"

namespace feedwatch::config {
namespace {

constexpr std::size_t longest_pulse = 100;
constexpr Duration quiet_of_schedule = 15min;

std::string token_of(const Section& section, const Surroundings& around, Problems& problems) {
  if (section.given("token") && section.given("token_file")) {
    problems.add(section, "token", "stands beside token_file", "keep one of the two");
    return {};
  }
  if (section.given("token_file")) {
    return read_secret(section, "token_file", around, problems).value_or("");
  }
  if (section.given("token") && !section.text("token").empty()) return section.text("token");
  if (section.find("token") == nullptr && section.find("token_file") == nullptr) {
    problems.add(section, "token", "is missing, and token_file too",
                 "put the token into a file and name that in token_file");
  } else if (section.given("token")) {
    problems.add(section, "token", "is empty", "set the token, or token_file");
  }
  return {};
}

/// The URL may hold a secret, so it is not quoted.
void check_url(const Section& section, Problems& problems) {
  const std::optional<Url> url = parse_url(section.text("url"));
  if (!url || (url->scheme != "ws" && url->scheme != "wss")) {
    problems.add(section, "url", "is no WebSocket URL",
                 "write ws://host[:port][/path] or wss://…, without credentials");
  } else if (url->scheme == "ws" && !is_loopback(url->host)) {
    problems.warn(section, "url", "the token goes to " + url->origin() + " unencrypted",
                  "use wss:// where the source has it");
  }
}

/// The pulse it feeds; one that nobody describes is described here.
const PulseOptions& pulse_of(const std::string& name, Config& config) {
  const auto found = std::ranges::find(config.pulses, name, &PulseOptions::name);
  if (found != config.pulses.end()) return *found;
  return config.pulses.emplace_back(PulseOptions{.name = name, .every = signals_every});
}

/// Not so short that a quiet generator makes its source flap.
Duration quiet_of(const PulseOptions& pulse) {
  if (pulse.schedule) return quiet_of_schedule;
  return std::max(plus(pulse.every, pulse.grace), signals_every);
}

}  // namespace

void build_signals(const Document& document, const Surroundings& around, Config& config,
                   Problems& problems) {
  const Section& section = document.single("signals");
  if (section.find("url") == nullptr) {
    for (const std::string_view key : {"token", "token_file", "ca_file"}) {
      if (section.find(key) == nullptr) continue;
      problems.add(section, key, "stands without url", "set url, or remove it");
      return;
    }
    return;
  }
  check_url(section, problems);
  check_ca_file(section, problems);
  SignalsConfig signals;
  signals.pulse = section.text("pulse");
  if (signals.pulse.empty() || signals.pulse.size() > longest_pulse) {
    problems.add(section, "pulse", "is empty or too long", "name a pulse in at most 100 bytes");
  }
  signals.client.target = {.url = section.text("url"), .ca_file = section.text("ca_file")};
  signals::SessionOptions& session = signals.client.session;
  session.token = token_of(section, around, problems);
  session.step_timeout = section.duration("step_timeout");
  session.heartbeat_timeout = section.duration("heartbeat_timeout");
  const PulseOptions& pulse = pulse_of(signals.pulse, config);
  session.quiet_timeout = section.find("quiet_timeout") != nullptr
                              ? section.duration("quiet_timeout")
                              : quiet_of(pulse);
  session.retry_first = section.duration("retry_first");
  session.retry_max = section.duration("retry_max");
  session.rejected_max = section.duration("rejected_max");
  session.stable_after = section.duration("stable_after");
  session.ask_every = section.duration("ask_every");
  for (const std::string_view key : {"retry_max", "rejected_max"}) {
    if (section.duration(key) >= session.retry_first) continue;
    problems.add(section, key, "is below retry_first", "make it at least as long");
  }
  config.signals = std::move(signals);
}

}  // namespace feedwatch::config
