// A trading program that embeds the monitor: it hands prices in, is told when they come and when
// they stop, and asks before it acts on one. Links feedwatch::core alone; `Hand` stands for the
// program's clock (CLOCK_BOOTTIME in a real one).

#include <fmt/format.h>

#include "feedwatch/guard/guard.hpp"

using namespace feedwatch;

struct Hand final : Clock {
  MonoTime at{100s};
  MonoTime now() const override { return at; }
  WallTime wall_now() const override { return {}; }
};

int main() {
  Hand clock;
  const StreamKey key{"binance-usdm", "BTCUSDT", Kind::mark};
  Monitor monitor(MonitorOptions{});
  const auto stream = monitor.add_stream({.key = key, .policy = {}}, clock.at);
  if (!stream) return 1;
  Decisions decisions;
  Guard guard(monitor, decisions, "strategy", clock);

  int held_back = 0;
  Callbacks callbacks;
  callbacks.on_price = [](const Delivery& delivery) {
    fmt::print("stop looks at {}\n", delivery.price.prices.price.to_string());
  };
  callbacks.on_refused = [&](const StreamName&, const Refusal&) { ++held_back; };
  monitor.subscribe(*stream,
                    {.name = "trailing_stop", .delivery = DeliveryMode::in_line, .max_age = 5s},
                    callbacks);

  monitor.update_price(key, *Decimal::parse("64000.10"), {.mono_recv = clock.at});
  const auto act = [&] { return guard.price(*stream, {.max_age = 5s}).has_value(); };
  clock.at += 5s;
  const bool young = act();
  clock.at += 1ns;
  const bool old = act();
  monitor.on_time(clock.at);  // a real program calls this at monitor.next_deadline()
  return young && !old && held_back == 1 ? 0 : 1;
}
