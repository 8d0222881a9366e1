#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::store {

/// A row with its place in the order of commits.
template <class Row>
struct Numbered {
  std::int64_t seq = 0;
  Row row;
};

/// The last row already seen of a list by start: several may have begun at one moment.
struct StartPlace {
  WallTime started_at{};
  std::string id;
};

/// The last transition already seen.
struct TransitionPlace {
  WallTime at{};
  std::int64_t seq = 0;
};

/// What the journal holds, as committed (batches still in queue or spool are not seen).
/// Thread-safe; every call blocks for the disk.
class Query {
 public:
  virtual ~Query() = default;
  /// Alerts that are not resolved, oldest first.
  virtual Result<std::vector<AlertRow>> open_alerts() = 0;
  /// Notifications still to deliver, oldest first, at most `limit`: by default all that the
  /// outboxes of fifty sinks hold.
  virtual Result<std::vector<NotificationRow>> pending_notifications(
      std::size_t limit = 1'000'000) = 0;
  /// Newest first by the moment the condition became true; `after` pages.
  virtual Result<std::vector<AlertRow>> alerts(std::size_t limit = 100,
                                               const std::optional<StartPlace>& after = {}) = 0;
  /// The newest resolved ones, by the moment they ended.
  virtual Result<std::vector<AlertRow>> resolved_alerts(std::size_t limit = 100) = 0;
  virtual Result<std::optional<AlertRow>> alert(const std::string& id) = 0;
  /// Of one alert, oldest first.
  virtual Result<std::vector<AlertTransitionRow>> alert_transitions(const std::string& id) = 0;
  virtual Result<std::vector<NotificationRow>> notifications(const std::string& alert_id) = 0;
  /// Newest first; of one stream, or of all when `stream` is empty; `after` pages.
  virtual Result<std::vector<Numbered<StreamTransitionRow>>> stream_transitions(
      const std::string& stream, std::size_t limit = 100,
      const std::optional<TransitionPlace>& after = {}) = 0;
  /// Newest first by start; of one stream, or of all when `stream` is empty; `after` pages.
  virtual Result<std::vector<RepairRow>> repairs(const std::string& stream, std::size_t limit = 100,
                                                 const std::optional<StartPlace>& after = {}) = 0;
  /// All that are kept, over ones too, the last to end first.
  virtual Result<std::vector<SilenceRow>> silences(std::size_t limit = 10'000) = 0;
  /// One row per name and mark, with the newest moment of it; by name.
  virtual Result<std::vector<PulseRow>> pulses() = 0;
  /// When `name` was last heard of: the newest mark of it but "failed"; nothing when never.
  virtual Result<std::optional<WallTime>> get_last_signal_time(
      const std::string& name = "signals") = 0;
  /// Newest first; of one aged position, or of all when `aged_position_id` is empty.
  virtual Result<std::vector<AgedMonitoringEventRow>> aged_monitoring_events(
      const std::string& aged_position_id, std::size_t limit = 100) = 0;
  /// Those that are not closed; by venue, symbol and id.
  virtual Result<std::vector<PositionRow>> open_positions() = 0;
  /// Of these: what their rules must not lose.
  virtual Result<std::vector<TrailingStopRow>> trailing_stops() = 0;
  virtual Result<std::vector<AgedPositionRow>> aged_positions() = 0;
  /// In the order they were written, behind `after` (0 = from the first that is kept).
  virtual Result<std::vector<Numbered<PositionDecisionRow>>> decisions(std::int64_t after,
                                                                       std::size_t limit) = 0;
};

}  // namespace feedwatch::store
