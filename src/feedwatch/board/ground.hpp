#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/board/layout.hpp"
#include "feedwatch/board/memory.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch::board {

/// The memory of one board and how far it is given away: places for streams, names, what is
/// committed. Shards that write one board share it. Any thread; rarely called, so that a short lock
/// does.
class Ground {
 public:
  /// `memory` has at least bytes_for(capacity) bytes, of which the first head_for(capacity) are
  /// committed already.
  Ground(std::unique_ptr<Memory> memory, std::size_t capacity, const Identity& identity);
  /// Tells readers elsewhere that nothing more will come.
  ~Ground();
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  static std::size_t bytes_for(std::size_t capacity);
  static std::size_t head_for(std::size_t capacity);  ///< header and table of names

  std::span<const std::byte> bytes() const { return memory_->bytes(); }
  const Extent& extent() const { return extent_; }
  Header& header() { return *header_; }
  std::byte* base() { return base_; }

  /// A name for a stream that is not watched yet, and a place that never was anybody's, unless the
  /// caller uses one of the `own_free` places again that it gave back itself: it does so when
  /// nothing else is left, and as soon as it has more than `own_resting` of them, so that one shard
  /// does not use up the places of all. Fails, changing nothing, when memory is full, the name is
  /// taken or no stream can be called so.
  struct Claim {
    Name* name = nullptr;
    std::uint32_t unit = 0;   ///< where the name stands
    bool fresh = false;       ///< the place never was anybody's
    std::uint32_t index = 0;  ///< if fresh
  };
  static constexpr std::size_t own_resting = 64;
  Result<Claim> claim(const StreamKey& key, std::size_t own_free);
  Name& name_at(std::uint32_t unit);
  /// That the REST price of the stream at this index may be written.
  Result<void> commit_bridge(std::size_t index);

 private:
  /// A part of the memory that is committed from its beginning on, as it fills.
  struct Part {
    std::size_t offset = 0;
    std::size_t size = 0;
    std::size_t committed = 0;
  };
  class Lock;

  Result<Name*> name_for(const StreamKey& key);
  Result<Name*> append_name(std::string_view text, std::uint32_t& table_entry);
  Result<void> commit(Part& part, std::size_t length);
  std::byte* names() { return base_ + extent_.names_offset; }

  std::unique_ptr<Memory> memory_;
  std::byte* base_;
  Extent extent_;
  Header* header_;
  std::atomic_flag locked_;
  std::size_t next_ = 0;                ///< index never used so far
  std::size_t names_used_ = name_unit;  ///< unit 0 means "no name"
  Part names_part_;
  Part cells_part_;
  std::vector<bool> bridge_committed_;  ///< by block
};

}  // namespace feedwatch::board
