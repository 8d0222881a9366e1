#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "feedwatch/api/client_view.hpp"
#include "feedwatch/api/terminal_text.hpp"

namespace feedwatch::api {

namespace {

constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view plain = "\x1b[0m";

constexpr std::array levels{"stale", "unknown", "degraded", "healthy"};

std::ptrdiff_t rank(const std::string& level) {
  return std::ranges::find(levels, level) - levels.begin();
}

std::string_view colour_of(std::string_view word) {
  constexpr std::array bad{"stale", "unhealthy", "critical", "backing_off"};
  constexpr std::array good{"healthy", "live"};
  if (std::ranges::find(bad, word) != bad.end()) return red;
  return std::ranges::find(good, word) != good.end() ? green : yellow;
}

/// Rows of cells, as wide as their widest; the first `coloured` column by its own word.
class Table {
 public:
  Table(std::string& out, bool colour, std::size_t coloured)
      : out_(out), colour_(colour), coloured_(coloured) {}

  void add(std::vector<std::string> cells) {
    widths_.resize(std::max(widths_.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      widths_[i] = std::max(widths_[i], columns(cells[i]));
    }
    rows_.push_back(std::move(cells));
  }

  void print() {
    for (const auto& cells : rows_) {
      std::string row;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        row += "  ";
        const bool painted = colour_ && i == coloured_;
        if (painted) row += colour_of(cells[i]);
        row += cells[i];
        if (painted) row += plain;
        row.append(widths_[i] - columns(cells[i]), ' ');
      }
      row.erase(row.find_last_not_of(' ') + 1);
      out_ += row + "\n";
    }
  }

 private:
  std::string& out_;
  bool colour_;
  std::size_t coloured_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
};

void more(std::string& out, std::size_t total, std::size_t shown) {
  if (total > shown) fmt::format_to(std::back_inserter(out), "  and {} more\n", total - shown);
}

std::string painted(std::string_view word, bool colour) {
  return colour ? fmt::format("{}{}{}", colour_of(word), word, plain) : std::string(word);
}

/// "2026-11-22T12:01:57.500007132Z" → "2026-11-22T12:01:57Z"
std::string to_the_second(const std::string& time) {
  const std::size_t fraction = time.find('.');
  return fraction == std::string::npos ? time : time.substr(0, fraction) + "Z";
}

void components(std::string& out, const StatusView& view, bool colour) {
  Table table(out, colour, 1);
  for (const ComponentRow& part : view.components) {
    table.add({part.name, part.state, part.message});
  }
  table.print();
}

void streams(std::string& out, StatusView& view, const ScreenOptions& options) {
  out += fmt::format("\nStreams {}:", view.streams.size());
  for (const char* level : {"healthy", "degraded", "stale", "unknown"}) {
    out += fmt::format(" {} {}", std::ranges::count(view.streams, level, &StreamRow::level), level);
  }
  out += '\n';
  std::ranges::sort(view.streams, [](const StreamRow& a, const StreamRow& b) {
    if (rank(a.level) != rank(b.level)) return rank(a.level) < rank(b.level);
    if ((a.note.empty()) != (b.note.empty())) return b.note.empty();
    return a.stream < b.stream;
  });
  Table table(out, options.colour, 1);
  const std::size_t shown = std::min(view.streams.size(), options.max_streams);
  for (std::size_t i = 0; i < shown; ++i) {
    const StreamRow& row = view.streams[i];
    table.add({row.stream, row.level, row.reason, age_text(row.age_seconds),
               row.price.empty() ? "-" : row.price, row.line, row.note});
  }
  table.print();
  more(out, view.streams.size(), shown);
}

void lines(std::string& out, const StatusView& view, const ScreenOptions& options) {
  out += fmt::format("\nLines {}:\n", view.lines.size());
  Table table(out, options.colour, 1);
  const std::size_t shown = std::min(view.lines.size(), options.max_lines);
  for (std::size_t i = 0; i < shown; ++i) {
    const LineRow& row = view.lines[i];
    table.add({row.line, row.state, fmt::format("{:.1f} frames/s", row.frames_per_second),
               "last frame " + age_text(row.last_frame_age_seconds),
               row.ping_seconds ? fmt::format("ping {:.1f} ms", *row.ping_seconds * 1000) : "",
               row.detail});
  }
  table.print();
  more(out, view.lines.size(), shown);
}

void alerts(std::string& out, const StatusView& view, const ScreenOptions& options) {
  std::vector<const AlertRowView*> open;
  for (const AlertRowView& alert : view.alerts) {
    if (alert.open) open.push_back(&alert);
  }
  std::ranges::sort(open, [](const AlertRowView* a, const AlertRowView* b) {
    const bool critical = a->severity == "critical";
    if (critical != (b->severity == "critical")) return critical;
    return a->identity < b->identity;
  });
  out += fmt::format("\nOpen alerts {}{}\n", open.size(), open.empty() ? "" : ":");
  Table table(out, options.colour, 0);
  const std::size_t shown = std::min(open.size(), options.max_alerts);
  for (std::size_t i = 0; i < shown; ++i) {
    table.add({open[i]->severity, open[i]->identity, "since " + to_the_second(open[i]->started_at),
               open[i]->message});
  }
  table.print();
  more(out, open.size(), shown);
}

}  // namespace

std::string status_screen(StatusView view, const ScreenOptions& options) {
  std::string out = fmt::format("feedwatch {} at {}: {}\n", view.version, printable(options.url),
                                painted(view.state, options.colour));
  components(out, view, options.colour);
  streams(out, view, options);
  lines(out, view, options);
  alerts(out, view, options);
  return out;
}

std::string age_text(std::optional<double> seconds) {
  if (!seconds) return "never";
  if (*seconds < 10) return fmt::format("{:.2f} s", *seconds);
  if (*seconds < 120) return fmt::format("{:.0f} s", *seconds);
  if (*seconds < 7200) return fmt::format("{:.0f} min", *seconds / 60);
  return fmt::format("{:.1f} h", *seconds / 3600);
}

}  // namespace feedwatch::api
