#include "feedwatch/alert/told.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace feedwatch::alert {

bool never_left(const NotificationRow& row) {
  constexpr std::array notes{muted_note, replaced_note, ended_note, dropped_note};
  return row.state == "failed" && std::ranges::any_of(notes, [&](std::string_view note) {
           return row.last_error.starts_with(note);
         });
}

std::optional<Severity> told_by(std::span<const NotificationRow> rows, std::string_view alert_id) {
  std::optional<Severity> most;
  for (const NotificationRow& row : rows) {
    if (never_left(row)) continue;
    for (const Severity severity : {Severity::info, Severity::warning, Severity::critical}) {
      const std::string begin = std::string(alert_id) + "/firing/" + std::string(to_text(severity));
      if (row.id.starts_with(begin)) most = std::max(most.value_or(severity), severity);
    }
  }
  return most;
}

}  // namespace feedwatch::alert
