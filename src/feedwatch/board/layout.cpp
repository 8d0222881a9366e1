#include "feedwatch/board/layout.hpp"

#include <algorithm>
#include <bit>

namespace feedwatch::board {
namespace {

constexpr std::size_t name_bytes_each = 96;  ///< a name of 80 bytes for every stream

constexpr std::size_t whole_pages(std::size_t bytes) {
  return (bytes + page - 1) / page * page;
}

}  // namespace

Extent extent_for(std::size_t max_streams) {
  Extent extent;
  extent.max_streams = max_streams;
  extent.table_size = std::bit_ceil(std::max<std::size_t>(2 * max_streams, 16));
  extent.table_offset = page;
  extent.names_offset =
      extent.table_offset + whole_pages(extent.table_size * sizeof(std::uint32_t));
  extent.names_size = whole_pages((max_streams + 4) * name_bytes_each);
  extent.cells_offset = extent.names_offset + extent.names_size;
  const std::size_t cells = whole_pages(max_streams * sizeof(Cell));
  extent.bridges_offset = extent.cells_offset + cells;
  extent.total_size = extent.bridges_offset + cells;
  return extent;
}

std::uint64_t layout_hash() {
  // What a reader takes for granted, in one number.
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  const auto fold = [&hash](std::uint64_t value) { hash = (hash ^ value) * 0x100'0000'01b3; };
  for (const std::uint64_t value : {std::uint64_t{version},
                                    std::uint64_t{sizeof(Header)},
                                    std::uint64_t{sizeof(Name)},
                                    std::uint64_t{sizeof(Cell)},
                                    std::uint64_t{sizeof(Slot)},
                                    std::uint64_t{offsetof(Slot, carried)},
                                    std::uint64_t{offsetof(Slot, level_since)},
                                    std::uint64_t{offsetof(Slot, ts_recv)},
                                    std::uint64_t{offsetof(Slot, transit)},
                                    std::uint64_t{offsetof(Slot, degraded_after)},
                                    std::uint64_t{offsetof(Slot, seq)},
                                    std::uint64_t{offsetof(Slot, epoch)},
                                    std::uint64_t{offsetof(Slot, name)},
                                    std::uint64_t{offsetof(Slot, level)},
                                    std::uint64_t{offsetof(Header, identity)},
                                    std::uint64_t{offsetof(Header, state)},
                                    std::uint64_t{offsetof(Header, cells)},
                                    std::uint64_t{offsetof(Header, heartbeats)},
                                    std::uint64_t{hash_name("binance-usdm/BTCUSDT/mark")},
                                    std::uint64_t{reason_count}}) {
    fold(value);
  }
  return hash;
}

}  // namespace feedwatch::board
