#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace feedwatch {

/// The symbols of one venue, numbered: the way from a symbol's bytes, as they stand in a frame, to
/// what is kept of it. Numbers are dense and given away again after erase(), so that a vector
/// beside the table holds the values.
///
/// Open addressing; symbols of at most 15 bytes, as nearly all are, stand in the table itself and
/// are compared as two words. find() neither allocates nor reads beyond the text. One writer or any
/// number of readers, like a standard container.
class SymbolTable {
 public:
  using Number = std::uint32_t;
  static constexpr Number none = ~Number{0};

  /// `none` when the symbol is not in the table.
  [[gnu::always_inline]] Number find(std::string_view symbol) const {
    if (entries_.empty()) return none;
    if (symbol.size() > most_inline) return find_long(symbol);
    return find(short_key(symbol), [](Number) { return true; });
  }

  /// The symbol's number: the one it has, else the one erased last, else size().
  Number insert(std::string_view symbol);
  /// False when it is not in the table.
  bool erase(std::string_view symbol);

  std::size_t size() const { return names_.size() - free_.size(); }
  /// Every symbol and its number, in ascending order of numbers. The table must not change
  /// meanwhile.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (Number number = 0; number < names_.size(); ++number) {
      if (find(names_[number]) == number) visit(std::string_view(names_[number]), number);
    }
  }

 private:
  /// The bytes, zeros up to the fifteenth, and a byte that is never zero: 128 + length, or 255 for
  /// a longer symbol, whose first word is a hash. All zeros: no entry.
  using Key = std::array<std::uint64_t, 2>;
  struct Entry {
    Key key{};
    Number number = none;
  };
  static constexpr std::size_t most_inline = 15;
  static_assert(std::endian::native == std::endian::little, "keys are put together by shifting");

  template <class Word>
  static std::uint64_t word_at(const char* from) {
    Word word{};
    std::memcpy(&word, from, sizeof(word));
    return word;
  }

  static Key key_of(std::string_view text) {
    return text.size() > most_inline ? long_key(text) : short_key(text);
  }
  static Key long_key(std::string_view text);
  /// Fixed-size loads that overlap: a copy of variable length would be a call.
  [[gnu::always_inline]] static Key short_key(std::string_view text) {
    const char* data = text.data();
    const std::size_t size = text.size();
    const std::uint64_t tag = (std::uint64_t{128} + size) << 56U;
    if (size >= 8) {
      const std::uint64_t end = word_at<std::uint64_t>(data + size - 8);
      return {word_at<std::uint64_t>(data), (end >> 8U) >> (8 * (most_inline - size)) | tag};
    }
    if (size >= 4) {
      const std::uint64_t end = word_at<std::uint32_t>(data + size - 4);
      return {word_at<std::uint32_t>(data) | end << (8 * (size - 4)), tag};
    }
    if (size == 0) return {0, tag};
    const std::size_t middle = size / 2;
    return {word_at<std::uint8_t>(data) | word_at<std::uint8_t>(data + middle) << (8 * middle) |
                word_at<std::uint8_t>(data + size - 1) << (8 * (size - 1)),
            tag};
  }
  Number find_long(std::string_view symbol) const;
  /// Of the key, the number that `is_it` takes.
  template <class IsIt>
  [[gnu::always_inline]] Number find(const Key& key, IsIt&& is_it) const {
    for (std::size_t at = hash(key) & mask_;; at = (at + 1) & mask_) {
      const Entry& entry = entries_[at];
      if (same(entry.key, key) && is_it(entry.number)) return entry.number;
      if (entry.key[1] == 0) return none;
    }
  }
  /// Word by word: compared as one, a key put together a moment ago would have to reach memory.
  static bool same(const Key& a, const Key& b) { return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0; }

  /// Both halves of the product of the two words: every bit of the key reaches every bit below.
  static std::size_t hash(const Key& key) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{key[0] ^ 0x9e3779b97f4a7c15ULL} * (key[1] ^ 0xbf58476d1ce4e5b9ULL);
    return static_cast<std::size_t>(product) ^ static_cast<std::size_t>(product >> 64U);
  }

  Number next_number(std::string_view symbol);
  void place(const Entry& entry);
  void grow();
  void close_gap(std::size_t gap);

  std::size_t mask_ = 0;
  std::vector<Entry> entries_;      ///< a power of two, at most half of them used
  std::vector<std::string> names_;  ///< by number; those of free numbers are not in entries_
  std::vector<Number> free_;
};

}  // namespace feedwatch
