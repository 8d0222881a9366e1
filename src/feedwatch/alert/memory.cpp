#include "feedwatch/alert/memory.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>

#include <fmt/format.h>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::alert {
namespace {

constexpr std::string_view version = "alerts 1 ";
constexpr Duration longest_absence = std::chrono::hours{1};

/// Reads "NUMBER" and the one character behind it.
std::optional<std::int64_t> take_number(std::string_view& text, char behind) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || length >= text.size() || *end != behind) return std::nullopt;
  text.remove_prefix(length + 1);
  return number;
}

/// "p SINCE LENGTH IDENTITY\n"
std::optional<Remembered> take_record(std::string_view& text) {
  const bool pending = text.starts_with("p ");
  if (!pending && !text.starts_with("e ")) return std::nullopt;
  text.remove_prefix(2);
  const auto since = take_number(text, ' ');
  const auto length = since ? take_number(text, ' ') : std::nullopt;
  if (!length || *length < 0 || static_cast<std::size_t>(*length) >= text.size()) {
    return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(*length);
  if (text[size] != '\n') return std::nullopt;
  Remembered one{pending ? Remembered::Type::pending : Remembered::Type::ending,
                 std::string(text.substr(0, size)), wall_from_ns(*since)};
  text.remove_prefix(size + 1);
  return one;
}

}  // namespace

std::string encode_memory(const std::vector<Remembered>& memory, WallTime now) {
  std::string out = fmt::format("{}{}\n", version, to_ns(now));
  for (const Remembered& one : memory) {
    fmt::format_to(std::back_inserter(out), "{} {} {} {}\n",
                   one.type == Remembered::Type::pending ? 'p' : 'e', to_ns(one.since),
                   one.identity.size(), one.identity);
  }
  return out;
}

std::vector<Remembered> decode_memory(std::string_view bytes, WallTime now) {
  if (!bytes.starts_with(version)) return {};
  bytes.remove_prefix(version.size());
  const auto written = take_number(bytes, '\n');
  if (!written || minus(now, wall_from_ns(*written)) > longest_absence) return {};
  std::vector<Remembered> memory;
  while (!bytes.empty()) {
    auto one = take_record(bytes);
    if (!one) return {};
    one->since = std::min(one->since, now);
    memory.push_back(std::move(*one));
  }
  return memory;
}

}  // namespace feedwatch::alert
