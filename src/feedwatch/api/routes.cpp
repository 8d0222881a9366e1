#include "feedwatch/api/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "feedwatch/api/assets.hpp"
#include "feedwatch/api/lease_body.hpp"
#include "feedwatch/api/metrics.hpp"
#include "feedwatch/api/paging.hpp"
#include "feedwatch/api/probes.hpp"
#include "feedwatch/api/pulse_view.hpp"
#include "feedwatch/api/render.hpp"
#include "feedwatch/api/reply.hpp"
#include "feedwatch/api/report_body.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::api {

namespace {

constexpr std::size_t max_symbol = 256;  // as in the configuration
constexpr const char* dashboard_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// venue, symbol, kind behind /v1/streams or /v1/prices. A symbol with slashes may come unescaped.
std::optional<StreamKey> key_of(const Target& target) {
  const auto& parts = target.segments;
  if (parts.size() < 5) return std::nullopt;
  std::string text;
  for (std::size_t i = 2; i < parts.size(); ++i) text += (i > 2 ? "/" : "") + parts[i];
  Result<StreamKey> key = StreamKey::parse(text);
  if (!key) return std::nullopt;
  return std::move(*key);
}

bool is_pulse(const Target& target) {
  return target.segments.size() == 3 && target.segments[0] == "v1" &&
         target.segments[1] == "pulses";
}

}  // namespace

Routes::Routes(const ApiOptions& options, ApiPorts ports)
    : ports_(std::move(ports)),
      version_(options.version),
      gate_(gatekeeper(options)),
      guard_(ports_.monitor, ports_.decisions, "api", ports_.clock) {}

Gatekeeper Routes::gatekeeper(const ApiOptions& options) {
  return Gatekeeper(
      {.hosts = options.allowed_hosts, .origins = options.allowed_origins, .token = options.token});
}

void Routes::handle(net::Request request, net::Responder respond) {
  if (auto refusal = gate_.refuse(request)) return respond(std::move(*refusal));
  const std::optional<Target> target = parse_target(request.target);
  if (!target) return respond(problem(400, "Bad Request", "the path cannot be read"));
  if (AlertRoutes::serves(*target)) {
    return alert_routes_.handle(*target, request, std::move(respond));
  }
  if (EventRoutes::serves(*target)) {
    return event_routes_.handle(*target, request, std::move(respond));
  }
  if (PositionRoutes::serves(*target)) {
    return position_routes_.handle(*target, request, std::move(respond));
  }
  if (PositionSourceRoutes::serves(*target)) {
    return source_routes_.handle(*target, request, std::move(respond));
  }
  const std::string& method = request.method;
  if (method == "GET" || method == "HEAD") return respond(get(*target, request));
  if (ports_.process().stopping) {
    return respond(problem(503, "Service Unavailable", "the monitor is stopping"));
  }
  if (method == "POST" && target->segments == std::vector<std::string>{"v1", "admin", "reload"}) {
    return reload(std::move(respond));
  }
  if (method == "POST" && is_pulse(*target)) {
    return respond(post_pulse(*target, request.body));
  }
  const bool is_component = target->segments.size() == 3 && target->segments[0] == "v1" &&
                            target->segments[1] == "components";
  if (is_component) return respond(change_component(request, target->segments[2]));
  const bool lease = target->segments.size() >= 5 && target->segments[0] == "v1" &&
                     target->segments[1] == "streams";
  if (!lease || (method != "PUT" && method != "DELETE")) {
    net::Response answer = problem(405, "Method Not Allowed",
                                   "only /v1/streams/{venue}/{symbol}/{kind} takes PUT and DELETE");
    answer.headers.emplace_back("allow", lease ? "GET, HEAD, PUT, DELETE" : "GET, HEAD");
    return respond(std::move(answer));
  }
  std::optional<StreamKey> key = key_of(*target);
  if (!key) return respond(problem(400, "Bad Request", "the stream must be venue/symbol/kind"));
  if (method == "PUT" && key->symbol.size() > max_symbol) {
    return respond(
        problem(400, "Bad Request", fmt::format("the symbol is over {} bytes", max_symbol)));
  }
  if (method == "PUT") return put_lease(std::move(*key), request.body, std::move(respond));
  delete_lease(std::move(*key), *target, request.body, std::move(respond));
}

// ---- reading ------------------------------------------------------------------------------------

