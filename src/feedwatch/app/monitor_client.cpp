#include "feedwatch/app/monitor_client.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"
#include "feedwatch/net/socket.hpp"
#include "feedwatch/net/url.hpp"

namespace feedwatch::app {

namespace {

constexpr std::size_t max_answer = 64U << 20U;

std::string trimmed(std::string text) {
  constexpr std::string_view blank = " \t\r\n";
  text.erase(text.find_last_not_of(blank) + 1);
  text.erase(0, text.find_first_not_of(blank));
  return text;
}

/// "connecting to 127.0.0.1:8420: connection refused" → "connection refused": the address is said
/// already.
std::string_view without_place(std::string_view why) {
  constexpr std::string_view place = "connecting to ";
  const std::size_t end = why.find(": ");
  if (!why.starts_with(place) || end == std::string_view::npos) return why;
  return why.substr(end + 2);
}

Result<std::string> token_of(const ClientArgs& args) {
  if (args.token_file.empty()) {
    const char* token = std::getenv("FEEDWATCH_TOKEN");
    return trimmed(token != nullptr ? token : "");
  }
  std::ifstream file(args.token_file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof()) {
    return std::unexpected(
        Error{.what = args.token_file, .why = "cannot be read", .fix = "check --token-file"});
  }
  return trimmed(std::move(text));
}

/// "127.attacker.example" is anybody's name.
bool is_this_machine(const std::string& host) {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") && net::is_numeric_address(host);
}

bool stays_private(const std::string& url) {
  const auto parsed = net::parse_url(url);
  return parsed && (parsed->secure() || is_this_machine(parsed->host));
}

}  // namespace

struct MonitorClient::Impl {
  explicit Impl(const ClientArgs& client_args) : args(client_args) {
    while (args.api.ends_with('/')) args.api.pop_back();
  }

  Result<HttpResponse> ask(HttpRequest request);

  ClientArgs args;
  embed::SystemClock clock;
  net::Reactor reactor{clock};
  net::SystemResolver resolver{reactor};
  net::HttpClient http{reactor, resolver};
};

MonitorClient::MonitorClient(const ClientArgs& args) : impl_(std::make_unique<Impl>(args)) {}
MonitorClient::~MonitorClient() = default;

Result<HttpResponse> MonitorClient::Impl::ask(HttpRequest request) {
  request.url = args.api + request.url;
  request.ca_file = args.ca_file;
  request.max_body = max_answer;
  std::optional<std::expected<HttpResponse, std::string>> answer;
  http.fetch(std::move(request), [&](auto result) { answer = std::move(result); });
  while (!answer) reactor.turn();
  if (*answer) return std::move(**answer);
  return std::unexpected(Error{.what = api::printable(args.api),
                               .why = api::printable(without_place(answer->error())),
                               .fix = "start it with feedwatch run, or give --api URL"});
}

Result<HttpResponse> MonitorClient::get(const std::string& path) {
  return impl_->ask({.url = path});
}

Result<HttpResponse> MonitorClient::change(std::string method, const std::string& path,
                                           std::string body) {
  const Result<std::string> token = token_of(impl_->args);
  if (!token) return std::unexpected(token.error());
  HttpRequest request{.method = std::move(method), .url = path, .body = std::move(body)};
  if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  if (!token->empty()) {
    if (!stays_private(impl_->args.api)) {
      return std::unexpected(Error{.what = api::printable(impl_->args.api),
                                   .why = "the token is not sent over an open network",
                                   .fix = "give an https address"});
    }
    request.headers.emplace_back("Authorization", "Bearer " + *token);
  }
  return impl_->ask(std::move(request));
}

void MonitorClient::pause(Duration time) {
  bool over = false;
  const auto wakeup = impl_->reactor.make_wakeup([&](MonoTime) { over = true; });
  wakeup->arm(now() + time);
  while (!over) impl_->reactor.turn();
}

MonoTime MonitorClient::now() const {
  return impl_->clock.now();
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string stream_path(std::string_view list, const StreamKey& key) {
  return fmt::format("{}/{}/{}/{}", list, percent_encoded(key.venue), percent_encoded(key.symbol),
                     to_text(key.kind));
}

}  // namespace feedwatch::app
