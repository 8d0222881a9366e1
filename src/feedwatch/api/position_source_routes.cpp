#include "feedwatch/api/position_source_routes.hpp"

#include "feedwatch/api/paging.hpp"
#include "feedwatch/api/position_body.hpp"
#include "feedwatch/api/reply.hpp"

namespace feedwatch::api {
namespace {

net::Response of_a_file() {
  return problem(409, "Conflict",
                 "source: is read from a file (change the file, or [positions] files)");
}

}  // namespace

bool PositionSourceRoutes::serves(const Target& target) {
  const auto& parts = target.segments;
  return (parts.size() == 2 || parts.size() == 3) && parts[0] == "v1" &&
         parts[1] == "position-sources";
}

void PositionSourceRoutes::handle(const Target& target, const net::Request& request,
                                  net::Responder respond) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  if (target.segments.size() == 2) return respond(reading ? all(target) : only("GET, HEAD"));
  const std::string& name = target.segments[2];
  if (reading) return respond(one(name));
  if (request.method != "PUT" && request.method != "DELETE") {
    return respond(only("GET, HEAD, PUT, DELETE"));
  }
  if (ports_.process().stopping) {
    return respond(problem(503, "Service Unavailable", "the monitor is stopping"));
  }
  if (name.starts_with(engine::file_source)) return respond(of_a_file());
  if (request.method == "DELETE") return respond(forget(name));
  put(name, request.body, std::move(respond));
}

net::Response PositionSourceRoutes::all(const Target& target) const {
  const Result<Page> page = page_of(target);
  if (!page) return bad_request(page.error());
  const auto utc = [this](MonoTime at) { return ports_.control.utc(at); };
  return list(
      "sources", ports_.control.position_sources().views(), *page,
      [](const PositionSourceView& view) { return view.name; },
      [&](const PositionSourceView& view) { return source_json(view, utc); });
}

net::Response PositionSourceRoutes::one(const std::string& name) const {
  const auto view = ports_.control.position_sources().view(name);
  if (!view) return not_found("no source of positions of that name has reported");
  return json_reply(200,
                    source_json(*view, [this](MonoTime at) { return ports_.control.utc(at); }));
}

void PositionSourceRoutes::put(const std::string& name, const std::string& body,
                               net::Responder respond) {
  Result<engine::PositionList> list = parse_position_list(body);
  if (!list) return respond(bad_request(list.error()));
  ports_.control.take_list(
      name, std::move(*list),
      [this, respond = std::move(respond)](const Result<engine::ListTaken>& taken) mutable {
        if (!taken) {
          const int status = taken.error().what == "list" ? 503 : 422;  // another time it would be
          return respond(problem(status, "List not taken", taken.error().text()));
        }
        const auto utc = [this](MonoTime at) { return ports_.control.utc(at); };
        respond(json_reply(200, taken_json(*taken, utc)));
      });
}

net::Response PositionSourceRoutes::forget(const std::string& name) {
  if (const Result<void> gone = ports_.control.forget_source(name); !gone) {
    return not_found(gone.error().text());
  }
  return reply(204, "application/json", {});
}

}  // namespace feedwatch::api
