#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/net/frame_buffer.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/stream.hpp"
#include "feedwatch/net/ws_codec.hpp"
#include "feedwatch/net/ws_server.hpp"

namespace feedwatch::net {

/// WsConnection over a Stream whose upgrade has been answered. The server keeps it until on_gone,
/// which comes after on_close, when the socket has gone.
class ServerSocket final : public WsConnection,
                           public StreamOwner,
                           public std::enable_shared_from_this<ServerSocket> {
 public:
  struct Limits {
    std::size_t max_message;
    std::size_t max_write_queue;
  };
  ServerSocket(Reactor& reactor, std::unique_ptr<Stream> stream, std::string peer, Limits limits,
               std::function<void(ServerSocket&)> on_gone);

  /// Begins to read, first what came along with the upgrade.
  void start(std::string_view already_read);
  /// Drops everything and calls nobody: the server is going.
  void abandon();

  bool send_text(std::string_view text) override;
  bool send_ping(std::string_view payload) override;
  bool send_pong(std::string_view payload) override;
  bool send_raw(std::string_view bytes) override;
  void close(std::uint16_t code, std::string_view reason) override;
  void reset() override;
  void pause(bool paused) override;
  void auto_pong(bool enabled) override { auto_pong_ = enabled; }
  std::size_t queued_bytes() const override { return stream_ ? stream_->queued() : 0; }
  bool open() const override { return state_ == State::open; }
  const std::string& peer() const override { return peer_; }

 private:
  /// over: on_close has been or is about to be called; the socket may linger.
  enum class State : unsigned char { open, closing, over };

  void on_readable() override;
  void on_drained() override;
  void on_write_failed(const std::string& why) override;

  bool send_frame(WsOpcode opcode, std::string_view payload);
  void on_frames();
  void deliver(const Frame& frame);
  void end_politely(std::uint16_t code, std::string_view reason);
  void limit_closing();
  void end(std::optional<std::uint16_t> code, const std::string& detail);
  void tell(std::optional<std::uint16_t> code, const std::string& detail);
  void forget_callbacks();
  const std::function<void()>& on_drained_callback() const { return WsConnection::on_drained; }

  Reactor& reactor_;
  std::unique_ptr<Stream> stream_;
  const std::string peer_;
  const Limits limits_;
  std::function<void(ServerSocket&)> on_gone_;
  std::unique_ptr<Wakeup> limit_;
  State state_ = State::open;
  bool auto_pong_ = true;
  bool told_ = false;
  WsParser parser_;
  FrameBuffer buffer_;
  std::vector<Frame> frames_;
  std::string out_;
};

}  // namespace feedwatch::net
