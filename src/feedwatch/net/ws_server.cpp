#include <fmt/core.h>

#include <utility>

#include "feedwatch/net/server_socket.hpp"

namespace feedwatch::net {
namespace {

constexpr int reads_per_turn = 4;
constexpr std::size_t read_buffer = 16U << 10U;
constexpr Duration close_limit = 1s;

}  // namespace

ServerSocket::ServerSocket(Reactor& reactor, std::unique_ptr<Stream> stream, std::string peer,
                           Limits limits, std::function<void(ServerSocket&)> on_gone)
    : reactor_(reactor),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      limits_(limits),
      on_gone_(std::move(on_gone)),
      parser_(WsRole::server, limits.max_message),
      buffer_(read_buffer) {
  stream_->hand_to(*this);
}

void ServerSocket::start(std::string_view already_read) {
  const auto self = shared_from_this();
  stream_->want_read(true);
  if (already_read.empty()) return;
  buffer_.append(already_read);
  on_frames();
}

bool ServerSocket::send_frame(WsOpcode opcode, std::string_view payload) {
  out_.clear();
  append_frame(out_, opcode, payload);
  return send_raw(out_);
}

bool ServerSocket::send_text(std::string_view text) {
  return send_frame(WsOpcode::text, text);
}

bool ServerSocket::send_ping(std::string_view payload) {
  return send_frame(WsOpcode::ping, payload.substr(0, max_control_payload));
}

bool ServerSocket::send_pong(std::string_view payload) {
  return send_frame(WsOpcode::pong, payload.substr(0, max_control_payload));
}

bool ServerSocket::send_raw(std::string_view bytes) {
  if (state_ != State::open) return false;
  if (stream_->queued() + bytes.size() > limits_.max_write_queue) return false;
  stream_->write(bytes);
  return true;
}

void ServerSocket::close(std::uint16_t code, std::string_view reason) {
  if (state_ != State::open) return;
  out_.clear();
  append_close(out_, code, reason);
  stream_->write(out_);
  state_ = State::closing;
  limit_closing();
}

void ServerSocket::reset() {
  if (!stream_) return;
  stream_->reset_on_close();
  stream_.reset();
  if (state_ == State::over) return;
  state_ = State::over;
  reactor_.defer([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tell(std::nullopt, "reset by us");
  });
}

void ServerSocket::pause(bool paused) {
  if (stream_) stream_->hold(paused);
}

void ServerSocket::abandon() {
  forget_callbacks();
  on_gone_ = nullptr;
  state_ = State::over;
  stream_.reset();
  limit_.reset();
}

void ServerSocket::on_readable() {
  const auto self = shared_from_this();
  for (int turn = 0; turn < reads_per_turn && stream_ && !stream_->held(); ++turn) {
    const IoResult r = stream_->read(buffer_.room(parser_.needed()));
    if (r.status == IoStatus::would_block) return;
    if (r.status != IoStatus::ok) {
      end(std::nullopt, r.status == IoStatus::closed ? "connection closed" : stream_->error());
      return;
    }
    buffer_.added(r.bytes);
    on_frames();
  }
  if (stream_) stream_->again();
}

void ServerSocket::on_frames() {
  if (state_ == State::over) {
    buffer_.clear();
    return;
  }
  frames_.clear();
  const std::size_t used = parser_.parse(buffer_.data(), buffer_.size(), frames_);
  for (const Frame& frame : frames_) {
    if (state_ == State::over) break;
    deliver(frame);
  }
  buffer_.consumed(used);
  if (state_ == State::over) return;
  if (parser_.violation()) {
    const WsViolation& violation = *parser_.violation();
    end_politely(violation.code, violation.detail);
    tell(std::nullopt,
         fmt::format("protocol violation ({}): {}", violation.code, violation.detail));
  } else if (parser_.close()) {
    const WsClose& close = *parser_.close();
    end_politely(close.code.value_or(1000), {});
    tell(close.code, close.reason);
  }
}

void ServerSocket::deliver(const Frame& frame) {
  // Copies: a callback may replace itself.
  switch (frame.type) {
    case FrameType::text:
      if (const auto call = on_text) call(frame.payload);
      return;
    case FrameType::binary:
      if (const auto call = on_binary) call(frame.payload);
      return;
    case FrameType::pong:
      if (const auto call = on_pong) call(frame.payload);
      return;
    case FrameType::ping:
      if (auto_pong_) send_pong(frame.payload);
      if (const auto call = on_ping) call(frame.payload);
      return;
  }
}

void ServerSocket::on_drained() {
  const auto self = shared_from_this();
  if (state_ == State::over) {
    stream_->shutdown_write();
  } else if (const auto call = on_drained_callback()) {
    call();
  }
}

void ServerSocket::on_write_failed(const std::string& why) {
  end(std::nullopt, "writing: " + why);
}

/// Our close frame unless it has gone out already, then a moment for the peer to take it: closing
/// over unread bytes would reset the connection.
void ServerSocket::end_politely(std::uint16_t code, std::string_view reason) {
  if (state_ == State::open) {
    out_.clear();
    append_close(out_, code, reason);
    stream_->write(out_);
  }
  state_ = State::over;
  if (stream_->queued() == 0) stream_->shutdown_write();
  limit_closing();
}

void ServerSocket::limit_closing() {
  limit_ = reactor_.make_wakeup([this](MonoTime) {
    const auto self = shared_from_this();
    end(std::nullopt, "closed by us, not answered in time");
  });
  limit_->arm(reactor_.clock().now() + close_limit);
}

/// The socket goes now; the owner is told unless it has been.
void ServerSocket::end(std::optional<std::uint16_t> code, const std::string& detail) {
  const auto self = shared_from_this();
  const std::string why = detail;  // may belong to the stream
  stream_.reset();
  limit_.reset();
  state_ = State::over;
  tell(code, why);
}

void ServerSocket::tell(std::optional<std::uint16_t> code, const std::string& detail) {
  const auto self = shared_from_this();
  if (!std::exchange(told_, true)) {
    if (const auto call = on_close) call(code, detail);
    // Callbacks may hold the shared_ptr that holds them; the running one is a copy.
    forget_callbacks();
  }
  if (stream_ || !on_gone_) return;
  const auto gone = std::exchange(on_gone_, nullptr);
  gone(*this);
}

void ServerSocket::forget_callbacks() {
  on_text = on_binary = on_ping = on_pong = nullptr;
  on_close = nullptr;
  WsConnection::on_drained = nullptr;
}

}  // namespace feedwatch::net
