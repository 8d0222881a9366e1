#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"

namespace feedwatch::net {

/// Where messages are put together of fragments, or inflated. Those finished since the last
/// recycle() lie side by side and stay where they are, each followed by frame_padding zeros; one
/// may be unfinished and goes on after it. In steady state nothing is allocated; what a large
/// message took is given back by the next recycle().
class MessageBuffer {
 public:
  /// What is kept between reads. Beyond it the price of allocating is nothing beside that of
  /// filling what was allocated.
  static constexpr std::size_t kept = std::size_t{1} << 20U;

  /// The finished messages have been used.
  void recycle() {
    if (finished_ != 0 || block_.size > kept) reclaim();
  }

  /// At least `needed` bytes behind the unfinished message; `added` of them count from then on.
  std::span<char> room(std::size_t needed) {
    if (begin_ + unfinished_ + needed + frame_padding > block_.size) grow(needed);
    const std::size_t end = begin_ + unfinished_;
    return {block_.bytes.get() + end, block_.size - frame_padding - end};
  }
  void added(std::size_t n) { unfinished_ += n; }
  void append(std::string_view bytes);

  std::string_view unfinished() const { return {block_.bytes.get() + begin_, unfinished_}; }
  /// The unfinished message is complete: lasts until recycle().
  std::string_view finish();
  /// What the finished messages take, in bytes.
  std::size_t finished() const { return finished_; }
  std::size_t capacity() const;

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  static Block make_block(std::size_t size);
  void grow(std::size_t needed);
  void reclaim();
  void move_to(Block& block) const;

  Block block_;              // the unfinished message is in here, at its end
  std::vector<Block> full_;  // with finished ones
  std::size_t begin_ = 0;    // of the unfinished message
  std::size_t unfinished_ = 0;
  std::size_t finished_ = 0;
};

}  // namespace feedwatch::net
