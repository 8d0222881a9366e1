#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "feedwatch/net/socket.hpp"

namespace feedwatch::net {

enum class IoStatus : unsigned char { ok, would_block, closed, failed };

struct IoResult {
  IoStatus status = IoStatus::ok;
  std::size_t bytes = 0;
};

/// A connected, non-blocking byte stream, plain or TLS. Each call does at most what is possible
/// right now. After `failed`, error() says why and nothing further may be called but error().
class Channel {
 public:
  virtual ~Channel() = default;
  virtual IoResult read(std::span<char> into) = 0;
  virtual IoResult write(std::string_view bytes) = 0;
  /// TLS handshake, to be repeated until `ok`; plain channels are ready at once.
  virtual IoResult handshake() = 0;
  /// The last call stopped because the socket could not be written, even if it was a read.
  virtual bool waits_to_write() const = 0;
  /// Bytes that are here and unread, as they came over the wire; may be too many, never too few.
  virtual std::size_t waiting() const = 0;
  virtual int fd() const = 0;
  const std::string& error() const { return error_; }

 protected:
  std::string error_;
};

std::unique_ptr<Channel> plain_channel(Fd fd);

}  // namespace feedwatch::net
