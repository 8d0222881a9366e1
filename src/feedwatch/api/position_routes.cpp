#include "feedwatch/api/position_routes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "feedwatch/api/paging.hpp"
#include "feedwatch/api/position_body.hpp"
#include "feedwatch/api/reply.hpp"

namespace feedwatch::api {
namespace {

std::string name_of(const engine::PositionView& view) {
  const Position& position = view.lease.position;
  return position.venue + "/" + position.symbol + "/" + position.id;
}

/// /v1/positions/{id}/decisions/{number}
bool is_answer(const Target& target) {
  const auto& parts = target.segments;
  return parts.size() == 5 && parts[1] == "positions" && parts[3] == "decisions";
}

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || at != end || number < 0) return std::nullopt;
  return number;
}

}  // namespace

bool PositionRoutes::serves(const Target& target) {
  const auto& parts = target.segments;
  if (parts.size() < 2 || parts[0] != "v1") return false;
  if (parts[1] == "decisions") return parts.size() == 2;
  return parts[1] == "positions" && (parts.size() <= 3 || is_answer(target));
}

void PositionRoutes::handle(const Target& target, const net::Request& request,
                            net::Responder respond) {
  if (target.segments[1] == "positions") return respond(handle_positions(target, request));
  if (request.method != "GET" && request.method != "HEAD") return respond(only("GET, HEAD"));
  decisions(target, std::move(respond));
}

net::Response PositionRoutes::handle_positions(const Target& target, const net::Request& request) {
  if (is_answer(target)) {
    return request.method == "POST" ? answer_decision(target, request.body) : only("POST");
  }
  const bool reading = request.method == "GET" || request.method == "HEAD";
  if (target.segments.size() == 2) {
    return reading ? positions(target) : only("GET, HEAD");
  }
  if (reading) return one_position(target);
  if (request.method != "PUT" && request.method != "DELETE") {
    return only("GET, HEAD, PUT, DELETE");
  }
  if (ports_.process().stopping) {
    return problem(503, "Service Unavailable", "the monitor is stopping");
  }
  return request.method == "PUT" ? put(target.segments[2], request.body) : close(target);
}

std::string PositionRoutes::json_of(const engine::PositionView& view) const {
  const MonoTime now = ports_.clock.now();
  return position_json(view, [this](MonoTime at) { return ports_.control.utc(at); }, now);
}

net::Response PositionRoutes::positions(const Target& target) const {
  const Result<Page> page = page_of(target);
  if (!page) return bad_request(page.error());
  constexpr std::array<std::string_view, 4> states{"protected", "refused", "unserved",
                                                   "unprotected"};
  const auto state = target.parameter("state");
  if (state && std::ranges::find(states, *state) == states.end()) {
    return bad_request({"state", "must be protected, refused, unserved or unprotected", ""});
  }
  const auto venue = target.parameter("venue");
  const auto symbol = target.parameter("symbol");
  std::vector<engine::PositionView> views;
  ports_.control.positions().for_each(ports_.clock.now(), [&](const engine::PositionView& view) {
    const Position& position = view.lease.position;
    const bool wanted = (!venue || position.venue == *venue) &&
                        (!symbol || position.symbol == *symbol) &&
                        (!state || state_of(view) == *state);
    if (wanted) views.push_back(view);
  });
  std::ranges::sort(views, {}, name_of);
  return list("positions", views, *page, name_of,
              [this](const engine::PositionView& view) { return json_of(view); });
}

std::expected<PositionKey, net::Response> PositionRoutes::named(const Target& target) const {
  const std::string& id = target.segments[2];
  const auto venue = target.parameter("venue");
  const auto symbol = target.parameter("symbol");
  std::vector<PositionKey> keys = ports_.control.positions().named(id);
  std::erase_if(keys, [&](const PositionKey& key) {
    return (venue && key.venue != *venue) || (symbol && key.symbol != *symbol);
  });
  if (keys.empty()) return std::unexpected(not_found("no position of that id is registered"));
  if (keys.size() > 1) {
    return std::unexpected(
        problem(409, "Conflict",
                fmt::format("{} positions have this id: say which with ?venue= and ?symbol=",
                            keys.size())));
  }
  return std::move(keys.front());
}

net::Response PositionRoutes::one_position(const Target& target) const {
  const auto key = named(target);
  if (!key) return key.error();
  return json_reply(200, json_of(*ports_.control.positions().view(*key, ports_.clock.now())));
}

net::Response PositionRoutes::put(const std::string& id, const std::string& body) {
  Result<PositionBody> wish = parse_position(id, body);
  if (!wish) return bad_request(wish.error());
  if (!wish->dated) {
    const PositionLease* known = ports_.control.positions().book().find(key_of(wish->position));
    wish->position.opened_at =
        known != nullptr ? known->position.opened_at : ports_.control.utc(ports_.clock.now());
  }
  const auto put = ports_.control.put_position(std::move(wish->position), wish->ttl,
                                               std::move(wish->owner), std::move(wish->terms));
  if (put) return json_reply(200, json_of(*put));
  const bool taken = put.error().what == "id";
  return problem(taken ? 409 : 422, "Position not taken", put.error().text());
}

net::Response PositionRoutes::close(const Target& target) {
  const auto key = named(target);
  if (!key) return key.error();
  if (const Result<void> closed = ports_.control.close_position(*key); !closed) {
    return not_found(closed.error().text());
  }
  return reply(204, "application/json", {});
}

net::Response PositionRoutes::answer_decision(const Target& target, const std::string& body) {
  if (ports_.process().stopping) {
    return problem(503, "Service Unavailable", "the monitor is stopping");
  }
  const auto key = named(target);
  if (!key) return key.error();
  const auto number = whole<std::int64_t>(target.segments[4]);
  if (!number) return bad_request({"number", "is no whole number", "take it from the decision"});
  const Result<bool> confirmed = parse_confirmation(body);
  if (!confirmed) return bad_request(confirmed.error());
  const Result<void> taken =
      ports_.control.answer_decision(*key, static_cast<std::uint64_t>(*number), *confirmed);
  if (!taken) return not_found(taken.error().text());
  return reply(204, "application/json", {});
}

void PositionRoutes::decisions(const Target& target, net::Responder respond) const {
  const Result<Page> page = page_of(target);
  if (!page) return respond(bad_request(page.error()));
  const auto after = whole<std::int64_t>(page->cursor.empty() ? "0" : page->cursor);
  if (!after) {
    return respond(
        bad_request({"cursor", "is none of these", "take next_cursor of the last page"}));
  }
  if (ports_.history == nullptr) {
    return respond(unavailable({"decisions", "nothing is kept", "configure a [store]"}));
  }
  ports_.history->decisions(*after, page->limit,
                            [after = *after, respond = std::move(respond)](
                                Result<std::vector<WrittenDecision>> written) mutable {
                              if (!written) return respond(unavailable(written.error()));
                              respond(json_reply(200, decisions_json(*written, after)));
                            });
}

}  // namespace feedwatch::api
