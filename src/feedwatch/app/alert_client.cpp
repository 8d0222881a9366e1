#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "feedwatch/api/alert_view.hpp"
#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/app/client.hpp"
#include "feedwatch/app/client_print.hpp"
#include "feedwatch/app/monitor_client.hpp"
#include "feedwatch/app/run.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/muting/matcher.hpp"

namespace feedwatch::app {
namespace {

constexpr std::string_view page_size = "limit=10000";

/// A list as one JSON object.
std::string list_json(std::string_view field, const api::ListPage& page) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key(field).begin_array();
  for (const std::string& item : page.items) json.raw(item);
  json.end_array().end_object();
  return out;
}

int print_text(const Result<std::string>& text, std::string_view none = {}) {
  if (!text) return failed(text.error());
  fmt::print("{}", text->empty() ? none : std::string_view(*text));
  return exit_ok;
}

/// Who says so unless told otherwise.
std::string own_name() {
  const char* name = std::getenv("USER");
  return name != nullptr && *name != '\0' ? name : "cli";
}

int change(const ClientArgs& args, const std::string& what, std::string method,
           const std::string& path, std::string body, std::string_view done) {
  MonitorClient monitor(args);
  const auto answer = monitor.change(std::move(method), path, std::move(body));
  if (!answer) return failed(answer.error());
  if (answer->status != 200 && answer->status != 204) return failed(said_no(what, *answer));
  if (args.json) {
    if (!answer->body.empty()) print_json(answer->body);
  } else {
    fmt::print("{}\n", done);
  }
  return exit_ok;
}

}  // namespace

int run_alerts(const ClientArgs& args, const AlertsArgs& wanted) {
  for (const std::string& filter : wanted.filters) {
    if (const auto read = muting::parse_matchers(filter); !read) {
      return print_usage("--filter", read.error());
    }
  }
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  if (!wanted.id.empty()) {
    const auto body = body_of(monitor, "/v1/alerts/" + percent_encoded(wanted.id));
    if (!body) return failed(body.error());
    if (!args.json) return print_text(api::alert_text(*body));
    print_json(*body);
    return exit_ok;
  }
  std::string path = fmt::format("/v1/alerts?{}", page_size);
  if (wanted.open) path += "&open=true";
  if (!wanted.state.empty()) path += "&state=" + percent_encoded(wanted.state);
  if (!wanted.severity.empty()) path += "&severity=" + percent_encoded(wanted.severity);
  for (const std::string& filter : wanted.filters) path += "&filter=" + percent_encoded(filter);
  const auto page = all_of(monitor, "alerts", path);
  if (!page) return failed(page.error());
  if (!args.json) return print_text(api::alerts_text(*page), "no alerts\n");
  print_json(list_json("alerts", *page));
  return exit_ok;
}

int run_silence_add(const ClientArgs& args, const SilenceArgs& wish) {
  if (const auto length = parse_duration(wish.length); !length) {
    return print_usage("--for", length.error());
  }
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("matchers").begin_array();
  for (const std::string& text : wish.matchers) {
    const auto matcher = muting::Matcher::parse(text);
    if (!matcher) return print_usage("MATCHER", matcher.error());
    json.string(matcher->text());
  }
  json.end_array().field("for", wish.length).field("comment", wish.comment);
  json.field("createdBy", wish.by.empty() ? own_name() : wish.by);
  if (!wish.id.empty()) json.field("id", wish.id);
  json.end_object();
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  const auto answer = monitor.change("POST", "/v1/silences", std::move(body));
  if (!answer) return failed(answer.error());
  if (answer->status != 200) return failed(said_no("silence", *answer));
  const auto id = api::silence_id(answer->body);
  if (!id) return failed(id.error());
  if (args.json) {
    print_json(answer->body);
  } else {
    fmt::print("{}\n", *id);
  }
  return exit_ok;
}

int run_silence_list(const ClientArgs& args, bool expired) {
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  api::ListPage all;
  for (const std::string_view state : {"active", "pending", "expired"}) {
    if (state == "expired" && !expired) continue;
    const auto page =
        all_of(monitor, "silences", fmt::format("/v1/silences?{}&state={}", page_size, state));
    if (!page) return failed(page.error());
    all.items.insert(all.items.end(), page->items.begin(), page->items.end());
  }
  if (!args.json) return print_text(api::silences_text(all), "no silences\n");
  print_json(list_json("silences", all));
  return exit_ok;
}

int run_silence_expire(const ClientArgs& args, const std::string& id) {
  if (!usable(args)) return exit_usage;
  return change(args, "silence", "DELETE", "/v1/silences/" + percent_encoded(id), {},
                fmt::format("{}: expired", api::printable(id)));
}

int run_ack(const ClientArgs& args, const std::string& id, const std::string& by,
            const std::string& comment, bool undo) {
  if (!usable(args)) return exit_usage;
  const std::string path = "/v1/alerts/" + percent_encoded(id) + "/ack";
  if (undo) {
    return change(args, "alert", "DELETE", path, {},
                  fmt::format("{}: nobody has it any more", api::printable(id)));
  }
  const std::string who = by.empty() ? own_name() : by;
  std::string body;
  JsonWriter(body).begin_object().field("by", who).field("comment", comment).end_object();
  return change(args, "alert", "POST", path, std::move(body),
                fmt::format("{}: acknowledged by {}", api::printable(id), api::printable(who)));
}

}  // namespace feedwatch::app
