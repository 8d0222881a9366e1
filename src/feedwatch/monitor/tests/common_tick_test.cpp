/// Differential: the short way of the common tick against the long way of all ticks. Two monitors
/// are told the same; after every step whatever anybody can see of them is the same, to the byte.
#include <cstring>

#include "feedwatch/base/random.hpp"
#include "feedwatch/monitor/tests/monitor_fixture.hpp"

namespace feedwatch::test {
namespace {

/// What a channel may be like.
StreamOptions channel_of(int n) {
  static constexpr std::array<std::string_view, 4> kinds{"last", "quote", "mark", "index"};
  StreamOptions options = options_of("v/S" + std::to_string(n) + "/" +
                                     std::string(kinds[static_cast<std::size_t>(n) % 4]));
  options.policy = n % 3 == 0 ? Policy{} : tight();
  options.policy.recover_ticks = n % 5 == 0 ? 3 : 1;
  options.event_time = static_cast<EventTime>(n % 3);
  options.seq_orders = n % 2 == 0;
  options.repeat_confirms = n % 7 == 0;
  options.absent_is_unchanged = n % 4 == 1;
  options.clock_group = n % 2 == 0 ? "even" : "odd";
  return options;
}

class Twin {
 public:
  explicit Twin(bool short_way)
      : monitor({.capacity = 64,
                 .anchor = anchor,
                 .memory = nullptr,
                 .identity = {},
                 .short_way = short_way}) {
    for (int n = 0; n < streams; ++n) {
      ids.push_back(monitor.add_stream(channel_of(n), t0).value());
      monitor.subscribe(ids.back(), {.name = "c", .delivery = DeliveryMode::in_line, .max_age = 2s},
                        heard.callbacks());
    }
  }

  static constexpr int streams = 6;
  Monitor monitor;
  std::vector<StreamId> ids;
  Recorder heard;
};

class Script {
 public:
  explicit Script(std::uint64_t seed)
      : random_(seed), rare_(std::array{30U, 150U, 1000U}[seed % 3]) {}

