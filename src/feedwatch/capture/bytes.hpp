#pragma once

#include <cstddef>
#include <expected>
#include <istream>
#include <memory>
#include <span>
#include <string>

namespace feedwatch::capture {

/// A stream of bytes that says why it ended early.
class Bytes {
 public:
  virtual ~Bytes() = default;
  /// Fills the front of `out`; 0 = regular end. Bytes read before a fault are delivered first. The
  /// error is for people and does not name the file.
  virtual std::expected<std::size_t, std::string> read(std::span<char> out) = 0;
  /// After an error: compressed data ends before it should.
  virtual bool truncated() const { return false; }
};

/// Bytes of `in`, decompressed when they begin like gzip, zstd or bzip2 (several members or frames
/// in a row count as one). Borrows `in`. Reads what is there without waiting for more, so that a
/// pipe can be followed.
std::unique_ptr<Bytes> open_bytes(std::istream& in);

}  // namespace feedwatch::capture