net::Response Routes::get(const Target& target, const net::Request& request) {
  const auto& parts = target.segments;
  if (!parts.empty() && parts[0] == "v1") return get_v1(target);
  if (parts.size() == 1 || parts.size() == 2) {
    if (parts[0] == "livez") return live(target);
    if (parts[0] == "readyz") return ready(target);
  }
  if (parts.size() == 1) {
    if (parts[0] == "metrics") return metrics(request);
    if (parts[0] == "health") {
      const engine::HealthView view = ports_.control.health(ports_.clock.now());
      net::Response answer =
          reply(health_status_code(view), "application/health+json", health_json(view, version_));
      for (auto& [name, value] : answer.headers) {
        if (name == "cache-control") value = "max-age=1";
      }
      return answer;
    }
  }
  std::string path = "/";
  for (std::size_t i = 0; i < parts.size(); ++i) path += (i > 0 ? "/" : "") + parts[i];
  for (const Asset& asset : assets()) {
    if (asset.path != path) continue;
    net::Response response = reply(200, asset.content_type, std::string(asset.body));
    response.headers.emplace_back("content-security-policy", dashboard_policy);
    response.headers.emplace_back("cross-origin-opener-policy", "same-origin");
    return response;
  }
  return not_found("nothing is served at this path");
}

net::Response Routes::get_v1(const Target& target) {
  const auto& parts = target.segments;
  const std::string_view what = parts.size() > 1 ? std::string_view(parts[1]) : "";
  if (parts.size() == 2) {
    if (what == "streams") return streams(target);
    if (what == "lines") return lines(target);
    if (what == "pulses") return pulses(target);
  }
  if (is_pulse(target)) return one_pulse(parts[2]);
  if (what == "streams" || what == "prices") {
    const std::optional<StreamKey> key = key_of(target);
    if (!key) return problem(400, "Bad Request", "the stream must be venue/symbol/kind");
    return what == "streams" ? one_stream(*key) : price(*key, target);
  }
  return not_found("nothing is served at this path");
}

net::Response Routes::streams(const Target& target) const {
  const Result<Page> page = page_of(target);
  if (!page) return problem(400, "Bad Request", page.error().text());
  const auto level = target.parameter("level");
  const auto venue = target.parameter("venue");
  constexpr std::array levels{Level::healthy, Level::degraded, Level::stale, Level::unknown};
  if (level && std::ranges::none_of(levels, [&](Level l) { return to_text(l) == *level; })) {
    return problem(400, "Bad Request", "level must be healthy, degraded, stale or unknown");
  }
  std::vector<engine::StreamView> views = ports_.control.streams(ports_.clock.now());
  std::erase_if(views, [&](const engine::StreamView& view) {
    return (level && to_text(view.level) != *level) || (venue && view.info->key.venue != *venue);
  });
  std::ranges::sort(views, {}, [](const engine::StreamView& view) -> const std::string& {
    return view.info->text;
  });
  return list(
      "streams", views, *page, [](const engine::StreamView& view) { return view.info->text; },
      stream_json);
}

net::Response Routes::one_stream(const StreamKey& key) const {
  const auto view = ports_.control.stream(key, ports_.clock.now());
  if (!view) return not_found("stream " + key.text() + " is not watched");
  return json_reply(200, stream_json(*view));
}

net::Response Routes::price(const StreamKey& key, const Target& target) {
  const auto text = target.parameter("max_age");
  if (!text) {
    return problem(400, "Bad Request",
                   "max_age is missing: nobody is given a price without a limit of its age "
                   "(add ?max_age=5s)");
  }
  const Result<Duration> max_age = parse_duration(*text);
  if (!max_age) return problem(400, "Bad Request", "max_age: " + max_age.error().text());
  const auto answer = guard_.price(key, {.max_age = *max_age});
  if (!answer) return refused_reply(key, answer.error());
  if (answer->first_degraded) {
    ports_.warn(fmt::format("degraded_price_warning {}: given out at age {:.1f} s", key.text(),
                            to_seconds(answer->price.receive_age)));
  }
  return json_reply(200, price_json(key, answer->price));
}

net::Response Routes::lines(const Target& target) const {
  const Result<Page> page = page_of(target);
  if (!page) return problem(400, "Bad Request", page.error().text());
  std::vector<engine::LineView> views = ports_.control.lines(ports_.clock.now());
  std::ranges::sort(views, {}, [](const engine::LineView& view) -> const std::string& {
    return view.status.name;
  });
  return list(
      "lines", views, *page, [](const engine::LineView& view) { return view.status.name; },
      line_json);
}

// ---- pulses -------------------------------------------------------------------------------------

net::Response Routes::pulses(const Target& target) const {
  const Result<Page> page = page_of(target);
  if (!page) return problem(400, "Bad Request", page.error().text());
  return list(
      "pulses", ports_.control.pulses(ports_.clock.now()), *page,
      [](const PulseView& view) { return view.name; }, pulse_json);
}

net::Response Routes::one_pulse(const std::string& name) const {
  for (const PulseView& view : ports_.control.pulses(ports_.clock.now())) {
    if (view.name == name) return json_reply(200, pulse_json(view));
  }
  return not_found("no pulse of that name is configured");
}

