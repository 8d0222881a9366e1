// usage: guard_probe VENUE WS_URL REST_URL DIRECTORY STREAM…
//
// A monitor and a guard of five seconds in one process, for suspend_test to stop and wake again.
// Asks the guard for every stream 100 times a second and prints each verdict:
//   MOMENT STREAM accepted AGE       MOMENT STREAM refused WORD
// in nanoseconds; AGE is the true one: how long before MOMENT the exchange published the price, on
// the clock both processes share.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "feedwatch/app/app.hpp"
#include "feedwatch/guard/guard.hpp"

namespace {

using namespace feedwatch;

constexpr Duration max_age = 5s;

app::AppSettings settings_from(const std::vector<std::string>& words) {
  app::AppSettings settings;
  engine::VenueOptions venue;
  venue.name = words.at(0);
  venue.venue = venues::find_venue(words.at(0));
  venue.ws_url = words.at(1);
  venue.rest_url = words.at(2);
  venue.streams.assign(words.begin() + 4, words.end());
  settings.shard.venues.push_back(std::move(venue));
  settings.store.url = "sqlite://" + words.at(3) + "/probe.db";
  settings.store.state_dir = words.at(3);
  settings.api.port = 0;
  return settings;
}

void print_verdict(const StreamKey& key, MonoTime now,
                   const std::expected<GuardedPrice, Refusal>& verdict, const WallAnchor& anchor) {
  if (verdict) {
    const Duration age = anchor.at(now) - verdict->price.ts_event.value_or(WallTime{});
    fmt::print("{} {} accepted {}\n", to_ns(now), key.text(), age.count());
  } else {
    fmt::print("{} {} refused {}\n", to_ns(now), key.text(), to_text(verdict.error().code));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  app::App app(settings_from(words), [](std::string_view, std::string_view) {});
  if (const auto started = app.start(); !started) {
    fmt::print(stderr, "{}\n", started.error().text());
    return 1;
  }
  std::vector<StreamKey> keys;
  for (std::size_t i = 4; i < words.size(); ++i) {
    keys.push_back(*StreamKey::parse(words.at(0) + "/" + words.at(i)));
  }
  const Clock& clock = app.clock();
  Guard guard(app.monitor(), app.decisions(), "probe", clock);
  const WallAnchor anchor{.wall = clock.wall_now(), .mono = clock.now()};
  while (true) {
    for (const StreamKey& key : keys) {
      const MonoTime now = clock.now();
      print_verdict(key, now, guard.price_at(key, {.max_age = max_age}, now), anchor);
    }
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}
