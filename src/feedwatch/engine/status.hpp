#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/feed/status.hpp"
#include "feedwatch/freshness/policy.hpp"
#include "feedwatch/model/level.hpp"
#include "feedwatch/model/reason.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch::engine {

using feed::LineState;
using feed::LineStatus;
using feed::RepairStatus;
using feed::RepairStep;
using feed::VenueStatus;

/// What does not change about a stream while it is watched.
struct StreamInfo {
  StreamKey key;
  std::string text;  ///< key.text()
  Policy policy;
  Cadence cadence;
  std::string channel;
  bool required = false;
};

/// The newest state of one stream, with what happened since the control last looked.
struct StreamStatus {
  StreamId stream;
  std::shared_ptr<const StreamInfo> info;
  Level level = Level::unknown;
  Level worst = Level::unknown;  ///< worst level since taken
  Reason reason = Reason::ok;
  bool fault = false;  ///< the feed is at fault (semantics §4)
  MonoTime level_since{};
  std::optional<MonoTime> suspect_since;
  std::uint32_t transitions = 0;  ///< level transitions since taken
  std::string line;               ///< name of the line that carries it, empty = none
  std::uint32_t epoch = 0;
  std::vector<RepairStatus> repairs;  ///< started or ended since taken, newest last, at most 4
  bool flapping = false;              ///< its level changes too often: alerts about it merge
  MonoTime flapping_since{};          ///< while it flaps
  bool repair_exhausted = false;
  bool quarantined = false;
  bool retired = false;  ///< its symbol is no longer listed: nobody asks the venue for it
  std::string detail;    ///< the venue's words, where there are some
  bool removed = false;
};

/// Shard → control: state, not events. One pending entry per stream, line and venue, so it cannot
/// overflow; an entry put twice before it is taken is merged (newest state, worst level, summed
/// counts). Thread-safe. `on_dirty` is called by the putting thread when the board goes from empty
/// to not empty.
class StatusBoard {
 public:
  struct Taken {
    std::vector<StreamStatus> streams;
    std::vector<LineStatus> lines;
    std::vector<VenueStatus> venues;
  };

  explicit StatusBoard(std::function<void()> on_dirty);
  void put(StreamStatus status);
  void put(LineStatus status);
  void put(VenueStatus status);
  /// Everything pending, in ascending id order.
  Taken take();

 private:
  void mark_dirty(std::unique_lock<std::mutex> lock);

  std::function<void()> on_dirty_;
  std::mutex mutex_;
  std::unordered_map<StreamId, StreamStatus> streams_;
  std::unordered_map<LineId, LineStatus> lines_;
  std::unordered_map<std::string, VenueStatus> venues_;
  bool dirty_ = false;
};

}  // namespace feedwatch::engine
