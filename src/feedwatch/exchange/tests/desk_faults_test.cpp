#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/exchange/desk.hpp"
#include "feedwatch/exchange/tests/desk_world.hpp"

// Each fault as a client sees it, in virtual time.
namespace feedwatch::exchange {
namespace {

using test::Heard;
using test::World;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint8_t mark_price = 0, tickers = 0, orderbook = 1;

/// One Bybit connection with tickers and book of both symbols, one second old.
struct Scene {
  explicit Scene(std::vector<std::string> symbols = {"BTCUSDT", "ETHUSDT"})
      : world("bybit-linear", {}, symbols) {
    peer = world.connect();
    for (const std::string& symbol : symbols) {
      world.subscribe(peer, tickers, symbol);
      world.subscribe(peer, orderbook, symbol);
    }
    world.run(1s);
  }
  std::vector<Heard> after(Duration run, std::string_view symbol) {
    const MonoTime from = world.now() + 1ns;
    world.run(run);
    return world.heard(peer, symbol, from);
  }
  World world;
  PeerId peer;
};

TEST(Faults, SilentSymbolLeavesTheOthersAndComesBackAfterResubscribing) {
  Scene scene;
  scene.world.fault(
      {.kind = FaultKind::silent_symbol, .symbols = {"BTCUSDT"}, .heals = Heals::on_resubscribe});
  EXPECT_TRUE(scene.after(10s, "BTCUSDT").empty());
  EXPECT_FALSE(scene.after(1s, "ETHUSDT").empty());
  scene.world.unsubscribe(scene.peer, tickers, "BTCUSDT");
  const MonoTime from = scene.world.now();
  scene.world.subscribe(scene.peer, tickers, "BTCUSDT");
  const auto heard = scene.world.heard(scene.peer, "BTCUSDT", from);
  ASSERT_FALSE(heard.empty());
  EXPECT_TRUE(heard.front().snapshot);
  // The book of the symbol is another topic and still silent.
  for (const Heard& h : scene.after(5s, "BTCUSDT")) EXPECT_NE(h.kind, Kind::quote);
}

TEST(Faults, SilentAllStillAnswersPings) {
  Scene scene;
  scene.world.fault({.kind = FaultKind::silent_all});
  EXPECT_TRUE(scene.after(10s, "ETHUSDT").empty());
  scene.world.text(scene.peer, R"({"op":"ping"})");
  EXPECT_THAT(scene.world.received[scene.peer].back().text, HasSubstr("pong"));
}

TEST(Faults, AfterASilenceTheFirstDeltaHoldsWhatWasMissed) {
  Scene scene({"BTCUSDT"});
  scene.world.fault({.kind = FaultKind::silent_all, .heals = Heals::after, .duration = 10s});
  EXPECT_TRUE(scene.after(10s - 1ns, "BTCUSDT").empty());
  std::set<Kind> carried;
  const MonoTime from = scene.world.now();
  scene.world.run(300ms);
  for (const test::Received& r : scene.world.data(scene.peer, from)) {
    for (const Heard& h : test::decode("bybit-linear", r.text)) {
      if (h.has_price && h.kind != Kind::quote) carried.insert(h.kind);
    }
    if (!carried.empty()) break;
  }
  EXPECT_EQ(carried, (std::set{Kind::last, Kind::mark, Kind::index}));
}

TEST(Faults, AckWithoutData) {
  Scene scene;
  scene.world.fault({.kind = FaultKind::ack_without_data, .heals = Heals::on_reconnect});
  EXPECT_FALSE(scene.after(1s, "BTCUSDT").empty());
  const PeerId first = scene.world.connect();
  scene.world.subscribe(first, tickers, "BTCUSDT");
  scene.world.run(5s);
  EXPECT_EQ(scene.world.received[first].size(), 1U);
  EXPECT_THAT(scene.world.received[first].back().text, HasSubstr(R"("success":true)"));
  const PeerId second = scene.world.connect();
  scene.world.subscribe(second, tickers, "BTCUSDT");
  scene.world.run(1s);
  EXPECT_FALSE(scene.world.data(second).empty());
}

TEST(Faults, HalfOpenFreezesExistingConnectionsBothWays) {
  Scene scene;
  scene.world.fault({.kind = FaultKind::half_open, .heals = Heals::on_reconnect});
  EXPECT_TRUE(scene.world.paused.at(scene.peer));
  const auto before = scene.world.received[scene.peer].size();
  scene.world.text(scene.peer, R"({"op":"ping"})");
  scene.world.run(10s);
  EXPECT_EQ(scene.world.received[scene.peer].size(), before);
  EXPECT_TRUE(scene.world.closed.empty());
  const PeerId fresh = scene.world.connect();
  scene.world.subscribe(fresh, tickers, "BTCUSDT");
  scene.world.run(1s);
  EXPECT_FALSE(scene.world.data(fresh).empty());
  EXPECT_TRUE(scene.world.paused.at(scene.peer));  // a dead socket stays dead
}

TEST(Faults, HalfOpenThawsAfterItsTime) {
  Scene scene;
  scene.world.fault({.kind = FaultKind::half_open, .heals = Heals::after, .duration = 5s});
  EXPECT_TRUE(scene.after(5s - 1ns, "BTCUSDT").empty());
  scene.world.run(1s);
  EXPECT_FALSE(scene.world.paused.at(scene.peer));
  EXPECT_FALSE(scene.after(1s, "BTCUSDT").empty());
}

TEST(Faults, CloseHitsWhoIsConnectedAndNobodyElse) {
  Scene scene;
  scene.world.fault({.kind = FaultKind::close, .code = 1012});
  EXPECT_EQ(scene.world.closed.at(scene.peer), 1012);
  const PeerId later = scene.world.connect();
  scene.world.run(1s);
  EXPECT_FALSE(scene.world.closed.contains(later));
}

TEST(Faults, AcceptThenClose) {
  Scene scene;
  scene.world.fault({.kind = FaultKind::accept_then_close, .delay = 200ms, .code = 1001});
  const PeerId peer = scene.world.connect();
  EXPECT_NE(peer, PeerId{});
  scene.world.run(200ms - 1ns);
  EXPECT_FALSE(scene.world.closed.contains(peer));
  scene.world.run(1ns);
  EXPECT_EQ(scene.world.closed.at(peer), 1001);
  EXPECT_FALSE(scene.world.closed.contains(scene.peer));
}

TEST(Faults, FrozenPriceStandsStillWhileMessagesFlow) {
  Scene scene({"BTCUSDT"});
  scene.world.fault({.kind = FaultKind::frozen_price});
  const auto heard = scene.after(10s, "BTCUSDT");
  std::set<std::string> quotes;
  std::set<std::optional<std::uint64_t>> sequences;
  for (const Heard& h : heard) {
    if (h.kind == Kind::quote) {
      quotes.insert(h.price + "/" + h.ask);
      sequences.insert(h.seq);
    } else {
      EXPECT_FALSE(h.has_price);  // deltas say that nothing changed
    }
  }
  EXPECT_EQ(quotes.size(), 1U);
  EXPECT_GT(sequences.size(), 5U);
  EXPECT_GT(heard.size(), 50U);
}

TEST(Faults, FrozenPriceOfOneKindLeavesTheOthers) {
  Scene scene({"BTCUSDT"});
  scene.world.fault({.kind = FaultKind::frozen_price, .price = Kind::last});
  int marks = 0;
  for (const Heard& h : scene.after(10s, "BTCUSDT")) {
    if (h.kind == Kind::last) {
      EXPECT_FALSE(h.has_price);
    }
    if (h.kind == Kind::mark && h.has_price) ++marks;
  }
  EXPECT_GT(marks, 20);
}

TEST(Faults, ClockedChannelsRepeatTheFrozenPrice) {
  World world("binance-usdm", {}, {"BTCUSDT"});
  const PeerId peer = world.connect("market");
  world.subscribe(peer, mark_price, "BTCUSDT");
  world.run(1500ms);
  world.fault({.kind = FaultKind::frozen_price});
  const MonoTime from = world.now();
  world.run(5s);
  std::set<std::string> marks;
  std::set<std::optional<WallTime>> times;
  for (const Heard& h : world.heard(peer, "BTCUSDT", from)) {
    if (h.kind == Kind::mark) marks.insert(h.price);
    times.insert(h.ts_event);
  }
  EXPECT_EQ(marks.size(), 1U);
  EXPECT_EQ(times.size(), 5U);
}

TEST(Faults, QueueDelayKeepsOrderAndAge) {
  Scene scene({"BTCUSDT"});
  scene.world.fault({.kind = FaultKind::queue_delay, .delay = 3s});
  EXPECT_TRUE(scene.after(3s - 1ns, "BTCUSDT").empty());
  const MonoTime from = scene.world.now();
  scene.world.run(5s);
  std::optional<WallTime> before;
  for (const test::Received& r : scene.world.data(scene.peer, from)) {
    const Heard h = test::decode("bybit-linear", r.text).front();
    const Duration age = World::anchor.at(r.at) - *h.ts_event;
    EXPECT_GE(age, 3s);
    EXPECT_LT(age, 3s + 1ms);  // the frame says whole milliseconds
    if (before) {
      EXPECT_GE(*h.ts_event, *before);
    }
    before = h.ts_event;
  }
  EXPECT_TRUE(before);
  EXPECT_GT(scene.world.desk().peers().front().queued, 5U);
  scene.world.desk().clear_all_faults(scene.world.now());
  EXPECT_EQ(scene.world.desk().peers().front().queued, 0U);
}

TEST(Faults, TimesBeyondTheirRangeHarmNothing) {
  Scene scene;
  scene.world.fault(
      {.kind = FaultKind::clock_offset, .symbols = {"BTCUSDT"}, .offset = Duration::max()});
  scene.world.fault(
      {.kind = FaultKind::queue_delay, .symbols = {"BTCUSDT"}, .delay = Duration::max()});
  scene.world.fault({.kind = FaultKind::accept_then_close, .delay = Duration::max()});
  EXPECT_TRUE(scene.after(10s, "BTCUSDT").empty());
  EXPECT_FALSE(scene.after(1s, "ETHUSDT").empty());
  const PeerId other = scene.world.connect();
  scene.world.run(10s);
  EXPECT_FALSE(scene.world.closed.contains(other));
  EXPECT_EQ(scene.world.desk().on_rest("/v5/market/time", scene.world.now()).status, 200);
}

TEST(Faults, QueueDelayOfOneSymbolHoldsUpNoOther) {
  Scene scene;
  const FaultId fault =
      scene.world.fault({.kind = FaultKind::queue_delay, .symbols = {"BTCUSDT"}, .delay = 3s});
  const MonoTime from = scene.world.now() + 1ns;
  EXPECT_TRUE(scene.after(3s - 1ns, "BTCUSDT").empty());
  EXPECT_FALSE(scene.after(1s, "BTCUSDT").empty());
  for (const test::Received& r : scene.world.data(scene.peer, from)) {
    const Heard h = test::decode("bybit-linear", r.text).front();
    const Duration age = World::anchor.at(r.at) - *h.ts_event;
    EXPECT_LT(age, h.symbol == "BTCUSDT" ? 3s + 1ms : 1ms) << h.symbol;
  }
  // Nothing of the other symbol waits for the end of the fault either.
  const auto of_other = [&] { return scene.world.heard(scene.peer, "ETHUSDT", from).size(); };
  const std::size_t before = of_other();
  scene.world.desk().clear_fault(fault, scene.world.now());
  EXPECT_EQ(of_other(), before);
  EXPECT_EQ(scene.world.desk().peers().front().queued, 0U);
}

TEST(Faults, TheEndOfOneDelayReleasesOnlyWhatItHeld) {
  Scene scene;
  const FaultId btc =
      scene.world.fault({.kind = FaultKind::queue_delay, .symbols = {"BTCUSDT"}, .delay = 1h});
  scene.world.fault({.kind = FaultKind::queue_delay, .symbols = {"ETHUSDT"}, .delay = 1h});
  scene.world.run(2s);
  const MonoTime from = scene.world.now();
  scene.world.desk().clear_fault(btc, from);
  EXPECT_FALSE(scene.world.heard(scene.peer, "BTCUSDT", from).empty());
  EXPECT_TRUE(scene.world.heard(scene.peer, "ETHUSDT", from).empty());
}

TEST(Faults, WhatComesAfterADelayOvertakesNothingOfItsTopic) {
  Scene scene({"BTCUSDT"});
  scene.world.fault({.kind = FaultKind::queue_delay, .heals = Heals::on_resubscribe, .delay = 3s});
  const MonoTime from = scene.world.now();
  scene.world.run(1s);
  scene.world.subscribe(scene.peer, orderbook, "BTCUSDT");  // heals the topic
  scene.world.run(5s);
  std::optional<std::uint64_t> before;
  for (const Heard& h : scene.world.heard(scene.peer, "BTCUSDT", from)) {
    if (h.kind != Kind::quote) continue;
    if (before) {
      EXPECT_GE(*h.seq, *before);
    }
    before = h.seq;
  }
  EXPECT_TRUE(before);
}

TEST(Faults, TheDelayQueueIsBounded) {
  World world("bybit-linear", {.max_queued = 10}, {"BTCUSDT"});
  const PeerId peer = world.connect();
  world.subscribe(peer, orderbook, "BTCUSDT");
  world.fault({.kind = FaultKind::queue_delay, .delay = 1h});
  world.run(1min);
  EXPECT_EQ(world.desk().peers().front().queued, 10U);
  EXPECT_GT(world.desk().counters().queue_dropped, 100U);
}

TEST(Faults, ClockOffsetShiftsDataAndRest) {
  Scene scene({"BTCUSDT"});
  scene.world.fault({.kind = FaultKind::clock_offset, .offset = -2s});
  const MonoTime from = scene.world.now() + 1ns;
  scene.world.run(1s);
  const auto data = scene.world.data(scene.peer, from);
  ASSERT_FALSE(data.empty());
  for (const test::Received& r : data) {
    const Duration behind =
        World::anchor.at(r.at) - *test::decode("bybit-linear", r.text).front().ts_event;
    EXPECT_GE(behind, 2s);
    EXPECT_LT(behind, 2s + 1ms);
  }
  EXPECT_THAT(scene.world.desk().on_rest("/v5/market/time", scene.world.now()).body,
              HasSubstr("1700000000000"));
}

TEST(Faults, PartialDeltasOnlyCarryNoPriceAndNoSnapshot) {
  Scene scene({"BTCUSDT"});
  scene.world.fault({.kind = FaultKind::partial_deltas_only});
  scene.world.subscribe(scene.peer, tickers, "BTCUSDT");
  const auto heard = scene.after(5s, "BTCUSDT");
  int partial = 0;
  for (const Heard& h : heard) {
    if (h.kind == Kind::quote) continue;
    EXPECT_FALSE(h.has_price);
    EXPECT_FALSE(h.snapshot);
    ++partial;
  }
  EXPECT_GT(partial, 20);
}

TEST(Faults, SequenceRestartSaysUpdateOne) {
  Scene scene({"BTCUSDT"});
  scene.world.run(10s);
  const MonoTime from = scene.world.now();
  scene.world.fault({.kind = FaultKind::sequence_restart});
  const auto heard = scene.world.heard(scene.peer, "BTCUSDT", from);
  int restarts = 0;
  for (const Heard& h : heard) {
    EXPECT_EQ(h.seq, 1U);
    restarts += h.restart ? 1 : 0;
    if (h.kind != Kind::quote) {
      EXPECT_TRUE(h.snapshot);
    }
  }
  EXPECT_EQ(restarts, 1);
  for (const Heard& h : scene.after(2s, "BTCUSDT")) EXPECT_LT(h.seq, 100U);
}

TEST(Faults, RestDownOldAnd429) {
  World world("bybit-linear", {}, {"BTCUSDT"});
  const auto ticker = [&] {
    return world.desk().on_rest("/v5/market/tickers?category=linear", world.now());
  };
  const FaultId old = world.fault({.kind = FaultKind::rest_old});
  const std::string then = ticker().body;
  world.run(10s);
  EXPECT_EQ(ticker().body, then);
  world.desk().clear_fault(old, world.now());
  EXPECT_NE(ticker().body, then);
  const FaultId down = world.fault({.kind = FaultKind::rest_down, .status = 503});
  EXPECT_EQ(ticker().status, 503);
  world.desk().clear_fault(down, world.now());
  world.fault({.kind = FaultKind::rest_429, .status = 429, .retry_after = 7s});
  EXPECT_EQ(ticker().status, 429);
  EXPECT_EQ(ticker().retry_after, 7s);
}

/// What the last message of a peer says by the venue's own decoder.
std::optional<venues::MessageType> last_word(const World& world, PeerId peer,
                                             std::string_view venue, venues::Decoded& out) {
  const auto heard = world.received.find(peer);
  if (heard == world.received.end() || heard->second.empty()) return std::nullopt;
  std::string padded = heard->second.back().text;
  const std::size_t size = padded.size();
  padded.append(frame_padding, '\0');
  const auto type = venues::find_venue(venue)->make_decoder()->decode(
      {FrameType::text, {padded.data(), size}}, out);
  return type ? std::optional{*type} : std::nullopt;
}

TEST(Faults, AnAnnouncedCloseIsToldAndComes) {
  for (const char* venue : {"okx", "binance-spot"}) {
    World world(venue);
    const PeerId peer = world.connect(venues::find_venue(venue)->sheet().channels[0].route);
    world.fault({.kind = FaultKind::announce_close, .delay = 5s, .code = 1012});
    venues::Decoded out;
    EXPECT_EQ(last_word(world, peer, venue, out), venues::MessageType::notice) << venue;
    world.run(5s - 1ns);
    EXPECT_TRUE(world.closed.empty()) << venue;
    world.run(1ns);
    EXPECT_EQ(world.closed[peer], 1012) << venue;
    world.closed.clear();
    world.connect(venues::find_venue(venue)->sheet().channels[0].route);
    world.run(1min);
    EXPECT_TRUE(world.closed.empty()) << "only connections that were told; " << venue;
  }
}

TEST(Faults, AHaltIsSaidToWhoeverListensAndSoIsItsEnd) {
  const std::map<std::string, std::uint8_t> channels{
      {"okx", 4}, {"bybit-linear", 2}, {"kraken", 0}};
  for (const auto& [venue, status] : channels) {
    World world(venue, {}, {"BTC/USD"});
    const auto& channel = venues::find_venue(venue)->sheet().channels[status];
    const bool everybody = channel.beats != venues::BeatScope::venue;
    const PeerId peer = world.connect(channel.route);
    if (!everybody) world.subscribe(peer, status, "");
    const FaultId id = world.fault({.kind = FaultKind::says_halted});
    venues::Decoded out;
    ASSERT_EQ(last_word(world, peer, venue, out), venues::MessageType::status) << venue;
    EXPECT_FALSE(out.status->trading) << venue;
    const PeerId later = world.connect(channel.route);
    if (!everybody) world.subscribe(later, status, "");
    ASSERT_EQ(last_word(world, later, venue, out), venues::MessageType::status) << venue;
    EXPECT_FALSE(out.status->trading) << venue;
    const PeerId deaf = everybody ? PeerId{} : world.connect(channel.route);
    world.desk().clear_fault(id, world.now());
    ASSERT_EQ(last_word(world, peer, venue, out), venues::MessageType::status) << venue;
    EXPECT_TRUE(out.status->trading) << venue;
    EXPECT_EQ(last_word(world, deaf, venue, out), std::nullopt) << venue;
  }
}

TEST(Faults, OfTwoHaltsTheLastEndsTheWord) {
  World world("kraken", {}, {"BTC/USD"});
  const PeerId peer = world.connect("v2");
  world.fault({.kind = FaultKind::says_halted, .heals = Heals::after, .duration = 10s});
  world.fault({.kind = FaultKind::says_halted, .heals = Heals::after, .duration = 20s});
  const std::size_t before = world.received[peer].size();
  const auto said_online = [&] {
    const auto& heard = world.received[peer];
    return std::any_of(heard.begin() + static_cast<std::ptrdiff_t>(before), heard.end(),
                       [](const auto& r) { return r.text.find("online") != std::string::npos; });
  };
  world.run(15s);
  EXPECT_FALSE(said_online());
  world.run(5s);
  EXPECT_TRUE(said_online());
}

}  // namespace
}  // namespace feedwatch::exchange