net::Response Routes::post_pulse(const Target& target, const std::string& body) {
  const Result<PulseBody> pulse = parse_pulse_body(body);
  if (!pulse) return problem(400, "Bad Request", pulse.error().text());
  const Result<void> taken = ports_.beat(target.segments[2], pulse->mark, pulse->detail);
  if (!taken) return problem(404, "Not Found", taken.error().text());
  return one_pulse(target.segments[2]);
}

// ---- probes -------------------------------------------------------------------------------------

net::Response Routes::live(const Target& target) const {
  // The control's loop is the one answering; what it can tell about is the shards'.
  const ProbeCheck checks[] = {
      {.name = "control_loop", .ok = true},
      {.name = "shard_loop",
       .ok = ports_.process().shard_loop_alive,
       .why = "a loop of prices has not answered for two seconds"},
  };
  return probe(target, checks);
}

net::Response Routes::ready(const Target& target) const {
  const engine::Readiness ready = ports_.control.readiness(ports_.clock.now());
  const ProbeCheck checks[] = {
      {.name = "configuration", .ok = true},
      {.name = "running", .ok = !ports_.process().stopping, .why = "the monitor is stopping"},
      {.name = "store", .ok = ready.store, .why = "it takes no rows yet, or has lost some"},
      {.name = "streams",
       .ok = ready.streams,
       .why = "not every required stream has had a price or missed its first deadline"},
      {.name = "components", .ok = ready.components, .why = "a required one is unknown"},
  };
  return probe(target, checks);
}

net::Response Routes::metrics(const net::Request& request) {
  const MetricsText::Format format = negotiate(request.header("accept"));
  return reply(200, MetricsText(format).content_type(),
               render_metrics(ports_, version_, format, streams_left_out_));
}

// ---- reload -------------------------------------------------------------------------------------

void Routes::reload(net::Responder respond) {
  if (!ports_.reload) {
    return respond(problem(501, "Not Implemented", "this monitor's configuration is not a file's"));
  }
  ports_.reload([respond = std::move(respond)](Result<std::vector<std::string>> changed) mutable {
    if (!changed) {
      return respond(problem(422, "Nothing was changed", changed.error().text()));
    }
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("changed").begin_array();
    for (const std::string& what : *changed) json.string(what);
    json.end_array().end_object();
    respond(json_reply(200, std::move(body)));
  });
}

// ---- reports of others --------------------------------------------------------------------------

net::Response Routes::change_component(const net::Request& request, const std::string& name) const {
  if (request.method == "DELETE") {
    if (ports_.withdraw(name)) return reply(204, "application/json", {});
    return not_found("no component of that name is reported");
  }
  if (request.method != "POST") {
    net::Response answer =
        problem(405, "Method Not Allowed", "/v1/components/{name} takes POST and DELETE");
    answer.headers.emplace_back("allow", "POST, DELETE");
    return answer;
  }
  Result<health::Report> report = parse_report(name, request.body);
  if (!report) return problem(400, "Bad Request", report.error().text());
  const Duration ttl = report->ttl;
  if (const Result<void> taken = ports_.report(std::move(*report)); !taken) {
    return problem(422, "Report not taken", taken.error().text());
  }
  std::string answer;
  JsonWriter json(answer);
  json.begin_object().field("component", name).field("ttl_seconds", to_seconds(ttl)).end_object();
  return json_reply(200, std::move(answer));
}

// ---- leases -------------------------------------------------------------------------------------

void Routes::put_lease(StreamKey key, const std::string& body, net::Responder respond) {
  const Result<LeaseBody> lease = parse_lease(body);
  if (!lease) return respond(problem(400, "Bad Request", lease.error().text()));
  const std::string text = key.text();
  ports_.want(std::move(key), lease->owner, lease->ttl,
              [text, respond = std::move(respond)](Result<void> result) mutable {
                if (!result) {
                  return respond(problem(422, "Stream cannot be watched", result.error().text()));
                }
                std::string answer;
                JsonWriter(answer).begin_object().field("stream", text).end_object();
                respond(json_reply(200, std::move(answer)));
              });
}

void Routes::delete_lease(StreamKey key, const Target& target, const std::string& body,
                          net::Responder respond) {
  std::string owner(target.parameter("owner").value_or(""));
  if (owner.empty() && !body.empty()) {
    const Result<LeaseBody> lease = parse_lease(body);
    if (!lease) return respond(problem(400, "Bad Request", lease.error().text()));
    owner = lease->owner;
  }
  if (owner.empty()) return respond(problem(400, "Bad Request", "owner is missing (add ?owner=…)"));
  ports_.unwant(std::move(key), std::move(owner),
                [respond = std::move(respond)](Result<void> result) mutable {
                  if (!result) return respond(problem(404, "Not Found", result.error().text()));
                  respond(reply(204, "application/json", {}));
                });
}

}  // namespace feedwatch::api
