#include "feedwatch/sim/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/sim/generic_venue.hpp"
#include "feedwatch/sim/venue_model.hpp"

namespace feedwatch::sim {
namespace {

/// Writes down what the transport tells its owner.
struct Listener final : FrameSink {
  std::vector<DialPhase> phases;
  std::vector<std::string> frames;
  std::vector<ReadStamp> stamps;
  std::vector<std::size_t> reads;
  std::vector<CloseReport> closed;

  void on_phase(ConnId, DialPhase phase, MonoTime) override { phases.push_back(phase); }
  void on_read(ConnId, std::span<const Frame> read, ReadStamp stamp) override {
    reads.push_back(read.size());
    for (const Frame& frame : read) {
      frames.emplace_back(frame.payload);
      stamps.push_back(stamp);
    }
  }
  void on_closed(ConnId, const CloseReport& report, MonoTime) override { closed.push_back(report); }
};

struct NetworkTest : testing::Test {
  VirtualClock clock;
  EventQueue queue;
  EventLog log;
  Host host{clock, queue};
  Network network{{clock, queue, host, log}, 1};
  Listener listener;
  GenericVenue codec{{.name = "alpha",
                      .channels = {{.kind = Kind::mark, .cadence = clocked(1s)}},
                      .dials = {300, 5min}}};
  VenueModel venue{{.name = "alpha",
                    .client = &codec,
                    .side = &codec,
                    .streams = {"BTC/mark"},
                    .symbols = {"BTC", "ETH"}},
                   {clock, queue, log, network},
                   1};
  ConnId conn{1};

  void SetUp() override {
    network.set_sink(&listener);
    network.add_server("alpha.sim", &venue, {});
    host.set_drain([this] { network.drain(); });
    venue.start();
  }
  void run(Duration length) {
    const MonoTime end = clock.now() + length;
    while (queue.next() <= end) {
      auto entry = queue.pop();
      clock.advance_to(entry.at);
      entry.task();
    }
    clock.advance_to(end);
  }
  void open() {
    network.dial(conn, {"ws://alpha.sim/main", {}});
    run(200ms);
    ASSERT_FALSE(listener.phases.empty());
    ASSERT_EQ(listener.phases.back(), DialPhase::open);
  }
  void subscribe(std::string_view topics) {
    network.send_text(conn, "sub 1 " + std::string(topics));
  }
  std::size_t ticks() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        listener.frames, [](const std::string& frame) { return frame.starts_with("tick"); }));
  }
};

TEST_F(NetworkTest, OpensInPhasesAndServesWhatIsSubscribed) {
  open();
  EXPECT_THAT(listener.phases, testing::ElementsAre(DialPhase::resolving, DialPhase::connecting,
                                                    DialPhase::upgrading, DialPhase::open));
  subscribe("mark:BTC");
  run(5s);
  EXPECT_EQ(listener.frames.at(0), "ack 1");
  EXPECT_EQ(ticks(), 5U);
}

TEST_F(NetworkTest, AnUnknownHostAndARefusalEndTheDial) {
  network.dial(conn, {"ws://nowhere.sim/main", {}});
  run(1s);
  ASSERT_EQ(listener.closed.size(), 1U);
  EXPECT_EQ(listener.closed[0].phase, DialPhase::resolving);
  venue.inject({.type = FaultType::handshake, .status = 418, .retry_after = 120s});
  network.dial(ConnId{2}, {"ws://alpha.sim/main", {}});
  run(1s);
  ASSERT_EQ(listener.closed.size(), 2U);
  EXPECT_EQ(listener.closed[1].http_status, 418);
  EXPECT_EQ(listener.closed[1].retry_after, 120s);
}