  /// A tick, mostly an ordinary one.
  Tick tick(StreamId stream, Kind kind) {
    Tick made;
    made.stream = stream;
    made.prices.price = Decimal{static_cast<std::int64_t>(1 + random_.below(5)), 1};
    made.fields.price = !rarely();
    if (kind == Kind::quote) {
      made.prices.ask = Decimal{static_cast<std::int64_t>(1 + random_.below(5)), 1};
      made.fields.ask = !rarely();
    }
    if (rarely()) made.prices.price = Decimal{};
    made.mono_recv = rarely() ? now - 400ms : now;
    if (rarely()) made.mono_recv = now + 1ms;
    made.ts_recv = anchor.at(made.mono_recv);
    if (has_event_time_ != rarely()) made.ts_event = made.ts_recv - journey();
    if (has_seq_ != rarely()) made.seq = rarely() ? seq_ - random_.below(20) : ++seq_;
    made.epoch = rarely() ? epoch_ - 1 : epoch_;
    made.stalled = rarely();
    made.snapshot = rarely();
    made.restart = rarely();
    if (rarely()) made.lag = 1500ms;
    return made;
  }
  /// Time passes; now and then the world changes.
  void step() {
    now += Duration{static_cast<std::int64_t>(random_.below(pause()))};
    if (rarely()) has_event_time_ = !has_event_time_;
    if (rarely()) has_seq_ = !has_seq_;
    if (random_.below(40) == 0) {
      late_ = Duration{static_cast<std::int64_t>(random_.below(3'400'000'000))};
    }
  }
  bool rarely() { return random_.below(rare_) == 0; }
  std::uint64_t below(std::uint64_t n) { return random_.below(n); }
  std::uint32_t epoch() const { return epoch_; }
  void begin_epoch() { ++epoch_; }

  MonoTime now = t0;

 private:
  /// Mostly little, sometimes about as long as the limits are.
  std::uint64_t pause() {
    if (rarely()) return 20'000'000'000;
    return random_.below(40) == 0 ? 3'200'000'000 : 40'000'000;
  }
  Duration journey() {
    const Duration ordinary{static_cast<std::int64_t>(random_.below(30'000'000))};
    if (rarely()) return -2s;
    return ordinary + late_;
  }

  Random random_;
  std::uint64_t rare_;  ///< one in so many is out of the ordinary
  std::uint64_t seq_ = 100;
  std::uint32_t epoch_ = 2;
  bool has_event_time_ = true;
  bool has_seq_ = true;
  Duration late_{};
};

void expect_alike(Twin& a, Twin& b) {
  for (int n = 0; n < Twin::streams; ++n) {
    const auto i = static_cast<std::size_t>(n);
    const Slot x = a.monitor.unchecked_slot(a.ids[i]);
    const Slot y = b.monitor.unchecked_slot(b.ids[i]);
    ASSERT_EQ(std::memcmp(&x, &y, sizeof x), 0) << "stream " << n << " after " << x.ticks;
    ASSERT_EQ(a.monitor.suspect_since(a.ids[i]), b.monitor.suspect_since(b.ids[i]));
    ASSERT_EQ(a.monitor.clock_offset(a.ids[i]), b.monitor.clock_offset(b.ids[i]));
  }
  const Monitor::IntakeCounters& x = a.monitor.intake_counters();
  const Monitor::IntakeCounters& y = b.monitor.intake_counters();
  ASSERT_EQ(x.accepted, y.accepted);
  ASSERT_EQ(x.confirmed, y.confirmed);
  ASSERT_EQ(x.repeats, y.repeats);
  ASSERT_EQ(x.crossed_quotes, y.crossed_quotes);
  ASSERT_EQ(x.clock_suspects, y.clock_suspects);
  ASSERT_EQ(x.sequence_resets, y.sequence_resets);
  ASSERT_EQ(x.backfills, y.backfills);
  ASSERT_EQ(a.heard.prices, b.heard.prices);
  ASSERT_EQ(a.heard.refusals, b.heard.refusals);
  ASSERT_EQ(a.heard.levels, b.heard.levels);
}

void expect_same_changes(Twin& a, Twin& b) {
  std::vector<StreamChange> x;
  std::vector<StreamChange> y;
  a.monitor.take_changes(x);
  b.monitor.take_changes(y);
  ASSERT_EQ(x.size(), y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(x[i].type, y[i].type);
    ASSERT_EQ(x[i].stream, y[i].stream);
    ASSERT_EQ(x[i].to, y[i].to);
    ASSERT_EQ(x[i].reason, y[i].reason);
    ASSERT_EQ(x[i].at, y[i].at);
  }
}

void expect_same(const Outcome& x, const Outcome& y) {
  ASSERT_EQ(x.type, y.type);
  ASSERT_EQ(x.rejection, y.rejection);
  ASSERT_EQ(x.backfill, y.backfill);
  ASSERT_EQ(x.sequence_reset, y.sequence_reset);
}

void run(Twin& twin, MonoTime now) {
  while (twin.monitor.next_deadline() <= now) twin.monitor.on_time(now);
}

/// One short life of six streams: trouble is remembered for ten minutes, and keeps to the long way.
void live(std::uint64_t seed, std::uint64_t& accepted) {
  Twin quick(true);
  Twin slow(false);
  Script script(seed);
  for (int i = 0; i < 600; ++i) {
    script.step();
    const auto n = static_cast<std::size_t>(script.below(Twin::streams));
    const Tick made = script.tick(quick.ids[n], channel_of(static_cast<int>(n)).key.kind);
    if (!script.rarely()) {
      run(quick, script.now);
      run(slow, script.now);
    }
    ASSERT_NO_FATAL_FAILURE(
        expect_same(quick.monitor.apply(made, script.now), slow.monitor.apply(made, script.now)));
    const bool lost = script.rarely();
    const bool begins = script.rarely();
    const bool undecodable = script.rarely();
    const bool said = script.rarely();
    for (Twin* twin : {&quick, &slow}) {
      if (lost) twin->monitor.on_line_lost(twin->ids[n], script.now);
      if (begins) twin->monitor.on_epoch(twin->ids[n], script.epoch() + 1, script.now);
      if (undecodable) twin->monitor.on_undecodable(twin->ids[n], script.now);
      if (said) {
        const Reason reason = i % 2 == 0 ? Reason::disconnected : Reason::ok;
        twin->monitor.set_feed_reason(twin->ids[n], reason, script.now);
      }
    }
    if (begins) script.begin_epoch();
    ASSERT_NO_FATAL_FAILURE(expect_alike(quick, slow)) << "step " << i;
    ASSERT_NO_FATAL_FAILURE(expect_same_changes(quick, slow)) << "step " << i;
  }
  accepted += quick.monitor.intake_counters().accepted;
}

TEST(CommonTick, LeavesBehindWhatTheLongWayWould) {
  std::uint64_t accepted = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    ASSERT_NO_FATAL_FAILURE(live(seed, accepted)) << "seed " << seed;
  }
  EXPECT_GT(accepted, 100'000U);
}

}  // namespace
}  // namespace feedwatch::test
