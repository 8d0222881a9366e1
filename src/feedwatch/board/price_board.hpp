#pragma once

#include <cstddef>
#include <memory>

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/board/slot.hpp"

namespace feedwatch {

/// The newest accepted tick of every stream, and all a verdict needs, in fixed slots.
///
/// One writer thread; any number of reading threads. Seqlock per slot with the payload in relaxed
/// 64-bit atomic words (Boehm 2012, "Can seqlocks get along with programming language memory
/// models?"), so that readers never block the writer and thread sanitizer sees the truth.
class PriceBoard {
 public:
  explicit PriceBoard(std::size_t capacity);
  ~PriceBoard();
  PriceBoard(const PriceBoard&) = delete;
  PriceBoard& operator=(const PriceBoard&) = delete;

  std::size_t capacity() const;
  void write(StreamId stream, const Slot& slot);
  /// Precondition: stream.index() < capacity(). Spins only while a write is in progress.
  Slot read(StreamId stream) const;

 private:
  struct Cell;
  std::unique_ptr<Cell[]> cells_;
  std::size_t capacity_ = 0;
};

}  // namespace feedwatch
