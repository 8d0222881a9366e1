#include "tests/bench/allocations.hpp"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace feedwatch::bench {
namespace {

std::atomic<std::uint64_t> calls{0};
std::atomic<std::int64_t> bytes{0};
constexpr std::int64_t header = 8;  // glibc keeps the size of a block before it

std::int64_t size_of(void* block) {
  return static_cast<std::int64_t>(malloc_usable_size(block)) + header;
}

void* counted(void* block) {
  if (block == nullptr) std::abort();
  calls.fetch_add(1, std::memory_order_relaxed);
  bytes.fetch_add(size_of(block), std::memory_order_relaxed);
  return block;
}

void* allocate(std::size_t size) {
  return counted(std::malloc(size == 0 ? 1 : size));
}

void* allocate(std::size_t size, std::align_val_t alignment) {
  const auto align = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(align, (size + align - 1) / align * align));
}

void release(void* block) {
  if (block == nullptr) return;
  bytes.fetch_sub(size_of(block), std::memory_order_relaxed);
  std::free(block);
}

}  // namespace

std::uint64_t allocations() {
  return calls.load(std::memory_order_relaxed);
}

std::int64_t heap_bytes() {
  return bytes.load(std::memory_order_relaxed);
}

}  // namespace feedwatch::bench

// The forms of the standard library that are not here call these.
void* operator new(std::size_t size) {
  return feedwatch::bench::allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return feedwatch::bench::allocate(size, alignment);
}
void operator delete(void* block) noexcept {
  feedwatch::bench::release(block);
}
void operator delete(void* block, std::size_t) noexcept {
  feedwatch::bench::release(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  feedwatch::bench::release(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  feedwatch::bench::release(block);
}
