#include "feedwatch/net/http_session.hpp"

#include <fmt/core.h>

#include <array>
#include <utility>
#include <variant>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/net/ws_codec.hpp"

namespace feedwatch::net {
namespace {

constexpr Duration linger_limit = 1s;
constexpr int reads_per_turn = 8;

bool body_allowed(int status) {
  return status >= 200 && status != 204 && status != 304;
}

bool well_formed(const Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (!is_header_name(name) || !is_header_value(value)) return false;
  }
  return response.status >= 200 && response.status <= 999;
}

/// RFC 9457, as the handlers' own errors.
Response problem(int status, const std::string& why) {
  std::string body;
  JsonWriter(body)
      .begin_object()
      .field("type", "about:blank")
      .field("title", reason_phrase(status))
      .field("status", status)
      .field("detail", why)
      .end_object();
  return {.status = status,
          .headers = {{"content-type", "application/problem+json"}},
          .body = std::move(body)};
}

}  // namespace

/// Answers 500 when the handler drops its responder without a word.
class PendingResponse {
 public:
  PendingResponse(std::weak_ptr<HttpSession> session, std::uint64_t number)
      : session_(std::move(session)), number_(number) {}
  PendingResponse(PendingResponse&&) noexcept = default;
  PendingResponse& operator=(PendingResponse&&) = delete;
  ~PendingResponse() { answer(problem(500, "the request was dropped unanswered")); }

  void answer(Response response) {
    const auto session = std::exchange(session_, {}).lock();
    if (session) session->respond(number_, std::move(response));
  }

 private:
  std::weak_ptr<HttpSession> session_;  // a moved-from one is empty
  std::uint64_t number_;
};

HttpSession::HttpSession(SessionHost& host, std::uint64_t id, std::unique_ptr<Channel> channel,
                         std::string peer)
    : host_(host),
      id_(id),
      peer_(std::move(peer)),
      stream_(std::make_unique<Stream>(host.reactor(), std::move(channel), *this)),
      limit_(host.reactor().make_wakeup([this](MonoTime) { on_limit(); })),
      parser_(new_parser()) {}

void HttpSession::start() {
  stream_->want_read(true);
  limit(host_.options().request_limit);
}

HttpParser HttpSession::new_parser() const {
  return HttpParser(HttpParser::Kind::request,
                    {.headers = host_.options().max_headers, .body = host_.options().max_body});
}

void HttpSession::limit(Duration after) {
  limit_->arm(host_.reactor().clock().now() + after);
}

void HttpSession::on_readable() {
  const auto self = shared_from_this();
  std::array<char, 16U << 10U> bytes;
  const auto reads = [this] {
    return state_ == State::reading || state_ == State::silent || state_ == State::lingering;
  };
  for (int turn = 0; turn < reads_per_turn && reads(); ++turn) {
    const IoResult r = stream_->read(bytes);
    if (r.status == IoStatus::would_block) return;
    if (r.status != IoStatus::ok) {
      if (state_ == State::reading && parser_.started()) ++host_.counters().bad_requests;
      drop();
      return;
    }
    if (state_ != State::reading) continue;
    buffer_.append(bytes.data(), r.bytes);
    pump();
  }
  if (reads()) stream_->again();
}

/// Takes one request after the other out of the buffer until one has to wait. Answers may come from
/// inside, hence a loop and not a recursion.
void HttpSession::pump() {
  if (std::exchange(pumping_, true)) return;
  while (state_ == State::reading && !buffer_.empty()) {
    // From the first byte the request's own time runs; the first one's since the accept.
    if (!parser_.started() && !first_) limit(host_.options().request_limit);
    buffer_.erase(0, parser_.feed(buffer_));
    if (parser_.error()) {
      ++host_.counters().bad_requests;
      refuse(parser_.error()->status, parser_.error()->detail);
      break;
    }
    if (!parser_.done()) {
      if (parser_.head_done() && !std::exchange(answered_continue_, true) &&
          parser_.head().has_token("expect", "100-continue")) {
        stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
      }
      break;
    }
    on_message(parser_.take());
  }
  pumping_ = false;
  if (stream_) {
    stream_->want_read(state_ == State::reading || state_ == State::silent ||
                       state_ == State::lingering);
  }
}

void HttpSession::on_message(HttpMessage message) {
  limit_->disarm();
  first_ = false;
  ++host_.counters().requests;
  ++request_number_;
  parser_ = new_parser();
  answered_continue_ = false;
  head_only_ = message.method == "HEAD";
  keep_alive_ = message.keep_alive;
  state_ = State::responding;
  const bool upgrade =
      message.has_token("connection", "upgrade") && message.has_token("upgrade", "websocket");
  const bool http_1_1 = message.http_1_1;
  Request request{.method = std::move(message.method),
                  .target = std::move(message.target),
                  .headers = std::move(message.headers),
                  .body = std::move(message.body),
                  .peer = peer_};
  if (upgrade && http_1_1) {
    on_upgrade(request);
  } else {
    ask_handler(std::move(request));
  }
}

