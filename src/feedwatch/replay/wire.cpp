#include "feedwatch/replay/wire.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/capture/session.hpp"

namespace feedwatch::replay {

void Questions::fetch(HttpRequest request, Done done) {
  questions_.push_back(
      {capture::without_secrets(request.url), now_() + request.timeout, std::move(done)});
}

void Questions::answer(std::string_view address,
                       std::expected<HttpResponse, std::string> response) {
  answers_.push_back({std::string(address), now_() + patience, std::move(response)});
  if (answers_.size() > most_kept) answers_.pop_front();
  serve();
}

MonoTime Questions::next_deadline() const {
  MonoTime next = never_mono;
  for (const Question& question : questions_) {
    const bool known =
        std::ranges::find(answers_, question.address, &Answer::address) != answers_.end();
    next = std::min(next, known ? now_() : question.until);
  }
  return next;
}

void Questions::serve() {
  while (answer_one()) {
  }
}

bool Questions::answer_one() {
  std::erase_if(answers_, [&](const Answer& answer) { return answer.until < now_(); });
  for (auto question = questions_.begin(); question != questions_.end(); ++question) {
    const auto answer = std::ranges::find(answers_, question->address, &Answer::address);
    const bool late = question->until <= now_();
    if (answer == answers_.end() && !late) continue;
    std::expected<HttpResponse, std::string> response =
        std::unexpected(std::string("the recording has no answer"));
    if (answer != answers_.end()) {
      response = std::move(answer->response);
      answers_.erase(answer);
    }
    Done done = std::move(question->done);
    questions_.erase(question);
    done(std::move(response));
    return true;
  }
  return false;
}

Sides::Sides(const std::vector<engine::VenueOptions>& venues) {
  for (const engine::VenueOptions& venue : venues) {
    const venues::VenueSheet& sheet = venue.venue->sheet();
    bases_.push_back({venue.ws_url.empty() ? std::string(sheet.ws_url) : venue.ws_url,
                      venues::find_venue_side(sheet.name)});
  }
}

const venues::VenueSide* Sides::of(std::string_view address) const {
  const auto found =
      std::ranges::find_if(bases_, [&](const Base& base) { return address.starts_with(base.url); });
  return found == bases_.end() ? nullptr : found->side;
}

std::vector<std::string> replies(const venues::VenueSide& side, std::string_view text) {
  const venues::ClientMessage message = side.parse_client(text);
  switch (message.op) {
    case venues::ClientOp::ping:
      return {side.encode_pong(message)};
    case venues::ClientOp::subscribe:
    case venues::ClientOp::unsubscribe:
      if (!message.invalid.empty()) return {side.encode_refusal(message)};
      return side.encode_ack(message);
    case venues::ClientOp::unknown:
      break;
  }
  return {};
}

}  // namespace feedwatch::replay
