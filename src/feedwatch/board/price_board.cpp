#include "feedwatch/board/price_board.hpp"

#include <array>
#include <utility>

#include "feedwatch/board/words.hpp"

namespace feedwatch {

using board::Cell;
using board::Name;

PriceBoard::PriceBoard(std::size_t capacity)
    : PriceBoard(board::heap_memory(bytes_for(capacity)), capacity, {}) {}

PriceBoard::PriceBoard(std::unique_ptr<board::Memory> memory, std::size_t capacity,
                       const board::Identity& identity)
    : PriceBoard(std::make_shared<board::Ground>(std::move(memory), capacity, identity), 0) {}

PriceBoard::PriceBoard(std::shared_ptr<board::Ground> ground, std::uint16_t shard)
    : ground_(std::move(ground)),
      view_(ground_->bytes()),
      cells_(reinterpret_cast<Cell*>(ground_->base() + ground_->extent().cells_offset)),
      bridges_(reinterpret_cast<Cell*>(ground_->base() + ground_->extent().bridges_offset)),
      shard_(shard),
      shard_bits_(std::uint64_t{shard} << 16U) {}

std::size_t PriceBoard::bytes_for(std::size_t capacity) {
  return board::Ground::bytes_for(capacity);
}

std::size_t PriceBoard::head_for(std::size_t capacity) {
  return board::Ground::head_for(capacity);
}

// ---- streams ------------------------------------------------------------------------------------

Result<StreamId> PriceBoard::claim(const StreamKey& key) {
  const auto claim = ground_->claim(key, free_.size());
  if (!claim) return std::unexpected(claim.error());
  StreamId stream{claim->index, 0};
  if (claim->fresh) {
    next_ = stream.index() + 1;
  } else {
    // A place is only used again by the shard that gave it back: what is kept there is its own.
    const std::uint32_t index = free_.front();
    free_.pop_front();
    stream = {index, own(StreamId{index}).generation + 1U};
  }
  Slot slot;
  slot.generation = static_cast<std::uint16_t>(stream.generation());
  slot.shard = static_cast<std::uint16_t>(shard_);
  slot.name = claim->unit;
  write(stream, slot);
  return stream;
}

void PriceBoard::publish(StreamId stream) {
  board::store(ground_->name_at(own(stream).name).stream, stream.value, std::memory_order_release);
}

void PriceBoard::release(StreamId stream) {
  Slot gone = own(stream);
  board::store(ground_->name_at(gone.name).stream, Name::no_stream, std::memory_order_release);
  gone.occupied = false;
  write(stream, gone);
  // To the far end: an index rests as long as possible before it names another stream.
  free_.push_back(static_cast<std::uint32_t>(stream.index()));
}

// ---- slots --------------------------------------------------------------------------------------

void PriceBoard::own(StreamId stream, Slot& slot) const {
  // In two pieces: compilers copy up to 128 bytes in place and call a function for more.
  constexpr std::size_t first = 128;
  const auto* from = reinterpret_cast<const std::byte*>(cells_[stream.index()].words.data());
  auto* to = reinterpret_cast<std::byte*>(&slot);
  std::memcpy(to, from, first);
  std::memcpy(to + first, from + first, sizeof slot - first);
}

void PriceBoard::write(StreamId stream, const Slot& slot) {
  store(cell(stream), slot);
}

StreamId PriceBoard::at(std::size_t index) const {
  const std::uint64_t word = board::load(cells_[index].words[board::word::epoch_and_generation],
                                         std::memory_order_relaxed);
  return {index, static_cast<std::uint16_t>(word >> 32U)};
}

Result<void> PriceBoard::write_bridge(StreamId stream, const Slot& slot) {
  if (auto done = ground_->commit_bridge(stream.index()); !done) return done;
  store(bridges_[stream.index()], slot);
  return {};
}

void PriceBoard::beat(MonoTime now) {
  board::store(ground_->header().heartbeats[shard_].at, static_cast<std::uint64_t>(to_ns(now)),
               std::memory_order_release);
}

void PriceBoard::store(Cell& cell, const Slot& slot) {
  const auto* from = reinterpret_cast<const std::byte*>(&slot);
  const std::uint64_t sequence = cell.sequence;
  board::store(cell.sequence, sequence + 1, std::memory_order_relaxed);
  // A reader that sees any new word must also see the odd sequence.
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < board::slot_words; ++i) {
    // Word by word from where they are: most were written a moment ago, and a wider load would wait
    // until they have left for the cache.
    std::uint64_t word = 0;
    std::memcpy(&word, from + i * sizeof word, sizeof word);
    board::store(cell.words[i], word, std::memory_order_relaxed);
  }
  board::store(cell.sequence, sequence + 2, std::memory_order_release);
}

}  // namespace feedwatch
