#include "feedwatch/app/recovered.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/api/silence_body.hpp"

namespace feedwatch::app {

Result<std::vector<muting::Silence>> recovered_silences(store::Query& query, const LogLine& log) {
  const auto rows = query.silences();
  if (!rows) return std::unexpected(rows.error());
  std::vector<muting::Silence> silences;
  for (const SilenceRow& row : *rows) {
    auto silence = api::silence_of(row);
    if (silence) {
      silences.push_back(std::move(*silence));
    } else {
      log("warning", silence.error().text() + "; it silences nothing");
    }
  }
  return silences;
}

Result<Told> recovered_told(store::Query& query, const std::vector<AlertRow>& open_alerts) {
  Told told;
  for (const AlertRow& alert : open_alerts) {
    const auto notes = query.notifications(alert.id);
    if (!notes) return std::unexpected(notes.error());
    std::optional<alert::Severity>& most = told[alert.id];
    for (const NotificationRow& note : *notes) {
      if (note.last_error.starts_with(engine::muted_note)) continue;
      const bool critical = note.id.starts_with(alert.id + "/firing/critical");
      most = std::max(most.value_or(alert::Severity::warning),
                      critical ? alert::Severity::critical : alert::Severity::warning);
    }
  }
  return told;
}

}  // namespace feedwatch::app
