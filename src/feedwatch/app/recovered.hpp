#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/app/app.hpp"
#include "feedwatch/muting/silence.hpp"
#include "feedwatch/store/query.hpp"

/// What the store kept of an earlier run, in the words of the control.
namespace feedwatch::app {

/// One that cannot be read any more is logged and left out: it mutes nothing.
Result<std::vector<muting::Silence>> recovered_silences(store::Query& query, const LogLine& log);

/// By id of an open alert: the highest severity that left, or was to leave, for somebody.
using Told = std::map<std::string, std::optional<alert::Severity>>;
Result<Told> recovered_told(store::Query& query, const std::vector<AlertRow>& open_alerts);

}  // namespace feedwatch::app
