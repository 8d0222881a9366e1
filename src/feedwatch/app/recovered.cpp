#include "feedwatch/app/recovered.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/api/silence_body.hpp"

namespace feedwatch::app {
namespace {

std::vector<muting::Silence> silences_of(const std::vector<SilenceRow>& rows, const LogLine& log) {
  std::vector<muting::Silence> silences;
  for (const SilenceRow& row : rows) {
    auto silence = api::silence_of(row);
    if (silence) {
      silences.push_back(std::move(*silence));
    } else {
      log("warning", silence.error().text() + "; it silences nothing");
    }
  }
  return silences;
}

/// The highest severity that left, or is to leave, for somebody.
std::optional<alert::Severity> told_by(const std::vector<NotificationRow>& notes,
                                       const std::string& alert_id) {
  std::optional<alert::Severity> most;
  for (const NotificationRow& note : notes) {
    if (note.last_error.starts_with(engine::muted_note)) continue;
    const bool critical = note.id.starts_with(alert_id + "/firing/critical");
    const auto severity = critical ? alert::Severity::critical : alert::Severity::warning;
    most = std::max(most.value_or(severity), severity);
  }
  return most;
}

/// The value, or the error kept in `failed`.
template <class T>
T take(Result<T> result, Result<void>& failed) {
  if (result) return std::move(*result);
  if (failed) failed = std::unexpected(result.error());
  return {};
}

}  // namespace

Result<engine::Recovered> read_recovered(store::Query& query, const LogLine& log) {
  Result<void> read;
  engine::Recovered recovered;
  recovered.open_alerts = take(query.open_alerts(), read);
  recovered.pending_notifications = take(query.pending_notifications(), read);
  recovered.resolved_alerts = take(query.resolved_alerts(engine::kept_resolved), read);
  recovered.pulses = take(query.pulses(), read);
  recovered.silences = silences_of(take(query.silences(), read), log);
  for (const AlertRow& alert : recovered.open_alerts) {
    recovered.told[alert.id] = told_by(take(query.notifications(alert.id), read), alert.id);
  }
  if (!read) return std::unexpected(read.error());
  return recovered;
}

}  // namespace feedwatch::app
