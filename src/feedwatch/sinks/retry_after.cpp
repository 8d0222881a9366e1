#include "feedwatch/sinks/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "feedwatch/base/http_date.hpp"

namespace feedwatch::sinks {
namespace {

constexpr Duration longest = 1h;

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

const std::string* find(const std::vector<std::pair<std::string, std::string>>& headers,
                        std::string_view name) {
  const auto it =
      std::ranges::find_if(headers, [name](const auto& header) { return header.first == name; });
  return it == headers.end() ? nullptr : &it->second;
}

/// "12" of any length: digits beyond what an hour needs mean an hour.
std::optional<Duration> delta_seconds(std::string_view text) {
  const bool all_digits =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!all_digits) return std::nullopt;
  const std::optional<int> seconds = digits(text);
  return seconds ? std::min<Duration>(std::chrono::seconds(*seconds), longest) : longest;
}

}  // namespace

std::optional<Duration> retry_after(
    const std::vector<std::pair<std::string, std::string>>& headers) {
  const std::string* value = find(headers, "retry-after");
  if (value == nullptr) return std::nullopt;
  if (const std::optional<Duration> seconds = delta_seconds(*value)) return seconds;
  const std::string* sent = find(headers, "date");
  const std::optional<WallTime> until = parse_http_date(*value);
  const std::optional<WallTime> from = sent != nullptr ? parse_http_date(*sent) : std::nullopt;
  if (!until || !from) return std::nullopt;
  return std::clamp<Duration>(*until - *from, Duration{0}, longest);
}

}  // namespace feedwatch::sinks
