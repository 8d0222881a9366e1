#pragma once

#include "feedwatch/app/app.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/store/query.hpp"

namespace feedwatch::app {

/// What the store kept of an earlier run, for the control to go on with. A silence that cannot be
/// read any more is logged and left out: it mutes nothing. Who was told of an open alert is read
/// from its notifications, whether they left or are still to leave.
Result<engine::Recovered> read_recovered(store::Query& query, const LogLine& log);

}  // namespace feedwatch::app
