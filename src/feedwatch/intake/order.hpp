#pragma once

#include <cstdint>
#include <optional>

#include "feedwatch/base/time.hpp"

namespace feedwatch::intake {

/// A run of ticks older than the newest one taken, rising among themselves.
struct OrderRun {
  MonoTime began{};
  std::uint64_t last = 0;
  std::uint32_t count = 0;
};

enum class Place : std::uint8_t { newer, same, older, restarted };

constexpr std::uint32_t reset_ticks = 5;
constexpr Duration reset_span = 1s;

/// Where `seq` stands by the venue's sequence numbers, beside the newest one taken.
///
/// A venue that starts its numbers again without a word looks like a stream of older ticks. Five of
/// them in a row over at least a second, rising among themselves, are such a new beginning; `run`
/// remembers them and is to be cleared when a tick is taken. `at` = arrival.
Place place_in_order(std::optional<std::uint64_t> newest, OrderRun& run, std::uint64_t seq,
                     MonoTime at);

}  // namespace feedwatch::intake
