#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace feedwatch::net {

/// The server's side of one WebSocket.
///
/// Created by HttpServer after an accepted upgrade and handed out as shared_ptr; holding it longer
/// than the connection lives is harmless: sends answer false. Callbacks may be set and called any
/// time, run on the reactor's thread, never from inside a call of this class, and end with
/// on_close, which runs once (not when the server itself is destroyed). The reactor's thread only.
class WsConnection {
 public:
  virtual ~WsConnection() = default;

  std::function<void(std::string_view)> on_text;
  std::function<void(std::string_view)> on_binary;
  std::function<void(std::string_view)> on_ping;  ///< told even when answered by auto_pong
  std::function<void(std::string_view)> on_pong;
  /// Close code of the peer, absent when the connection just ended; detail is for people.
  std::function<void(std::optional<std::uint16_t>, const std::string&)> on_close;
  std::function<void()> on_drained;  ///< the write queue has just become empty

  /// Queued behind what is not sent yet. False when closed, or when max_write_queue would be
  /// exceeded: nothing was queued then; the caller decides about the lagging client.
  virtual bool send_text(std::string_view text) = 0;
  virtual bool send_ping(std::string_view payload) = 0;
  virtual bool send_pong(std::string_view payload) = 0;
  /// Bytes as they stand, without a frame around them: broken and fragmented frames of simulators.
  virtual bool send_raw(std::string_view bytes) = 0;
  /// Close frame, then the socket is dropped when answered or after one second.
  virtual void close(std::uint16_t code, std::string_view reason = {}) = 0;
  /// Drops the socket with a TCP reset.
  virtual void reset() = 0;

  /// Half-open: the socket stays, nothing is read, nothing is written, no ping answered; sends
  /// still queue. `false` continues.
  virtual void pause(bool paused) = 0;
  virtual void auto_pong(bool enabled) = 0;  ///< on at first
  virtual std::size_t queued_bytes() const = 0;
  virtual bool open() const = 0;
  virtual const std::string& peer() const = 0;  ///< "127.0.0.1:51234"
};

}  // namespace feedwatch::net
