#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "feedwatch/base/time.hpp"

namespace feedwatch::engine {

/// How far decisions have been delivered to one receiver: all up to `upto` but those in `open`; or,
/// while nothing is known of the store yet, that nothing made before `since` is to be delivered.
struct DecisionMark {
  std::int64_t upto = 0;
  std::set<std::int64_t> open;
  std::optional<WallTime> since;

  bool delivered(std::int64_t seq) const { return seq <= upto && !open.contains(seq); }
  /// Where reading begins: behind it there is something to be delivered, or nothing is known.
  std::int64_t begin() const { return open.empty() ? upto : *open.begin() - 1; }
};

/// Of `open` the first so many are in the text, and of what lies behind them nothing is said: it is
/// delivered again.
inline constexpr std::size_t marked_open = 1'000;

std::string mark_text(const DecisionMark& mark);
/// Nothing for what is no mark.
std::optional<DecisionMark> read_mark(const std::string& text);

}  // namespace feedwatch::engine
