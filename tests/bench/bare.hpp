#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/board/words.hpp"

/// The baselines: the unavoidable parts of the product's work and nothing else, written as well as
/// we can.
namespace feedwatch::bench {

/// Size of the product's slot, in 64-bit words.
constexpr std::size_t slot_words = 152 / sizeof(std::uint64_t);
using Words = std::array<std::uint64_t, slot_words>;

/// One seqlock write of a slot with what changes at every tick in it: price, stamps, count.
inline void bare_write(std::uint64_t& sequence, Words& words, const Decimal& price, MonoTime now) {
  const auto number = std::bit_cast<std::array<std::uint64_t, 2>>(price);
  const std::uint64_t before = sequence;
  board::store(sequence, before + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < slot_words; ++i) {
    const std::uint64_t word =
        i < number.size() ? number[i] : static_cast<std::uint64_t>(to_ns(now)) + i;
    board::store(words[i], word, std::memory_order_relaxed);
  }
  board::store(sequence, before + 2, std::memory_order_release);
}

/// Seqlock slots, payload in relaxed 64-bit words (the product's own discipline).
class BareBoard {
 public:
  explicit BareBoard(std::size_t slots) : cells_(std::make_unique<Cell[]>(slots)) {}

  void write(std::size_t place, const Decimal& price, MonoTime now) {
    bare_write(cells_[place].sequence, cells_[place].words, price, now);
  }

  Words read(std::size_t place) const {
    const Cell& cell = cells_[place];
    Words words;
    for (;;) {
      const std::uint64_t before = board::load(cell.sequence, std::memory_order_acquire);
      for (std::size_t i = 0; i < slot_words; ++i) {
        words[i] = board::load(cell.words[i], std::memory_order_relaxed);
      }
      std::atomic_thread_fence(std::memory_order_acquire);
      const std::uint64_t after = board::load(cell.sequence, std::memory_order_relaxed);
      if (before % 2 == 0 && before == after) return words;
    }
  }

 private:
  struct alignas(64) Cell {
    std::uint64_t sequence = 0;
    Words words{};
  };
  std::unique_ptr<Cell[]> cells_;
};

/// Symbol → place: open addressing at most half full, keys of 4 to 16 bytes inline.
class BareTable {
 public:
  explicit BareTable(std::size_t symbols);
  void insert(std::string_view symbol, std::uint32_t place);

  /// Precondition: the symbol is in the table.
  std::uint32_t find(std::string_view symbol) const {
    const Key key = key_of(symbol);
    for (std::size_t at = hash(key) & mask_;; at = (at + 1) & mask_) {
      const Entry& entry = entries_[at];
      if (entry.key == key && entry.size == symbol.size()) return entry.place;
    }
  }

 private:
  using Key = std::array<std::uint64_t, 2>;
  struct Entry {
    Key key{};
    std::uint32_t place = 0;
    std::uint32_t size = 0;  ///< of the symbol; 0 = free
  };

  template <class Word>
  static std::uint64_t word_at(const char* from) {
    Word word{};
    std::memcpy(&word, from, sizeof(word));
    return word;
  }

  /// Two overlapping words hold any text of 4 to 16 bytes; together with its length, exactly.
  static Key key_of(std::string_view text) {
    const char* data = text.data();
    const std::size_t size = text.size();
    if (size >= 8) return {word_at<std::uint64_t>(data), word_at<std::uint64_t>(data + size - 8)};
    return {word_at<std::uint32_t>(data), word_at<std::uint32_t>(data + size - 4)};
  }

  static std::size_t hash(const Key& key) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{key[0] ^ 0x9e3779b97f4a7c15ULL} * (key[1] ^ 0xbf58476d1ce4e5b9ULL);
    return static_cast<std::size_t>(product) ^ static_cast<std::size_t>(product >> 64U);
  }

  std::size_t mask_ = 0;
  std::vector<Entry> entries_;
};

/// Deadlines of streams that keep being heard: hearing one stores its stamp and moves nothing; the
/// wheel looks at a stream when its old deadline comes round and, if it was heard since, hangs it
/// where its new one lies.
class BareWheel {
 public:
  BareWheel(std::size_t streams, Duration limit) : limit_(to_ns(limit)), heard_(streams) {}

  void heard(std::size_t stream, MonoTime now) { heard_[stream] = to_ns(now); }
  void begin(std::uint32_t stream) { hang(stream, heard_[stream] + limit_); }
  /// Returns how many streams were looked at.
  std::size_t advance(MonoTime now);
  std::size_t late() const { return late_; }

 private:
  static constexpr unsigned bucket_bits = 20;  // about a millisecond
  static constexpr std::size_t buckets = 8192;

  void hang(std::uint32_t stream, std::int64_t deadline) {
    wheel_[static_cast<std::size_t>(deadline >> bucket_bits) % buckets].push_back(stream);
  }

  std::int64_t limit_;
  std::int64_t reached_ = 0;  ///< buckets before this one are empty
  std::size_t late_ = 0;
  std::vector<std::int64_t> heard_;
  std::vector<std::vector<std::uint32_t>> wheel_{buckets};
};

}  // namespace feedwatch::bench
