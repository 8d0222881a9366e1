#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// Deadlines of densely numbered streams, at most one each: a hierarchical timing wheel (Varghese
/// and Lauck 1987) that holds numbers only, and eight bytes a stream beside it: in which
/// millisecond the wheel will look at it (`armed`), and before which nothing becomes true of it
/// (`due`). A tick stores the second and moves nothing. An entry that evidence has overtaken is
/// moved when its bucket comes, by these eight bytes alone; an entry whose stream was armed anew
/// elsewhere is dropped then. Only what may truly be due is looked at in its stream.
///
/// An earlier deadline leaves the entry of the later one behind until its bucket comes. So no entry
/// is hung further ahead than `reach`: what lies further is moved on each time, and what is left
/// behind is gone within one.
///
/// Buckets are a millisecond wide at the finest; within one, deadlines come in order of time, equal
/// ones in ascending number (in slices, when a bucket holds more than `slice`). One thread.
class DeadlineWheel {
 public:
  static constexpr std::size_t slice = 4096;

  explicit DeadlineWheel(Duration reach = longest)
      : reach_(static_cast<std::uint64_t>(to_ns(std::min(reach, longest))) >> tick_bits) {
    add_blocks();
  }

  /// Something may become true at `at` already: an earlier deadline stays. never_mono says nothing.
  void set_not_later(std::uint32_t number, MonoTime at) {
    if (at == never_mono) return;
    Place& place = place_of(number);
    if (place.armed == ready) return ready_not_later(place.due, at);
    const Tick32 tick = tick32(at);
    if (place.armed == none || is_before(tick, place.due)) place.due = tick;
    if (place.armed == none || is_before(tick, place.armed)) arm(number, place, at);
  }
  /// Evidence: nothing becomes true before `at`, and something may then. The way of a tick.
  /// Precondition: is_quiet(number, now), and `at` is from `now` to `longest` after it.
  [[gnu::always_inline]] void renew(std::uint32_t number, MonoTime at) {
    Place& place = places_[number];
    const Tick32 tick = low(static_cast<std::uint64_t>(to_ns(at)) >> tick_bits);
    place.due = tick;
    if (is_before(tick, place.armed)) arm(number, place, at);
  }
  static constexpr Duration longest = 24h * 6;
  /// A place for the number, without a deadline. To be called before renew() and is_quiet().
  void begin(std::uint32_t number) { place_of(number) = Place{}; }
  void remove(std::uint32_t number) {
    if (number >= places_.size()) return;
    if (places_[number].armed == ready) drop_ready(places_[number].due);
    places_[number] = Place{};
  }
  /// True only if nothing can have become true up to `now`.
  bool is_quiet(std::uint32_t number, MonoTime now) const {
    const Place& place = places_[number];
    const auto ns = static_cast<std::uint64_t>(to_ns(now));  // no clock is negative
    return place.armed < ready && ns < horizon_ && is_before(low(ns >> tick_bits), place.due);
  }
  void prefetch(std::uint32_t number) const {
    if (number < places_.size()) __builtin_prefetch(&places_[number], 1);
  }

  /// Never after the first deadline, and exact for what prepare() has made ready; before it by less
  /// than the width of its bucket, or by more where evidence has overtaken it or it lies beyond the
  /// reach. never_mono when there is none.
  MonoTime next() const {
    return std::min(ready_.empty() ? never_mono : ready_.front().at, next_bucket_);
  }

  /// Entries held, those of streams armed elsewhere since included.
  std::size_t size() const { return held_ + ready_.size(); }

