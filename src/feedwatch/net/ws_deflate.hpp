#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace feedwatch::net {

struct HttpMessage;
class MessageBuffer;

/// permessage-deflate (RFC 7692), the client's side: what the server may compress with. What we
/// send is small and goes uncompressed, which §6 leaves to the sender of each message.
struct WsDeflate {
  bool fresh_context = false;  ///< server_no_context_takeover: each message stands for itself
  int window_bits = 15;        ///< server_max_window_bits, 8 to 15
};

/// Value of our Sec-WebSocket-Extensions.
std::string_view deflate_offer();

/// What the server chose of that: nothing if it answered without an extension. The error, for
/// people, if the answer is none to this offer and the connection must fail (§5.1, §7.1).
std::expected<std::optional<WsDeflate>, std::string> deflate_answer(const HttpMessage& answer);

/// Inflates the messages of one connection, piece by piece as their frames come. Not thread-safe.
class WsInflater {
 public:
  enum class Outcome : std::uint8_t {
    ok,
    corrupt,  ///< no deflate stream
    cut_off,  ///< the message ends inside a block, which would run on into the next message
    too_big,
  };

  explicit WsInflater(const WsDeflate& agreed);
  ~WsInflater();
  WsInflater(const WsInflater&) = delete;
  WsInflater& operator=(const WsInflater&) = delete;

  /// Adds what `piece` holds to the unfinished message in `into`, which never takes more than
  /// `limit` bytes and one. `last`: the piece ends the message. After anything but ok no further
  /// call has a meaning.
  Outcome inflate(std::string_view piece, bool last, MessageBuffer& into, std::size_t limit);

 private:
  struct State;
  Outcome feed(std::string_view piece, MessageBuffer& into, std::size_t limit);
  Outcome finish(MessageBuffer& into, std::size_t limit);

  std::unique_ptr<State> state_;
  bool fresh_context_;
};

}  // namespace feedwatch::net
