#include <fmt/format.h>

#include <cstdio>

#include "feedwatch/api/plugin_line.hpp"
#include "feedwatch/app/client.hpp"
#include "feedwatch/app/monitor_client.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/net/url.hpp"

namespace feedwatch::app {

namespace {

using api::PluginLine;
using api::PluginState;

int tell(const PluginLine& line, bool json) {
  const int code = static_cast<int>(line.state);
  if (json) {
    std::string out;
    JsonWriter(out).begin_object().field("code", code).field("line", line.text).end_object();
    fmt::print("{}\n", out);
  } else {
    fmt::print("{}\n", line.text);
  }
  return code;
}

Result<api::PluginLimits> limits_of(const CheckArgs& check) {
  api::PluginLimits limits;
  const auto read = [](const std::string& text, std::optional<Duration>& limit) -> Result<void> {
    if (text.empty()) return {};
    const Result<Duration> parsed = parse_duration(text);
    if (!parsed) return std::unexpected(parsed.error());
    limit = *parsed;
    return {};
  };
  if (auto good = read(check.warning, limits.warning); !good) return std::unexpected(good.error());
  if (auto good = read(check.critical, limits.critical); !good) {
    return std::unexpected(good.error());
  }
  const bool one = !check.stream.empty();
  if ((limits.warning || limits.critical) && !one) {
    return std::unexpected(Error{.what = "--warning, --critical",
                                 .why = "are ages of one stream",
                                 .fix = "give --stream venue/symbol/kind"});
  }
  return limits;
}

PluginLine ask(const ClientArgs& args, const CheckArgs& check) {
  const auto limits = limits_of(check);
  if (!limits) return plugin_line(PluginState::unknown, limits.error().text());
  std::string path = "/health";
  if (!check.stream.empty()) {
    const auto key = StreamKey::parse(check.stream);
    if (!key) return plugin_line(PluginState::unknown, key.error().text());
    path = stream_path("/v1/streams", *key);
  }
  if (const auto url = net::parse_url(args.api); !url || url->websocket()) {
    return plugin_line(PluginState::unknown, "--api " + args.api + " is no http address");
  }
  MonitorClient monitor(args);
  const auto answer = monitor.get(path);
  if (!answer) return plugin_line(PluginState::critical, answer.error().text());
  if (check.stream.empty()) return api::plugin_health(answer->body);
  if (answer->status == 404) {
    return plugin_line(PluginState::unknown, "stream " + check.stream + " is not watched");
  }
  return api::plugin_stream(answer->body, *limits);
}

}  // namespace

int run_check(const ClientArgs& args, const CheckArgs& check) {
  return tell(ask(args, check), args.json);
}

}  // namespace feedwatch::app
