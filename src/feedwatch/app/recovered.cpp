#include "feedwatch/app/recovered.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/alert/told.hpp"
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
  recovered.positions = take(query.open_positions(), read);
  recovered.trailing_stops = take(query.trailing_stops(), read);
  recovered.aged_positions = take(query.aged_positions(), read);
  recovered.silences = silences_of(take(query.silences(), read), log);
  for (const AlertRow& open : recovered.open_alerts) {
    recovered.told[open.id] = alert::told_by(take(query.notifications(open.id), read), open.id);
  }
  if (!read) return std::unexpected(read.error());
  return recovered;
}

}  // namespace feedwatch::app
