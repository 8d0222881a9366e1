#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/net/ws_deflate.hpp"
#include "tests/fuzz/input.hpp"

namespace feedwatch::fuzz {

/// What a WebSocket client made of the bytes of a server.
struct Outcome {
  struct Got {
    FrameType type;
    std::string payload;
    bool operator==(const Got&) const = default;
  };
  enum class End : std::uint8_t {
    waiting,  ///< for more bytes
    closed,   ///< by the server, with `code` (1005: none)
    refused,  ///< by the client, with `code` (0: without a close frame)
  };
  std::vector<Got> frames;  ///< messages, pings and pongs
  End end = End::waiting;
  std::uint16_t code = 0;
  std::string why;  ///< refused
};

struct Setting {
  bool deflate = false;
  net::WsDeflate agreed;
  std::size_t max_message = 4'096;
};

/// Boost.Beast as the client.
Outcome read_with_beast(const Setting& setting, std::string_view bytes, Chops chops);

}  // namespace feedwatch::fuzz
