#include "feedwatch/venues/wire/json.hpp"

#include <charconv>

#include "feedwatch/base/time_text.hpp"

namespace feedwatch::venues::wire {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

bool Token::is_string() const {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"';
}

std::string_view Token::inner() const {
  return is_string() ? text.substr(1, text.size() - 2) : text;
}

std::string_view raw_token(ondemand::value& value) {
  std::string_view raw = value.raw_json_token();  // reaches up to the next token
  while (!raw.empty() && is_blank(raw.back())) raw.remove_suffix(1);
  return raw;
}

std::optional<std::uint64_t> parse_unsigned(const Token& token) {
  const std::string_view digits = token.inner();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::optional<WallTime> parse_millis(const Token& token) {
  constexpr std::uint64_t latest = 9'000'000'000'000;  // year 2255; int64 nanoseconds end in 2262
  const auto millis = parse_unsigned(token);
  if (!millis || *millis == 0 || *millis > latest) return std::nullopt;
  return wall_from_ms(static_cast<std::int64_t>(*millis));
}

std::optional<WallTime> parse_rfc3339(const Token& token) {
  if (!token.is_string()) return std::nullopt;
  const auto time = parse_time(token.inner());
  if (!time || to_ns(*time) <= 0) return std::nullopt;
  return *time;
}

std::optional<std::string_view> JsonReader::unescape(const Token& token) {
  if (!token.is_string()) return std::nullopt;
  const std::string_view inner = token.inner();
  if (inner.find('\\') == std::string_view::npos) return inner;
  // What earlier calls returned stands in the buffer: only an unused one may be exchanged.
  const std::size_t room = 2 * (document_size_ + simdjson::SIMDJSON_PADDING);
  if (used_ == 0 && capacity_ < room) {
    capacity_ = room;
    buffer_ = std::make_unique<std::uint8_t[]>(capacity_);
  }
  if (used_ + inner.size() + simdjson::SIMDJSON_PADDING > capacity_) return std::nullopt;
  std::uint8_t* out = buffer_.get() + used_;
  const auto* start = reinterpret_cast<const std::uint8_t*>(inner.data());
  std::string_view result;
  if (parser_.unescape(ondemand::raw_json_string(start), out).get(result)) return std::nullopt;
  used_ += result.size();
  return result;
}

}  // namespace feedwatch::venues::wire
