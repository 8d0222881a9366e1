#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch {

enum class FrameType : std::uint8_t { text, binary, ping, pong };

/// One complete WebSocket message or control frame. `payload` is valid until on_read returns and is
/// followed by at least frame_padding readable bytes, for parsers that read ahead.
struct Frame {
  FrameType type = FrameType::text;
  std::string_view payload;
};
constexpr std::size_t frame_padding = 64;

/// The steps of opening a connection, in order. `open` means the WebSocket upgrade has succeeded.
enum class DialPhase : std::uint8_t { resolving, connecting, securing, upgrading, open };

/// Why a connection ended, as far as the peer or the network said.
struct CloseReport {
  DialPhase phase = DialPhase::open;        ///< how far it had come
  std::optional<int> http_status;           ///< answer to a refused upgrade
  std::optional<std::uint16_t> close_code;  ///< WebSocket close code, if one came
  std::optional<Duration> retry_after;      ///< Retry-After of a refused upgrade
  bool by_us = false;                       ///< close() or abort() was called
  std::string detail;                       ///< for people: "connection reset by peer"
};

struct DialTarget {
  std::string url;             ///< ws:// or wss://, with path and query
  std::string ca_file;         ///< additional private CA, PEM; empty = system trust store only
  bool offer_deflate = false;  ///< the server may compress its messages (permessage-deflate)
  /// Bytes of a message, inflated; a larger one ends the connection with 1009. 0: never, up to what
  /// the transport bears.
  std::size_t max_message = std::size_t{8} << 20U;
};

/// What a Transport tells its owner. Called on the owner's thread only; never from inside a
/// Transport call. After on_closed no further event of that connection arrives.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void on_phase(ConnId conn, DialPhase reached, MonoTime now) = 0;
  /// All complete frames of one socket read, in order, control frames included. Only compressed
  /// ones that inflate to more than a megabyte come in several calls, with the same stamp.
  virtual void on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) = 0;
  virtual void on_closed(ConnId conn, const CloseReport& report, MonoTime now) = 0;
};

/// Opens WebSocket connections and moves frames; decides nothing. Pings of the peer are delivered
/// as frames and are answered by the owner through send_pong. Owner's thread only.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void dial(ConnId conn, const DialTarget& target) = 0;
  virtual void send_text(ConnId conn, std::string_view text) = 0;
  virtual void send_ping(ConnId conn, std::string_view payload) = 0;
  virtual void send_pong(ConnId conn, std::string_view payload) = 0;
  /// Polite close: sends a close frame, drops the socket when answered or after one second.
  virtual void close(ConnId conn, std::uint16_t code) = 0;
  /// Drops the socket at once.
  virtual void abort(ConnId conn) = 0;
};

/// Host name to addresses, asynchronous. Numeric addresses are answered without a query. Once
/// `asker` has expired nobody waits any more: `done` may be called or not, and no query is begun.
class Resolver {
 public:
  using Done = std::move_only_function<void(std::vector<std::string> addresses, std::string error)>;
  virtual ~Resolver() = default;
  virtual void resolve(const std::string& host, std::weak_ptr<const void> asker, Done done) = 0;
};

}  // namespace feedwatch
