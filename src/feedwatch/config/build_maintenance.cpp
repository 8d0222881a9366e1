#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/config/build.hpp"

namespace feedwatch::config {
namespace {

constexpr std::array<std::string_view, 7> weekdays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr Duration day = std::chrono::hours{24};
constexpr Duration longest_window = std::chrono::hours{24 * 7};

/// "02:30" → since midnight.
std::optional<Duration> time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  int hours = 0, minutes = 0;
  const char* const at = text.data();
  if (std::from_chars(at, at + 2, hours).ptr != at + 2) return std::nullopt;
  if (std::from_chars(at + 3, at + 5, minutes).ptr != at + 5) return std::nullopt;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return std::chrono::hours{hours} + std::chrono::minutes{minutes};
}

class MaintenanceBuilder {
 public:
  MaintenanceBuilder(const Section& section, Problems& problems)
      : section_(section), problems_(problems) {}

  muting::Maintenance build(std::size_t number) {
    muting::Maintenance one;
    one.name =
        section_.given("name") ? section_.text("name") : fmt::format("maintenance-{}", number);
    read_matchers(one.matchers);
    const bool once = has("start") || has("end");
    const bool again = has("days") || has("at") || has("for");
    if (once == again) {
      problems_.add(section_, once ? "at" : "start",
                    once ? "stands beside start and end" : "is missing, and at too",
                    "set start and end for one window, or at and for (and days) for many");
    } else if (once) {
      one.once = read_window();
    } else {
      one.schedule = read_schedule();
    }
    return one;
  }

 private:
  bool has(std::string_view key) const { return section_.find(key) != nullptr; }

  bool needs(std::string_view key, std::string_view beside) {
    if (!has(key)) {
      problems_.add(section_, key, "is missing", fmt::format("{} stands without it", beside));
    }
    return section_.given(key);
  }

  void read_matchers(muting::Matchers& matchers) {
    if (!section_.given("matchers")) return;
    for (const std::string& text : section_.list("matchers")) {
      auto matcher = muting::Matcher::parse(text);
      if (matcher) {
        matchers.push_back(std::move(*matcher));
      } else {
        problems_.add(section_, "matchers", matcher.error().what + " " + matcher.error().why,
                      matcher.error().fix);
      }
    }
    // An empty list would silence everything, and most likely by mistake.
    if (section_.list("matchers").empty()) {
      problems_.add(section_, "matchers", "is empty",
                    R"(name what is muted: alertname=~".+" is all)");
    }
  }

  std::optional<WallTime> read_time(std::string_view key, std::string_view beside) {
    if (!needs(key, beside)) return std::nullopt;
    const auto time = parse_time(section_.text(key));
    if (time) return *time;
    problems_.add(section_, key,
                  json_quoted(section_.text(key)) + " is not a time: " + time.error().why,
                  R"(write it as in "2026-12-01T02:00:00Z")");
    return std::nullopt;
  }

  std::optional<muting::Maintenance::Window> read_window() {
    const auto start = read_time("start", "end");
    const auto end = read_time("end", "start");
    if (!start || !end) return std::nullopt;
    if (*end <= *start) {
      problems_.add(section_, "end", "is not after start", "give a later one");
    }
    return muting::Maintenance::Window{*start, *end};
  }

  std::optional<muting::Maintenance::Schedule> read_schedule() {
    muting::Maintenance::Schedule schedule;
    if (has("days")) schedule.days = read_days();
    if (needs("at", "for")) {
      const auto at = time_of_day(section_.text("at"));
      if (!at) {
        problems_.add(section_, "at", json_quoted(section_.text("at")) + " is not a time of day",
                      R"(write it as in "02:30", UTC)");
      }
      schedule.at = at.value_or(Duration{});
    }
    if (needs("for", "at")) schedule.length = section_.duration("for");
    const bool every_day = schedule.days == 0x7f;
    const Duration longest = every_day ? day : longest_window;
    if (schedule.length > longest) {
      problems_.add(section_, "for", "is longer than the time to the next window",
                    fmt::format("use at most {}", format_duration(longest)));
    }
    return schedule;
  }

  std::uint8_t read_days() {
    unsigned days = 0;
    for (const std::string& word : section_.list("days")) {
      const auto found = std::ranges::find(weekdays, word);
      if (found == weekdays.end()) {
        problems_.add(section_, "days", json_quoted(word) + " is no day of the week",
                      "use mon, tue, wed, thu, fri, sat, sun");
      } else {
        days |= 1U << static_cast<unsigned>(found - weekdays.begin());
      }
    }
    if (section_.given("days") && section_.list("days").empty()) {
      problems_.add(section_, "days", "is empty", "name a day, or remove it for every day");
    }
    return static_cast<std::uint8_t>(days);
  }

  const Section& section_;
  Problems& problems_;
};

}  // namespace

void build_maintenances(const Document& document, Config& config, Problems& problems) {
  std::size_t number = 0;
  for (const Section* section : document.all("maintenance")) {
    config.maintenances.push_back(MaintenanceBuilder(*section, problems).build(++number));
  }
}

}  // namespace feedwatch::config
