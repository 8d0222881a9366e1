#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "feedwatch/board/slot.hpp"

/// How a board lies in memory: one header page, a hash table of names, the names, the cells. The
/// same in the program that owns it and, read-only, in every other one; offsets instead of
/// pointers.
namespace feedwatch::board {

inline constexpr std::uint64_t magic = 0x3144'5241'4f42'5746;  ///< "FWBOARD1" as it lies in memory
inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t page = 4096;
inline constexpr std::size_t max_shards = 32;
inline constexpr Duration heartbeat_every{100'000'000};    ///< how often a shard says it is alive
inline constexpr Duration heartbeat_limit{1'000'000'000};  ///< older than this: it is not
inline constexpr std::size_t longest_name = 400;           ///< bytes of a stream's text

/// Whose clock the stamps are of. Stamps of a boot-time clock mean nothing after a reboot, nor in a
/// time namespace with an offset of its own.
struct Identity {
  std::array<std::uint8_t, 16> boot_id{};
  std::uint64_t time_namespace = 0;  ///< inode of /proc/self/ns/time; 0 = the kernel has none
  std::uint64_t writer_pid = 0;
  std::uint64_t writer_epoch = 0;  ///< UTC nanoseconds of the writer's start: no two alike

  friend bool operator==(const Identity&, const Identity&) = default;
};

enum class State : std::uint64_t { initializing = 0, live = 1, closed = 2 };

/// One word of a shard on a cache line of its own.
struct alignas(64) Heartbeat {
  std::uint64_t at = 0;  ///< boot-time nanoseconds; 0 = this shard does not exist
};

/// The first page. The words after `identity` change while the writer lives and are accessed
/// atomically; those before are written once, before `state` says live.
struct alignas(64) Header {
  std::uint64_t magic = 0;
  std::uint32_t version = 0;
  std::uint32_t header_size = 0;
  std::uint64_t layout_hash = 0;
  std::uint64_t total_size = 0;
  std::uint64_t max_streams = 0;
  std::uint64_t table_size = 0;  ///< entries of 32 bits, a power of two
  std::uint64_t table_offset = 0;
  std::uint64_t names_offset = 0;
  std::uint64_t names_size = 0;
  std::uint64_t cells_offset = 0;
  std::uint64_t bridges_offset = 0;  ///< cells of REST prices, by the same index
  Identity identity;
  std::uint64_t state = 0;
  std::uint64_t names = 0;  ///< kept so far, those of streams that are gone included
  /// Claimed at least once. What lies beyond may not be backed by memory: nobody touches it.
  std::uint64_t cells = 0;
  std::array<Heartbeat, max_shards> heartbeats;
};
static_assert(sizeof(Header) <= page);

/// A stream's text and the stream it names now. Never moves, never goes: a removed stream's name
/// waits for the stream to come back.
struct Name {
  std::uint32_t stream = no_stream;  ///< StreamId. Atomic
  std::uint16_t length = 0;
  std::uint16_t reserved = 0;
  // followed by `length` bytes of text, padded to 4

  /// While no stream has this name: boards are never so large that one has this id.
  static constexpr std::uint32_t no_stream = ~std::uint32_t{0};
};
static_assert(sizeof(Name) == 8);
inline constexpr std::size_t name_unit = 4;  ///< table entries and Slot::name count in these

/// Where a slot's fields stand among its words, for those who look at some of them only; flags as
/// bits of the last word. tests/layout_test.cpp holds them to Slot.
namespace word {
inline constexpr std::size_t price = 0, ask = 2;  // two words each
inline constexpr std::size_t carried = 4, confirmed = 5, changed = 6;
inline constexpr std::size_t ts_recv = 9, ts_event = 10, transit = 11, confirmed_transit = 12;
inline constexpr std::size_t degraded_after = 13, stale_after = 14, seq = 15, ticks = 16;
inline constexpr std::size_t epoch_and_generation = 17, state = 18;
}  // namespace word
namespace flag {
inline constexpr std::uint64_t level = std::uint64_t{0xff} << 32U;
inline constexpr std::uint64_t reason = std::uint64_t{0xff} << 40U;
constexpr std::uint64_t bit(unsigned n) {
  return std::uint64_t{1} << (48U + n);
}
inline constexpr std::uint64_t occupied = bit(0), received = bit(1), has_event_time = bit(2);
inline constexpr std::uint64_t event_time_is_publish = bit(3), confirm_counts = bit(4);
inline constexpr std::uint64_t gate_closed = bit(5), clock_suspect = bit(6), rejecting = bit(7);
inline constexpr std::uint64_t recovering = bit(8), required = bit(9), has_seq = bit(10);
inline constexpr std::uint64_t has_bridge = bit(11), flapping = bit(12), frozen = bit(13);
}  // namespace flag

inline constexpr std::size_t slot_words = sizeof(Slot) / sizeof(std::uint64_t);
inline constexpr std::size_t owner_bytes = 96;

/// One stream: the sequence (odd while the writer is inside), the slot in words that are written
/// and read atomically, and what only the writing thread looks at, beside it so that a tick touches
/// no other memory.
struct alignas(256) Cell {
  std::uint64_t sequence = 0;
  std::array<std::uint64_t, slot_words> words{};
  alignas(8) std::array<std::byte, owner_bytes> owner{};
};
static_assert(sizeof(Cell) == 256);

/// Where everything lies for so many streams. Total for max_streams of any size; no overflow.
struct Extent {
  std::size_t max_streams = 0;
  std::size_t table_size = 0;
  std::size_t table_offset = 0;
  std::size_t names_offset = 0;
  std::size_t names_size = 0;
  std::size_t cells_offset = 0;
  std::size_t bridges_offset = 0;
  std::size_t total_size = 0;
};
Extent extent_for(std::size_t max_streams);

/// Changes whenever a reader built against another layout would misread this one.
std::uint64_t layout_hash();

/// Hash of a stream's text for the table. Not for hostile input: symbols come from configuration
/// and from venues, and a bad one costs time only.
inline std::uint32_t hash_name(std::string_view text) {
  constexpr std::uint64_t mix = 0x9e37'79b9'7f4a'7c15;
  std::uint64_t hash = mix ^ text.size();
  const auto fold = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * mix;
    hash ^= hash >> 29U;
  };
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    at += sizeof word;
    fold(word);
  }
  std::uint64_t tail = 0;
  std::memcpy(&tail, at, left);
  fold(tail);
  return static_cast<std::uint32_t>(hash >> 32U);
}

}  // namespace feedwatch::board
