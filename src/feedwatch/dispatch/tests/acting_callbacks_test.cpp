// What callbacks do in the middle of things, and what must come of it.
#include <functional>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch {
namespace {
using namespace test;

class CallbacksAct : public World {
 protected:
  static ConsumerOptions in_line(std::string name, Duration interval = 100ms) {
    return {.name = std::move(name), .delivery = DeliveryMode::in_line, .min_interval = interval};
  }
  Callbacks bring_two_when_degraded(StreamId stream, Recorder& seen) {
    Callbacks callbacks = seen.callbacks();
    callbacks.on_level = [this, stream](const StreamName&, Level, Level to) {
      if (to == Level::degraded) send(stream, 2);
    };
    return callbacks;
  }
};

TEST_F(CallbacksAct, ATickOfALaterMomentBroughtByACallbackIsNoClockThatRanBackwards) {
  const StreamId s = add("v/A/last");
  send(s, 7);  // out of the first tick's trouble
  wait(1s);
  Recorder seen;
  Callbacks callbacks = seen.callbacks();
  callbacks.on_price = [&](const Delivery& d) {
    const auto price = static_cast<std::int64_t>(d.price.prices.price.mantissa());
    seen.prices.push_back(price);
    if (price == 1) {
      wait(10us);
      send(s, 2);
    }
  };
  monitor.subscribe(s, in_line("c", 0ms), callbacks);
  send(s, 1);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{1, 2}));
  EXPECT_TRUE(seen.refusals.empty());
}

TEST_F(CallbacksAct, AndReachesTheConsumersBehindIt) {
  const StreamId s = add("v/A/last");
  send(s, 7);
  wait(1s);
  Recorder other;
  Callbacks callbacks;
  callbacks.on_price = [&](const Delivery& d) {
    if (d.price.prices.price == Decimal{1, 0}) {
      wait(10us);
      send(s, 2);
    }
  };
  ConsumerOptions first = in_line("first", 100ms);
  first.priority = 1;
  monitor.subscribe(s, first, callbacks);
  monitor.subscribe(s, in_line("other", 0ms), other.callbacks());
  send(s, 1);
  EXPECT_EQ(other.prices, (std::vector<std::int64_t>{2}));
  EXPECT_TRUE(other.refusals.empty());
}

TEST_F(CallbacksAct, ATickBroughtByACallbackAboutALevelIsDelivered) {
  const StreamId s = add("v/A/last", tight());
  send(s, 1);
  Recorder seen;
  const Callbacks callbacks = bring_two_when_degraded(s, seen);
  monitor.subscribe(s, in_line("c"), callbacks);
  run(5s);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{2}));
  const auto c = monitor.delivery_counters().at(0);
  EXPECT_EQ(c.pending, 0U);
  EXPECT_EQ(c.delivered, 1U);
}

/// A board that is full: a stream that begins has the place of one that is leaving.
struct Full : ::testing::Test {
  MonoTime now = t0;
  Monitor monitor{{.capacity = 1, .anchor = anchor}};
  void send(StreamId s, std::int64_t price) { monitor.apply(tick_of(s, price, now), now); }
  static ConsumerOptions in_line(std::string name) {
    return {.name = std::move(name), .delivery = DeliveryMode::in_line, .min_interval = 0ms};
  }
};

TEST_F(Full, ADuplicateSubscriptionIsOneAfterTheStreamWasReplaced) {
  const StreamId a = monitor.add_stream(options_of("v/A/last"), now).value();
  StreamId b{};
  int calls = 0;
  Callbacks callbacks;
  callbacks.on_price = [&](const Delivery&) { ++calls; };
  callbacks.on_level = [&](const StreamName&, Level, Level to) {
    if (to != Level::unknown || b.value != 0) return;
    b = monitor.add_stream(options_of("v/B/last"), now).value();
    monitor.subscribe(b, in_line("c"), callbacks);
  };
  monitor.subscribe(a, in_line("c"), callbacks);
  send(a, 1);
  ASSERT_EQ(calls, 1);
  monitor.remove_stream(a, now);
  const Subscription again = monitor.subscribe(b, in_line("c"), callbacks);
  EXPECT_EQ(monitor.delivery_counters().size(), 1U);
  send(b, 2);
  EXPECT_EQ(calls, 2);
  monitor.unsubscribe(again);
  send(b, 3);
  EXPECT_EQ(calls, 2);
}

