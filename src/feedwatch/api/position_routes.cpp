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

/// Entries one answer looks at, whatever it is asked to leave out.
constexpr std::size_t looked_at = 10'000;

const Error no_cursor{"cursor", "is none of these", "take next_cursor of the last page"};

/// A part of a cursor holds no slash of its own: "/" is written "~1" and "~" "~0".
std::string part_of(std::string_view text) {
  std::string part;
  for (const char c : text) {
    if (c == '/') {
      part += "~1";
    } else if (c == '~') {
      part += "~0";
    } else {
      part += c;
    }
  }
  return part;
}

/// Where a page ends.
std::string cursor_of(const PositionKey& key) {
  return part_of(key.venue) + "/" + part_of(key.symbol) + "/" + part_of(key.id);
}

std::optional<PositionKey> key_of_cursor(std::string_view cursor) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    if (cursor[i] == '/') {
      parts.emplace_back();
    } else if (cursor[i] != '~') {
      parts.back() += cursor[i];
    } else if (++i < cursor.size() && (cursor[i] == '0' || cursor[i] == '1')) {
      parts.back() += cursor[i] == '1' ? '/' : '~';
    } else {
      return std::nullopt;
    }
  }
  if (parts.size() != 3) return std::nullopt;
  return PositionKey{std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
}

/// What ?state=, ?venue= and ?symbol= leave.
struct Chosen {
  std::optional<std::string_view> state, venue, symbol;
  bool operator()(const engine::PositionView& view) const {
    const Position& position = view.lease.position;
    return (!venue || position.venue == *venue) && (!symbol || position.symbol == *symbol) &&
           (!state || state_of(view) == *state);
  }
  /// Whether nothing behind this one can be meant any more.
  bool is_behind(const Position& position) const {
    if (!venue || position.venue < *venue) return false;
    return position.venue > *venue || (symbol && position.symbol > *symbol);
  }
};

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
  return position_json(
      view, ports_.control.position_sources().listings(key_of(view.lease.position)),
      [this](MonoTime at) { return ports_.control.utc(at); }, now);
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
  const Chosen chosen{state, target.parameter("venue"), target.parameter("symbol")};
  PositionKey after;
  if (!page->cursor.empty()) {
    const auto key = key_of_cursor(page->cursor);
    if (!key) return bad_request(no_cursor);
    after = *key;
  }
  // The first that may be meant: nothing stands before a symbol's empty id.
  if (chosen.venue) {
    after = std::max(
        after,
        PositionKey{std::string(*chosen.venue), std::string(chosen.symbol.value_or("")), {}});
  }
  return json_reply(200, page_behind(after, page->limit, chosen));
}

/// Looks at so many at most: where none of them is meant, the page is empty and goes on.
template <class Chosen>
std::string PositionRoutes::page_behind(const PositionKey& after, std::size_t limit,
                                        const Chosen& chosen) const {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("positions").begin_array();
  std::size_t count = 0, looked = 0;
  std::optional<PositionKey> last;
  bool more = false;
  ports_.control.positions().for_each_behind(after, ports_.clock.now(),
                                             [&](const engine::PositionView& view) {
                                               if (chosen.is_behind(view.lease.position))
                                                 return false;
                                               more = count == limit || looked == looked_at;
                                               if (more) return false;
                                               ++looked;
                                               last = key_of(view.lease.position);
                                               if (!chosen(view)) return true;
                                               ++count;
                                               json.raw(json_of(view));
                                               return true;
                                             });
  json.end_array().key("next_cursor");
  if (more && last) {
    json.string(cursor_of(*last));
  } else {
    json.null();
  }
  json.end_object();
  return body;
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
  if (!wish->dated) wish->position.opened_at = undated;
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
    return respond(bad_request(no_cursor));
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
