/// Who is called, in which order, for which streams, and how it ends.
#include <functional>
#include <stdexcept>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/dispatch/record.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {

using namespace test;

struct Still final : Clock {
  MonoTime now() const override { return t0; }
  WallTime wall_now() const override { return anchor.wall; }
};

/// Outlives the monitor, whose end is told too.
struct Heard {
  std::vector<std::string> called;
};

class Subscriptions : public Heard, public World {
 protected:
  ConsumerOptions in_line(std::string name, int priority = 100) const {
    return {.name = std::move(name), .delivery = DeliveryMode::in_line, .priority = priority};
  }
  Callbacks naming(const std::string& name) {
    Callbacks callbacks;
    callbacks.on_price = [this, name](const Delivery&) { called.push_back(name); };
    callbacks.on_detached = [this, name](const auto& stream) {
      called.push_back(name + " left " + std::string(stream.symbol()));
    };
    return callbacks;
  }
};

TEST_F(Subscriptions, LowerPrioritiesComeFirstAndEqualOnesInOrder) {
  const StreamId s = add("v/BTC/last");
  monitor.subscribe(s, in_line("others", 100), naming("others"));
  monitor.subscribe(s, in_line("trailing", 10), naming("trailing"));
  monitor.subscribe(s, in_line("more", 100), naming("more"));
  monitor.subscribe(s, in_line("aged", 40), naming("aged"));
  const std::vector<std::string> order{"trailing", "aged", "others", "more"};
  send(s, 1);
  EXPECT_EQ(called, order);
  called.clear();
  send(s, 2);
  run(1s);
  EXPECT_EQ(called, order) << "at the window's end too";
}

TEST_F(Subscriptions, APatternTakesWhatIsThereAndWhatComes) {
  const StreamId a = add("v/A/last");
  const StreamId quiet = add("w/A/last");
  const Subscription pattern = monitor.subscribe_matching("v/*", in_line("c"), naming("c"));
  const StreamId b = add("v/B/last");
  for (const StreamId s : {a, b, quiet}) send(s, 1);
  EXPECT_EQ(called.size(), 2U);
  monitor.remove_stream(a, now);
  EXPECT_EQ(called.back(), "c left A");
  monitor.unsubscribe(pattern);
  EXPECT_EQ(called.back(), "c left B");
  add("v/C/last");
  EXPECT_TRUE(monitor.delivery_counters().empty());
}

TEST_F(Subscriptions, TwoPatternsAndANameAreOneSubscription) {
  const StreamId s = add("v/A/last");
  const Subscription first = monitor.subscribe_matching("v/*", in_line("c"), naming("c"));
  const Subscription second = monitor.subscribe_matching("*/A/*", in_line("c"), {});
  send(s, 1);
  EXPECT_EQ(called, (std::vector<std::string>{"c"}));
  monitor.unsubscribe(first);
  EXPECT_EQ(monitor.delivery_counters().size(), 1U) << "the other pattern holds it";
  monitor.subscribe(s, in_line("c"), {});
  monitor.unsubscribe(second);
  EXPECT_EQ(monitor.delivery_counters().size(), 1U) << "it was chosen by name too";
}

TEST_F(Subscriptions, TheEndIsToldOnceHoweverItComes) {
  const StreamId a = add("v/A/last");
  const StreamId b = add("v/B/last");
  const Subscription of_a = monitor.subscribe(a, in_line("c"), naming("c"));
  monitor.subscribe(b, in_line("c"), naming("c"));
  monitor.unsubscribe(of_a);
  monitor.unsubscribe(of_a);
  monitor.remove_stream(a, now);
  monitor.remove_stream(b, now);
  EXPECT_EQ(called, (std::vector<std::string>{"c left A", "c left B"}));
}

TEST_F(Subscriptions, EndedInsideItsOwnCallTheEndIsToldAfterIt) {
  const StreamId s = add("v/A/last");
  Callbacks callbacks = naming("c");
  Subscription self;
  callbacks.on_price = [&](const Delivery&) {
    monitor.unsubscribe(self);
    called.emplace_back("still inside");
  };
  self = monitor.subscribe(s, in_line("c"), callbacks);
  send(s, 1);
  EXPECT_EQ(called, (std::vector<std::string>{"still inside", "c left A"}));
}

