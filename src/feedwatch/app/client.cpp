#include "feedwatch/app/client.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "feedwatch/api/client_view.hpp"
#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/app/client_print.hpp"
#include "feedwatch/app/monitor_client.hpp"
#include "feedwatch/app/run.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/net/url.hpp"

namespace feedwatch::app {

namespace {

constexpr Duration watch_limit = 3s;  ///< data or a reason by then
constexpr Duration watch_poll = 100ms;

bool terminal_with_colours() {
  const char* no_colour = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

struct Look {
  std::string health;
  api::ListPage streams, lines, alerts;
};

Result<Look> look(MonitorClient& monitor) {
  auto health = body_of(monitor, "/health");
  if (!health) return std::unexpected(health.error());
  auto streams = all_of(monitor, "streams", "/v1/streams?limit=10000");
  if (!streams) return std::unexpected(streams.error());
  auto lines = all_of(monitor, "lines", "/v1/lines?limit=10000");
  if (!lines) return std::unexpected(lines.error());
  auto alerts = all_of(monitor, "alerts", "/v1/alerts?open=true&limit=10000");
  if (!alerts) return std::unexpected(alerts.error());
  return Look{std::move(*health), std::move(*streams), std::move(*lines), std::move(*alerts)};
}

/// What the stream shows once there is a price; the reason why there is none, at the limit.
Result<std::string> first_data(MonitorClient& monitor, const StreamKey& key) {
  const MonoTime give_up = monitor.now() + watch_limit;
  while (true) {
    const auto answer = monitor.get(stream_path("/v1/streams", key));
    if (!answer) return std::unexpected(answer.error());
    api::StreamRow row{.reason = "resubscribing"};
    if (answer->status == 200) {
      auto parsed = api::parse_stream(answer->body);
      if (!parsed) return std::unexpected(parsed.error());
      row = std::move(*parsed);
    } else if (answer->status != 404) {  // 404: the lease has not come round yet
      return std::unexpected(said_no(api::printable(key.text()), *answer));
    }
    if (row.age_seconds) return answer->body;
    if (row.reason == "quarantined" || monitor.now() >= give_up) {  // quarantine is the last word
      // "ok" says that nothing is wrong yet, which is no reason.
      const std::string reason = row.reason == "ok" ? "never_received" : row.reason;
      return std::unexpected(Error{.what = api::printable(key.text()),
                                   .why = "watched, but no data within 3 s: reason " + reason +
                                          (row.note.empty() ? "" : ", " + row.note),
                                   .fix = "see feedwatch status"});
    }
    monitor.pause(watch_poll);
  }
}

std::string lease_body(const std::string& owner, const std::string& ttl) {
  std::string body;
  JsonWriter(body).begin_object().field("owner", owner).field("ttl", ttl).end_object();
  return body;
}

}  // namespace

void print_json(std::string_view body) {
  fmt::print("{}\n", api::printable_json(body));
}

Error said_no(const std::string& what, const HttpResponse& answer) {
  const api::ProblemView problem = api::parse_problem(answer.body);
  Error error{.what = what, .why = problem.detail, .fix = {}};
  if (error.why.empty()) error.why = fmt::format("the monitor answered {}", answer.status);
  // The monitor's own words often begin with what is said already.
  if (error.why.starts_with(what + ": ")) error.why.erase(0, what.size() + 2);
  if (answer.status == 401) {
    error.why = "the monitor wants its write token, and got none or another one";
    error.fix = "give --token-file with the file of api.token_file, or set FEEDWATCH_TOKEN";
  }
  return error;
}

int failed(const Error& error) {
  print_error(error);
  return exit_failure;
}

bool usable(const ClientArgs& args) {
  const auto url = net::parse_url(args.api);
  if (url && !url->websocket()) return true;
  print_usage("--api", {.what = args.api,
                        .why = url ? "is no http address" : url.error(),
                        .fix = "write it as in http://127.0.0.1:8420"});
  return false;
}

Result<std::string> body_of(MonitorClient& monitor, const std::string& path) {
  auto answer = monitor.get(path);
  if (!answer) return std::unexpected(answer.error());
  // An unhealthy monitor answers /health with 503, and with all there is to say.
  const bool health = path == "/health" && answer->status == 503;
  if (answer->status != 200 && !health) return std::unexpected(said_no(path, *answer));
  return std::move(answer->body);
}

Result<api::ListPage> all_of(MonitorClient& monitor, const std::string& field,
                             const std::string& path) {
  api::ListPage all;
  do {
    std::string page_path = path;
    if (all.next_cursor) page_path += "&cursor=" + percent_encoded(*all.next_cursor);
    const auto body = body_of(monitor, page_path);
    if (!body) return std::unexpected(body.error());
    auto page = api::parse_list(field, *body);
    if (!page) return std::unexpected(page.error());
    // A page that leads nowhere ends the list, whatever it says.
    all.next_cursor = page->items.empty() ? std::nullopt : page->next_cursor;
    all.items.insert(all.items.end(), page->items.begin(), page->items.end());
  } while (all.next_cursor);
  return all;
}

int print_usage(std::string_view flag, const Error& error) {
  print_error({.what = std::string(flag), .why = api::printable(error.text()), .fix = {}});
  return exit_usage;
}

int print_price(const std::string& body, bool json) {
  const auto line = api::price_line(body);
  if (!line) return failed(line.error());
  if (json) {
    print_json(body);
  } else {
    fmt::print("{}\n", *line);
  }
  return exit_ok;
}

int print_refused(const StreamKey& key, const std::string& body, const std::string& max_age,
                  bool json) {
  const api::ProblemView problem = api::parse_problem(body);
  std::string why = problem.refusal + ": reason " + problem.reason;
  if (problem.age_seconds) why += ", age " + api::age_text(problem.age_seconds);
  if (problem.refusal == "too_old") why += ", limit " + max_age;
  if (json) print_json(body);
  print_error({.what = api::printable(key.text()), .why = std::move(why), .fix = {}});
  return exit_refused;
}

int run_status(const ClientArgs& args) {
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  const auto seen = look(monitor);
  if (!seen) return failed(seen.error());
  if (args.json) {
    const auto all = api::status_json(seen->health, seen->streams, seen->lines, seen->alerts);
    if (!all) return failed(all.error());
    fmt::print("{}\n", *all);
    return exit_ok;
  }
  auto view = api::parse_status(seen->health, seen->streams, seen->lines, seen->alerts);
  if (!view) return failed(view.error());
  fmt::print("{}", api::status_screen(std::move(*view),
                                      {.url = args.api, .colour = terminal_with_colours()}));
  return exit_ok;
}

int run_price(const ClientArgs& args, const std::string& stream, const std::string& max_age) {
  const auto key = StreamKey::parse(stream);
  if (!key) return print_usage("STREAM", key.error());
  if (const auto limit = parse_duration(max_age); !limit)
    return print_usage("--max-age", limit.error());
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  const auto answer =
      monitor.get(stream_path("/v1/prices", *key) + "?max_age=" + percent_encoded(max_age));
  if (!answer) return failed(answer.error());
  if (answer->status == 409) return print_refused(*key, answer->body, max_age, args.json);
  if (answer->status != 200) return failed(said_no(api::printable(stream), *answer));
  return print_price(answer->body, args.json);
}

int run_watch(const ClientArgs& args, const std::string& stream, const std::string& owner,
              const std::string& ttl) {
  const auto key = StreamKey::parse(stream);
  if (!key) return print_usage("STREAM", key.error());
  if (const auto parsed = parse_duration(ttl); !parsed) return print_usage("--ttl", parsed.error());
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  const auto answer =
      monitor.change("PUT", stream_path("/v1/streams", *key), lease_body(owner, ttl));
  if (!answer) return failed(answer.error());
  if (answer->status != 200) return failed(said_no(api::printable(stream), *answer));
  const auto data = first_data(monitor, *key);
  if (!data) return failed(data.error());
  if (args.json) {
    print_json(*data);
    return exit_ok;
  }
  const auto row = api::parse_stream(*data);
  if (!row) return failed(row.error());
  fmt::print("{} {} age {}, {}, until {} from now\n", row->stream, row->price,
             api::age_text(row->age_seconds), row->level, ttl);
  return exit_ok;
}

int run_unwatch(const ClientArgs& args, const std::string& stream, const std::string& owner) {
  const auto key = StreamKey::parse(stream);
  if (!key) return print_usage("STREAM", key.error());
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  const auto answer = monitor.change(
      "DELETE", stream_path("/v1/streams", *key) + "?owner=" + percent_encoded(owner));
  if (!answer) return failed(answer.error());
  if (answer->status != 204) return failed(said_no(api::printable(stream), *answer));
  if (args.json) {
    std::string out;
    JsonWriter(out)
        .begin_object()
        .field("stream", key->text())
        .field("watched", false)
        .end_object();
    print_json(out);
  } else {
    fmt::print("{}: the lease of {} has ended\n", api::printable(stream), api::printable(owner));
  }
  return exit_ok;
}

int run_reload(const ClientArgs& args) {
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  const auto answer = monitor.change("POST", "/v1/admin/reload");
  if (!answer) return failed(answer.error());
  if (answer->status != 200) return failed(said_no("reload", *answer));
  const auto changed = api::parse_changed(answer->body);
  if (!changed) return failed(changed.error());
  if (args.json) {
    print_json(answer->body);
  } else if (changed->empty()) {
    fmt::print("nothing differs\n");
  } else {
    for (const std::string& what : *changed) fmt::print("{}\n", what);
  }
  return exit_ok;
}

}  // namespace feedwatch::app
