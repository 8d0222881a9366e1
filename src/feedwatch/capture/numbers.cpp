#include <algorithm>
#include <array>
#include <charconv>

#include "feedwatch/capture/formats.hpp"

namespace feedwatch::capture {

namespace {

constexpr std::int64_t billion = 1'000'000'000;
constexpr std::int64_t latest_second = 9'000'000'000;  // year 2255; int64 nanoseconds end in 2262

std::optional<std::int64_t> whole_number(std::string_view digits) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number < 0) {
    return std::nullopt;
  }
  return number;
}

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int, 256> base64_values() {
  std::array<int, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < base64_alphabet.size(); ++i) {
    values[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<int>(i);
  }
  return values;
}

}  // namespace

std::optional<WallTime> parse_epoch_seconds(std::string_view text) {
  const auto point = text.find('.');
  const auto seconds = whole_number(text.substr(0, point));
  if (!seconds || *seconds > latest_second) return std::nullopt;
  std::string fraction(point == std::string_view::npos ? "0" : text.substr(point + 1));
  if (fraction.empty() || fraction.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  fraction.resize(9, '0');
  return wall_from_ns(*seconds * billion + *whole_number(fraction));
}

std::optional<WallTime> parse_epoch_by_size(std::string_view digits) {
  const auto number = whole_number(digits);
  if (!number) return std::nullopt;
  if (*number < 100'000'000'000) {
    if (*number > latest_second) return std::nullopt;
    return wall_from_ns(*number * billion);
  }
  if (*number < 100'000'000'000'000) {
    if (*number > latest_second * 1000) return std::nullopt;
    return wall_from_ns(*number * 1'000'000);
  }
  if (*number < 100'000'000'000'000'000) {
    if (*number > latest_second * 1'000'000) return std::nullopt;
    return wall_from_ns(*number * 1'000);
  }
  return wall_from_ns(*number);
}

bool decode_base64(std::string_view text, std::string& out) {
  static constexpr auto values = base64_values();
  out.clear();
  if (text.size() % 4 != 0) return false;
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    bits = (bits << 6U | static_cast<std::uint32_t>(value)) & 0xffffffU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU));
  }
  return true;
}

std::string encode_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(3, bytes.size()))) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out.push_back(i > bytes.size() ? '=' : base64_alphabet[bits >> (18U - 6U * i) & 0x3fU]);
    }
  }
  return out;
}

}  // namespace feedwatch::capture
