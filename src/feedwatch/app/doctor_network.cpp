// The side of the doctor that asks others: our own port, and the venues' hosts.

#include <netdb.h>
#include <sys/socket.h>

#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "feedwatch/app/doctor.hpp"
#include "feedwatch/base/http_date.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"
#include "feedwatch/net/socket.hpp"
#include "feedwatch/net/url.hpp"

namespace feedwatch::app::doctor {

namespace {

using Outcome = Diagnosis::Outcome;
constexpr Duration patience = 10s;
constexpr Duration skew_limit = 2s;

/// A loop of its own to ask with, one question at a time.
class Asker {
 public:
  std::expected<HttpResponse, std::string> get(const std::string& url, const std::string& ca_file) {
    std::optional<std::expected<HttpResponse, std::string>> answer;
    http_.fetch({.url = url, .ca_file = ca_file, .timeout = patience},
                [&](auto result) { answer = std::move(result); });
    while (!answer) reactor_.turn();
    return std::move(*answer);
  }
  WallTime now() const { return clock_.wall_now(); }

 private:
  embed::SystemClock clock_;
  net::Reactor reactor_{clock_};
  net::SystemResolver resolver_{reactor_};
  net::HttpClient http_{reactor_, resolver_};
};

std::string_view header(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

/// What the transport could not do, by its own words.
Diagnosis unreachable(std::string subject, const std::string& why, const char* fix) {
  Diagnosis found{.check = "connection",
                  .subject = std::move(subject),
                  .outcome = Outcome::failed,
                  .found = why,
                  .fix = fix};
  if (why.contains("certificate") || why.contains("TLS") || why.contains("tls")) {
    found.check = "tls";
    found.fix = "check the clock, the package ca-certificates, and ca_file for a private CA";
  }
  return found;
}

Diagnosis judged(std::string subject, const HttpResponse& response) {
  Diagnosis found{.check = "venue", .subject = std::move(subject), .found = {}, .fix = {}};
  found.found = fmt::format("reached; HTTP {}", response.status);
  for (const char* weight : {"x-mbx-used-weight-1m", "x-bapi-limit-status"}) {
    if (const auto used = header(response, weight); !used.empty()) {
      found.found += fmt::format(", {} {}", weight, used);
    }
  }
  switch (response.status) {
    case 418:
    case 429:
      found.outcome = Outcome::failed;
      found.found += ": this address is over the venue's limit";
      found.fix = "stop other programs on this address, and wait for the time it names";
      break;
    case 403:
    case 451:
      found.outcome = Outcome::failed;
      found.found += ": the venue does not serve this address";
      found.fix = "ask from another region or address, or leave the venue out";
      break;
    default:
      if (response.status < 500) break;
      found.outcome = Outcome::warning;
      found.found += ": the venue is in trouble itself";
      found.fix = "see its status page; the monitor goes on trying";
  }
  return found;
}

std::optional<Diagnosis> skew_of(std::string subject, const HttpResponse& response, WallTime now) {
  const auto date = parse_http_date(header(response, "date"));
  if (!date) return std::nullopt;
  const Duration skew = now - (*date + 500ms);
  Diagnosis found{.check = "clock", .subject = std::move(subject), .found = {}, .fix = {}};
  found.found = fmt::format("our clock is {:+.1f}s from the venue's", to_seconds(skew));
  if (std::chrono::abs(skew) > skew_limit) {
    found.outcome = Outcome::failed;
    found.fix = "synchronize the clock of this host; prices would be taken for older or newer";
  } else {
    found.found = "our clock agrees with the venue's to a second or two";
  }
  return found;
}

/// The address to ask over HTTP for what is dialled as a WebSocket.
std::string as_http(std::string_view url) {
  const auto parsed = net::parse_url(url);
  if (!parsed) return std::string(url);
  net::Url http = *parsed;
  http.scheme = parsed->secure() ? "https" : "http";
  http.target = "/";
  return http.text();
}

/// Empty when the name is known, or none: the reason otherwise.
std::string lookup_error(const std::string& host) {
  if (net::is_numeric_address(host)) return {};
  addrinfo* found = nullptr;
  const addrinfo hints{.ai_flags = AI_ADDRCONFIG, .ai_socktype = SOCK_STREAM};
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (found != nullptr) ::freeaddrinfo(found);
  return error == 0 ? std::string{} : std::string(::gai_strerror(error));
}

/// What a host answers, or what kept us from asking.
std::expected<HttpResponse, Diagnosis> reach(Asker& asker, const std::string& subject,
                                             const std::string& url, const std::string& ca_file,
                                             const char* fix) {
  const auto parsed = net::parse_url(url);
  const std::string unknown = parsed ? lookup_error(parsed->host) : parsed.error();
  if (!unknown.empty()) {
    return std::unexpected(
        Diagnosis{.check = "dns",
                  .subject = subject,
                  .outcome = Outcome::failed,
                  .found = unknown,
                  .fix = "check /etc/resolv.conf, and that the host's name is right"});
  }
  auto answer = asker.get(url, ca_file);
  if (!answer) return std::unexpected(unreachable(subject, answer.error(), fix));
  return std::move(*answer);
}

void ask(Asker& asker, const std::string& venue, const char* what, const std::string& url,
         const std::string& ca_file, std::vector<Diagnosis>& found) {
  const std::string subject = fmt::format("{} {} {}", venue, what, url);
  const auto answer = reach(asker, subject, url, ca_file,
                            "check the firewall, the proxy and the venue's own status page");
  if (!answer) {
    found.push_back(answer.error());
    return;
  }
  found.push_back(judged(subject, *answer));
  if (auto skew = skew_of(subject, *answer, asker.now())) found.push_back(std::move(*skew));
}

bool is_told_over_http(config::SinkConfig::Type type) {
  using Type = config::SinkConfig::Type;
  switch (type) {
    case Type::webhook:
    case Type::alertmanager:
    case Type::slack:
    case Type::telegram:
    case Type::pagerduty:
      return true;
    case Type::log:
    case Type::email:
    case Type::exec:
      break;
  }
  return false;
}

/// Of its URL the path is a secret, and asking for it might do something.
void ask(Asker& asker, const char* what, const config::SinkConfig& receiver,
         std::vector<Diagnosis>& found) {
  const std::string url = as_http(receiver.url);
  const std::string subject = fmt::format("{} {} {}", what, receiver.name, url);
  const auto answer = reach(asker, subject, url, receiver.ca_file,
                            "check that the receiver runs, the firewall and the proxy");
  if (!answer) {
    found.push_back(answer.error());
    return;
  }
  Diagnosis one{.check = "receiver", .subject = subject, .found = {}, .fix = {}};
  one.found = fmt::format("reached; HTTP {}", answer->status);
  // What a proxy says in the place of whoever is behind it; any other answer is one.
  if (answer->status >= 502 && answer->status <= 504) {
    one.outcome = Outcome::warning;
    one.found += ": nobody is behind it now";
    one.fix = "check that the receiver runs; what it should be told waits";
  }
  found.push_back(std::move(one));
}

}  // namespace

std::vector<Diagnosis> receivers(const config::Config& config) {
  std::vector<Diagnosis> found;
  Asker asker;
  for (const config::SinkConfig& sink : config.sinks) {
    if (is_told_over_http(sink.type)) ask(asker, "sink", sink, found);
  }
  for (const config::SinkConfig& webhook : config.decision_webhooks) {
    ask(asker, "decision_webhook", webhook, found);
  }
  return found;
}

std::vector<Diagnosis> listening(const config::Config& config) {
  const std::string host = config.api.host == "localhost" ? "127.0.0.1" : config.api.host;
  const bool brackets = host.contains(':');
  const std::string address =
      fmt::format("{}{}{}:{}", brackets ? "[" : "", host, brackets ? "]" : "", config.api.port);
  Diagnosis found{.check = "port", .subject = address, .found = {}, .fix = {}};
  embed::SystemClock clock;
  net::Reactor reactor(clock);
  const auto server = net::HttpServer::listen(
      reactor, {.address = host, .port = config.api.port},
      {.on_request = [](const net::Request&, net::Responder respond) { respond({.status = 503}); },
       .on_upgrade = {},
       .on_connect = {}});
  if (server) {
    found.found = "free";
    return {found};
  }
  const bool tls = !config.api.tls_cert_file.empty();
  Asker asker;
  const auto answer = asker.get(fmt::format("{}://{}/livez", tls ? "https" : "http", address), {});
  if (answer && (answer->status == 200 || answer->status == 503)) {
    found.found = "a monitor answers there";
  } else {
    found.outcome = Outcome::failed;
    found.found = server.error().text();
    found.fix = "set [api] listen to another port, or stop the program that has it (ss -ltnp)";
  }
  return {found};
}

std::vector<Diagnosis> venues(const config::Config& config) {
  std::vector<Diagnosis> found;
  Asker asker;
  if (config.venues.empty()) {
    found.push_back({.check = "venue",
                     .subject = {},
                     .outcome = Outcome::warning,
                     .found = "no [[venue]] is configured: nothing would be watched",
                     .fix = "add one (docs/guide/first-steps.md)"});
  }
  for (const engine::VenueOptions& venue : config.venues) {
    const venues::VenueSheet& sheet = venue.venue->sheet();
    const std::string ws = venue.ws_url.empty() ? std::string(sheet.ws_url) : venue.ws_url;
    const std::string rest = venue.rest_url.empty() ? std::string(sheet.rest_url) : venue.rest_url;
    ask(asker, venue.name, "websocket", as_http(ws), venue.ca_file, found);
    ask(asker, venue.name, "rest", rest + "/", venue.ca_file, found);
  }
  return found;
}

}  // namespace feedwatch::app::doctor
