#include "feedwatch/api/alert_view.hpp"

#include <simdjson.h>

#include <fmt/format.h>

#include "feedwatch/api/answer_fields.hpp"
#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::api {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

/// The texts of a list, with commas.
std::string joined(const object& from, std::string_view key) {
  array items;
  std::string out;
  if (from[key].get(items) != SUCCESS) return out;
  for (const element item : items) {
    std::string_view one;
    if (item.get(one) == SUCCESS) out += (out.empty() ? "" : ", ") + printable(one);
  }
  return out;
}

std::string acked_by(const object& alert) {
  object ack;
  return alert["acknowledged"].get(ack) == SUCCESS ? text(ack, "by") : std::string();
}

/// What keeps an open alert from being told, in a word.
std::string state_of(const object& alert) {
  std::string state = text(alert, "state");
  if (!flag(alert, "open", false)) return state;
  if (!acked_by(alert).empty()) return "acknowledged";
  if (!joined(alert, "silenced_by").empty()) return "silenced";
  return joined(alert, "maintenance").empty() ? state : "maintenance";
}

std::string matchers_of(const object& silence) {
  array items;
  std::string out;
  if (silence["matchers"].get(items) != SUCCESS) return out;
  for (const element item : items) {
    object one;
    if (item.get(one) != SUCCESS) continue;
    const bool equal = flag(one, "isEqual", true);
    const std::string_view middle =
        flag(one, "isRegex", false) ? (equal ? "=~" : "!~") : (equal ? "=" : "!=");
    out += fmt::format("{}{}{}\"{}\"", out.empty() ? "" : ", ", text(one, "name"), middle,
                       text(one, "value"));
  }
  return out;
}

std::string alert_line(const object& alert) {
  return fmt::format("{}  {:<8}  {:<12}  {}  {}\n    {}\n", text(alert, "id"),
                     text(alert, "severity"), state_of(alert), text(alert, "started_at"),
                     text(alert, "identity"), text(alert, "message"));
}

std::string silence_line(const object& silence) {
  object status;
  const bool has_state = silence["status"].get(status) == SUCCESS;
  return fmt::format("{}  {:<7}  until {}  {}\n    {}: {}\n", text(silence, "id"),
                     has_state ? text(status, "state") : "", text(silence, "endsAt"),
                     matchers_of(silence), text(silence, "createdBy"), text(silence, "comment"));
}

/// `render` of every item.
template <class Render>
Result<std::string> lines(const ListPage& page, Render render) {
  std::string out;
  simdjson::dom::parser parser;
  for (const std::string& item : page.items) {
    object one;
    if (parser.parse(simdjson::padded_string(item)).get(one) != SUCCESS) return foreign();
    out += render(one);
  }
  return out;
}

void add(std::string& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out += fmt::format("{:<14}{}\n", name, value);
}

void add_transitions(std::string& out, const object& alert) {
  array items;
  if (alert["transitions"].get(items) != SUCCESS) return;
  for (const element item : items) {
    object one;
    if (item.get(one) != SUCCESS) continue;
    add(out, "transition",
        fmt::format("{}  {} -> {}  {}  {}", text(one, "at"), text(one, "from"), text(one, "to"),
                    text(one, "severity"), text(one, "message")));
  }
}

void add_notifications(std::string& out, const object& alert) {
  array items;
  if (alert["notifications"].get(items) != SUCCESS) return;
  for (const element item : items) {
    object one;
    if (item.get(one) != SUCCESS) continue;
    add(out, "notification",
        fmt::format("{}  {}  {}  {}", text(one, "created_at"), text(one, "sink"),
                    text(one, "state"), text(one, "last_error")));
  }
}

}  // namespace

Result<std::string> alerts_text(const ListPage& alerts) {
  return lines(alerts, alert_line);
}

Result<std::string> alert_text(std::string_view body) {
  simdjson::dom::parser parser;
  object alert;
  if (parser.parse(simdjson::padded_string(body)).get(alert) != SUCCESS) return foreign();
  if (text(alert, "id").empty()) return foreign();
  std::string out;
  add(out, "id", text(alert, "id"));
  add(out, "alert", text(alert, "identity"));
  add(out, "severity", text(alert, "severity"));
  add(out, "state", state_of(alert));
  add(out, "since", text(alert, "started_at"));
  add(out, "resolved", text(alert, "resolved_at"));
  add(out, "message", text(alert, "message"));
  object ack;
  if (alert["acknowledged"].get(ack) == SUCCESS) {
    add(out, "acknowledged",
        fmt::format("{}  {}: {}", text(ack, "at"), text(ack, "by"), text(ack, "comment")));
  }
  add(out, "silenced by", joined(alert, "silenced_by"));
  add(out, "maintenance", joined(alert, "maintenance"));
  add_transitions(out, alert);
  add_notifications(out, alert);
  return out;
}

Result<std::string> silences_text(const ListPage& silences) {
  return lines(silences, silence_line);
}

Result<std::string> silence_id(std::string_view body) {
  simdjson::dom::parser parser;
  object root;
  if (parser.parse(simdjson::padded_string(body)).get(root) != SUCCESS) return foreign();
  std::string id = text(root, "silenceID");
  if (id.empty()) return foreign();
  return id;
}

}  // namespace feedwatch::api
