#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"

namespace feedwatch::net {

/// Bytes read and not yet consumed, in one piece, always followed by frame_padding readable bytes.
/// Grows for a frame larger than itself and shrinks once empty again.
class FrameBuffer {
 public:
  explicit FrameBuffer(std::size_t size) : base_(size), bytes_(size + frame_padding) {}

  char* data() { return bytes_.data() + begin_; }
  std::size_t size() const { return end_ - begin_; }

  /// Room for the next read; `needed` is what the frame at the front takes altogether (0 unknown).
  std::span<char> room(std::size_t needed) {
    compact(needed);
    return {bytes_.data() + end_, capacity() - end_};
  }

  void added(std::size_t n) { end_ += n; }
  void consumed(std::size_t n) { begin_ += n; }
  void clear() { begin_ = end_; }

  void append(std::span<const char> more) {
    const std::span<char> space = room(size() + more.size());
    std::memcpy(space.data(), more.data(), more.size());
    added(more.size());
  }

 private:
  std::size_t capacity() const { return bytes_.size() - frame_padding; }

  void compact(std::size_t needed) {
    if (begin_ == end_) {
      begin_ = end_ = 0;
      if (bytes_.size() > base_ + frame_padding && needed <= base_) {
        bytes_ = std::vector<char>(base_ + frame_padding);
      }
    }
    const bool too_small = needed > capacity();
    if (begin_ > 0 && (begin_ + needed > capacity() || capacity() - end_ < base_ / 4)) {
      std::memmove(bytes_.data(), data(), size());
      end_ -= begin_;
      begin_ = 0;
    }
    if (too_small) bytes_.resize(needed + frame_padding);
    // A header may be all that is there of the next frame: never offer an empty room.
    if (end_ == capacity()) bytes_.resize(capacity() + base_ + frame_padding);
  }

  std::size_t base_;
  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace feedwatch::net
