#include "feedwatch/app/evidence.hpp"

#include <map>
#include <string>
#include <utility>

#include "feedwatch/freshness/offset.hpp"

namespace feedwatch::app {

std::optional<Duration> clock_shift(const std::vector<std::unique_ptr<ShardLoop>>& loops) {
  std::map<std::string, Duration> by_venue;
  for (const auto& loop : loops) by_venue.merge(loop->venue_clocks());
  std::vector<Duration> offsets;
  for (const auto& [venue, offset] : by_venue) offsets.push_back(offset);
  return common_shift(offsets);
}

health::StoreSelf self_of(const store::StoreHealth& health, MonoTime now) {
  health::StoreSelf self{.failures = health.consecutive_failures,
                         .spooled = health.spooled,
                         .spool_bytes = health.spool_bytes,
                         .spool_age = {},
                         .last_error = health.last_error};
  if (health.spooled_since) self.spool_age = now - *health.spooled_since;
  return self;
}

std::function<void()> heartbeat_of(HttpFetch& http, const HeartbeatSettings& settings,
                                   LogLine log) {
  if (settings.url.empty()) return {};
  return [&http, settings, log = std::move(log), failed = std::make_shared<bool>(false)] {
    http.fetch(
        {.url = settings.url, .ca_file = settings.ca_file}, [log, failed](const auto& answer) {
          const bool ok = answer && answer->status < 300;
          if (!ok && !*failed) {
            log("warning", answer ? "the heartbeat URL answered " + std::to_string(answer->status)
                                  : std::string("the heartbeat URL does not answer"));
          }
          *failed = !ok;
        });
  };
}

}  // namespace feedwatch::app
