#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace feedwatch {

/// A number that is only itself: a LineId is not a StreamId. Regular, ordered, hashable.
template <class Tag, class Rep = std::uint32_t>
struct StrongId {
  Rep value{};

  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep v) : value(v) {}
  constexpr std::size_t index() const { return static_cast<std::size_t>(value); }
  friend constexpr auto operator<=>(StrongId, StrongId) = default;
};

struct StreamTag;

/// A stream inside one shard: a dense index, and in the high bits how often that index was given
/// away before, so that an id kept beyond its stream's removal is refused instead of naming the
/// stream that lives there now. The generation wraps after 4096 reuses of one index.
template <>
struct StrongId<StreamTag, std::uint32_t> {
  static constexpr std::uint32_t index_bits = 20;
  static constexpr std::uint32_t index_mask = (1U << index_bits) - 1U;
  static constexpr std::uint32_t generation_mask = (1U << (32U - index_bits)) - 1U;

  std::uint32_t value{};

  constexpr StrongId() = default;
  constexpr explicit StrongId(std::uint32_t v) : value(v) {}
  constexpr StrongId(std::size_t index, std::uint32_t generation)
      : value(static_cast<std::uint32_t>(index) | ((generation & generation_mask) << index_bits)) {}
  constexpr std::size_t index() const { return value & index_mask; }
  constexpr std::uint32_t generation() const { return value >> index_bits; }
  friend constexpr auto operator<=>(StrongId, StrongId) = default;
};

using StreamId = StrongId<StreamTag>;
using ConsumerId = StrongId<struct ConsumerTag>;  ///< dense index of a consumer inside one shard
using ConnId = StrongId<struct ConnTag>;          ///< one connection attempt; never reused in a run
using LineId = StrongId<struct LineTag>;          ///< a place for connections; its ConnId changes

}  // namespace feedwatch

template <class Tag, class Rep>
struct std::hash<feedwatch::StrongId<Tag, Rep>> {
  std::size_t operator()(feedwatch::StrongId<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
