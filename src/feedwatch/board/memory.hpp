#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "feedwatch/base/error.hpp"

namespace feedwatch::board {

/// Where a board lies: all zero at first, in one piece that never moves, aligned to 256 bytes. The
/// owner's thread calls commit() before it writes to a part for the first time.
class Memory {
 public:
  virtual ~Memory() = default;
  virtual std::span<std::byte> bytes() = 0;
  /// Makes sure that [offset, offset + length) is backed by real memory, so that a full filesystem
  /// is an error here and never a fault later.
  virtual Result<void> commit(std::size_t offset, std::size_t length) = 0;
};

/// Memory of this process alone; untouched parts cost nothing. Throws std::bad_alloc.
std::unique_ptr<Memory> heap_memory(std::size_t size);

}  // namespace feedwatch::board
