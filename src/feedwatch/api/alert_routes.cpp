#include "feedwatch/api/alert_routes.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/api/newest_first.hpp"
#include "feedwatch/api/render.hpp"
#include "feedwatch/api/reply.hpp"
#include "feedwatch/api/silence_body.hpp"

namespace feedwatch::api {
namespace {

constexpr std::size_t resolved_shown = engine::kept_resolved;

std::string name_of(const engine::AlertView& view) {
  return newest_first(view.row.started_at, view.row.id);
}

/// Which alerts are asked for.
struct AlertFilter {
  std::optional<bool> open;
  std::optional<std::string> state, severity;
  muting::Matchers matchers;

  bool takes(const engine::AlertView& view) const {
    const AlertRow& row = view.row;
    if ((open && view.open != *open) || (severity && row.severity != *severity)) return false;
    if (state && state_of(view) != *state) return false;
    if (matchers.empty()) return true;
    Labels labels = row.labels;
    labels.emplace_back("alertname", row.name);
    labels.emplace_back("severity", row.severity);
    return muting::all_hold(matchers, labels);
  }
  /// Also what "state" may be in a question: one that is not told is suppressed.
  static std::string state_of(const engine::AlertView& view) {
    if (!view.open) return "resolved";
    if (view.row.acked_at) return "acknowledged";
    return view.silenced_by.empty() && view.maintenance.empty() ? "firing" : "suppressed";
  }
};

Result<AlertFilter> filter_of(const Target& target) {
  AlertFilter filter;
  const auto wrong = [](std::string_view name, std::string why) {
    return std::unexpected(Error{std::string(name), std::move(why), ""});
  };
  if (const auto open = target.parameter("open")) {
    if (*open != "true" && *open != "false") return wrong("open", "must be true or false");
    filter.open = *open == "true";
  }
  if (const auto state = target.parameter("state")) {
    constexpr std::array<std::string_view, 4> words{"firing", "acknowledged", "suppressed",
                                                    "resolved"};
    if (std::ranges::find(words, *state) == words.end()) {
      return wrong("state", "must be firing, acknowledged, suppressed or resolved");
    }
    filter.state = *state;
  }
  if (const auto severity = target.parameter("severity")) {
    if (*severity != "info" && *severity != "warning" && *severity != "critical") {
      return wrong("severity", "must be info, warning or critical");
    }
    filter.severity = *severity;
  }
  for (const auto& [name, value] : target.query) {
    if (name != "filter") continue;
    auto matchers = muting::parse_matchers(value);
    if (!matchers) return std::unexpected(matchers.error());
    filter.matchers.insert(filter.matchers.end(), matchers->begin(), matchers->end());
  }
  return filter;
}

net::Response no_alert() {
  return not_found("no alert of that id");
}

/// One page of the list, from memory and then from what the store adds.
struct AlertPage {
  std::vector<engine::AlertView> views;  ///< what memory has
  AlertFilter filter;
  Page page;
  std::set<std::string> known = {};  ///< ids of memory

  void prepare() {
    for (const auto& view : views) known.insert(view.row.id);
    std::erase_if(views, [this](const auto& view) { return !filter.takes(view); });
    std::ranges::sort(views, {}, name_of);
  }
  bool is_full() const {
    const auto behind = std::ranges::count_if(
        views, [this](const auto& view) { return name_of(view) > page.cursor; });
    return static_cast<std::size_t>(behind) > page.limit;
  }

  net::Response reply(std::vector<AlertRow> rows) {
    // Behind a full answer the store has more, which memory must not overtake.
    std::optional<std::string> end;
    if (rows.size() > page.limit)
      end = newest_first(rows[page.limit - 1].started_at, rows[page.limit - 1].id);
    for (AlertRow& row : rows) {
      engine::AlertView view{.row = std::move(row)};
      view.open = view.row.state != "resolved";
      if (!known.contains(view.row.id) && filter.takes(view)) views.push_back(std::move(view));
    }
    std::ranges::sort(views, {}, name_of);
    if (!end) return list("alerts", views, page, name_of, alert_text);
    std::erase_if(views, [&](const auto& view) { return name_of(view) > *end; });
    return list("alerts", views, page, name_of, alert_text, &*end);
  }

