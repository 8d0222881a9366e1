#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/socket.hpp"
#include "feedwatch/net/ws_codec.hpp"

namespace feedwatch::net::testing {

/// A WebSocket server of one connection that says exactly what it is told: after the upgrade the
/// bytes of `say`, as many at a time as the reactor's rounds and `piece` allow.
class RawServer final : private IoHandler {
 public:
  explicit RawServer(Reactor& reactor, std::string extensions = {})
      : reactor_(reactor),
        extensions_(std::move(extensions)),
        listener_(std::move(*listen_on(*make_endpoint("127.0.0.1", 0)))),
        watch_(reactor.watch(listener_.get(), *this)) {
    watch_->want(true, false);
  }

  std::string url() const {
    return fmt::format("ws://127.0.0.1:{}/", endpoint_port(local_endpoint(listener_.get())));
  }

  void say(std::string_view bytes, std::size_t piece = SIZE_MAX) {
    outbox_ += bytes;
    piece_ = piece;
    if (peer_) peer_watch_->want(true, true);
  }

  /// Told as soon as the client's close frame has come.
  const std::optional<std::uint16_t>& close_code() const { return close_code_; }
  bool ended() const { return ended_; }
  std::size_t said() const { return said_; }  ///< bytes the kernel has taken
  const std::string& request() const { return request_; }

 private:
  void on_io(bool readable, bool writable) override {
    if (!peer_) return accept();
    if (readable) hear();
    if (writable && upgraded_) speak();
  }

  void accept() {
    Endpoint from;
    peer_ = accept_one(listener_.get(), from);
    if (!peer_) return;
    watch_->want(false, false);
    peer_watch_ = reactor_.watch(peer_.get(), *this);
    peer_watch_->want(true, false);
  }

  void hear() {
    char bytes[16'384];
    const auto n = ::recv(peer_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0) {
      if (n == 0 || errno != EAGAIN) {
        ended_ = true;
        peer_watch_->want(false, false);
      }
      return;
    }
    heard_.append(bytes, static_cast<std::size_t>(n));
    if (upgraded_) {
      read_frames();
    } else if (const auto end = heard_.find("\r\n\r\n"); end != std::string::npos) {
      request_ = heard_.substr(0, end);
      heard_.erase(0, end + 4);
      answer();
    }
  }

  void answer() {
    constexpr std::string_view name = "Sec-WebSocket-Key: ";
    const std::string key = request_.substr(request_.find(name) + name.size(), 24);
    std::string head = fmt::format(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: {}\r\n",
        websocket_accept(key));
    if (!extensions_.empty()) {
      head += fmt::format("Sec-WebSocket-Extensions: {}\r\n", extensions_);
    }
    head += "\r\n";
    ::send(peer_.get(), head.data(), head.size(), MSG_NOSIGNAL);
    upgraded_ = true;
    if (!outbox_.empty()) peer_watch_->want(true, true);
  }

  void speak() {
    const std::size_t left = outbox_.size() - said_;
    const auto n =
        ::send(peer_.get(), outbox_.data() + said_, std::min(left, piece_), MSG_NOSIGNAL);
    if (n > 0) said_ += static_cast<std::size_t>(n);
    if (said_ == outbox_.size() || (n < 0 && errno != EAGAIN)) peer_watch_->want(true, false);
  }

  void read_frames() {
    std::string copy = heard_;
    copy.append(frame_padding, '\0');
    std::vector<Frame> frames;
    heard_.erase(0, parser_.parse(copy.data(), heard_.size(), frames));
    if (parser_.close() && !close_code_) close_code_ = parser_.close()->code.value_or(1005);
  }

  Reactor& reactor_;
  std::string extensions_;
  Fd listener_;
  std::unique_ptr<IoWatch> watch_;
  Fd peer_;
  std::unique_ptr<IoWatch> peer_watch_;
  bool upgraded_ = false;
  bool ended_ = false;
  std::string request_, heard_, outbox_;
  std::size_t said_ = 0;
  std::size_t piece_ = SIZE_MAX;
  WsParser parser_{WsRole::server, 1U << 20U};
  std::optional<std::uint16_t> close_code_;
};

}  // namespace feedwatch::net::testing