TEST_F(Subscriptions, AConsumerThatBringsTheNextTickIsCalledWithItAfterwards) {
  const StreamId s = add("v/A/last");
  std::vector<std::int64_t> prices;
  std::vector<std::uint32_t> counts;
  int depth = 0;
  Callbacks callbacks;
  callbacks.on_price = [&](const Delivery& delivery) {
    EXPECT_EQ(++depth, 1);
    const auto price = static_cast<std::int64_t>(delivery.price.prices.price.mantissa());
    prices.push_back(price);
    counts.push_back(delivery.window.count);
    if (price < 3) send(s, price + 1);
    --depth;
  };
  ConsumerOptions options = in_line("c");
  options.min_interval = 0ms;
  monitor.subscribe(s, options, callbacks);
  Recorder later;
  monitor.subscribe(s, in_line("later"), later.callbacks());
  send(s, 1);
  EXPECT_EQ(prices, (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(counts, (std::vector<std::uint32_t>{1, 1, 1}));
  run(100ms);
  EXPECT_EQ(later.prices, (std::vector<std::int64_t>{2, 3})) << "the newest at its turn";
}

TEST_F(Subscriptions, AConsumerThatJoinsLateHasNoOlderExtremes) {
  const StreamId s = add("v/A/last");
  Recorder early;
  Recorder late;
  monitor.subscribe(s, in_line("early"), early.callbacks());
  for (const std::int64_t price : {50, 10, 90}) send(s, price);
  monitor.subscribe(s, in_line("late"), late.callbacks());
  send(s, 60);
  run(1s);
  EXPECT_EQ(early.windows.back().low, (Decimal{10, 0}));
  EXPECT_EQ(early.windows.back().count, 3U);
  EXPECT_EQ(late.windows.back().low, (Decimal{60, 0}));
  EXPECT_EQ(late.windows.back().count, 1U);
}

TEST_F(Subscriptions, AQuietTickThatTravelledLongBringsTheRefusalNearer) {
  StreamOptions options = options_of("v/A/last");
  options.event_time = EventTime::trade;
  const StreamId s = add(options);
  Recorder seen;
  ConsumerOptions slow = in_line("slow");
  slow.min_interval = 1h;
  monitor.subscribe(s, slow, seen.callbacks());
  for (const Duration transit : {0s, 0s, 3s}) {
    Tick made = tick(s, 1);
    made.ts_event = made.ts_recv - transit;
    send(made);
    run(1s);
  }
  run(1s);
  EXPECT_TRUE(seen.refusals.empty());
  run(ns);
  EXPECT_EQ(seen.refusals, (std::vector<RefusalCode>{RefusalCode::too_old}));
}

TEST_F(Subscriptions, PricesThatReachNobodyAreAFinding) {
  const StreamId s = add("v/A/last");
  ConsumerOptions strict = in_line("strict");
  strict.basis = Basis::event;
  monitor.subscribe(s, strict, naming("strict"));
  monitor.subscribe(s, in_line("lax"), naming("lax"));
  EXPECT_TRUE(monitor.undelivered(now).empty());
  send(s, 1);
  run(5s);
  EXPECT_TRUE(monitor.undelivered(now).empty());
  run(ns);
  const auto found = monitor.undelivered(now);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].consumer, "strict");
  EXPECT_EQ(found[0].stream.text(), "v/A/last");
  EXPECT_EQ(found[0].received, 1U);
  EXPECT_EQ(found[0].since, t0);
  EXPECT_EQ(found[0].refusal, RefusalCode::no_event_time);
}

TEST_F(Subscriptions, AConsumerWhoseEveryCallFailsIsAFinding) {
  const StreamId s = add("v/A/last");
  Callbacks throwing;
  throwing.on_price = [](const Delivery&) { throw std::runtime_error("consumer"); };
  monitor.subscribe(s, in_line("c"), throwing);
  send(s, 1);
  ASSERT_EQ(monitor.undelivered(now).size(), 1U);
  EXPECT_EQ(monitor.undelivered(now)[0].failed, 1U);
}

