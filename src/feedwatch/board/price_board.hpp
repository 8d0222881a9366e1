#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/board/ground.hpp"
#include "feedwatch/board/layout.hpp"
#include "feedwatch/board/memory.hpp"
#include "feedwatch/board/view.hpp"
#include "feedwatch/board/words.hpp"

namespace feedwatch {

/// The newest accepted tick of every stream, and all a verdict needs, in fixed slots, with the
/// names to find them by; in memory of this process or in memory that others read too.
///
/// One writer thread for each shard, which has a PriceBoard of its own on the ground they share and
/// writes the slots it has claimed; any number of reading threads and processes, all of which see
/// all slots. Seqlock per slot with the payload in relaxed 64-bit atomic words (Boehm 2012, "Can
/// seqlocks get along with programming language memory models?"), so that readers never block the
/// writer and thread sanitizer sees the truth.
class PriceBoard {
 public:
  /// In memory of this process.
  explicit PriceBoard(std::size_t capacity);
  /// In given memory of at least bytes_for(capacity), of which the first head_for(capacity) bytes
  /// are committed already.
  PriceBoard(std::unique_ptr<board::Memory> memory, std::size_t capacity,
             const board::Identity& identity);
  /// One shard's part of a board that several write.
  PriceBoard(std::shared_ptr<board::Ground> ground, std::uint16_t shard);
  ~PriceBoard() = default;
  PriceBoard(const PriceBoard&) = delete;
  PriceBoard& operator=(const PriceBoard&) = delete;

  static std::size_t bytes_for(std::size_t capacity);
  static std::size_t head_for(std::size_t capacity);  ///< header and table of names
  std::size_t capacity() const { return view_.max_streams(); }

  // ---- the shard's thread ----
  /// A place for a stream of this name; its slot is empty but for its generation and name, and
  /// nobody finds it before publish(). Fails, changing nothing, when the board or its memory is
  /// full, the name is taken or no stream can be called so.
  Result<StreamId> claim(const StreamKey& key);
  void publish(StreamId stream);
  /// Nobody finds it any more; whoever kept the id reads an unoccupied slot or a later generation.
  void release(StreamId stream);

  Slot own(StreamId stream) const {
    Slot slot;
    own(stream, slot);
    return slot;
  }
  void own(StreamId stream, Slot& slot) const;
  void write(StreamId stream, const Slot& slot);
  /// Whether `stream` is this shard's, and the one that lives at its index.
  bool holds(StreamId stream) const {
    if (stream.index() >= next_) return false;
    // Another shard may be writing there.
    const auto word = [&](std::size_t number) {
      return board::load(cells_[stream.index()].words[number], std::memory_order_relaxed);
    };
    const std::uint64_t whose = word(board::word::epoch_and_generation) >> 32U;
    return whose == (shard_bits_ | stream.generation()) &&
           (word(board::word::state) & board::flag::occupied) != 0;
  }
  /// The words of a slot of this shard, as they stand.
  const std::array<std::uint64_t, board::slot_words>& words(std::size_t index) const {
    return cells_[index].words;
  }
  /// While it lives, words of one slot change, as one write to every reader.
  class Rewrite {
   public:
    Rewrite(PriceBoard& board, std::size_t index)
        : cell_(board.cells_[index]), sequence_(cell_.sequence) {
      board::store(cell_.sequence, sequence_ + 1, std::memory_order_relaxed);
      // A reader that sees any new word must also see the odd sequence.
      std::atomic_thread_fence(std::memory_order_release);
    }
    ~Rewrite() { board::store(cell_.sequence, sequence_ + 2, std::memory_order_release); }
    Rewrite(const Rewrite&) = delete;
    Rewrite& operator=(const Rewrite&) = delete;

    void put(std::size_t word, std::uint64_t value) {
      board::store(cell_.words[word], value, std::memory_order_relaxed);
    }

   private:
    board::Cell& cell_;
    std::uint64_t sequence_;
  };
  StreamId at(std::size_t index) const;  ///< the newest stream at an index, whosever it is
  /// Its text, whether or not it still lives; stays where it is as long as the board.
  std::string_view name_of(std::size_t index) const { return view_.name_of(name_unit(index)); }
  std::uint32_t name_unit(std::size_t index) const {
    return static_cast<std::uint32_t>(cells_[index].words[board::word::state]);
  }
  std::size_t used() const { return next_; }  ///< the shard's streams have indexes below

  /// A REST price of the stream, with stamps of its own. Fails when memory is full.
  Result<void> write_bridge(StreamId stream, const Slot& slot);

  /// The writer's own words about a stream, beside its slot: a T at `Offset` bytes of them.
  template <class T, std::size_t Offset = 0>
  T& owned(std::size_t index) {
    static_assert(Offset + sizeof(T) <= board::owner_bytes && alignof(T) <= 8 && Offset % 8 == 0);
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    return *std::launder(reinterpret_cast<T*>(cells_[index].owner.data() + Offset));
  }
  template <class T, std::size_t Offset = 0>
  void own_anew(std::size_t index) {
    ::new (static_cast<void*>(cells_[index].owner.data() + Offset)) T{};
  }
  /// Whoever is about to write it. Any number: what does not exist costs nothing.
  void prefetch(std::size_t index) const {
    const auto* at = reinterpret_cast<const std::byte*>(cells_ + index);
    for (std::size_t line = 0; line < sizeof(board::Cell); line += 64) {
      __builtin_prefetch(at + line, 1);
    }
  }

  /// This shard is alive at `now`; readers elsewhere refuse what a dead one left.
  void beat(MonoTime now);

  // ---- any thread ----
  std::optional<StreamId> find(const StreamKey& key) const { return view_.find(key); }
  const board::View& view() const { return view_; }

 private:
  board::Cell& cell(StreamId stream) { return cells_[stream.index()]; }
  static void store(board::Cell& cell, const Slot& slot);

  std::shared_ptr<board::Ground> ground_;
  board::View view_;
  board::Cell* cells_;
  board::Cell* bridges_;
  std::size_t shard_;
  std::uint64_t shard_bits_;        ///< as they stand above a generation
  std::size_t next_ = 0;            ///< above every index the shard has had
  std::deque<std::uint32_t> free_;  ///< those it gave back, longest unused first
};

}  // namespace feedwatch
