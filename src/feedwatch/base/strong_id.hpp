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

using StreamId = StrongId<struct StreamTag>;      ///< dense index of a stream inside one shard
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
