#include "feedwatch/base/time_text.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch {
namespace {

namespace cr = std::chrono;

constexpr std::int64_t ns_per_second = 1'000'000'000;

std::unexpected<Error> refuse(std::string_view text, std::string why) {
  return std::unexpected(Error{.what = "time " + json_quoted(text),
                               .why = std::move(why),
                               .fix = "use RFC 3339, as in 2026-11-22T10:55:22.123Z"});
}

/// Appends `value` with leading zeros to `width` digits.
void append_padded(std::string& out, std::uint64_t value, int width) {
  std::array<char, 20> digits{};
  for (int i = width - 1; i >= 0; --i) {
    digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  }
  out.append(digits.data(), static_cast<std::size_t>(width));
}

void append_fraction(std::string& out, std::uint64_t ns) {
  out += '.';
  if (ns % 1'000'000 == 0) return append_padded(out, ns / 1'000'000, 3);
  if (ns % 1'000 == 0) return append_padded(out, ns / 1'000, 6);
  append_padded(out, ns, 9);
}

/// Reads from front to back; every step answers false (or nothing) where the text does not go on
/// so.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool take(std::string_view any_of) {
    if (rest_.empty() || !any_of.contains(rest_.front())) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool number(int width, int& value) {
    value = 0;
    for (; width > 0; --width) {
      const int digit = take_digit();
      if (digit < 0) return false;
      value = value * 10 + digit;
    }
    return true;
  }

  /// ".123" in nanoseconds; 0 when there is no point.
  bool fraction(std::int64_t& ns) {
    ns = 0;
    if (!take(".")) return true;
    std::int64_t place = ns_per_second / 10;
    int digit = take_digit();
    if (digit < 0) return false;
    for (; digit >= 0; digit = take_digit()) {
      ns += place * digit;
      place /= 10;
    }
    return true;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  int take_digit() {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return -1;
    const int digit = rest_.front() - '0';
    rest_.remove_prefix(1);
    return digit;
  }

  std::string_view rest_;
};

struct Civil {
  int year = 0, month = 0, day = 0;
  int hour = 0, minute = 0, second = 0;
  std::int64_t ns = 0;
  int offset_sign = 0;  ///< 0 for Z
  int offset_hours = 0, offset_minutes = 0;
};

bool read_date(Reader& in, Civil& c) {
  return in.number(4, c.year) && in.take("-") && in.number(2, c.month) && in.take("-") &&
         in.number(2, c.day);
}

bool read_clock(Reader& in, Civil& c) {
  return in.number(2, c.hour) && in.take(":") && in.number(2, c.minute) && in.take(":") &&
         in.number(2, c.second) && in.fraction(c.ns);
}

bool read_offset(Reader& in, Civil& c) {
  if (in.take("Zz")) return true;
  if (in.take("+")) {
    c.offset_sign = 1;
  } else if (in.take("-")) {
    c.offset_sign = -1;
  } else {
    return false;
  }
  return in.number(2, c.offset_hours) && in.take(":") && in.number(2, c.offset_minutes);
}

bool exists(const Civil& c, const cr::year_month_day& date) {
  return date.ok() && c.hour < 24 && c.minute < 60 && c.second <= 60 && c.offset_hours < 24 &&
         c.offset_minutes < 60;
}

/// Nanoseconds since the epoch, nothing when they do not fit 64 bits.
std::optional<std::int64_t> to_ns(const Civil& c, const cr::year_month_day& date) {
  const std::int64_t days = cr::sys_days{date}.time_since_epoch().count();
  const std::int64_t offset = c.offset_sign * (c.offset_hours * 3600 + c.offset_minutes * 60);
  std::int64_t seconds = days * 86'400 + c.hour * 3600 + c.minute * 60 + c.second - offset;
  std::int64_t ns = c.ns;
  // Before 1970 the fraction counts back from the next second, so that no product leaves the range
  // of a time that itself is inside it.
  if (seconds < 0 && ns > 0) {
    seconds += 1;
    ns -= ns_per_second;
  }
  std::int64_t total = 0;
  if (__builtin_mul_overflow(seconds, ns_per_second, &total)) return std::nullopt;
  if (__builtin_add_overflow(total, ns, &total)) return std::nullopt;
  return total;
}

}  // namespace

std::string format_time(WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto days = cr::floor<cr::days>(since_epoch);
  const cr::year_month_day date{cr::sys_days{days}};
  // Not since_epoch - days: the first day of the range begins before its first nanosecond.
  const auto whole = cr::floor<cr::seconds>(since_epoch);
  const cr::hh_mm_ss clock{whole - cr::duration_cast<cr::seconds>(days)};
  const std::int64_t remainder = since_epoch.count() % ns_per_second;
  const std::int64_t ns = remainder < 0 ? remainder + ns_per_second : remainder;

  std::string out;
  const auto part = [&out](auto value, int width, char after) {
    append_padded(out, static_cast<std::uint64_t>(value), width);
    if (after != '\0') out += after;
  };
  part(static_cast<int>(date.year()), 4, '-');
  part(static_cast<unsigned>(date.month()), 2, '-');
  part(static_cast<unsigned>(date.day()), 2, 'T');
  part(clock.hours().count(), 2, ':');
  part(clock.minutes().count(), 2, ':');
  part(clock.seconds().count(), 2, '\0');
  append_fraction(out, static_cast<std::uint64_t>(ns));
  out += 'Z';
  return out;
}

Result<WallTime> parse_time(std::string_view text) {
  Reader in{text};
  Civil c;
  if (!read_date(in, c) || !in.take("Tt ") || !read_clock(in, c)) {
    return refuse(text, "not a date and time");
  }
  if (!read_offset(in, c) || !in.at_end()) return refuse(text, "no time zone, or text after it");
  const cr::year_month_day date{cr::year{c.year}, cr::month{static_cast<unsigned>(c.month)},
                                cr::day{static_cast<unsigned>(c.day)}};
  if (!exists(c, date)) return refuse(text, "no such date or time of day");
  const auto ns = to_ns(c, date);
  if (!ns) return refuse(text, "outside the years 1677 to 2262");
  return wall_from_ns(*ns);
}

}  // namespace feedwatch
