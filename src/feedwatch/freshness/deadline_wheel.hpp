#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// Deadlines of densely numbered streams, at most one each: a hierarchical timing wheel (Varghese
/// and Lauck 1987) that holds numbers only. The deadline itself stands with the stream, where a
/// tick has it at hand; an entry whose stream was armed anew elsewhere is found out when its bucket
/// comes and dropped. So a tick moves nothing, a deadline that evidence has overtaken costs one
/// look at its stream, and memory is about four bytes a stream.
///
/// Buckets are a millisecond wide at the finest; within one, deadlines come in order of time, equal
/// ones in ascending number (in slices, when a bucket holds more than `slice`). One thread.
class DeadlineWheel {
 public:
  static constexpr std::size_t slice = 4096;

  DeadlineWheel() { add_blocks(); }

  /// The stream's deadline moves to `at`; `armed` is where it stands with the stream. never_mono
  /// removes it.
  void set(std::uint32_t number, MonoTime at, MonoTime& armed) {
    if (at == armed) return;
    armed = at;
    if (at != never_mono) insert(number, at);
  }
  /// Keeps an earlier deadline: the way a tick re-arms without moving anything.
  void set_not_later(std::uint32_t number, MonoTime at, MonoTime& armed) {
    if (at < armed) set(number, at, armed);
  }

  /// Never after the first deadline; before it by less than the width of its bucket, and exact for
  /// what prepare() has made ready. never_mono when there is none.
  MonoTime next() const {
    return std::min(ready_.empty() ? never_mono : ready_.front().at, next_bucket_);
  }

  /// Entries held, those of streams armed elsewhere since included.
  std::size_t size() const { return held_ + ready_.size(); }

  /// Makes deadlines up to `now` ready and moves those that evidence has overtaken to where they
  /// truly lie; looks at about `slice` of them at most, so that next() may still not be after
  /// `now`: to be called again. `streams` knows the streams:
  ///   MonoTime& armed(number)   the deadline as set here
  ///   MonoTime due(number)      the true one; not before armed
  ///   void prefetch(number)
  /// Returns how many it looked at.
  template <class Streams>
  std::size_t prepare(MonoTime now, Streams&& streams) {
    std::size_t looked = 0;
    for (; next_bucket_ <= now; looked += lift(streams)) {
      if (looked >= slice) return looked;
    }
    cursor_ = std::max(cursor_, tick_of(now));
    return looked;
  }
  /// The number of the first deadline that is due and ready; false when none is. Takes it out: the
  /// caller sets its next one.
  template <class Streams>
  bool take(MonoTime now, std::uint32_t& number, Streams&& streams) {
    while (!ready_.empty() && ready_.front().at <= now) {
      const Entry entry = ready_.front();
      std::ranges::pop_heap(ready_, std::greater{});
      ready_.pop_back();
      MonoTime& armed = streams.armed(entry.number);
      if (armed != entry.at) continue;  // armed anew since
      armed = streams.due(entry.number);
      if (armed != entry.at) {  // overtaken since
        if (armed != never_mono) insert(entry.number, armed);
        continue;
      }
      armed = never_mono;
      number = entry.number;
      return true;
    }
    return false;
  }

 private:
  struct Entry {
    MonoTime at;
    std::uint32_t number;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };
  /// Numbers of one bucket; buckets are chains of blocks from one pool, so that wheels that turn
  /// for days keep no room for their fullest moment in every bucket.
  struct Block {
    static constexpr std::size_t size = 62;
    std::uint32_t next = 0xffff'ffff;
    std::uint32_t count = 0;
    std::array<std::uint32_t, size> numbers{};
  };
  static constexpr std::uint32_t blocks_per_piece = 64;
  using Blocks = std::array<Block, blocks_per_piece>;
  static constexpr std::uint32_t none = 0xffff'ffff;
  static constexpr unsigned tick_bits = 20;  ///< nanoseconds of the finest bucket: 1.05 ms
  static constexpr unsigned level_bits = 8;
  static constexpr std::size_t buckets_per_level = std::size_t{1} << level_bits;
  static constexpr std::size_t level_count = 5;  ///< 2^60 ns: 36 years
  struct Level {
    std::array<std::uint32_t, buckets_per_level> heads{};
    std::array<std::uint64_t, buckets_per_level / 64> occupied{};
    Level() { heads.fill(none); }
  };
  struct Position {
    std::size_t level = 0;
    std::size_t bucket = 0;
  };

