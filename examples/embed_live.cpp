// The same on the host's clock and with a consumer whose calls another thread makes: however slow
// its callbacks are, they hold up nobody. Links feedwatch::embed.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "feedwatch/embed/delivery_thread.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/monitor/monitor.hpp"

using namespace feedwatch;

int main() {
  const embed::SystemClock clock;
  MonitorOptions options;
  options.anchor = {.wall = clock.wall_now(), .mono = clock.now()};
  Monitor monitor(std::move(options));
  const StreamKey key{"binance-usdm", "BTCUSDT", Kind::mark};
  const auto stream = monitor.add_stream({.key = key, .policy = {}}, clock.now());
  if (!stream) return 1;

  std::atomic<bool> looked{false}, held_back{false};
  Callbacks callbacks;
  callbacks.on_price = [&](const Delivery& delivery) {
    fmt::print("stop looks at {}\n", delivery.price.prices.price.to_string());
    looked = true;
  };
  callbacks.on_refused = [&](const StreamName&, const Refusal& refusal) {
    fmt::print("stop is held back: {}\n", to_text(refusal.code));
    held_back = true;
  };
  monitor.subscribe(*stream, {.name = "trailing_stop", .priority = 10, .max_age = 200ms},
                    callbacks);
  const embed::DeliveryThread thread({monitor.queue("trailing_stop")}, clock);

  monitor.update_price(key, *Decimal::parse("64000.10"), {.mono_recv = clock.now()});
  const MonoTime give_up = clock.now() + 10s;
  while (!held_back && clock.now() < give_up) {
    // A real program waits for its sockets here, until next_deadline() at the latest.
    const MonoTime wake = std::min(monitor.next_deadline(), clock.now() + 10ms);
    std::this_thread::sleep_for(wake - clock.now());
    monitor.on_time(clock.now());
  }
  return looked && held_back ? 0 : 1;
}
