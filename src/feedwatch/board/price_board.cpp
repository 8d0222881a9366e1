#include "feedwatch/board/price_board.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace feedwatch {
namespace {

using Word = std::uint64_t;
constexpr std::size_t slot_words = (sizeof(Slot) + sizeof(Word) - 1) / sizeof(Word);
using Words = std::array<Word, slot_words>;

static_assert(std::is_trivially_copyable_v<Slot>, "a slot is copied word by word");
static_assert(std::atomic<Word>::is_always_lock_free);

}  // namespace

/// One slot and its sequence: odd while the writer is inside. A cache line of its own, so that
/// writing one stream does not slow readers of the next.
struct alignas(64) PriceBoard::Cell {
  std::atomic<std::uint64_t> sequence{0};
  std::array<std::atomic<Word>, slot_words> words{};
};

PriceBoard::PriceBoard(std::size_t capacity)
    : cells_(std::make_unique<Cell[]>(capacity)), capacity_(capacity) {
  for (std::size_t i = 0; i < capacity; ++i) write(StreamId{i, 0}, Slot{});
}

PriceBoard::~PriceBoard() = default;

std::size_t PriceBoard::capacity() const {
  return capacity_;
}

void PriceBoard::write(StreamId stream, const Slot& slot) {
  Words words{};
  std::memcpy(words.data(), &slot, sizeof(Slot));
  Cell& cell = cells_[stream.index()];
  const std::uint64_t sequence = cell.sequence.load(std::memory_order_relaxed);
  cell.sequence.store(sequence + 1, std::memory_order_relaxed);
  // A reader that sees any new word must also see the odd sequence.
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < slot_words; ++i) {
    cell.words[i].store(words[i], std::memory_order_relaxed);
  }
  cell.sequence.store(sequence + 2, std::memory_order_release);
}

Slot PriceBoard::read(StreamId stream) const {
  const Cell& cell = cells_[stream.index()];
  Words words{};
  for (;;) {
    const std::uint64_t before = cell.sequence.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < slot_words; ++i) {
      words[i] = cell.words[i].load(std::memory_order_relaxed);
    }
    // The words must have been read before the sequence is compared.
    std::atomic_thread_fence(std::memory_order_acquire);
    const bool whole = before % 2 == 0 && cell.sequence.load(std::memory_order_relaxed) == before;
    if (whole) break;
  }
  Slot slot;
  std::memcpy(static_cast<void*>(&slot), words.data(), sizeof(Slot));
  return slot;
}

}  // namespace feedwatch
