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
  Duration retry_max = 5min;
  std::size_t suspects = 2;        ///< on their way at a time: each holds up all that comes behind
  std::size_t batch_rows = 500;    ///< of those that go together
  std::size_t hurried = 16;        ///< suspects that are still tried at the end
  std::size_t capacity = 200'000;  ///< positions; beyond it a row stays lost, as the journal counts
};

/// Positions whose row the journal gave up, or wrote behind a newer one (of a group only what has
/// failed is written later): a restart would find them as they were before, or not at all. Their
/// newest word is pushed again until the store has it. What had no room goes with others, when
/// there is some. What was refused is suspect, and goes alone; the store refuses it when it refuses
/// it so, and is asked again after a wait.
///
/// Pure: told what happened and `now`, asked what to do. One thread.
class UnstoredPositions {
 public:
  explicit UnstoredPositions(UnstoredPositionOptions options = {}) : options_(options) {}

  /// A row of a position is on its way, the newest word on it.
  void on_pushed(const PositionRow& row);
  /// A batch has ended, whoever pushed it. Answers the position that the store refuses, the first
  /// time it does.
  std::optional<PositionKey> on_done(const JournalBatch& batch, JournalQueue::End end,
                                     MonoTime now);
  /// The store has refused a row of it, alone or among others, and has not taken one since.
  bool is_suspect(const PositionKey& position) const;

  struct Push {
    JournalBatch batch;
    bool suspect = false;  ///< one attempt is enough to blame it
  };
  /// The row of an open position as it is now; nothing of one that is closed.
  using OpenRow = std::function<std::optional<PositionRow>(const PositionKey&)>;
  /// To be pushed now, `room` rows of it at most. `next_key` makes the keys of batches.
  std::vector<Push> due(std::size_t room, const std::function<std::string()>& next_key,
                        const OpenRow& open_row, MonoTime now);

  /// It ends: what waits after a refusal is tried now, the first few.
  void hurry(MonoTime now);
  /// When a wait ends; never_mono while none does. What waits for room is none of the time's.
  MonoTime next_deadline() const;
  /// Nothing is to be pushed.
  bool idle(MonoTime now) const { return next_deadline() > now; }
  std::size_t size() const { return items_.size(); }

 private:
  struct Item {
    WallTime updated_at;  ///< of the newest row that was given up, or pushed from here
    bool suspect = false;
    std::uint32_t refusals = 0;       ///< alone
    MonoTime next = MonoTime::min();  ///< not before, if it is suspect
    bool flying = false;              ///< pushed from here
  };
  using Items = std::map<PositionKey, Item>;
  struct Flight {
    std::size_t rows = 0;             ///< on their way, whoever pushed them
    std::optional<WallTime> written;  ///< the newest that has arrived meanwhile
  };

  void wrote(const PositionKey& key, const PositionRow& row);
  std::optional<PositionKey> gave_up(const PositionKey& key, const PositionRow& row, bool refused,
                                     bool alone, MonoTime now);
  void arrived(const PositionKey& key);
  void land(Items::iterator it);
  std::optional<PositionRow> load(Items::iterator it, const OpenRow& open_row);

  UnstoredPositionOptions options_;
  Items items_;
  std::map<PositionKey, Flight> flights_;
  std::map<PositionKey, PositionRow> ends_;  ///< of closed positions, while they may be needed
  std::set<std::pair<MonoTime, PositionKey>> waiting_;  ///< those that do not fly, by `next`
  std::size_t flying_suspects_ = 0;
  std::optional<std::size_t> hurried_left_;  ///< once it ends
};

}  // namespace feedwatch::engine
