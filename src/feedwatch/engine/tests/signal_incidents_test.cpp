// What happened to the bot this product comes from, with a source of signals between it and
// silence.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>

#include "feedwatch/engine/tests/control_bench.hpp"
#include "feedwatch/signals/session.hpp"

namespace feedwatch::engine {
namespace {

using signals::Actions;
using signals::Beat;
using signals::Dial;
using signals::Session;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// A session and the control it beats for, in the same virtual time; the source answers every dial
/// as long as `admits` says so.
class SignalStory : public testing::Test {
 protected:
  static ControlOptions options() {
    ControlOptions options;
    options.pulses.push_back({.name = "signals", .every = 15min, .grace = 1min});
    return options;
  }

  void SetUp() override { take(session.start(now())); }

  MonoTime now() const { return bench.clock.time; }
  void say(std::string_view text) { take(session.on_message(conn, signals::decode(text), now())); }
  void wave(int id) {
    say(R"({"type":"signal","data":{"symbol":"BTCUSDT","id":)" + std::to_string(id) + "}}");
  }
  void close_clean() {
    take(session.on_closed(conn, {.close_code = 1000, .detail = "closed by the peer with 1000"},
                           now()));
  }
  void run_for(Duration time) {
    const MonoTime end = now() + time;
    while (session.next_deadline() <= end) {
      show_until(session.next_deadline());
      take(session.on_time(now()));
    }
    show_until(end);
  }
  std::string message(std::string_view rule) const {
    for (const auto& view : bench.control.alerts(0)) {
      if (view.row.name == rule) return view.row.message;
    }
    return {};
  }

  bool admits = true;
  ConnId conn{};
  ControlBench bench{{}, options(), 64, nullptr, "signals"};
  Session session{{.token = "token", .quiet_timeout = 16min}, {bench.clock.wall_now(), t0}};

 private:
  void show_until(MonoTime at) {
    while (now() < at) {
      bench.source = session.status(now());
      bench.run_until(std::min(at, now() + 1s));
    }
  }
  void take(const Actions& actions) {
    for (const auto& action : actions) {
      if (const auto* beat = std::get_if<Beat>(&action)) {
        EXPECT_TRUE(bench.control.beat("signals", PulseMark::beat, beat->detail, now(), beat->at));
        bench.settle();
      } else if (const auto* dial = std::get_if<Dial>(&action)) {
        conn = dial->conn;
        if (admits) answer();
      }
    }
    bench.source = session.status(now());
  }
  void answer() {
    take(session.on_phase(conn, DialPhase::open, now()));
    say(R"({"type":"auth_required"})");
    say(R"({"type":"auth_success"})");
  }
};

// I-17: the server closed with 1000, the client stayed "authenticated" for three hours, thirteen
// waves were lost.
TEST_F(SignalStory, I17AClosedSocketChangesTheStateAtOnceAndTheFirstMissedWaveIsTold) {
  wave(1);
  run_for(5min);
  admits = false;
  close_clean();
  EXPECT_EQ(session.state(), SourceState::disconnected) << "in the same tick";
  run_for(32s);
  EXPECT_THAT(message("signal_source_failing"),
              StartsWith("the source of signals is not connected"));
  run_for(11min);
  EXPECT_THAT(message("signal_silence"), HasSubstr("has not been heard for 16m"))
      << "the first missed wave";
  EXPECT_THAT(message("signal_silence"), HasSubstr("its source: "));
  admits = true;
  run_for(70s);
  EXPECT_EQ(session.state(), SourceState::authenticated);
  wave(2);
  run_for(3min);
  EXPECT_THAT(bench.open(), IsEmpty());
}

// … and had it only come back to a generator that is dead, nobody would take that for life.
TEST_F(SignalStory, I17AReconnectIsNoSignal) {
  wave(1);
  run_for(5min);
  close_clean();
  run_for(5s);
  EXPECT_EQ(session.state(), SourceState::authenticated);
  run_for(11min + 1s);
  EXPECT_THAT(message("signal_silence"),
              HasSubstr("its source is connected and gives no new signal"));
}

// I-37: a reconnect every 65 seconds for three and a half months.
TEST_F(SignalStory, I37ReconnectsAgainAndAgainAreTheirOwnAlertWithTheCauses) {
  for (int i = 0; i < 4; ++i) {
    wave(i);
    run_for(65s);
    close_clean();
    run_for(6s);
  }
  EXPECT_THAT(message("signal_source_failing"), HasSubstr("connections lost in 5m"));
  EXPECT_THAT(message("signal_source_failing"), HasSubstr("× closed by the peer with 1000"));
  run_for(8min);
  EXPECT_THAT(bench.open(), IsEmpty()) << "it has held for a while";
}

// I-55: the time became an ISO string, every signal crashed.
TEST_F(SignalStory, I55SignalsNobodyCanReadAreToldWithinTheFirstMinuteAndDoNotBeat) {
  wave(1);
  run_for(1min);
  say(R"({"type":"signal","data":{"id":2,"timestamp":"Mon 16 Feb"}})");
  say(R"({"type":"filters_changed"})");
  run_for(2s);
  EXPECT_THAT(bench.open(), Contains(R"(signal_source_failing{pulse="signals"} warning)"));
  EXPECT_THAT(message("signal_source_failing"),
              HasSubstr("1 of 2 messages of type signal cannot be read"));
  EXPECT_EQ(bench.control.pulses(now()).at(0).beats, 1U);
}

}  // namespace
}  // namespace feedwatch::engine