TEST_F(NetworkTest, ADroppedSymbolIsSilentAndPingsAreAnswered) {
  open();
  subscribe("mark:BTC mark:ETH");
  venue.inject({.type = FaultType::drop_symbol, .symbol = "BTC"});
  network.send_ping(conn, "7");
  run(3s);
  EXPECT_THAT(listener.frames, testing::Contains("7"));
  EXPECT_THAT(listener.frames, testing::Not(testing::Contains(testing::HasSubstr("mark BTC"))));
  EXPECT_THAT(listener.frames, testing::Contains(testing::HasSubstr("mark ETH")));
  venue.restore(std::nullopt, "BTC");
  run(1s);
  EXPECT_THAT(listener.frames, testing::Contains(testing::HasSubstr("mark BTC")));
}

TEST_F(NetworkTest, ResubscribingHealsWhatHealsOnResubscribe) {
  open();
  subscribe("mark:BTC");
  run(100ms);
  venue.inject({.type = FaultType::drop_symbol, .heals = Heals::on_resubscribe, .symbol = "BTC"});
  run(5s);
  EXPECT_EQ(ticks(), 0U);
  network.send_text(conn, "unsub 2 mark:BTC");
  network.send_text(conn, "sub 3 mark:BTC");
  run(3s);
  EXPECT_EQ(ticks(), 3U);
}

TEST_F(NetworkTest, AHalfOpenLineSaysNothingAndANewOneIsWhole) {
  open();
  subscribe("mark:BTC");
  run(2s);
  venue.inject({.type = FaultType::half_open, .heals = Heals::on_reconnect});
  const std::size_t before = listener.frames.size();
  network.send_ping(conn, "7");
  run(5s);
  EXPECT_EQ(listener.frames.size(), before);
  EXPECT_TRUE(listener.closed.empty());
  network.abort(conn);
  conn = ConnId{2};
  open();
  subscribe("mark:BTC");
  run(2s);
  EXPECT_GT(listener.frames.size(), before);
}

TEST_F(NetworkTest, WhatArrivedDuringAStallIsReadAtOnceAndOld) {
  open();
  subscribe("mark:BTC");
  run(1s);
  const MonoTime stopped = clock.now();
  const std::size_t before = listener.frames.size();
  host.pause(10s);
  run(9900ms);
  EXPECT_EQ(listener.frames.size(), before);
  run(100ms);
  EXPECT_EQ(listener.frames.size(), before + 10);
  EXPECT_EQ(listener.reads.back(), 10U) << "one read takes all that is there";
  EXPECT_TRUE(listener.stamps.back().stalled);
  EXPECT_EQ(listener.stamps.back().mono_recv, stopped);
}

TEST_F(NetworkTest, AQueueDelaysDataAndNotPongs) {
  open();
  subscribe("mark:BTC");
  run(100ms);
  venue.inject({.type = FaultType::queue, .amount = 10s});
  network.send_ping(conn, "7");
  run(5s);
  EXPECT_THAT(listener.frames, testing::Contains("7"));
  EXPECT_EQ(ticks(), 0U);
  run(7s);
  EXPECT_GE(ticks(), 1U);
}

TEST_F(NetworkTest, NothingFollowsAClose) {
  open();
  subscribe("mark:BTC");
  run(2s);
  network.close(conn, 1000);
  run(5s);
  ASSERT_EQ(listener.closed.size(), 1U);
  EXPECT_TRUE(listener.closed[0].by_us);
  const std::size_t before = listener.frames.size();
  run(5s);
  EXPECT_EQ(listener.frames.size(), before);
}

TEST_F(NetworkTest, RestAnswersAndTimesOut) {
  std::vector<std::string> got;
  const auto fetch = [&] {
    network.fetch({.url = "http://alpha.sim/instruments"},
                  [&](std::expected<HttpResponse, std::string> answer) {
                    got.push_back(answer ? answer->body : answer.error());
                  });
  };
  fetch();
  EXPECT_TRUE(got.empty()) << "never inside fetch()";
  run(1s);
  venue.inject({.type = FaultType::outage, .until = clock.now() + 1s});
  fetch();
  run(4900ms);
  EXPECT_EQ(got.size(), 1U);
  run(200ms);
  EXPECT_THAT(got, testing::ElementsAre("BTC trading\nETH trading\n", "timed out"));
}

}  // namespace
}  // namespace feedwatch::sim
