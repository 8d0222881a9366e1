// A trading program that embeds the monitor: it hands prices in and asks before it acts on one.
// Links feedwatch::core alone; the program's own clock says what time it is.

#include <fmt/format.h>

#include "feedwatch/guard/guard.hpp"

int main() {
  using namespace feedwatch;
  const auto act = [](const auto& answer) {
    if (answer) {
      fmt::print("buy at {}\n", answer->price.prices.price.to_string());
    } else {
      fmt::print("do nothing: {}\n", to_text(answer.error().code));
    }
    return answer.has_value();
  };

  const MonoTime now{100s};  // in a real program: CLOCK_BOOTTIME
  const StreamKey stream{"binance-usdm", "BTCUSDT", Kind::mark};
  Monitor monitor(MonitorOptions{});
  if (!monitor.add_stream({.key = stream, .policy = {}}, now)) return 1;
  monitor.update_price(stream, *Decimal::parse("64000.10"), {.mono_recv = now});

  Decisions decisions;
  Guard guard(monitor, decisions, "strategy");
  const bool young = act(guard.price(stream, {.max_age = 5s}, now + 5s));
  const bool old = act(guard.price(stream, {.max_age = 5s}, now + 5s + 1ns));
  return young && !old ? 0 : 1;
}
