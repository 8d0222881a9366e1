#include "feedwatch/capture/tap.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::capture {

void CountedLines::write(RecordedLine line, const std::function<std::string(std::uint64_t)>& lost) {
  if (finished_) return;
  // Told first, so that a reader knows of the gap before what comes behind it.
  if (untold_ > 0 && sink_.take({.text = lost(untold_)})) untold_ = 0;
  if (untold_ == 0 && sink_.take(std::move(line))) return;
  ++untold_;
  ++lost_;
}

Tap::Tap(Inner inner, WallAnchor anchor, LineSink& lines)
    : inner_(inner), anchor_(anchor), lines_(std::make_unique<CountedLines>(lines)) {}

void Tap::write(SessionLine& line, RecordedLine::Role role, ConnId conn) const {
  lines_->write({.text = line.take(), .role = role, .conn = conn}, [this](std::uint64_t count) {
    return begin(SessionEvent::dropped, now())
        .number("count", static_cast<std::int64_t>(count))
        .take();
  });
}

void Tap::finish() {
  write(begin(SessionEvent::end, inner_.clock.now()));
  lines_->finish();
}

// ---- calls into the shard -----------------------------------------------------------------------

void Tap::on_wakeup(MonoTime now, const std::function<void(MonoTime)>& action) {
  write(begin(SessionEvent::wakeup, now));
  pinned(now, [&] { action(now); });
}

void Tap::on_phase(ConnId conn, DialPhase reached, MonoTime now) {
  if (reached == DialPhase::open) {
    write(begin(SessionEvent::open, now).connection(conn).address(addresses_[conn]),
          RecordedLine::Role::opened, conn);
  } else {
    write(begin(SessionEvent::phase, now).connection(conn).word("phase", to_text(reached)));
  }
  pinned(now, [&] { inner_.shard->on_phase(conn, reached, now); });
}

void Tap::on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) {
  const MonoTime now = inner_.clock.now();
  for (const Frame& frame : frames) {
    write_frame(conn, frame, stamp, now, &frame != &frames.back());
  }
  pinned(now, [&] { inner_.shard->on_read(conn, frames, stamp); });
}

void Tap::write_frame(ConnId conn, const Frame& frame, ReadStamp stamp, MonoTime now,
                      bool more) const {
  const bool message = frame.type == FrameType::text || frame.type == FrameType::binary;
  SessionLine line(message ? SessionEvent::read : SessionEvent::control, stamp.ts_recv, now);
  line.connection(conn).number("mono", to_ns(stamp.mono_recv));
  if (stamp.stalled) line.flag("stalled");
  if (more) line.flag("more");
  if (!message) line.word("operation", frame.type == FrameType::ping ? "ping" : "pong");
  frame.type == FrameType::binary ? line.binary(frame.payload) : line.text(frame.payload);
  write(line);
}

void Tap::on_closed(ConnId conn, const CloseReport& report, MonoTime now) {
  SessionLine line = begin(SessionEvent::closed, now);
  line.connection(conn).word("phase", to_text(report.phase));
  if (report.http_status) line.number("status", *report.http_status);
  if (report.close_code) line.number("code", *report.close_code);
  if (report.retry_after) line.number("retry", to_ns(*report.retry_after));
  if (report.by_us) line.flag("by_us");
  write(line.text(report.detail), RecordedLine::Role::closed, conn);
  addresses_.erase(conn);
  pinned(now, [&] { inner_.shard->on_closed(conn, report, now); });
}

// ---- the shard's ports --------------------------------------------------------------------------

MonoTime Tap::now() const {
  if (pin_) return *pin_;
  return started_ ? inner_.clock.now() : anchor_.mono;
}

WallTime Tap::wall_now() const {
  return pin_ || !started_ ? anchor_.at(now()) : inner_.clock.wall_now();
}

void Tap::dial(ConnId conn, const DialTarget& target) {
  addresses_[conn] = target.url;
  write(begin(SessionEvent::dial, now()).connection(conn).address(target.url));
  inner_.transport->dial(conn, target);
}

void Tap::send_text(ConnId conn, std::string_view text) {
  write(begin(SessionEvent::send, now()).connection(conn).text(text));
  inner_.transport->send_text(conn, text);
}

void Tap::send_ping(ConnId conn, std::string_view payload) {
  write_control(conn, "ping", payload);
  inner_.transport->send_ping(conn, payload);
}

void Tap::send_pong(ConnId conn, std::string_view payload) {
  write_control(conn, "pong", payload);
  inner_.transport->send_pong(conn, payload);
}

void Tap::write_control(ConnId conn, std::string_view operation, std::string_view payload) const {
  write(begin(SessionEvent::control_send, now())
            .connection(conn)
            .word("operation", operation)
            .text(payload));
}

void Tap::close(ConnId conn, std::uint16_t code) {
  write(begin(SessionEvent::close, now()).connection(conn).number("code", code));
  inner_.transport->close(conn, code);
}

void Tap::abort(ConnId conn) {
  write(begin(SessionEvent::close, now()).connection(conn));
  inner_.transport->abort(conn);
}

void Tap::fetch(HttpRequest request, Done done) {
  const std::uint64_t id = next_request_++;
  std::string url = request.url;
  write(
      begin(SessionEvent::request, now()).number("id", static_cast<std::int64_t>(id)).address(url));
  inner_.http->fetch(std::move(request),
                     [this, id, url = std::move(url), done = std::move(done)](
                         std::expected<HttpResponse, std::string> response) mutable {
                       const MonoTime now = inner_.clock.now();
                       write_answer(id, url, response, now);
                       pinned(now, [&] { done(std::move(response)); });
                     });
}

void Tap::write_answer(std::uint64_t id, const std::string& url,
                       const std::expected<HttpResponse, std::string>& response,
                       MonoTime now) const {
  SessionLine line = begin(response ? SessionEvent::answer : SessionEvent::failure, now);
  line.number("id", static_cast<std::int64_t>(id)).address(url);
  if (!response) return write(line.text(response.error()));
  line.number("status", response->status);
  // The one header that anybody decides by.
  const auto retry = std::ranges::find(response->headers, "retry-after",
                                       &std::pair<std::string, std::string>::first);
  if (retry != response->headers.end()) line.word("retry_after", retry->second);
  write(line.text(response->body));
}

std::optional<std::string> Tap::get(const std::string& key) const {
  std::optional<std::string> value = inner_.state->get(key);
  SessionLine line = begin(SessionEvent::state, now());
  line.word("key", key);
  if (value) line.text(*value);
  write(line);
  return value;
}

void Tap::put(const std::string& key, std::string value) {
  inner_.state->put(key, std::move(value));
}

void Tap::update(const std::string& key, const Change& change) {
  inner_.state->update(key, change);
}

}  // namespace feedwatch::capture
