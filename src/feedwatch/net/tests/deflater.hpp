#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

#include "feedwatch/net/ws_codec.hpp"

namespace feedwatch::net::testing {

/// The server's side of permessage-deflate, by zlib: messages of one connection, in order.
class Deflater {
 public:
  struct Options {
    bool fresh_context = false;  ///< server_no_context_takeover
    int window_bits = 15;        ///< 9 to 15, which is all zlib can compress with
    int level = Z_DEFAULT_COMPRESSION;
  };

  Deflater() : Deflater(Options{}) {}
  explicit Deflater(Options options);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// The payload of a message.
  std::string message(std::string_view text);
  /// The same in final blocks (RFC 7692 §7.2.3.4), with the byte it asks for behind them.
  std::string final_message(std::string_view text);

 private:
  std::string run(std::string_view text, int flush);

  Options options_;
  z_stream zlib_{};
};

/// Appends a message whose payload is compressed, in frames of `fragment` bytes (0: in one).
void append_compressed(std::string& out, WsOpcode opcode, std::string_view payload,
                       std::size_t fragment = 0);

}  // namespace feedwatch::net::testing