  static std::string alert_text(const engine::AlertView& view) { return alert_json(view); }
};

}  // namespace

bool AlertRoutes::serves(const Target& target) {
  const auto& parts = target.segments;
  return parts.size() >= 2 && parts[0] == "v1" &&
         ((parts[1] == "alerts" &&
           (parts.size() <= 3 || (parts.size() == 4 && parts[3] == "ack"))) ||
          (parts[1] == "silences" && parts.size() <= 3));
}

void AlertRoutes::handle(const Target& target, const net::Request& request,
                         net::Responder respond) {
  const auto& parts = target.segments;
  const std::string& method = request.method;
  const bool reads = method == "GET" || method == "HEAD";
  const std::string id = parts.size() > 2 ? parts[2] : std::string();
  if (parts[1] == "silences") {
    if (reads) return respond(id.empty() ? silences(target) : one_silence(id));
    if (id.empty() && method == "POST") return respond(put_silence(request.body));
    if (!id.empty() && method == "DELETE") return respond(expire_silence(id));
    return respond(only(id.empty() ? "GET, HEAD, POST" : "GET, HEAD, DELETE"));
  }
  if (parts.size() == 4) {
    if (method == "POST") return respond(acknowledge(id, request.body));
    if (method == "DELETE") return respond(unacknowledge(id));
    return respond(only("POST, DELETE"));
  }
  if (!reads) return respond(only("GET, HEAD"));
  if (id.empty()) return alerts(target, std::move(respond));
  one_alert(id, std::move(respond));
}

/// From memory; when that is not all there is, with what the store adds. The lists of both are in
/// one order, and what is in both is taken from memory.
void AlertRoutes::alerts(const Target& target, net::Responder respond) const {
  const Result<Page> page = page_of(target);
  if (!page) return respond(bad_request(page.error()));
  Result<AlertFilter> filter = filter_of(target);
  if (!filter) return respond(bad_request(filter.error()));
  const auto place = place_of(page->cursor);
  if (!place) return respond(bad_request(place.error()));

  const bool only_open = filter->open.value_or(false);
  std::vector<engine::AlertView> views = ports_.control.alerts(only_open ? 0 : resolved_shown);
  const auto resolved = std::ranges::count(views, false, &engine::AlertView::open);
  const bool all = only_open || static_cast<std::size_t>(resolved) < resolved_shown;
  AlertPage memory{std::move(views), std::move(*filter), *page};
  memory.prepare();
  if (all || ports_.history == nullptr) return respond(memory.reply({}));
  ports_.history->alerts(page->limit + 1, *place,
                         [memory = std::move(memory), respond = std::move(respond)](
                             Result<std::vector<AlertRow>> rows) mutable {
                           if (!rows && !memory.is_full()) {
                             return respond(unavailable(rows.error()));
                           }
                           if (!rows) rows.emplace();
                           respond(memory.reply(std::move(*rows)));
                         });
}

std::optional<engine::AlertView> AlertRoutes::view_of(const std::string& id) const {
  for (engine::AlertView& alert : ports_.control.alerts(resolved_shown)) {
    if (alert.row.id == id) return std::move(alert);
  }
  return std::nullopt;
}

void AlertRoutes::one_alert(const std::string& id, net::Responder respond) const {
  std::optional<engine::AlertView> view = view_of(id);
  if (ports_.history == nullptr) {
    return respond(view ? json_reply(200, alert_json(*view, nullptr)) : no_alert());
  }
  ports_.history->story(
      id, [view = std::move(view), respond = std::move(respond)](Result<AlertStory> story) mutable {
        if (!story && !view) return respond(unavailable(story.error()));
        // What the store has not written yet, or cannot, is shown without its history.
        if (!view && story->alert) view = engine::AlertView{.row = std::move(*story->alert)};
        if (!view) return respond(no_alert());
        respond(json_reply(200, alert_json(*view, story ? &*story : nullptr)));
      });
}

net::Response AlertRoutes::acknowledge(const std::string& id, const std::string& body) {
  Result<AckBody> ack = parse_ack(body);
  if (!ack) return bad_request(ack.error());
  const auto done = ports_.control.acknowledge(id, std::move(ack->by), std::move(ack->comment));
  if (!done) {
    const bool unknown = done.error().what == "alert";
    return unknown ? problem(404, "Not Found", done.error().text()) : bad_request(done.error());
  }
  const auto view = view_of(id);
  return view ? json_reply(200, alert_json(*view)) : no_alert();
}

net::Response AlertRoutes::unacknowledge(const std::string& id) {
  const auto done = ports_.control.unacknowledge(id);
  if (!done) return problem(404, "Not Found", done.error().text());
  return reply(204, "application/json", {});
}

net::Response AlertRoutes::silences(const Target& target) const {
  const Result<Page> page = page_of(target);
  if (!page) return bad_request(page.error());
  const WallTime now = ports_.control.utc(ports_.clock.now());
  std::vector<muting::Silence> all = ports_.control.silences();
  if (const auto state = target.parameter("state")) {
    std::erase_if(all, [&](const muting::Silence& silence) {
      return to_text(silence.state_at(now)) != *state;
    });
  }
  const auto name = [&](const muting::Silence& silence) {
    constexpr std::array<int, 3> order{1, 0, 2};
    return fmt::format("{}{:020}-{}", order[static_cast<std::size_t>(silence.state_at(now))],
                       to_ns(silence.ends_at), silence.id);
  };
  std::ranges::sort(all, {}, name);
  return list("silences", all, *page, name,
              [&](const muting::Silence& silence) { return silence_json(silence, now); });
}

net::Response AlertRoutes::one_silence(const std::string& id) const {
  const WallTime now = ports_.control.utc(ports_.clock.now());
  for (const muting::Silence& silence : ports_.control.silences()) {
    if (silence.id == id) return json_reply(200, silence_json(silence, now));
  }
  return not_found("there is no silence of that id");
}

net::Response AlertRoutes::put_silence(const std::string& body) {
  auto wish = parse_silence(body, ports_.control.utc(ports_.clock.now()));
  if (!wish) return bad_request(wish.error());
  const bool is_change = !wish->id.empty();
  const auto made = ports_.control.put_silence(std::move(*wish));
  if (!made) {
    const bool unknown = is_change && made.error().what == "silence";
    return unknown ? problem(404, "Not Found", made.error().text()) : bad_request(made.error());
  }
  std::string out;
  JsonWriter(out).begin_object().field("silenceID", made->id).end_object();
  return json_reply(200, std::move(out));
}

net::Response AlertRoutes::expire_silence(const std::string& id) {
  const auto expired = ports_.control.expire_silence(id);
  if (!expired) return problem(404, "Not Found", expired.error().text());
  return reply(204, "application/json", {});
}

}  // namespace feedwatch::api