  /// The present: nothing is hung so that it comes round again and again until then.
  void tell(MonoTime now) { present_ = std::max(present_, tick_of(now)); }
  /// Makes deadlines up to `now` ready and moves those that evidence has overtaken; looks at about
  /// `slice` of them at most, so that next() may still not be after `now`: to be called again.
  /// `streams` knows the streams:
  ///   MonoTime due(number)      the true deadline, to the nanosecond
  ///   void prefetch(number)
  /// Returns how many it looked at.
  template <class Streams>
  std::size_t prepare(MonoTime now, Streams&& streams) {
    std::size_t looked = 0;
    tell(now);
    for (; next_bucket_ <= now; looked += lift(streams)) {
      if (looked >= slice) return looked;
    }
    stand_at(std::max(cursor_, tick_of(now)));
    return looked;
  }
  /// The number of the first deadline that is due and ready; false when none is. Takes it out: the
  /// caller sets its next one.
  template <class Streams>
  bool take(MonoTime now, std::uint32_t& number, Streams&& streams) {
    while (!ready_.empty() && ready_.front().at <= now) {
      const Entry entry = ready_.front();
      drop_ready(0);
      const MonoTime at = streams.due(entry.number);
      places_[entry.number] = Place{};
      if (at != entry.at) {  // overtaken since
        set_not_later(entry.number, at);
        continue;
      }
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
  /// The low bits of a tick: enough to order what lies within 13 days of where the wheel stands.
  /// What lies further is looked at too early and hung anew.
  using Tick32 = std::uint32_t;
  static constexpr std::uint32_t none = 0xffff'ffff;
  static constexpr Tick32 ready = none - 1U;
  struct Place {
    Tick32 due = none;    ///< of one that is ready: where it stands among those
    Tick32 armed = none;  ///< or `ready`
  };
  /// Numbers of one bucket; buckets are chains of blocks from one pool, so that wheels that turn
  /// for days keep no room for their fullest moment in every bucket.
  struct Block {
    static constexpr std::size_t size = 62;
    std::uint32_t next = none;
    std::uint32_t count = 0;
    std::array<std::uint32_t, size> numbers{};
  };
  static constexpr std::uint32_t blocks_per_piece = 64;
  using Blocks = std::array<Block, blocks_per_piece>;
  static constexpr unsigned tick_bits = 20;  ///< nanoseconds of the finest bucket: 1.05 ms
  static constexpr unsigned level_bits = 8;
  static constexpr std::size_t buckets_per_level = std::size_t{1} << level_bits;
  static constexpr std::size_t level_count = 6;
  static constexpr unsigned last_bit = 62;  ///< of nanoseconds: 146 years
  static constexpr std::uint64_t furthest = (std::uint64_t{1} << 30U) - 1U;
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
    constexpr std::int64_t last = (std::int64_t{1} << last_bit) - 1;
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(to_ns(at), 0, last)) >> tick_bits;
  }
  static MonoTime start_of(std::uint64_t tick) {
    return mono_from_ns(static_cast<std::int64_t>(tick << tick_bits));
  }
  static Tick32 low(std::uint64_t tick) { return static_cast<Tick32>(tick); }
  static bool is_before(Tick32 a, Tick32 b) { return static_cast<std::int32_t>(a - b) < 0; }
  Tick32 tick32(MonoTime at) const {
    const std::uint64_t least = cursor_ < furthest ? 0 : cursor_ - furthest;
    return low(std::clamp(tick_of(at), least, cursor_ + furthest));
  }
  /// Of a tick within 26 days of where the wheel stands.
  std::uint64_t whole(Tick32 tick) const {
    const auto from_here = static_cast<std::int32_t>(tick - low(cursor_));
    return cursor_ + static_cast<std::uint64_t>(std::int64_t{from_here});
  }
  Place& place_of(std::uint32_t number) {
    if (number >= places_.size()) places_.resize(number + 1U);
    return places_[number];
  }
  void stand_at(std::uint64_t tick) {
    cursor_ = tick;
    horizon_ = (tick + furthest / 2) << tick_bits;
  }
  /// By the highest byte in which the tick differs from where the wheel stands.
  Position position_of(std::uint64_t tick) const {
    const std::uint64_t differs = tick ^ cursor_;
    const std::size_t level =
        differs == 0 ? 0 : (63U - static_cast<unsigned>(std::countl_zero(differs))) / level_bits;
    return {level, (tick >> (level_bits * level)) % buckets_per_level};
  }

  void arm(std::uint32_t number, Place& place, MonoTime at) {
    const Tick32 tick = tick32(at);
    if (whole(tick) < cursor_) {
      make_ready({at, number});
    } else {
      hang(number, place, tick);
    }
  }
  /// Precondition: the wheel has not passed it.
  void hang(std::uint32_t number, Place& place, Tick32 tick) {
    const std::uint64_t looked_at = std::min(whole(tick), std::max(cursor_, present_) + reach_);
    place.armed = std::min(low(looked_at), ready - 1U);
    const Position to = position_of(looked_at);
    push(to, number);
    next_bucket_ = std::min(next_bucket_, start_of(to));
  }

