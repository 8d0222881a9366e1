#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/engine/control_journal.hpp"
#include "feedwatch/protect/position_book.hpp"

namespace feedwatch::engine {

struct UnstoredPositionOptions {
  Duration retry_first = 1s;  ///< of what the store has refused; doubling from here
  Duration retry_max = 1min;
  std::size_t suspects = 16;       ///< of those refused before, on their way at a time
  std::size_t batch_rows = 500;    ///< of those that go together
  std::size_t at_once = 2'000;     ///< rows a call
  std::size_t capacity = 200'000;  ///< positions; beyond it a row stays lost, as the journal counts
};

/// Positions whose row the journal gave up: a restart would find them as they were before, or not
/// at all. Their newest word is pushed again until the store has it: what had no room with others,
/// when there is some; what was refused alone, after a wait.
///
/// Pure: told what happened and `now`, asked what to do. One thread.
class UnstoredPositions {
 public:
  explicit UnstoredPositions(UnstoredPositionOptions options = {}) : options_(options) {}

  /// A row of a position is on its way, the newest word on it.
  void on_pushed(const PositionRow& row);
  /// A batch has ended, whoever pushed it. Answers the positions of it that the store refuses for
  /// the first time.
  std::vector<PositionKey> on_done(const JournalBatch& batch, JournalQueue::End end, MonoTime now);

  struct Push {
    JournalBatch batch;
    bool suspect = false;  ///< was refused before: one attempt is enough to blame it
  };
  /// The row of an open position as it is now; nothing of one that is closed.
  using OpenRow = std::function<std::optional<PositionRow>(const PositionKey&)>;
  /// To be pushed now, `room` rows of it at most, and the rest with the next call. `next_key` makes
  /// the keys of batches.
  std::vector<Push> due(std::size_t room, const std::function<std::string()>& next_key,
                        const OpenRow& open_row, MonoTime now);

  /// What waits after a refusal is tried now.
  void hurry(MonoTime now);
  /// When a wait ends; never_mono while none does. What waits for room is none of the time's.
  MonoTime next_deadline() const;
  /// Nothing is to be pushed.
  bool idle(MonoTime now) const;

 private:
  struct Item {
    WallTime updated_at;  ///< of the newest row that was given up
    std::uint32_t refusals = 0;
    MonoTime next = MonoTime::min();  ///< not before, after a refusal
    bool flying = false;
  };
  using Items = std::map<PositionKey, Item>;

  void take(const PositionRow& row, JournalQueue::End end, MonoTime now,
            std::vector<PositionKey>& refused);
  void land(Items::iterator it);
  std::optional<PositionRow> load(Items::iterator it, const OpenRow& open_row);

  UnstoredPositionOptions options_;
  Items items_;
  std::map<PositionKey, PositionRow> ends_;  ///< of closed positions, until the store has them
  std::set<std::pair<MonoTime, PositionKey>> queue_;  ///< those not on their way
  std::size_t flying_suspects_ = 0;
};

}  // namespace feedwatch::engine
