#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/net/tests/reading.hpp"
#include "feedwatch/net/ws_codec.hpp"

namespace feedwatch::net::testing {

/// A case of the Autobahn testsuite as a client sees it: what the server sends and what the client
/// must make of it. The suite waits for echoes, which a client that only reads has none of:
/// delivered messages stand for them, and pings that reach the owner for pongs asked for.
struct AutobahnScript {
  std::vector<std::string> parts;         ///< sent one after the other, each a chop of its own
  std::size_t chop = 0;                   ///< octets that go together; 0: a part
  std::vector<Reading::Got> got;          ///< what the client must deliver, in order
  std::uint16_t fails = 0;                ///< code with which it must end the connection
  std::optional<std::size_t> fails_with;  ///< the part that must be enough for it: fail fast
  std::optional<WsClose> closed;          ///< the server's good-bye; default: 1000 after all parts
  std::string extensions;                 ///< of the server's answer to our offer
};

/// Built when it runs: some are megabytes.
struct AutobahnCase {
  std::string number;  ///< as the suite has it: "6.4.3"
  std::function<AutobahnScript()> script;
};

using AutobahnCases = std::vector<AutobahnCase>;

AutobahnCases autobahn_frames();       ///< chapters 1 to 5
AutobahnCases autobahn_utf8();         ///< 6
AutobahnCases autobahn_closing();      ///< 7
AutobahnCases autobahn_limits();       ///< 9 and 10
AutobahnCases autobahn_compression();  ///< 12 and 13

// --- words the tables are written in ------------------------------------------------------------

/// One frame of any kind; `reserved` as three bits, RSV1 the highest.
std::string frame(unsigned opcode, std::string_view payload, bool final = true,
                  unsigned reserved = 0);
/// A close frame with that code and nothing else in it.
std::string close_frame(std::uint16_t code, std::string_view reason = {});

inline Reading::Got text(std::string payload) {
  return {FrameType::text, std::move(payload)};
}
inline Reading::Got binary(std::string payload) {
  return {FrameType::binary, std::move(payload)};
}
inline Reading::Got ping(std::string payload) {
  return {FrameType::ping, std::move(payload)};
}
inline Reading::Got pong(std::string payload) {
  return {FrameType::pong, std::move(payload)};
}
/// `pattern` over and over.
std::string repeated(std::string_view pattern, std::size_t size);
/// A message in frames of `fragment` bytes each.
std::string fragmented(unsigned opcode, std::string_view payload, std::size_t fragment);

void add(AutobahnCases& cases, std::string number, AutobahnScript script);
void join(AutobahnCases& cases, AutobahnCases more);

}  // namespace feedwatch::net::testing
