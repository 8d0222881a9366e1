#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/decisions.hpp"
#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::api {

/// The last item already seen of a list by moment, newest first; among equals the greater id first.
struct HistoryPlace {
  WallTime at{};
  std::string id;
};

/// What happened to a stream or its line: a change of its level, or a repair. `id` is one of a kind
/// among those of one moment, and how they are ordered there.
struct HistoryEvent {
  WallTime at{};  ///< of a repair: when it began
  std::string id;
  std::variant<StreamTransitionRow, RepairRow> row;
};

/// Which events: of one stream, or of all when `stream` is empty.
struct EventQuestion {
  std::string stream;
  bool levels = true;
  bool repairs = true;
  std::size_t limit = 100;
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
  /// Newest first, behind `after`.
  virtual void events(EventQuestion question, std::optional<HistoryPlace> after,
                      Done<std::vector<HistoryEvent>> done) = 0;
  virtual void story(std::string id, Done<AlertStory> done) = 0;
  /// In the order they were written, behind the number `after`.
  virtual void decisions(std::int64_t after, std::size_t limit,
                         Done<std::vector<WrittenDecision>> done) = 0;
};

}  // namespace feedwatch::api
