#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/histogram.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/engine/status.hpp"
#include "feedwatch/health/component.hpp"

/// What API, metrics, dashboard, status and the simulator's checkers are shown, all built by
/// Control from the same sources at one instant: the board's slots for ages, levels and prices, the
/// shard's status for why.
namespace feedwatch::engine {

struct StreamView {
  std::shared_ptr<const StreamInfo> info;
  Level level = Level::unknown;  ///< recomputed at `now`
  Reason reason = Reason::ok;
  bool fault = false;
  std::optional<WallTime> level_since;
  std::optional<WallTime> suspect_since;
  Ages ages;
  std::optional<WallTime> last_update;  ///< ts_recv of the newest carried tick
  std::optional<WallTime> last_change;
  std::optional<Prices> prices;
  std::uint64_t ticks = 0;
  std::uint32_t epoch = 0;
  std::string line;
  bool quarantined = false;
  bool retired = false;  ///< delisted, and no longer subscribed
  bool repair_exhausted = false;
  bool flapping = false;  ///< its level changes so often that its alert stays between outages
  std::string detail;
};

struct LineView {
  LineStatus status;
  WallTime state_since{};
  std::optional<Duration> last_frame_age;
  double frames_per_second = 0;  ///< measured over the last 10 s
};

struct AlertView {
  AlertRow row;
  bool open = false;
  std::vector<std::string> silenced_by = {};  ///< ids, at this instant
  std::vector<std::string> maintenance = {};  ///< names of the windows it stands in
};

struct AlertCount {
  std::string name;
  std::size_t pending = 0, firing = 0;
};

/// Deliveries to one sink, or of decisions to one receiver, since the start.
struct SinkView {
  std::string name;
  std::uint64_t delivered = 0, refused = 0, retries = 0, dropped = 0;
  std::size_t pending = 0, capacity = 0;
  Histogram::Snapshot latency = {};  ///< from the change of the alert, or the decision, to it
};

struct Readiness {
  bool store = false;       ///< it accepts or spools
  bool streams = false;     ///< every required stream has left unknown once; stays so
  bool components = false;  ///< no required component was unknown; stays so
};

struct HealthView {
  health::Status status = health::Status::unknown;
  std::vector<health::Component> components;
};

}  // namespace feedwatch::engine