TEST_F(Full, APatternEndedAsTheEarlierStreamsEndIsToldChoosesNothing) {
  const StreamId a = monitor.add_stream(options_of("v/A/last"), now).value();
  Subscription pattern;
  StreamId b{};
  int calls = 0;
  bool ended = false;
  Callbacks of_pattern;
  of_pattern.on_price = [&](const Delivery&) {
    if (ended) ++calls;
  };
  Callbacks callbacks;
  callbacks.on_level = [&](const StreamName&, Level, Level to) {
    if (to != Level::unknown || b.value != 0) return;
    b = monitor.add_stream(options_of("w/B/last"), now).value();
  };
  Callbacks second;
  second.on_detached = [&](const StreamName&) {
    monitor.unsubscribe(pattern);
    ended = true;
  };
  monitor.subscribe(a, in_line("named"), callbacks);
  monitor.subscribe(a, in_line("second"), second);
  pattern = monitor.subscribe_matching("w/*", in_line("p"), of_pattern);
  send(a, 1);
  monitor.remove_stream(a, now);
  ASSERT_TRUE(ended);
  EXPECT_TRUE(monitor.delivery_counters().empty());
  send(b, 2);
  EXPECT_EQ(calls, 0);
  // Whoever comes next takes the freed consumer's place.
  int others = 0;
  Callbacks other;
  other.on_price = [&](const Delivery&) { ++others; };
  for (const char* name : {"x", "y", "z"}) {
    monitor.subscribe_matching("never/*", in_line(name), other);
  }
  now += 1s;
  send(b, 3);
  EXPECT_EQ(others, 0) << "it never subscribed to that stream";
}

TEST_F(Full, NobodySubscribesToAStreamThatEndsAsTheEarlierOnesEndIsTold) {
  const StreamId a = monitor.add_stream(options_of("v/A/last"), now).value();
  StreamId b{};
  Subscription made{7};
  std::vector<std::string> left;
  Callbacks x;
  Callbacks of_b;
  of_b.on_detached = [&](const StreamName& name) { left.emplace_back(name.text()); };
  x.on_level = [&](const StreamName&, Level, Level to) {
    if (to != Level::unknown || b.value != 0) return;
    b = monitor.add_stream(options_of("v/B/last"), now).value();
    made = monitor.subscribe(b, in_line("z"), of_b);
  };
  Callbacks y;
  y.on_detached = [&](const StreamName&) { monitor.remove_stream(b, now); };
  monitor.subscribe(a, in_line("x"), x);
  monitor.subscribe(a, in_line("y"), y);
  send(a, 1);
  monitor.remove_stream(a, now);
  EXPECT_FALSE(monitor.find(StreamKey{"v", "B", Kind::last}));
  EXPECT_TRUE(!made || left == std::vector<std::string>{"v/B/last"}) << "neither refused nor ended";
  EXPECT_TRUE(monitor.delivery_counters().empty());
  const StreamId c = monitor.add_stream(options_of("v/C/last"), now).value();
  send(c, 1);
  for (const auto& counted : monitor.delivery_counters()) {
    ADD_FAILURE() << counted.consumer << " of " << counted.stream.text() << ", received "
                  << counted.received;
  }
  monitor.unsubscribe(made);
  EXPECT_FALSE(left == std::vector<std::string>{"v/C/last"}) << "told of the end of another stream";
}
struct Still final : Clock {
  MonoTime at = t0;
  MonoTime now() const override { return at; }
  WallTime wall_now() const override { return anchor.wall; }
};

TEST_F(CallbacksAct, ATickBroughtByAQueuedCallbackAboutALevelIsDelivered) {
  const StreamId s = add("v/A/last", tight());
  send(s, 1);
  Recorder seen;
  const Callbacks callbacks = bring_two_when_degraded(s, seen);
  ConsumerOptions o = in_line("c");
  o.delivery = DeliveryMode::queued;
  monitor.subscribe(s, o, callbacks);
  const auto q = monitor.queue("c");
  Still clock;
  for (int i = 0; i < 500; ++i) {
    run(10ms);
    clock.at = now;
    q->run(clock, 100);
  }
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{2}));
}
TEST_F(CallbacksAct, ARefusalsCallbackBringsATick) {
  const StreamId s = add("v/A/last");
  send(s, 1);
  Recorder seen;
  Callbacks callbacks = seen.callbacks();
  callbacks.on_refused = [&](const StreamName&, const Refusal& r) {
    seen.refusals.push_back(r.code);
    if (seen.refusals.size() > 3) return;
    now += 10us;
    send(s, 2);
  };
  monitor.subscribe(s, in_line("c"), callbacks);
  run(6s);
  EXPECT_EQ(seen.prices, (std::vector<std::int64_t>{2}));
  EXPECT_EQ(seen.refusals.size(), 1U);
}
TEST_F(CallbacksAct, ALevelCallbackBringsATickSomeoneElseHears) {
  const StreamId s = add("v/A/last", tight());
  send(s, 1);
  Recorder seen;
  Recorder other;
  const Callbacks callbacks = bring_two_when_degraded(s, seen);
  monitor.subscribe(s, in_line("c"), callbacks);
  monitor.subscribe(s, in_line("d"), other.callbacks());
  run(5s);
  EXPECT_EQ(other.prices, (std::vector<std::int64_t>{2}));
}
}  // namespace
}  // namespace feedwatch
