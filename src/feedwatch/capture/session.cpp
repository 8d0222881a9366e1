#include "feedwatch/capture/session.hpp"

#include <algorithm>

namespace feedwatch::capture {

namespace {

constexpr std::array<std::string_view, 5> phases{"resolving", "connecting", "securing", "upgrading",
                                                 "open"};
constexpr std::array<std::string_view, 7> secret_words{"token", "key",  "secret", "sign",
                                                       "pass",  "auth", "cred"};

bool speaks_of_secret(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::any_of(secret_words,
                             [&](std::string_view word) { return lower.contains(word); });
}

void append_query(std::string& out, std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    const std::size_t equals = parameter.find('=');
    if (equals != std::string_view::npos && speaks_of_secret(parameter.substr(0, equals))) {
      out.append(parameter.substr(0, equals + 1)).append("hidden");
    } else {
      out.append(parameter);
    }
    query.remove_prefix(end);
    if (query.empty()) return;
    out.push_back('&');
    query.remove_prefix(1);
  }
}

}  // namespace

std::string_view to_text(SessionEvent event) {
  const auto* const found =
      std::ranges::find(session_words, event, &std::pair<std::string_view, SessionEvent>::second);
  return found == session_words.end() ? std::string_view{} : found->first;
}

std::string_view to_text(DialPhase phase) {
  return phases[static_cast<std::size_t>(phase)];
}

std::optional<DialPhase> dial_phase_of(std::string_view word) {
  const auto* const found = std::ranges::find(phases, word);
  if (found == phases.end()) return std::nullopt;
  return static_cast<DialPhase>(found - phases.begin());
}

void Session::clear() {
  for (auto* integer :
       {&now, &mono, &wall, &version, &seed, &number, &count, &id, &status, &code, &retry, &ttl}) {
    integer->reset();
  }
  stalled = more = by_us = has_text = false;
  for (std::string* text : {&operation, &phase, &key, &owner, &config, &retry_after}) text->clear();
}

std::string without_secrets(std::string_view url) {
  std::string out;
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    const std::size_t host = scheme + 3;
    const std::size_t host_end = std::min(url.find_first_of("/?#", host), url.size());
    const std::size_t at = url.substr(0, host_end).rfind('@');
    out.append(url.substr(0, host));
    url.remove_prefix(at != std::string_view::npos && at >= host ? at + 1 : host);
  }
  const std::size_t question = std::min(url.find('?'), url.size());
  out.append(url.substr(0, question));
  url.remove_prefix(question);
  if (url.empty()) return out;
  out.push_back('?');
  append_query(out, url.substr(1));
  return out;
}

}  // namespace feedwatch::capture
