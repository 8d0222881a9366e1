#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/net/frame_buffer.hpp"
#include "feedwatch/net/ws_codec.hpp"

namespace feedwatch::net::testing {

/// Shows a parser bytes as a connection does, and writes down what it finds.
class Reading {
 public:
  struct Got {
    FrameType type;
    std::string payload;
    bool operator==(const Got&) const = default;
  };
  explicit Reading(WsParser& parser) : parser_(parser) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> room = buffer_.room(parser_.needed());
      const std::size_t n = std::min(room.size(), bytes.size());
      std::copy_n(bytes.data(), n, room.data());
      buffer_.added(n);
      bytes.remove_prefix(n);
      parse();
    }
  }
  /// As many bytes at a time, until the parser has had enough.
  void feed_in_pieces(std::string_view bytes, std::size_t piece) {
    while (!bytes.empty() && !parser_.violation() && !parser_.close()) {
      feed(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
  }

  std::vector<Got> got;
  std::size_t calls = 0;  ///< of parse()
  bool keep = true;       ///< false: frames are counted only
  std::size_t frames = 0;
  unsigned char padding = 0;  ///< touches all of it, for sanitizers to see

 private:
  void parse() {
    do {
      found_.clear();
      const std::size_t used = parser_.parse(buffer_.data(), buffer_.size(), found_);
      ++calls;
      for (const Frame& frame : found_) note(frame);
      buffer_.consumed(used);
    } while (parser_.more());
  }
  void note(const Frame& frame) {
    ++frames;
    if (keep) got.push_back({frame.type, std::string(frame.payload)});
    const char* end = frame.payload.data() + frame.payload.size();
    for (std::size_t i = 0; i < frame_padding; ++i) {
      padding = static_cast<unsigned char>(padding ^ static_cast<unsigned char>(end[i]));
    }
  }

  WsParser& parser_;
  FrameBuffer buffer_{std::size_t{16} << 10U};
  std::vector<Frame> found_;
};

}  // namespace feedwatch::net::testing
