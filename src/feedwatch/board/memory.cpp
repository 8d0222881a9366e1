#include "feedwatch/board/memory.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#include "feedwatch/board/layout.hpp"

namespace feedwatch::board {
namespace {

/// With them a million cells are found in fewer steps. Advice: that it is not taken is no error.
void prefer_large_pages(std::span<std::byte> bytes) {
  constexpr std::size_t small_page = 4096;
  constexpr std::size_t large_page = std::size_t{2} << 20U;
  if (bytes.size() < 2 * large_page) return;  // small boards would pay for what they do not fill
  void* at = bytes.data();
  std::size_t space = bytes.size();
  if (std::align(small_page, large_page, at, space) != nullptr) {
    ::madvise(at, space, MADV_HUGEPAGE);
  }
}

class HeapMemory final : public Memory {
 public:
  // calloc gives large zeroed pieces without touching them.
  explicit HeapMemory(std::size_t size)
      : owned_(std::calloc(size + alignof(Cell), 1)) {  // NOLINT(cppcoreguidelines-no-malloc)
    if (!owned_) throw std::bad_alloc();
    void* at = owned_.get();
    std::size_t space = size + alignof(Cell);
    bytes_ = {static_cast<std::byte*>(std::align(alignof(Cell), size, at, space)), size};
    prefer_large_pages(bytes_);
  }
  std::span<std::byte> bytes() override { return bytes_; }
  Result<void> commit(std::size_t, std::size_t) override { return {}; }

 private:
  struct Free {
    void operator()(void* memory) const {
      std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc)
    }
  };
  std::unique_ptr<void, Free> owned_;
  std::span<std::byte> bytes_;
};

}  // namespace

std::unique_ptr<Memory> heap_memory(std::size_t size) {
  return std::make_unique<HeapMemory>(size);
}

}  // namespace feedwatch::board
