#include "feedwatch/protect/schedule.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace feedwatch {
namespace {

constexpr int most_days = 5 * 366;

std::unexpected<Error> bad(const std::string& text, std::string why) {
  return std::unexpected(
      Error{.what = fmt::format("schedule '{}'", text),
            .why = std::move(why),
            .fix = R"(write times of day (UTC) as "06:05", or five cron fields as "5 */4 * * *")"});
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Range {
  unsigned first = 0, last = 0, step = 1;
};

/// "*", "7", "1-5", each with "/STEP"; a lone number with a step goes on to the end, as in cron.
std::optional<Range> parse_range(std::string_view text, unsigned least, unsigned most) {
  Range range{least, most, 1};
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto step = number(text.substr(slash + 1));
    if (!step || *step == 0) return std::nullopt;
    range.step = *step;
    text = text.substr(0, slash);
  }
  if (text == "*") return range;
  const auto ends = split(text, '-');
  const auto first = number(ends.front());
  if (!first || ends.size() > 2) return std::nullopt;
  range.first = *first;
  range.last = slash == std::string_view::npos ? *first : most;
  if (ends.size() == 2) {
    const auto last = number(ends.back());
    if (!last) return std::nullopt;
    range.last = *last;
  }
  if (range.first < least || range.last > most || range.first > range.last) return std::nullopt;
  return range;
}

template <std::size_t N>
bool parse_field(std::string_view text, unsigned least, unsigned most, std::bitset<N>& out) {
  for (const std::string_view part : split(text, ',')) {
    const auto range = parse_range(part, least, most);
    if (!range) return false;
    for (unsigned i = range->first; i <= range->last; i += range->step) out.set(i % N);
  }
  return true;
}

}  // namespace

Result<Schedule::Entry> Schedule::parse_time(const std::string& text) {
  const auto parts = split(text, ':');
  const auto hour = number(parts.at(0));
  const auto minute = parts.size() > 1 ? number(parts[1]) : std::nullopt;
  const auto second = parts.size() > 2 ? number(parts[2]) : 0U;
  const bool shaped = parts.size() == 2 || parts.size() == 3;
  if (!shaped || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) {
    return bad(text, "is no time of day");
  }
  Entry entry;
  entry.hours.set(*hour);
  entry.minutes.set(*minute);
  entry.second = std::chrono::seconds{*second};
  entry.days.set();
  entry.months.set();
  entry.weekdays.set();
  return entry;
}

Result<Schedule::Entry> Schedule::parse_cron(const std::string& text) {
  std::vector<std::string_view> fields = split(text, ' ');
  std::erase(fields, std::string_view{});
  if (fields.size() != 5) return bad(text, "has not five fields");
  Entry entry;
  std::bitset<8> weekdays;
  if (!parse_field(fields[0], 0, 59, entry.minutes)) return bad(text, "has no such minute");
  if (!parse_field(fields[1], 0, 23, entry.hours)) return bad(text, "has no such hour");
  if (!parse_field(fields[2], 1, 31, entry.days)) return bad(text, "has no such day of month");
  if (!parse_field(fields[3], 1, 12, entry.months)) return bad(text, "has no such month");
  if (!parse_field(fields[4], 0, 7, weekdays)) return bad(text, "has no such day of week");
  for (std::size_t day = 0; day < weekdays.size(); ++day) {
    if (weekdays.test(day)) entry.weekdays.set(day % 7);
  }
  entry.any_day = fields[2] == "*";
  entry.any_weekday = fields[4] == "*";
  return entry;
}

Result<Schedule> Schedule::parse(std::span<const std::string> entries) {
  Schedule schedule;
  for (const std::string& text : entries) {
    auto entry = text.find(' ') == std::string::npos ? parse_time(text) : parse_cron(text);
    if (!entry) return std::unexpected(entry.error());
    schedule.entries_.push_back(*entry);
    if (!schedule.text_.empty()) schedule.text_ += ", ";
    schedule.text_ += text;
  }
  if (entries.empty()) return bad("", "names no time");
  if (!schedule.next_after(WallTime{})) return bad(schedule.text_, "never comes");
  return schedule;
}

bool Schedule::Entry::fits(std::chrono::sys_days day) const {
  const std::chrono::year_month_day date{day};
  if (!months.test(unsigned{date.month()})) return false;
  const bool day_fits = days.test(unsigned{date.day()});
  const bool weekday_fits = weekdays.test(std::chrono::weekday{day}.c_encoding());
  if (any_day || any_weekday) return day_fits && weekday_fits;
  return day_fits || weekday_fits;
}

std::optional<std::chrono::sys_seconds> Schedule::Entry::next_after(
    std::chrono::sys_seconds at) const {
  auto day = std::chrono::floor<std::chrono::days>(at);
  for (int i = 0; i < most_days; ++i, day += std::chrono::days{1}) {
    if (!fits(day)) continue;
    for (unsigned minute_of_day = 0; minute_of_day < 24U * 60U; ++minute_of_day) {
      if (!hours.test(minute_of_day / 60U) || !minutes.test(minute_of_day % 60U)) continue;
      const std::chrono::sys_seconds moment = day + std::chrono::minutes{minute_of_day} + second;
      if (moment > at) return moment;
    }
  }
  return std::nullopt;
}

std::optional<WallTime> Schedule::next_after(WallTime at) const {
  const std::chrono::sys_seconds from{
      std::chrono::floor<std::chrono::seconds>(at.time_since_epoch())};
  std::optional<std::chrono::sys_seconds> next;
  for (const Entry& entry : entries_) {
    const auto moment = entry.next_after(from);
    if (moment && (!next || *moment < *next)) next = moment;
  }
  if (!next) return std::nullopt;
  return WallTime{next->time_since_epoch()};
}

}  // namespace feedwatch
