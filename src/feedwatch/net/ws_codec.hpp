#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/net/message_buffer.hpp"
#include "feedwatch/net/utf8.hpp"
#include "feedwatch/net/ws_deflate.hpp"

namespace feedwatch::net {

/// RFC 6455 §5, without a socket. The first two values of an opcode are data, from 8 on control.
enum class WsOpcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

enum class WsRole : std::uint8_t { client, server };

struct WsViolation {
  std::uint16_t code = 0;  ///< 1002, 1007 or 1009
  std::string detail;
};

struct WsClose {
  std::optional<std::uint16_t> code;
  std::string reason;
};

/// Cuts the peer's bytes into complete messages and control frames. After a violation or a close
/// frame it takes nothing more. Reserved bits are violations but for that of permessage-deflate,
/// once inflate() was called. Text is looked at as it comes: bytes that can be no UTF-8 are found
/// with the fragment, and in what comes plain to a client with the very piece of the frame, they
/// come in.
class WsParser {
 public:
  /// `max_message`: bytes of a message, inflated ones if it comes compressed; beyond: 1009.
  WsParser(WsRole role, std::size_t max_message);

  /// Clients, before the first parse(): the server may compress.
  void inflate(const WsDeflate& agreed) { inflater_ = std::make_unique<WsInflater>(agreed); }

  /// Appends all complete frames of data[0, size) to `frames` and returns how many bytes they took;
  /// the caller keeps the rest and shows it again with more behind it. Payloads point into `data`
  /// (unmasked in place; at least frame_padding readable bytes must follow data+size) or into the
  /// parser, where they last until the next call.
  std::size_t parse(char* data, std::size_t size, std::vector<Frame>& frames);

  /// Inflated messages filled what one call may hold: there may be complete frames in the rest, for
  /// the next call, once these have been used.
  bool more() const { return more_; }
  /// Bytes of the last call's messages that were inflated or put together of fragments.
  std::size_t built() const { return messages_.finished(); }
  /// Bytes the incomplete frame at the front needs altogether; 0 while its header is incomplete.
  std::size_t needed() const { return needed_; }
  const std::optional<WsViolation>& violation() const { return violation_; }
  const std::optional<WsClose>& close() const { return close_; }

 private:
  struct Header;
  bool read_header(const char* data, std::size_t size, Header& header);
  bool check(const Header& header);
  bool check_reserved(const Header& header);
  bool check_control(const Header& header);
  bool check_size(const Header& header);
  void look_ahead(const Header& header, std::string_view payload);
  std::size_t take_plain_texts(const char* data, std::size_t size,
                               std::vector<Frame>& frames) const;
  void take(const Header& header, char* payload, std::vector<Frame>& frames);
  void take_control(const Header& header, std::string_view payload, std::vector<Frame>& frames);
  void take_data(const Header& header, std::string_view payload, std::vector<Frame>& frames);
  bool take_part(std::string_view payload, bool last);
  bool inflate_part(std::string_view payload, bool last);
  void take_close(std::string_view payload);
  bool check_whole(std::string_view text);
  bool check_text(std::string_view piece, bool last);
  bool violate(std::uint16_t code, std::string detail);

  WsRole role_;
  bool more_ = false;
  bool compressed_ = false;  // the message whose parts are coming in
  std::size_t max_message_;
  std::size_t needed_ = 0;
  std::optional<WsOpcode> unfinished_;  // its kind
  std::size_t looked_at_ = 0;           // of the incomplete frame's payload, by look_ahead()
  Utf8Stream utf8_;
  MessageBuffer messages_;
  std::unique_ptr<WsInflater> inflater_;
  std::optional<WsViolation> violation_;
  std::optional<WsClose> close_;
};

/// Appends one complete frame; masked with `mask` as clients must.
void append_frame(std::string& out, WsOpcode opcode, std::string_view payload,
                  const std::optional<std::array<std::uint8_t, 4>>& mask = std::nullopt,
                  bool final = true);
/// Appends a close frame; the reason is cut to what a control frame holds.
void append_close(std::string& out, std::uint16_t code, std::string_view reason,
                  const std::optional<std::array<std::uint8_t, 4>>& mask = std::nullopt);
/// Unpredictable, as RFC 6455 §5.3 asks.
std::array<std::uint8_t, 4> random_mask();

/// A fresh Sec-WebSocket-Key, and the Sec-WebSocket-Accept that answers it (§4.2.2).
std::string websocket_key();
std::string websocket_accept(std::string_view key);
/// 24 characters of base64 that stand for 16 bytes.
bool is_websocket_key(std::string_view key);

constexpr std::size_t max_control_payload = 125;

}  // namespace feedwatch::net
