#include "feedwatch/net/message_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace feedwatch::net {
namespace {

constexpr std::size_t first_block = std::size_t{16} << 10U;

}  // namespace

MessageBuffer::Block MessageBuffer::make_block(std::size_t size) {
  return {.bytes = std::make_unique_for_overwrite<char[]>(size), .size = size};
}

void MessageBuffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(room(bytes.size()).data(), bytes.data(), bytes.size());
  added(bytes.size());
}

std::string_view MessageBuffer::finish() {
  const std::span<char> padding = room(0);
  std::memset(padding.data(), 0, frame_padding);
  const std::string_view message = unfinished();
  const std::size_t taken = message.size() + frame_padding;
  begin_ += taken;
  finished_ += taken;
  unfinished_ = 0;
  return message;
}

void MessageBuffer::grow(std::size_t needed) {
  const std::size_t wanted = unfinished_ + needed + frame_padding;
  Block larger = make_block(std::max({first_block, std::min(2 * block_.size, kept), 2 * wanted}));
  move_to(larger);
  if (begin_ != 0) full_.push_back(std::move(block_));
  block_ = std::move(larger);
  begin_ = 0;
}

void MessageBuffer::reclaim() {
  // A message that has come a good part of the way to this size will want it again at once.
  const bool too_large = block_.size > kept && unfinished_ < kept / 4;
  if (!full_.empty() || too_large) {
    // One block that would have done for all, so that the next read needs no second one.
    Block fresh = make_block(std::max(unfinished_ + frame_padding, std::min(capacity(), kept)));
    move_to(fresh);
    full_.clear();
    block_ = std::move(fresh);
  } else {
    move_to(block_);
  }
  begin_ = 0;
  finished_ = 0;
}

/// The unfinished message, to the front of `block`.
void MessageBuffer::move_to(Block& block) const {
  if (unfinished_ != 0) std::memmove(block.bytes.get(), unfinished().data(), unfinished_);
}

std::size_t MessageBuffer::capacity() const {
  std::size_t all = block_.size;
  for (const Block& block : full_) all += block.size;
  return all;
}

}  // namespace feedwatch::net
