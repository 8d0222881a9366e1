#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "feedwatch/app/app.hpp"
#include "feedwatch/app/shard_loop.hpp"
#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/health/evidence.hpp"

/// Private to the app: what the control is told of what it cannot see, and who hears of us.
namespace feedwatch::app {

/// By what is learnt of the venues' clocks: how far all of them are off alike. Any thread.
std::optional<Duration> clock_shift(const std::vector<std::unique_ptr<ShardLoop>>& loops);

health::StoreSelf self_of(const store::StoreHealth& health, MonoTime now);

/// Calls the URL; nothing where there is none. Its failure is its owner's to notice: here it is one
/// line of the log, without the address, which is a secret. `http` outlives what is returned.
std::function<void()> heartbeat_of(HttpFetch& http, const HeartbeatSettings& settings, LogLine log);

}  // namespace feedwatch::app
