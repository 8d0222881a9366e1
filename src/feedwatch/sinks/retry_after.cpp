#include "feedwatch/sinks/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace feedwatch::sinks {
namespace {

constexpr Duration longest = 1h;

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<unsigned> month_of(std::string_view name) {
  constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto it = std::ranges::find(names, name);
  if (it == names.end()) return std::nullopt;
  return static_cast<unsigned>(it - names.begin()) + 1U;
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

std::optional<WallTime> parse_http_date(std::string_view text) {
  constexpr std::string_view shape = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (text.size() != shape.size() || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  const auto day = digits(text.substr(5, 2));
  const auto month = month_of(text.substr(8, 3));
  const auto year = digits(text.substr(12, 4));
  const auto hour = digits(text.substr(17, 2));
  const auto minute = digits(text.substr(20, 2));
  const auto second = digits(text.substr(23, 2));
  if (!day || !month || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{*month},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *year < 1970 || *year > 2200 || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const auto days = std::chrono::sys_days{date}.time_since_epoch();
  return WallTime{days + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
                  std::chrono::seconds{*second}};
}

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
