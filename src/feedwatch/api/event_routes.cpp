#include "feedwatch/api/event_routes.hpp"

#include <utility>
#include <vector>

#include "feedwatch/api/newest_first.hpp"
#include "feedwatch/api/paging.hpp"
#include "feedwatch/api/render.hpp"
#include "feedwatch/api/reply.hpp"
#include "feedwatch/base/utf8.hpp"

namespace feedwatch::api {
namespace {

Result<EventQuestion> question_of(const Target& target) {
  EventQuestion question;
  if (const auto type = target.parameter("type")) {
    if (*type != "level" && *type != "repair") {
      return std::unexpected(Error{"type", "must be level or repair", ""});
    }
    question.levels = *type == "level";
    question.repairs = *type == "repair";
  }
  if (const auto stream = target.parameter("stream")) {
    if (!stream->contains('/') || !is_text(*stream)) {
      return std::unexpected(
          Error{"stream", "must be venue/symbol/kind, or venue/route of a line", ""});
    }
    question.stream = *stream;
  }
  return question;
}

}  // namespace

bool EventRoutes::serves(const Target& target) {
  return target.segments == std::vector<std::string>{"v1", "events"};
}

void EventRoutes::handle(const Target& target, const net::Request& request,
                         net::Responder respond) {
  if (request.method != "GET" && request.method != "HEAD") return respond(only("GET, HEAD"));
  const Result<Page> page = page_of(target);
  if (!page) return respond(bad_request(page.error()));
  Result<EventQuestion> question = question_of(target);
  if (!question) return respond(bad_request(question.error()));
  auto place = place_of(page->cursor);
  if (!place) return respond(bad_request(place.error()));
  if (ports_.history == nullptr) {
    return respond(unavailable({"history", "nothing is kept", "configure a [store]"}));
  }
  question->limit = page->limit + 1;  // one more says whether there is a next page
  ports_.history->events(
      std::move(*question), std::move(*place),
      [page = *page,
       respond = std::move(respond)](Result<std::vector<HistoryEvent>> events) mutable {
        if (!events) return respond(unavailable(events.error()));
        respond(list(
            "events", *events, page,
            [](const HistoryEvent& event) { return newest_first(event.at, event.id); },
            event_json));
      });
}

}  // namespace feedwatch::api
