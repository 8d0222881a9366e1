#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/board/layout.hpp"
#include "feedwatch/board/words.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch::board {

/// Why bytes are not a board this program can read.
enum class Misfit : std::uint8_t {
  none,
  truncated,      ///< shorter than its header says, or than a header
  not_a_board,    ///< no magic
  other_version,  ///< of the format, older or newer
  other_layout,   ///< same version, built with other structures
  inconsistent,   ///< sizes and offsets contradict each other
  initializing,   ///< the writer has not finished it
};
std::string_view to_text(Misfit misfit);

/// Looks at bytes nobody vouches for. `none` = safe to view.
Misfit check(std::span<const std::byte> bytes);
/// The same of a header whose board has `size` bytes, none of which is looked at.
Misfit check(const Header& header, std::size_t size);

/// Reads a board that some thread, perhaps of another process, is writing. Never waits, never
/// allocates, makes no system call; any thread. Whatever the bytes say, it reads inside them only.
class View {
 public:
  static constexpr int tries = 64;

  /// Precondition: check(bytes) is none or initializing. Keeps the address: `bytes` outlives it.
  explicit View(std::span<const std::byte> bytes);

  std::size_t max_streams() const { return extent_.max_streams; }
  const Header& header() const { return *header_; }
  State state() const {
    return static_cast<State>(load(header_->state, std::memory_order_acquire));
  }
  /// Indexes from here on were never a stream's.
  std::size_t cells() const {
    const std::uint64_t claimed = load(header_->cells, std::memory_order_acquire);
    return claimed < extent_.max_streams ? claimed : extent_.max_streams;
  }
  /// Boot-time nanoseconds at which the shard last said that it is alive; 0 = no such shard.
  std::int64_t heartbeat(std::size_t shard) const {
    const auto first = load(header_->heartbeats[0].at, std::memory_order_relaxed);
    if (shard == 0) [[likely]]
      return static_cast<std::int64_t>(first);
    if (shard >= max_shards) return 0;
    return static_cast<std::int64_t>(
        load(header_->heartbeats[shard].at, std::memory_order_relaxed));
  }

  /// The stream that has this name now.
  std::optional<StreamId> find(const StreamKey& key) const;
  std::optional<StreamId> find(std::string_view text) const;
  /// The stream of the slot's venue and symbol, of another kind.
  std::optional<StreamId> sibling(const Slot& slot, Kind kind) const;
  /// The slot's own text; empty when it has none. Valid as long as the board.
  std::string_view name_of(const Slot& slot) const { return name_of(slot.name); }
  std::string_view name_of(std::uint32_t unit) const;

  /// Copies a whole slot; false when `tries` looks in a row fell into a write: the writer is stuck
  /// or dead inside one. Unoccupied where no stream ever was.
  bool read(StreamId stream, Slot& slot) const { return read(cells_, stream, slot); }
  std::optional<Slot> read(StreamId stream) const {
    std::optional<Slot> slot(std::in_place);
    if (!read(stream, *slot)) slot.reset();
    return slot;
  }
  /// The stream's REST price. Precondition: its slot, just read, says has_bridge.
  std::optional<Slot> read_bridge(StreamId stream) const {
    std::optional<Slot> slot(std::in_place);
    if (!read(bridges_, stream, *slot)) slot.reset();
    return slot;
  }

 private:
  bool read(const Cell* cells, StreamId stream, Slot& slot) const;
  const Name* name_at(std::uint32_t unit) const;

  Extent extent_;
  const Header* header_;
  const std::uint32_t* table_;
  const std::byte* names_;
  const Cell* cells_;
  const Cell* bridges_;
};

/// The text of a key without a string: written into `buffer`; nothing when it is too long.
class NameText {
 public:
  explicit NameText(const StreamKey& key);
  bool fits() const { return size_ > 0; }
  std::string_view view() const { return {buffer_.data(), size_}; }

 private:
  std::array<char, longest_name> buffer_{};
  std::size_t size_ = 0;
};

}  // namespace feedwatch::board
