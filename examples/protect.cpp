// A trading program that has its stops decided inside itself: it holds a position, hands prices in,
// gets decisions, and confirms those it has carried out. Links feedwatch::core alone; `Hand` stands
// for the program's clock (CLOCK_BOOTTIME in a real one).

#include <fmt/format.h>

#include "feedwatch/guard/guard.hpp"
#include "feedwatch/protect/position_book.hpp"
#include "feedwatch/protect/position_watch.hpp"
#include "feedwatch/protect/protection.hpp"

using namespace feedwatch;

struct Hand final : Clock {
  MonoTime at{100s};
  MonoTime now() const override { return at; }
  WallTime wall_now() const override { return WallTime{480'000h} + (at - MonoTime{100s}); }
};

int main() {
  Hand clock;
  const StreamKey stream{"bybit-linear", "BTCUSDT", Kind::mark};
  Monitor monitor(MonitorOptions{});
  const auto id = monitor.add_stream({.key = stream, .policy = {}}, clock.at);
  if (!id) return 1;
  Decisions verdicts;
  Guard guard(monitor, verdicts, "stops", clock);

  // What is held: a lease that its owner renews.
  PositionBook book(1'000);
  const Position held{.id = "p1",
                      .venue = stream.venue,
                      .symbol = stream.symbol,
                      .side = Side::buy,
                      .entry_price = *Decimal::parse("100"),
                      .quantity = *Decimal::parse("0.5"),
                      .opened_at = clock.wall_now()};
  if (!book.put(held, 60s, "bot", clock.at, clock.wall_now())) return 1;
  PositionWatch watch(clock.at);
  watch.set_source(true);

  // Its stop. One number for each stream, dense from 0, as the program counts them.
  constexpr ProtectionStream mark{0};
  Protection protection(WallAnchor{clock.wall_now(), clock.at});
  const ProtectionRules rules{.trailing = TrailingRule{mark, {}}, .aged = {}};
  if (!protection.add(held, rules, {}, clock.at)) return 1;

  std::string told;
  const auto carry_out = [&](const Protection::Decisions& decisions) {
    // A real program writes memory() of take_changed() first.
    for (const ProtectionDecision& decision : decisions) {
      fmt::print("{}: {}\n", decision.idempotency_key(), decision.reason);
      told += fmt::format("{} ", type_text(decision));
      protection.confirm(decision.key, decision.number, clock.at);
    }
  };
  const auto look = [&] {
    const auto answer = guard.price(*id, {.max_age = 5s, .intent = Intent::reduce_risk});
    if (!answer) {
      watch.on_refused(answer.error().reason, answer.error().age, clock.at);
      return carry_out(protection.on_refused(mark, clock.at));
    }
    watch.on_accepted(clock.at);
    const Price& price = answer->price;
    const Decimal& last = price.prices.price;
    carry_out(protection.on_prices(mark,
                                   {.window = {last, last, last},
                                    .ages = {price.receive_age, price.event_age},
                                    .source = answer->source},
                                   clock.at));
  };

  for (const char* text : {"101", "101.5", "103", "102.6", "102.485"}) {
    clock.at += 1s;
    monitor.update_price(stream, *Decimal::parse(text), {.mono_recv = clock.at});
    look();
  }
  // Silence decides nothing; after ten seconds of it nobody protects the position.
  clock.at += 6s;
  look();
  clock.at += 10s;
  const bool unprotected = watch.findings(clock.at).unprotected;
  const bool right = told == "activated stop_moved triggered " && unprotected;
  book.close(key_of(held));
  protection.remove(key_of(held));
  return right && book.size() == 0 ? 0 : 1;
}
