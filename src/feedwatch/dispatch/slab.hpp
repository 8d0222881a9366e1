#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace feedwatch::dispatch {

/// Things by dense index that never move: grown by one thread a chunk at a time, found by index
/// from any thread that was told the index by the growing one. Shrinks only when destroyed.
template <class T, std::size_t ChunkSize, std::size_t MaxChunks>
class Slab {
 public:
  static constexpr std::size_t capacity = ChunkSize * MaxChunks;

  Slab() = default;
  ~Slab() {
    for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
  }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  T& operator[](std::uint32_t index) const {
    return chunks_[index / ChunkSize].load(std::memory_order_acquire)[index % ChunkSize];
  }
  std::uint32_t size() const { return size_; }
  /// Index of one more; nothing when full.
  std::optional<std::uint32_t> grow() {
    if (size_ == capacity) return std::nullopt;
    if (size_ % ChunkSize == 0) {
      chunks_[size_ / ChunkSize].store(std::make_unique<T[]>(ChunkSize).release(),
                                       std::memory_order_release);
    }
    return size_++;
  }

 private:
  std::array<std::atomic<T*>, MaxChunks> chunks_{};
  std::uint32_t size_ = 0;
};

}  // namespace feedwatch::dispatch
