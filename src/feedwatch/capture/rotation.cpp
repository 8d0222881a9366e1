#include "feedwatch/capture/rotation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <tuple>

namespace feedwatch::capture {

namespace {

constexpr std::string_view prefix = "feedwatch-";
constexpr std::string_view shape = "00000000T000000.000Z-";  ///< 0: any digit

bool fits(std::string_view text, std::string_view pattern) {
  return text.size() >= pattern.size() &&
         std::ranges::equal(text.substr(0, pattern.size()), pattern, [](char have, char want) {
           return want == '0' ? have >= '0' && have <= '9' : have == want;
         });
}

}  // namespace

std::string recording_name(WallTime begun, std::uint64_t number, bool compressed) {
  using namespace std::chrono;
  const auto since = floor<milliseconds>(begun.time_since_epoch());
  const sys_days day{floor<days>(since)};
  const year_month_day date{day};
  const hh_mm_ss time{since - floor<days>(since)};
  return fmt::format("{}{:04}{:02}{:02}T{:02}{:02}{:02}.{:03}Z-{:04}.jsonl{}", prefix,
                     static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count(),
                     number, compressed ? ".zst" : "");
}

bool is_recording_name(std::string_view name) {
  if (!name.starts_with(prefix) || !fits(name.substr(prefix.size()), shape)) return false;
  name.remove_prefix(prefix.size() + shape.size());
  const std::size_t digits = name.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos) return false;
  const std::string_view rest = name.substr(digits);
  return rest == ".jsonl" || rest == ".jsonl.zst";
}

bool is_earlier_recording(std::string_view one, std::string_view other) {
  // A number beyond 9999 is longer, and larger.
  const auto key = [](std::string_view name) {
    const std::size_t begin = std::min(prefix.size() + shape.size(), name.size());
    const std::string_view rest = name.substr(begin);
    const std::size_t digits = std::min(rest.find('.'), rest.size());
    return std::tuple(name.substr(0, begin), digits, rest);
  };
  return key(one) < key(other);
}

std::vector<std::string> superfluous(std::vector<std::string> names,
                                     const std::vector<std::string>& ours, std::size_t keep) {
  std::erase_if(names, [&](const std::string& name) {
    return !is_recording_name(name) || std::ranges::find(ours, name) != ours.end();
  });
  std::ranges::sort(names, is_earlier_recording);
  names.insert(names.end(), ours.begin(), ours.end());
  names.resize(keep == 0 || names.size() <= keep ? 0 : names.size() - keep);
  return names;
}

}  // namespace feedwatch::capture