  // Those made ready: a binary heap in which each stream stands at most once.
  void make_ready(Entry entry) {
    places_[entry.number].armed = ready;
    ready_.push_back(entry);
    rise(ready_.size() - 1);
  }
  void ready_not_later(std::size_t index, MonoTime at) {
    if (at >= ready_[index].at) return;
    ready_[index].at = at;
    rise(index);
  }
  void drop_ready(std::size_t index) {
    const Entry last = ready_.back();
    ready_.pop_back();
    if (index == ready_.size()) return;
    ready_[index] = last;
    sink(index);
    rise(places_[last.number].due);
  }
  void stand(std::size_t index, const Entry& entry) {
    ready_[index] = entry;
    places_[entry.number].due = static_cast<std::uint32_t>(index);
  }
  void rise(std::size_t index) {
    const Entry entry = ready_[index];
    for (; index > 0 && entry < ready_[(index - 1) / 2]; index = (index - 1) / 2) {
      stand(index, ready_[(index - 1) / 2]);
    }
    stand(index, entry);
  }
  void sink(std::size_t index) {
    const Entry entry = ready_[index];
    for (std::size_t child = 2 * index + 1; child < ready_.size(); child = 2 * index + 1) {
      if (child + 1 < ready_.size() && ready_[child + 1] < ready_[child]) ++child;
      if (entry < ready_[child]) break;
      stand(index, ready_[child]);
      index = child;
    }
    stand(index, entry);
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

  std::uint64_t tick_at(Position at) const {
    const auto shift = static_cast<unsigned>(level_bits * at.level);
    const std::uint64_t above = cursor_ >> (shift + level_bits) << (shift + level_bits);
    return std::max(above | (std::uint64_t{at.bucket} << shift), cursor_);
  }
  MonoTime start_of(Position at) const { return start_of(tick_at(at)); }
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
      stand_at(tick_at(from));
      const std::uint32_t lifted = pop_block(from);
      count = block(lifted).count;
      held_ -= count;
      place_block(lifted, from, streams);
      block(lifted).next = free_;
      free_ = lifted;
      if (from.level == 0 && !occupied(from)) stand_at(cursor_ + 1);
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
  void place_block(std::uint32_t lifted, Position from, Streams&& streams) {
    constexpr std::size_t ahead = 8;
    const Block& from_block = block(lifted);
    const std::span numbers(from_block.numbers.data(), from_block.count);
    for (const std::uint32_t number : numbers) prefetch(number);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (i + ahead < numbers.size() && is_due(places_[numbers[i + ahead]])) {
        streams.prefetch(numbers[i + ahead]);
      }
      if (belongs(places_[numbers[i]], from)) place(numbers[i], from, streams);
    }
  }
  /// Whether the entry is the one its stream was last armed by. The wheel stands in the bucket, and
  /// nothing it has passed is armed but by the two ticks that `armed` cannot say.
  bool belongs(const Place& place, Position from) const {
    const auto shift = static_cast<unsigned>(level_bits * from.level);
    return place.armed < ready && whole(place.armed) >> shift <= cursor_ >> shift;
  }
  bool is_due(const Place& place) const { return whole(place.due) <= cursor_; }
  template <class Streams>
  void place(std::uint32_t number, Position from, Streams&& streams) {
    Place& place = places_[number];
    if (from.level > 0 || !is_due(place)) {
      if (is_due(place)) place.due = low(cursor_);
      hang(number, place, place.due);
      return;
    }
    const MonoTime at = streams.due(number);
    place = Place{};
    if (at == never_mono) return;
    place.due = tick32(at);
    if (is_due(place)) {
      make_ready({at, number});
    } else {
      hang(number, place, place.due);
    }
  }

  std::uint64_t reach_;
  std::uint64_t present_ = 0;  ///< not before it is anything looked at
  std::uint64_t cursor_ = 0;   ///< where the wheel stands: all ticks below have been lifted
  /// Nanoseconds: from then on `due` is not to be trusted.
  std::uint64_t horizon_ = furthest / 2 << tick_bits;
  MonoTime next_bucket_ = never_mono;
  std::size_t held_ = 0;      ///< in buckets
  std::vector<Entry> ready_;  ///< earliest first
  std::vector<Place> places_;
  std::array<Level, level_count> levels_;
  std::vector<std::unique_ptr<Blocks>> blocks_;
  std::uint32_t free_ = none;
};

}  // namespace feedwatch
