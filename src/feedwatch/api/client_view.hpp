#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/error.hpp"

/// The API's answers as a client reads and shows them (`feedwatch status`, `price`, `watch`). Pure.
/// Every text that came from the answers is printable.
namespace feedwatch::api {

struct StreamRow {
  std::string stream, level, reason, price, line, note;
  std::optional<double> age_seconds;  ///< absent: never received
};

struct LineRow {
  std::string line, state, detail;
  double frames_per_second = 0;
  std::optional<double> last_frame_age_seconds, ping_seconds;
};

struct AlertRowView {
  std::string identity, severity, message, started_at;
  bool open = false;
};

struct ComponentRow {
  std::string name, state, message;
};

/// One look at a monitor, as read from /health, /v1/streams, /v1/lines and /v1/alerts.
struct StatusView {
  std::string state, version;
  std::vector<ComponentRow> components;
  std::vector<StreamRow> streams;
  std::vector<LineRow> lines;
  std::vector<AlertRowView> alerts;
};

/// A page of a list: its items, each as JSON as served, and where the next begins.
struct ListPage {
  std::vector<std::string> items;
  std::optional<std::string> next_cursor;
};

/// A refusal or another problem+json answer.
struct ProblemView {
  std::string title, detail, refusal, reason, level;
  std::optional<double> age_seconds;
};

/// Errors say that the answer is none of a feedwatch monitor.
Result<ListPage> parse_list(std::string_view field, std::string_view body);
Result<StatusView> parse_status(std::string_view health, const ListPage& streams,
                                const ListPage& lines, const ListPage& alerts);
Result<StreamRow> parse_stream(std::string_view body);
/// What a reload changed.
Result<std::vector<std::string>> parse_changed(std::string_view body);
/// Anything is a problem: what is no problem+json has only an empty title.
ProblemView parse_problem(std::string_view body);

/// The answers put together as one object, each part as served, safe to print.
Result<std::string> status_json(std::string_view health, const ListPage& streams,
                                const ListPage& lines, const ListPage& alerts);

struct ScreenOptions {
  std::string url;
  bool colour = false;
  std::size_t max_streams = 20;
  std::size_t max_lines = 20;
  std::size_t max_alerts = 20;
};
/// One screen of text, worst first, with a newline at its end.
std::string status_screen(StatusView view, const ScreenOptions& options);

/// "v/BTC/mark 64010.5 receive age 0.4 s, event age 0.5 s, healthy"
Result<std::string> price_line(std::string_view body);

/// "0.42 s", "12 s", "5 min", "3.2 h", "never".
std::string age_text(std::optional<double> seconds);

}  // namespace feedwatch::api