void HttpSession::ask_handler(Request request) {
  if (!host_.handlers().on_request) return respond(request_number_, problem(404, "not found"));
  host_.handlers().on_request(
      std::move(request), [pending = PendingResponse(weak_from_this(), request_number_)](
                              Response response) mutable { pending.answer(std::move(response)); });
}

void HttpSession::on_upgrade(const Request& request) {
  const std::string_view version = request.header("sec-websocket-version");
  if (request.method != "GET" || !is_websocket_key(request.header("sec-websocket-key"))) {
    return respond(request_number_, problem(400, "not a well-formed WebSocket upgrade"));
  }
  if (version != "13") {
    Response response = problem(426, "WebSocket version 13 is spoken here");
    response.headers.emplace_back("sec-websocket-version", "13");
    return respond(request_number_, std::move(response));
  }
  if (!host_.handlers().on_upgrade) return respond(request_number_, problem(404, "not found"));
  UpgradeDecision decision = host_.handlers().on_upgrade(request);
  if (const auto* accept = std::get_if<AcceptUpgrade>(&decision)) {
    accept_upgrade(request, *accept);
  } else if (auto* response = std::get_if<Response>(&decision)) {
    respond(request_number_, std::move(*response));
  } else if (std::holds_alternative<NeverAnswer>(decision)) {
    state_ = State::silent;
    buffer_.clear();
  } else {
    stream_->reset_on_close();
    drop();
  }
}

void HttpSession::accept_upgrade(const Request& request, const AcceptUpgrade& accept) {
  stream_->write(
      fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                  websocket_accept(request.header("sec-websocket-key"))));
  state_ = State::over;
  limit_.reset();
  const auto self = shared_from_this();
  auto stream = std::move(stream_);
  const std::string rest = std::move(buffer_);
  host_.remove(id_);
  host_.adopt(std::move(stream), peer_, accept, rest);
}

void HttpSession::respond(std::uint64_t request_number, Response response) {
  if (state_ != State::responding || request_number != request_number_) return;
  const auto self = shared_from_this();
  if (!well_formed(response)) response = problem(500, "the handler's answer is not valid HTTP");
  write_response(response, keep_alive_);
  state_ = keep_alive_ ? State::writing : State::writing_last;
  if (stream_->queued() == 0) {
    written();
  } else {
    queued_at_limit_ = stream_->queued();
    limit(host_.options().write_limit);
  }
  pump();
}

void HttpSession::refuse(int status, const std::string& why) {
  head_only_ = false;
  write_response(problem(status, why), false);
  state_ = State::writing_last;
  if (stream_->queued() == 0) {
    written();
  } else {
    queued_at_limit_ = stream_->queued();
    limit(host_.options().write_limit);
  }
}

void HttpSession::write_response(const Response& response, bool keep) {
  Reactor& reactor = host_.reactor();
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nConnection: {}\r\n", response.status,
                                reason_phrase(response.status),
                                http_date(reactor.anchor().at(reactor.clock().now())),
                                keep ? "keep-alive" : "close");
  for (const auto& [name, value] : response.headers) {
    out += fmt::format("{}: {}\r\n", name, value);
  }
  if (body_allowed(response.status)) {
    out += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  out += "\r\n";
  if (!head_only_ && body_allowed(response.status)) out += response.body;
  stream_->write(out);
}

void HttpSession::written() {
  if (state_ == State::writing) {
    state_ = State::reading;
    limit(host_.options().idle_limit);
  } else if (state_ == State::writing_last) {
    linger();
  }
}

void HttpSession::on_drained() {
  const auto self = shared_from_this();
  written();
  pump();
}

void HttpSession::on_write_failed(const std::string&) {
  drop();
}

/// Half-closes and waits briefly for the client to finish: closing over unread bytes would reset
/// the connection and destroy the answer on its way.
void HttpSession::linger() {
  state_ = State::lingering;
  buffer_.clear();
  stream_->shutdown_write();
  stream_->want_read(true);
  limit(linger_limit);
}

void HttpSession::on_limit() {
  const auto self = shared_from_this();
  if (state_ == State::reading && (parser_.started() || first_)) {
    ++host_.counters().bad_requests;
    if (!parser_.started()) return drop();
    refuse(408, "the request took too long");
    if (stream_) stream_->want_read(state_ == State::lingering);
  } else if (state_ == State::writing || state_ == State::writing_last) {
    if (stream_->queued() >= queued_at_limit_) return drop();
    queued_at_limit_ = stream_->queued();
    limit(host_.options().write_limit);
  } else {
    drop();
  }
}

void HttpSession::drop() {
  if (state_ == State::over) return;
  const auto self = shared_from_this();
  state_ = State::over;
  stream_.reset();
  limit_.reset();
  host_.remove(id_);
}

}  // namespace feedwatch::net
