#pragma once

#include <atomic>
#include <cstdint>

/// Words of shared memory. They are plain memory to the one thread that writes them and atomic to
/// every other: std::atomic_ref on both sides, so that thread sanitizer sees the truth.
namespace feedwatch::board {

template <class Word>
Word load(const Word& word, std::memory_order order) {
  static_assert(std::atomic_ref<Word>::is_always_lock_free);
  // atomic_ref wants a mutable object even to read it; a load of this size writes nothing, so that
  // read-only mappings are safe.
  auto& readable = const_cast<Word&>(word);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  return std::atomic_ref<Word>(readable).load(order);
}

template <class Word>
void store(Word& word, Word value, std::memory_order order) {
  std::atomic_ref<Word>(word).store(value, order);
}

/// Gives the processor a moment (tens of nanoseconds) before it looks again at what another one is
/// writing.
inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace feedwatch::board
