#include "feedwatch/base/duration_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t ns;
};

// From large to small: the order in which a text may use them.
constexpr std::array<Unit, 7> units{{{"d", 86'400'000'000'000},
                                     {"h", 3'600'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"s", 1'000'000'000},
                                     {"ms", 1'000'000},
                                     {"us", 1'000},
                                     {"ns", 1}}};

constexpr auto max_ns = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

std::unexpected<Error> refuse(std::string_view text, std::string why) {
  return std::unexpected(Error{.what = "duration " + json_quoted(text),
                               .why = std::move(why),
                               .fix = "use ns, us, ms, s, m, h or d, as in 750ms or 1h30m"});
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Removes the characters at the front of `rest` for which `belongs` holds, and returns them.
template <class Belongs>
std::string_view take_while(std::string_view& rest, Belongs belongs) {
  const auto end = std::ranges::find_if_not(rest, belongs);
  const std::string_view taken{rest.begin(), end};
  rest.remove_prefix(taken.size());
  return taken;
}

/// a·b + c, unless that exceeds the longest duration.
std::optional<std::uint64_t> multiply_add(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  if (__builtin_add_overflow(result, c, &result)) return std::nullopt;
  return result <= max_ns ? std::optional{result} : std::nullopt;
}

/// "1", "0.5": a number split at its point, before it has a unit.
struct Amount {
  std::string_view whole;
  std::string_view fraction;
};

std::optional<Amount> take_amount(std::string_view& rest) {
  Amount amount{.whole = take_while(rest, is_digit), .fraction = {}};
  if (amount.whole.empty()) return std::nullopt;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    amount.fraction = take_while(rest, is_digit);
    if (amount.fraction.empty()) return std::nullopt;
  }
  return amount;
}

enum class Trouble : std::uint8_t { too_long, not_whole };

std::expected<std::uint64_t, Trouble> to_ns(const Amount& amount, std::uint64_t unit_ns) {
  std::uint64_t whole = 0;
  for (const char c : amount.whole) {
    const auto next = multiply_add(whole, 10, static_cast<std::uint64_t>(c - '0'));
    if (!next) return std::unexpected(Trouble::too_long);
    whole = *next;
  }
  std::uint64_t part = 0;
  std::uint64_t place = unit_ns;
  for (const char c : amount.fraction) {
    if (c != '0' && (place < 10 || place % 10 != 0)) return std::unexpected(Trouble::not_whole);
    place /= 10;
    part += place * static_cast<std::uint64_t>(c - '0');
  }
  const auto total = multiply_add(whole, unit_ns, part);
  if (!total) return std::unexpected(Trouble::too_long);
  return *total;
}

/// "1.5" with the trailing zeros of the fraction dropped; the fraction has `digits` places.
std::string with_fraction(std::uint64_t value, std::uint64_t unit_ns, std::string_view unit) {
  std::string text = std::to_string(value / unit_ns);
  std::uint64_t rest = value % unit_ns;
  if (rest != 0) text += '.';
  for (std::uint64_t place = unit_ns / 10; rest != 0; place /= 10) {
    text += static_cast<char>('0' + static_cast<int>(rest / place));
    rest %= place;
  }
  text += unit;
  return text;
}

std::string format_magnitude(std::uint64_t ns) {
  if (ns == 0) return "0s";
  if (ns < 1'000) return with_fraction(ns, 1, "ns");
  if (ns < 1'000'000) return with_fraction(ns, 1'000, "us");
  if (ns < 1'000'000'000) return with_fraction(ns, 1'000'000, "ms");
  std::string text;
  for (const Unit& unit : {units[1], units[2]}) {
    if (ns < unit.ns) continue;
    text += std::to_string(ns / unit.ns);
    text += unit.name;
    ns %= unit.ns;
  }
  return ns == 0 ? text : text + with_fraction(ns, 1'000'000'000, "s");
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return refuse(text, "nothing given");
  std::uint64_t total = 0;
  auto allowed = units.begin();
  for (std::string_view rest = text; !rest.empty();) {
    const auto amount = take_amount(rest);
    if (!amount) return refuse(text, "expected a number at " + json_quoted(rest));
    const std::string_view name = take_while(rest, [](char c) { return c != '.' && !is_digit(c); });
    if (name.empty()) return refuse(text, "a number without a unit");
    const auto* const unit = std::ranges::find(units, name, &Unit::name);
    if (unit == units.end()) return refuse(text, "unknown unit " + json_quoted(name));
    if (unit < allowed) return refuse(text, "units go from large to small, each once");
    allowed = unit + 1;
    const auto part = to_ns(*amount, unit->ns);
    if (!part && part.error() == Trouble::not_whole) return refuse(text, "finer than 1ns");
    const auto sum = part ? multiply_add(1, total, *part) : std::nullopt;
    if (!sum) return refuse(text, "longer than 292 years");
    total = *sum;
  }
  return Duration{static_cast<std::int64_t>(total)};
}

std::string format_duration(Duration duration) {
  const auto bits = static_cast<std::uint64_t>(duration.count());
  if (duration < Duration::zero()) return "-" + format_magnitude(std::uint64_t{0} - bits);
  return format_magnitude(bits);
}

}  // namespace feedwatch
