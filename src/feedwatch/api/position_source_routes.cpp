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

net::Response PositionSourceRoutes::handle(const Target& target, const net::Request& request) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  if (target.segments.size() == 2) return reading ? all(target) : only("GET, HEAD");
  const std::string& name = target.segments[2];
  if (reading) return one(name);
  if (request.method != "PUT" && request.method != "DELETE") {
    return only("GET, HEAD, PUT, DELETE");
  }
  if (ports_.process().stopping) {
    return problem(503, "Service Unavailable", "the monitor is stopping");
  }
  if (name.starts_with(engine::file_source)) return of_a_file();
  return request.method == "PUT" ? put(name, request.body) : forget(name);
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

net::Response PositionSourceRoutes::put(const std::string& name, const std::string& body) {
  Result<engine::PositionList> list = parse_position_list(body);
  if (!list) return bad_request(list.error());
  const auto taken = ports_.control.list_positions(name, std::move(*list));
  if (!taken) return problem(422, "List not taken", taken.error().text());
  return json_reply(200,
                    taken_json(*taken, [this](MonoTime at) { return ports_.control.utc(at); }));
}

net::Response PositionSourceRoutes::forget(const std::string& name) {
  if (const Result<void> gone = ports_.control.forget_source(name); !gone) {
    return not_found(gone.error().text());
  }
  return reply(204, "application/json", {});
}

}  // namespace feedwatch::api
