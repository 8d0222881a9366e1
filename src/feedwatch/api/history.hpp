#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::api {

/// The last alert already seen of a list by start.
struct HistoryPlace {
  WallTime started_at{};
  std::string id;
};

/// All that happened to one alert.
struct AlertStory {
  std::optional<AlertRow> alert;  ///< absent: the store knows none of that id
  std::vector<AlertTransitionRow> transitions;
  std::vector<NotificationRow> notifications;
};

/// What the store kept beyond memory. Asked on the API's thread, answered on it later, never inside
/// the call; the disk is waited for elsewhere.
class History {
 public:
  template <class T>
  using Done = std::move_only_function<void(Result<T>)>;
  virtual ~History() = default;
  /// Newest first by start, behind `after`.
  virtual void alerts(std::size_t limit, std::optional<HistoryPlace> after,
                      Done<std::vector<AlertRow>> done) = 0;
  virtual void story(std::string id, Done<AlertStory> done) = 0;
};

}  // namespace feedwatch::api