TEST_F(Subscriptions, APatternOfSomebodyElseBringsBackNoEndedOne) {
  const StreamId s = add("v/A/last");
  int calls = 0;
  Callbacks count;
  count.on_price = [&](const Delivery&) { ++calls; };
  const ConsumerOptions options{.name = "x", .delivery = DeliveryMode::in_line};
  monitor.subscribe_matching("v/*/last", options, count);
  const Subscription handle = monitor.subscribe(s, options, count);
  monitor.unsubscribe(handle);
  monitor.subscribe_matching("w/*/last", {.name = "other", .delivery = DeliveryMode::in_line}, {});
  send(s, 100);
  EXPECT_EQ(calls, 0);
}

TEST_F(Subscriptions, AStreamBegunInItsPlaceAsTheEndIsToldKeepsItsPrices) {
  Monitor full({.capacity = 1, .anchor = anchor});
  const StreamId first = full.add_stream(options_of("v/A/last"), now).value();
  Recorder seen;
  Callbacks replace;
  StreamId second;
  replace.on_detached = [&](const StreamKey&) {
    second = full.add_stream(options_of("v/B/last"), now).value();
    full.subscribe(second, {.name = "b", .delivery = DeliveryMode::in_line}, seen.callbacks());
    for (int i = 1; i <= 3; ++i) full.apply(tick(second, i), now);
  };
  full.subscribe(first, {.name = "a", .delivery = DeliveryMode::in_line}, replace);
  full.remove_stream(first, now);
  ASSERT_EQ(full.delivery_counters().size(), 1U);
  EXPECT_EQ(full.delivery_counters()[0].stream.text(), "v/B/last");
  now += 1s;
  while (full.next_deadline() <= now) full.on_time(now);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{1, 3}));
}

TEST_F(Subscriptions, AStreamBegunInACallbackAboutTheEndOfAnother) {
  const StreamId s = add("v/A/last");
  Callbacks callbacks = naming("c");
  StreamId next;
  callbacks.on_level = [&](const auto&, Level, Level to) {
    if (to == Level::unknown) next = add("v/B/last");
  };
  monitor.subscribe_matching("v/*", in_line("c"), callbacks);
  send(s, 1);
  monitor.remove_stream(s, now);
  send(next, 2);
  EXPECT_EQ(called, (std::vector<std::string>{"c", "c left A", "c"}));
}

/// What is told of a stream's end names it, whoever has its place by then.
class PlaceGivenAway : public Heard, public ::testing::Test {
 protected:
  ConsumerOptions named(std::string name) const {
    return {.name = std::move(name), .delivery = DeliveryMode::in_line};
  }
  /// Names what it is called about; `at_end` is called with the first word of the end.
  Callbacks telling(const std::string& name, const std::function<void()>& at_end = {}) {
    Callbacks callbacks;
    callbacks.on_price = [this, name](const Delivery& delivery) { note(name, delivery.stream); };
    callbacks.on_level = [this, name, at_end](const StreamName& stream, Level, Level to) {
      if (to != Level::unknown) return;
      note(name + " ends", stream);
      if (at_end) at_end();
    };
    callbacks.on_detached = [this, name](const StreamName& stream) {
      note(name + " left", stream);
    };
    return callbacks;
  }
  void note(const std::string& what, const StreamName& stream) {
    called.push_back(what + " " + std::string(stream.text()));
  }
  StreamId add(std::string_view text) { return full.add_stream(options_of(text), t0).value(); }
  void send(StreamId stream) { send(full, stream, t0); }
  static void send(Monitor& monitor, StreamId stream, MonoTime now) {
    Tick tick;
    tick.stream = stream;
    tick.prices.price = Decimal{1, 0};
    tick.fields.price = true;
    tick.mono_recv = now;
    monitor.apply(tick, now);
  }
  using Words = std::vector<std::string>;

  Monitor full{{.capacity = 1, .anchor = anchor}};
};

