#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/model/level.hpp"
#include "feedwatch/model/reason.hpp"

namespace feedwatch {

/// Something about a stream that its owner has to act on; drained after every call.
struct StreamChange {
  enum class Type : std::uint8_t {
    level,      ///< from → to happened at `at` (the moment it became true, not of the call)
    suspect,    ///< silence long enough to start diagnosis; `at` = when
    cleared,    ///< suspicion ended by evidence
    rejecting,  ///< began (to = stale semantics unchanged) or ended; see `active`
    reason,     ///< same level, other reason
    flapping,   ///< began or ended; see `active`
  };
  Type type = Type::level;
  StreamId stream;
  Level from = Level::unknown;
  Level to = Level::unknown;
  Reason reason = Reason::ok;
  MonoTime at{};
  bool active = false;
};

/// Changes in the order they happened, until somebody takes them. Holds at most `bound` (at least
/// 2): an embedding program may never take any, and then the older half goes, counted. Not
/// thread-safe.
class ChangeLog {
 public:
  explicit ChangeLog(std::size_t bound) : bound_(bound) {}

  void push(const StreamChange& change) {
    if (changes_.size() >= bound_) drop_older_half();
    changes_.push_back(change);
  }
  void take(std::vector<StreamChange>& out) {
    out.insert(out.end(), changes_.begin(), changes_.end());
    // What one bad moment needed is not kept for ever.
    if (changes_.size() > usual) changes_ = {};
    changes_.clear();
    notified_ = 0;
  }
  /// The next change nobody was notified of yet, nullptr when there is none. Valid until push().
  const StreamChange* next_unnotified() {
    return notified_ < changes_.size() ? &changes_[notified_++] : nullptr;
  }
  std::uint64_t dropped() const { return dropped_; }

 private:
  void drop_older_half() {
    const std::size_t gone = changes_.size() / 2;
    changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(gone));
    notified_ -= std::min(notified_, gone);
    dropped_ += gone;
  }

  static constexpr std::size_t usual = 16'384;

  std::size_t bound_;
  std::vector<StreamChange> changes_;
  std::size_t notified_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace feedwatch