  static std::uint64_t tick_of(MonoTime at) {
    constexpr std::int64_t last = (std::int64_t{1} << 60U) - 1;
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(to_ns(at), 0, last)) >> tick_bits;
  }
  /// By the highest byte in which the tick differs from where the wheel stands.
  Position position_of(std::uint64_t tick) const {
    const std::uint64_t differs = tick ^ cursor_;
    const std::size_t level =
        differs == 0 ? 0 : (63U - static_cast<unsigned>(std::countl_zero(differs))) / level_bits;
    return {level, (tick >> (level_bits * level)) % buckets_per_level};
  }

  void insert(std::uint32_t number, MonoTime at) {
    const std::uint64_t tick = tick_of(at);
    if (tick < cursor_) {
      make_ready({at, number});
      return;
    }
    const Position to = position_of(tick);
    push(to, number);
    next_bucket_ = std::min(next_bucket_, start_of(to));
  }
  void make_ready(Entry entry) {
    ready_.push_back(entry);
    std::ranges::push_heap(ready_, std::greater{});
  }
  void push(Position to, std::uint32_t number) {
    std::uint32_t& head = levels_[to.level].heads[to.bucket];
    if (head == none || block(head).count == Block::size) {
      const std::uint32_t fresh = take_block();
      block(fresh).next = head;
      head = fresh;
    }
    Block& open = block(head);
    open.numbers[open.count++] = number;
    ++held_;
    levels_[to.level].occupied[to.bucket / 64] |= std::uint64_t{1} << (to.bucket % 64U);
  }
  std::uint32_t take_block() {
    if (free_ == none) add_blocks();
    const std::uint32_t taken = free_;
    free_ = block(taken).next;
    block(taken).next = none;
    block(taken).count = 0;
    return taken;
  }
  void add_blocks() {
    const auto first = static_cast<std::uint32_t>(blocks_.size() * blocks_per_piece);
    blocks_.push_back(std::make_unique<Blocks>());
    for (std::uint32_t i = blocks_per_piece; i > 0; --i) {
      block(first + i - 1).next = free_;
      free_ = first + i - 1;
    }
  }
  Block& block(std::uint32_t number) {
    return (*blocks_[number / blocks_per_piece])[number % blocks_per_piece];
  }

  MonoTime start_of(Position at) const {
    const auto shift = static_cast<unsigned>(level_bits * at.level);
    const std::uint64_t above = cursor_ >> (shift + level_bits) << (shift + level_bits);
    const std::uint64_t tick = above | (std::uint64_t{at.bucket} << shift);
    return mono_from_ns(static_cast<std::int64_t>(std::max(tick, cursor_) << tick_bits));
  }
  bool occupied(Position at) const {
    return (levels_[at.level].occupied[at.bucket / 64] >> (at.bucket % 64U) & 1U) != 0;
  }
  /// The bucket that comes first. A coarse one the wheel stands in holds what may come before
  /// anything finer; otherwise all of a finer level comes before all of a coarser one.
  bool first_bucket(Position& first) const {
    for (std::size_t level = level_count - 1; level > 0; --level) {
      first = {level, (cursor_ >> (level_bits * level)) % buckets_per_level};
      if (occupied(first)) return true;
    }
    for (std::size_t level = 0; level < level_count; ++level) {
      const auto& words = levels_[level].occupied;
      for (std::size_t word = 0; word < words.size(); ++word) {
        if (words[word] == 0) continue;
        first = {level, word * 64 + static_cast<std::size_t>(std::countr_zero(words[word]))};
        return true;
      }
    }
    return false;
  }

  /// Empties one block of the first bucket; returns how many numbers it held, at least 1.
  template <class Streams>
  std::size_t lift(Streams&& streams) {
    Position from;
    std::size_t count = 1;
    if (first_bucket(from)) {
      cursor_ = tick_of(start_of(from));
      const std::uint32_t lifted = pop_block(from);
      count = block(lifted).count;
      held_ -= count;
      place(lifted, from, streams);
      block(lifted).next = free_;
      free_ = lifted;
      if (from.level == 0 && !occupied(from)) ++cursor_;
    }
    next_bucket_ = first_bucket(from) ? start_of(from) : never_mono;
    return count;
  }
  std::uint32_t pop_block(Position from) {
    std::uint32_t& head = levels_[from.level].heads[from.bucket];
    const std::uint32_t first = head;
    head = block(first).next;
    if (head == none) {
      levels_[from.level].occupied[from.bucket / 64] &= ~(std::uint64_t{1} << (from.bucket % 64U));
    }
    return first;
  }
  template <class Streams>
  void place(std::uint32_t lifted, Position from, Streams&& streams) {
    constexpr std::size_t ahead = 8;
    const Block& from_block = block(lifted);
    for (std::size_t i = 0; i < from_block.count; ++i) {
      if (i + ahead < from_block.count) streams.prefetch(from_block.numbers[i + ahead]);
      const std::uint32_t number = from_block.numbers[i];
      MonoTime& armed = streams.armed(number);
      if (!belongs(armed, from)) continue;
      armed = streams.due(number);
      if (armed == never_mono) continue;
      if (from.level == 0 && tick_of(armed) == cursor_) {
        make_ready({armed, number});
      } else {
        insert(number, armed);
      }
    }
  }
  /// Whether the entry is the one its stream was last armed by. The wheel stands in the bucket.
  bool belongs(MonoTime armed, Position from) const {
    const auto shift = static_cast<unsigned>(level_bits * from.level);
    return armed != never_mono && tick_of(armed) >> shift == cursor_ >> shift;
  }

  std::uint64_t cursor_ = 0;  ///< where the wheel stands: all ticks below have been lifted
  MonoTime next_bucket_ = never_mono;
  std::size_t held_ = 0;      ///< in buckets
  std::vector<Entry> ready_;  ///< a heap, earliest first
  std::array<Level, level_count> levels_;
  std::vector<std::unique_ptr<Blocks>> blocks_;
  std::uint32_t free_ = none;
};

}  // namespace feedwatch