TEST_F(PlaceGivenAway, ToOneThatNobodyWatches) {
  const StreamId a = add("v/A/last");
  full.subscribe(a, named("x"), telling("x", [&] { add("v/B/last"); }));
  full.subscribe(a, named("y"), telling("y"));
  send(a);
  called.clear();
  full.remove_stream(a, t0);
  EXPECT_EQ(called,
            (Words{"x ends v/A/last", "y ends v/A/last", "x left v/A/last", "y left v/A/last"}));
}

TEST_F(PlaceGivenAway, ToOneThatTheSameConsumersWatch) {
  const StreamId a = add("v/A/last");
  StreamId b;
  full.subscribe_matching("v/*", named("x"), telling("x", [&] { b = add("v/B/last"); }));
  full.subscribe_matching("v/*", named("y"), telling("y"));
  send(a);
  called.clear();
  full.remove_stream(a, t0);
  EXPECT_EQ(called, (Words{"x ends v/A/last", "y left v/A/last", "x left v/A/last"}))
      << "who is being called hears of its end after the call";
  called.clear();
  send(b);
  EXPECT_EQ(called, (Words{"x v/B/last", "y v/B/last"}));
}

/// The end of one stream is told behind what is told of another, and that takes the place.
TEST_F(PlaceGivenAway, BeforeAnythingIsToldOfTheEnd) {
  Monitor two({.capacity = 2, .anchor = anchor});
  const StreamId first = two.add_stream(options_of("v/A/last"), t0).value();
  const StreamId other = two.add_stream(options_of("v/C/last"), t0).value();
  int changes = 0;
  Callbacks acting;
  acting.on_level = [&](const StreamKey&, Level, Level) {
    ++changes;
    if (changes == 2) two.remove_stream(first, t0 + 10min);
    if (changes == 3) two.add_stream(options_of("v/B/last"), t0 + 10min).value();
  };
  two.subscribe(first, named("x"), telling("x"));
  two.subscribe(other, named("actor"), acting);
  send(two, first, t0);
  send(two, other, t0);
  called.clear();
  send(two, other, t0 + 10min);  // it was degraded and stale, and is healthy now
  EXPECT_GE(changes, 3);
  EXPECT_FALSE(two.find(StreamKey{"v", "A", Kind::last}));
  EXPECT_EQ(called, (Words{"x ends v/A/last", "x left v/A/last"}));
}

TEST_F(PlaceGivenAway, InsideACallAboutAPrice) {
  for (const DeliveryMode mode : {DeliveryMode::in_line, DeliveryMode::queued}) {
    called.clear();
    const StreamId a = add("v/A/last");
    StreamId b;
    ConsumerOptions options{.name = "x", .delivery = mode};
    Callbacks callbacks = telling("x");
    callbacks.on_price = [&](const Delivery& delivery) {
      full.remove_stream(a, t0);
      b = add("v/B/last");
      note("x", delivery.stream);
    };
    full.subscribe(a, options, callbacks);
    send(a);
    if (const auto queue = full.queue("x")) queue->run(Still{}, 10);
    EXPECT_EQ(called.back(), "x left v/A/last") << static_cast<int>(mode);
    EXPECT_EQ(called[called.size() - 2], "x v/A/last") << static_cast<int>(mode);
    full.remove_stream(b, t0);
  }
}

TEST(PackedDuration, KeepsElevenDigits) {
  using dispatch::pack_duration;
  using dispatch::unpack_duration;
  EXPECT_EQ(unpack_duration(pack_duration(Duration{-5})), Duration{0});
  for (std::int64_t ns = 0; ns < 2048; ++ns) {
    EXPECT_EQ(unpack_duration(pack_duration(Duration{ns})), Duration{ns});
  }
  for (std::int64_t ns = 2048; ns < std::int64_t{4'000'000'000'000}; ns = ns * 3 + 1) {
    const Duration back = unpack_duration(pack_duration(Duration{ns}));
    EXPECT_LE(back.count(), ns);
    EXPECT_LE(ns - back.count(), ns / 1024);
  }
  EXPECT_GT(unpack_duration(pack_duration(Duration::max())), Duration{1h});
}

}  // namespace
}  // namespace feedwatch
