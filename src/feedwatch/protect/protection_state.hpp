#pragma once

#include "feedwatch/protect/protection.hpp"

/// What Protection keeps: of a position and of a stream. For its own sources.
namespace feedwatch {

struct Protection::Trailing {
  TrailingStop stop;
  ProtectionStream stream;
  std::uint64_t seen = 0;           ///< windows of the stream at the last it was told or caught up
  std::uint64_t open_number = 0;    ///< of the decision that proposed last
  std::uint64_t open_proposal = 0;  ///< the same one by the stop's own numbers
  MonoTime at = never_mono;
  bool linked = false;
  bool failed = false;  ///< the last window could not be computed
};

struct Protection::Aged {
  AgedWatch watch;
  ProtectionStream stream;
  AgedMarks marks;
  bool linked = false;
  bool failed = false;
};

struct Protection::Entry {
  PositionKey key;
  WallTime opened_at{};
  Side side = Side::buy;
  std::uint64_t last_number = 0;
  std::optional<Trailing> trailing;
  std::optional<Aged> aged;
  /// Memory of a rule that is absent or quarantined: kept as it was.
  ProtectionMemory kept;
  std::array<bool, 4> findings{};  ///< by ProtectionFinding::Type
  bool changed = false;

  bool has_active_stop() const {
    return trailing && trailing->stop.memory().state == TrailingState::active;
  }
};

struct Protection::Cell {
  explicit Cell(std::uint32_t number) : id(number) {}

  /// A window strictly between these two touches nothing.
  Decimal quiet_above, quiet_below;
  bool bounds_known = false;
  bool is_refused = false;
  std::uint64_t windows = 0;
  std::uint64_t refused_after = 0;  ///< so many windows, the last time it was
  Decimal last;
  PriceAges ages;  ///< of `last`
  PriceSource source = PriceSource::live;
  MonoTime last_at{};

  std::uint32_t id;
  bool moved = false;  ///< in moved_
  bool unmanaged = false;
  MonoTime unmanaged_at = never_mono;
  std::array<TrailingIndex, 2> trailing{TrailingIndex(Side::buy), TrailingIndex(Side::sell)};
  std::array<AgedIndex, 2> aged;
  std::set<PositionSlot> trailing_slots, aged_slots;

  TrailingIndex& index_of(Side side) { return trailing[static_cast<std::size_t>(side)]; }
  AgedIndex& aged_of(Side side) { return aged[static_cast<std::size_t>(side)]; }
};

}  // namespace feedwatch
