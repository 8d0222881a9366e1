#include "feedwatch/api/client_view.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include "feedwatch/api/answer_fields.hpp"
#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::api {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

std::string price_of(const object& from) {
  const std::string bid = text(from, "bid");
  return bid.empty() ? text(from, "price") : bid + " / " + text(from, "ask");
}

std::string note_of(const object& from) {
  std::string note;
  const auto add = [&](std::string_view what) {
    if (what.empty()) return;
    if (!note.empty()) note += ", ";
    note += what;
  };
  if (!text(from, "suspect_since").empty() && text(from, "level") != "stale") add("suspect");
  if (flag(from, "quarantined") && text(from, "reason") != "quarantined") add("quarantined");
  if (flag(from, "retired")) add("retired");
  if (flag(from, "repair_exhausted")) add("repair exhausted");
  add(text(from, "detail"));
  return note;
}

StreamRow stream_row(const object& from) {
  return {.stream = text(from, "stream"),
          .level = text(from, "level"),
          .reason = text(from, "reason"),
          .price = price_of(from),
          .line = text(from, "line"),
          .note = note_of(from),
          .age_seconds = number(from, "age_seconds")};
}

LineRow line_row(const object& from) {
  return {.line = text(from, "line"),
          .state = text(from, "state"),
          .detail = text(from, "detail"),
          .frames_per_second = number(from, "frames_per_second").value_or(0),
          .last_frame_age_seconds = number(from, "last_frame_age_seconds"),
          .ping_seconds = number(from, "ping_round_trip_seconds")};
}

AlertRowView alert_row(const object& from) {
  return {.identity = text(from, "identity"),
          .severity = text(from, "severity"),
          .message = text(from, "message"),
          .started_at = text(from, "started_at"),
          .open = flag(from, "open")};
}

/// Calls `use` with the object that `json` holds; false when it holds none.
template <class Use>
bool with_object(std::string_view json, Use use) {
  simdjson::dom::parser parser;
  object root;
  if (parser.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS) return false;
  use(root);
  return true;
}

template <class Row, class Make>
bool append_rows(const ListPage& page, std::vector<Row>& rows, Make make) {
  for (const std::string& item : page.items) {
    if (!with_object(item, [&](const object& one) { rows.push_back(make(one)); })) return false;
  }
  return true;
}

void append_components(const object& health, std::vector<ComponentRow>& rows) {
  object checks;
  if (health["checks"].get(checks) != simdjson::SUCCESS) return;
  for (const auto [name, value] : checks) {
    array measurements;
    object first;
    if (value.get(measurements) != simdjson::SUCCESS) continue;
    if (measurements.at(0).get(first) != simdjson::SUCCESS) continue;
    rows.push_back({printable(name), text(first, "state"), text(first, "output")});
  }
}

}  // namespace

Result<ListPage> parse_list(std::string_view field, std::string_view body) {
  ListPage page;
  bool complete = false;
  with_object(body, [&](const object& root) {
    array items;
    if (root[field].get(items) != simdjson::SUCCESS) return;
    for (const element item : items) page.items.push_back(simdjson::minify(item));
    std::string_view cursor;
    if (root["next_cursor"].get(cursor) == simdjson::SUCCESS) page.next_cursor = cursor;
    complete = true;
  });
  if (!complete) return foreign();
  return page;
}

Result<StatusView> parse_status(std::string_view health, const ListPage& streams,
                                const ListPage& lines, const ListPage& alerts) {
  StatusView view;
  const bool read = with_object(health, [&](const object& root) {
    view.state = text(root, "state");
    view.version = text(root, "releaseId");
    append_components(root, view.components);
  });
  if (!read || view.state.empty() || !append_rows(streams, view.streams, stream_row) ||
      !append_rows(lines, view.lines, line_row) || !append_rows(alerts, view.alerts, alert_row)) {
    return foreign();
  }
  return view;
}

Result<StreamRow> parse_stream(std::string_view body) {
  StreamRow row;
  if (!with_object(body, [&](const object& root) { row = stream_row(root); })) return foreign();
  if (row.stream.empty()) return foreign();
  return row;
}

ProblemView parse_problem(std::string_view body) {
  ProblemView problem;
  with_object(body, [&](const object& root) {
    problem = {.title = text(root, "title"),
               .detail = text(root, "detail"),
               .refusal = text(root, "refusal"),
               .reason = text(root, "reason"),
               .level = text(root, "level"),
               .age_seconds = number(root, "age_seconds")};
  });
  return problem;
}

Result<std::string> status_json(std::string_view health, const ListPage& streams,
                                const ListPage& lines, const ListPage& alerts) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("health");
  if (!with_object(health, [&](const object& root) { json.raw(simdjson::minify(root)); })) {
    return foreign();
  }
  const auto list = [&](std::string_view name, const ListPage& page) {
    json.key(name).begin_array();
    for (const std::string& item : page.items) json.raw(item);
    json.end_array();
  };
  list("streams", streams);
  list("lines", lines);
  list("alerts", alerts);
  json.end_object();
  return printable_json(out);
}

Result<std::vector<std::string>> parse_changed(std::string_view body) {
  std::optional<std::vector<std::string>> changed;
  with_object(body, [&](const object& root) {
    simdjson::dom::array list;
    if (root["changed"].get(list) != simdjson::SUCCESS) return;
    changed.emplace();
    for (const auto item : list) {
      std::string_view what;
      if (item.get(what) == simdjson::SUCCESS) changed->push_back(printable(what));
    }
  });
  if (!changed) return foreign();
  return *std::move(changed);
}

Result<std::string> price_line(std::string_view body) {
  std::string line;
  with_object(body, [&](const object& root) {
    const auto receive = number(root, "receive_age_seconds");
    if (!receive) return;
    const auto event = number(root, "event_age_seconds");
    line =
        fmt::format("{} {} receive age {}, event age {}, {}", text(root, "stream"), price_of(root),
                    age_text(receive), event ? age_text(event) : "unknown", text(root, "level"));
  });
  if (line.empty()) return foreign();
  return line;
}

}  // namespace feedwatch::api
