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
#include "feedwatch/freshness/policy.hpp"
#include "feedwatch/model/level.hpp"
#include "feedwatch/model/reason.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch::engine {

enum class LineState : std::uint8_t { idle, connecting, handshaking, subscribing, live, draining, backing_off };
std::string_view to_text(LineState state);

enum class RepairStep : std::uint8_t { resubscribe, replace_line };
std::string_view to_text(RepairStep step);

/// What does not change about a stream while it is watched.
struct StreamInfo {
  StreamKey key;
  std::string text;  ///< key.text()
  Policy policy;
  Cadence cadence;
  std::string channel;
  bool required = false;
};

struct RepairStatus {
  std::uint64_t id = 0;
  RepairStep step = RepairStep::resubscribe;
  MonoTime started{};
  std::optional<MonoTime> ended;
  bool ok = false;
  std::string line;    ///< the line it was tried on
  std::string detail;  ///< why it ended so
};

/// The newest state of one stream, with what happened since the control last looked.
struct StreamStatus {
  StreamId stream;
  std::shared_ptr<const StreamInfo> info;
  Level level = Level::unknown;
  Level worst = Level::unknown;     ///< worst level since taken
  Reason reason = Reason::ok;
  bool fault = false;               ///< the feed is at fault (semantics §4)
  MonoTime level_since{};
  std::optional<MonoTime> suspect_since;
  std::uint32_t transitions = 0;    ///< level transitions since taken
  std::string line;                 ///< name of the line that carries it, empty = none
  std::uint32_t epoch = 0;
  std::vector<RepairStatus> repairs;  ///< started or ended since taken, newest last, at most 4
  bool repair_exhausted = false;
  bool quarantined = false;
  std::string detail;               ///< the venue's words, where there are some
  bool removed = false;
};

struct LineStatus {
  LineId line;
  std::string name;                 ///< "binance-usdm/market#1"
  std::string venue;
  std::string route;
  LineState state = LineState::idle;
  Reason reason = Reason::ok;
  MonoTime state_since{};
  std::optional<MonoTime> last_frame;
  std::optional<Duration> ping_rtt;
  std::uint64_t frames = 0;
  std::uint64_t dials = 0;
  std::uint64_t unplanned_closes = 0;
  std::size_t topics = 0;
  std::string detail;               ///< why it is not live, for people
  bool removed = false;
};

/// One venue as a cause: whether any line of each of its routes is live, and whether it told us off.
struct VenueStatus {
  std::string venue;
  bool live = false;                       ///< every route with wanted streams has a live line
  MonoTime live_since{};                   ///< since when `live` holds its value
  std::optional<MonoTime> limited_until;   ///< rate limited or banned
  std::uint32_t dials_in_window = 0;
  std::uint32_t dial_share = 0;            ///< how many the window allows us
  std::string detail;
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
