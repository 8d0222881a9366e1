#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

/// Counts the allocations of a whole test program, and how many are not released: to be included by
/// exactly one of its files, since it replaces the global operators. They behave like the library's
/// own. Sanitizers bring operators of their own, which must not be replaced: there tests that count
/// say that they are skipped.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FEEDWATCH_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FEEDWATCH_SANITIZED 1
#endif

namespace feedwatch::testing {

inline std::atomic<std::uint64_t> allocations{0};
inline std::atomic<std::int64_t> held{0};  ///< allocations that are not released

#ifdef FEEDWATCH_SANITIZED
constexpr bool counts_allocations = false;
#else
constexpr bool counts_allocations = true;
#endif

}  // namespace feedwatch::testing

#ifndef FEEDWATCH_SANITIZED
void* operator new(std::size_t size) {
  feedwatch::testing::allocations.fetch_add(1, std::memory_order_relaxed);
  feedwatch::testing::held.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  if (memory != nullptr) feedwatch::testing::held.fetch_sub(1, std::memory_order_relaxed);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  ::operator delete(memory);
}
#endif
