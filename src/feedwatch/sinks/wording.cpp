#include "feedwatch/sinks/wording.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "feedwatch/base/utf8.hpp"

namespace feedwatch::sinks {
namespace {

constexpr std::string_view ellipsis = "\xE2\x80\xA6";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

std::size_t utf16_units(std::string_view character) {
  return character.size() == 4 ? 2 : 1;
}

std::size_t one_point(std::string_view) {
  return 1;
}

template <class Width>
std::string cut(std::string_view text, std::size_t limit, Width width) {
  std::size_t used = 0;
  std::size_t end = 0;      // of what fits
  std::size_t shorter = 0;  // of what fits beside the ellipsis
  while (end < text.size()) {
    const Utf8Step step = utf8_step(text.substr(end));
    const std::size_t more = width(text.substr(end, step.valid ? step.length : 1));
    if (used + more > limit) {
      return limit == 0 ? std::string() : std::string(text.substr(0, shorter)).append(ellipsis);
    }
    used += more;
    end += step.length;
    if (used < limit) shorter = end;
  }
  return std::string(text);
}

}  // namespace

Labels all_labels(const Notice& notice, const Speaker& speaker) {
  Labels labels;
  const auto is_ours = [](const auto& label) {
    return label.first == "alertname" || label.first == "severity" || label.first == "instance";
  };
  std::ranges::remove_copy_if(notice.labels, std::back_inserter(labels), is_ours);
  labels.emplace_back("alertname", notice.name);
  labels.emplace_back("severity", notice.severity);
  if (!speaker.instance.empty()) labels.emplace_back("instance", speaker.instance);
  std::ranges::sort(labels);
  return labels;
}

Labels annotations(const Notice& notice) {
  return {{"metadata", notice.metadata}, {"summary", notice.message}};
}

std::string alert_url(const Notice& notice, const Speaker& speaker) {
  if (speaker.external_url.empty()) return {};
  std::string_view base = speaker.external_url;
  while (base.ends_with('/')) base.remove_suffix(1);
  std::string url = fmt::format("{}/v1/alerts/", base);
  for (const char c : notice.alert_id) {
    if (is_plain(c)) {
      url += c;
    } else {
      url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return url;
}

void write_object(JsonWriter& json, const Labels& members) {
  json.begin_object();
  for (const auto& [name, value] : members) json.field(name, value);
  json.end_object();
}

std::string summary_of(const Notice& notice) {
  if (notice.resolved()) return fmt::format("[RESOLVED] {}", notice.message);
  return fmt::format("[FIRING {}] {}", notice.severity, notice.message);
}

std::string headline(const Notification& notification) {
  if (notification.notices.size() == 1 && notification.truncated() == 0) {
    return summary_of(notification.notices.front());
  }
  std::string counts;
  if (notification.firing > 0) counts = fmt::format("FIRING {}", notification.firing);
  if (notification.resolved > 0) {
    counts += fmt::format("{}RESOLVED {}", counts.empty() ? "" : ", ", notification.resolved);
  }
  std::string group;
  for (const auto& [name, value] : notification.group_labels) {
    group += fmt::format(" {}={}", name, value);
  }
  return fmt::format("[{}]{}", counts, group);
}

std::string rest_line(std::size_t count) {
  return count == 0 ? std::string() : fmt::format("… and {} more", count);
}

std::vector<std::string> lines_of(const Notification& notification) {
  std::vector<std::string> lines{headline(notification)};
  if (notification.notices.size() == 1 && notification.truncated() == 0) return lines;
  for (const Notice& notice : notification.notices) lines.push_back(summary_of(notice));
  if (notification.truncated() > 0) lines.push_back(rest_line(notification.truncated()));
  return lines;
}

namespace {

template <class Width>
std::size_t length(std::string_view text, Width width) {
  std::size_t sum = 0;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    sum += width(text.substr(0, step.valid ? step.length : 1));
    text.remove_prefix(step.length);
  }
  return sum;
}

}  // namespace

std::size_t utf16_length(std::string_view text) {
  return length(text, utf16_units);
}

std::size_t point_count(std::string_view text) {
  return length(text, one_point);
}

std::string fitted_text(const Notification& notification, std::size_t limit,
                        const std::function<std::string(std::string)>& escape,
                        const std::function<std::size_t(std::string_view)>& width) {
  constexpr std::size_t line_limit = 500;
  constexpr std::size_t room_for_rest = 40;
  const auto shown = [&](const std::string& line) {
    return escape(cut_points(one_line(line), line_limit));
  };
  std::string text = shown(headline(notification));
  const bool single = notification.notices.size() == 1 && notification.truncated() == 0;
  if (single) return text;
  std::size_t used = width(text);
  std::size_t told = 0;
  for (const Notice& notice : notification.notices) {
    const std::string line = shown(summary_of(notice));
    const std::size_t more = width(line) + 1;
    if (used + more + room_for_rest > limit) break;
    text.append("\n").append(line);
    used += more;
    ++told;
  }
  const std::size_t rest = notification.firing + notification.resolved - told;
  if (rest > 0) text.append("\n").append(rest_line(rest));
  return text;
}

std::string cut_utf16(std::string_view text, std::size_t units) {
  return cut(text, units, utf16_units);
}

std::string cut_points(std::string_view text, std::size_t points) {
  return cut(text, points, one_point);
}

std::string_view cut_bytes(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = 0;
  while (true) {
    const std::size_t next = end + utf8_step(text.substr(end)).length;
    if (next > bytes) return text.substr(0, end);
    end = next;
  }
}

std::string one_line(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const std::string_view character = text.substr(0, step.length);
    if (!step.valid) {
      out += "\xEF\xBF\xBD";
    } else if (is_control(code_point(character))) {
      out += ' ';
    } else {
      out += character;
    }
    text.remove_prefix(step.length);
  }
  return out;
}

}  // namespace feedwatch::sinks
