#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/signals/tests/session_bench.hpp"

namespace feedwatch::signals {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- what beats ----

TEST(SignalSession, only_signals_beat) {
  Bench bench;
  bench.enter();
  for (const char* text :
       {R"({"type":"heartbeat","ts":1771236000})", R"({"type":"pong"})", R"({"type":"stats"})",
        R"({"type":"error","message":"x"})", R"({"type":"news"})",
        R"({"type":"signals","count":0,"data":[]})", R"({"type":"signals_snapshot","data":[]})"}) {
    bench.hear(text);
  }
  EXPECT_THAT(bench.beats(), IsEmpty());
  bench.run_for(10s);
  bench.hear(signal(1));
  EXPECT_THAT(bench.all<Beat>(), ElementsAre(Beat{t0 + 10s, "signal BTCUSDT"}));
}

TEST(SignalSession, a_signal_told_again_is_no_sign_of_life) {
  Bench bench;
  bench.enter();
  bench.hear(signal(1));
  bench.run_for(10s);
  bench.hear(signal(1));
  EXPECT_THAT(bench.beats(), ElementsAre(t0));
  EXPECT_EQ(bench.status().repeated, 1U);
}

TEST(SignalSession, a_broadcast_without_id_and_time_beats_each_time) {
  Bench bench;
  bench.enter();
  constexpr std::string_view nameless = R"({"type":"signal","data":{"symbol":"A"}})";
  bench.hear(nameless);
  bench.run_for(10s);
  bench.hear(nameless);
  EXPECT_THAT(bench.beats(), ElementsAre(t0, t0 + 10s));
}

TEST(SignalSession, snapshot_beats_at_the_time_of_its_newest_signal) {
  Bench bench;
  bench.enter();
  bench.hear(R"({"type":"signals_snapshot","data":[{"id":1,"timestamp":"2026-02-16T11:50:00Z"},)"
             R"({"id":2,"timestamp":"2026-02-16T11:58:20Z"}]})");
  EXPECT_THAT(bench.beats(), ElementsAre(t0 - 100s));
}

TEST(SignalSession, snapshot_of_the_future_is_of_now) {
  Bench bench;
  bench.enter();
  bench.hear(R"({"type":"signals_snapshot","data":[{"id":1,"timestamp":"2027-01-01T00:00:00Z"}]})");
  EXPECT_THAT(bench.beats(), ElementsAre(t0));
}

TEST(SignalSession, snapshot_without_times_does_not_beat) {
  Bench bench;
  bench.enter();
  bench.hear(R"({"type":"signals_snapshot","data":[{"id":1},{"id":2}]})");
  EXPECT_THAT(bench.beats(), IsEmpty());
  EXPECT_EQ(bench.status().repeated, 2U);
}

TEST(SignalSession, snapshot_after_reconnect_tells_nothing_new) {
  Bench bench;
  bench.enter();
  constexpr std::string_view snapshot =
      R"({"type":"signals_snapshot","data":[{"id":1,"timestamp":"2026-02-16T11:58:20Z"}]})";
  bench.hear(snapshot);
  bench.hear(signal(2));
  bench.run_for(2s);
  ASSERT_EQ(bench.beats().size(), 2U);
  for (int i = 0; i < 3; ++i) {
    bench.end({.close_code = 1000, .detail = "closed by the peer with 1000"});
    bench.enter_again();
    bench.hear(snapshot);
    bench.hear(signal(2));
    bench.run_for(2s);
  }
  EXPECT_EQ(bench.beats().size(), 2U);
}

TEST(SignalSession, first_list_is_what_was_kept_and_later_ones_beat_by_what_is_new) {
  Bench bench;
  bench.enter();
  bench.hear(R"({"type":"signals","count":1,"data":[{"id":1,"score":2}]})");
  EXPECT_THAT(bench.beats(), IsEmpty()) << "nothing to compare it with, and no time of its own";
  bench.run_for(10s);
  bench.hear(R"({"type":"signals","count":1,"data":[{"id":1,"score":3}]})");
  EXPECT_THAT(bench.beats(), IsEmpty());
  bench.run_for(10s);
  bench.hear(R"({"type":"signals","count":2,"data":[{"id":1},{"id":2}]})");
  EXPECT_THAT(bench.all<Beat>(), ElementsAre(Beat{t0 + 20s, "1 new signals of 2"}));
}

TEST(SignalSession, many_signals_are_a_beat_a_second_and_the_newest_is_not_lost) {
  Bench bench;
  bench.enter();
  for (int i = 0; i < 100; ++i) {
    bench.hear(signal(i));
    bench.run_for(15ms);
  }
  bench.run_for(5s);
  EXPECT_THAT(bench.beats(), ElementsAre(t0, t0 + 990ms, t0 + 1485ms));
  EXPECT_EQ(bench.status().signals, 100U);
}

TEST(SignalSession, what_waits_is_told_before_it_stops) {
  Bench bench;
  bench.enter();
  bench.hear(signal(1));
  bench.run_for(10ms);
  bench.hear(signal(2));
  const Actions last = bench.session.stop(bench.now);
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(std::get<Beat>(last[0]).at, t0 + 10ms);
  EXPECT_EQ(std::get<HangUp>(last[1]).conn, bench.conn());
  EXPECT_EQ(bench.session.next_deadline(), never_mono);
  EXPECT_THAT(bench.session.on_closed(bench.conn(), {.by_us = true}, bench.now), IsEmpty());
}

TEST(SignalSession, memory_of_signals_is_bounded) {
  Memory memory;
  for (std::uint64_t i = 0; i < 2 * Memory::capacity; ++i) EXPECT_TRUE(memory.add(i));
  EXPECT_EQ(memory.size(), Memory::capacity);
  EXPECT_FALSE(memory.add(2 * Memory::capacity - 1));
  EXPECT_TRUE(memory.add(0)) << "long forgotten";
}

// ---- what cannot be read ----

TEST(SignalSession, signals_nobody_can_read_are_a_finding_at_once_and_do_not_beat) {
  Bench bench;
  bench.enter();
  for (int i = 0; i < 200; ++i) {
    bench.hear(R"({"type":"heartbeat"})");
    bench.hear(R"({"type":"news"})");
  }
  EXPECT_EQ(bench.status().trouble, SourceTrouble::none) << "other types are only counted";
  bench.run_for(10s);
  bench.hear(R"({"type":"signal","data":{"id":1,"timestamp":"16/02/2026"}})");
  EXPECT_EQ(bench.status().trouble, SourceTrouble::unreadable);
  EXPECT_EQ(bench.status().since, t0 + 10s);
  EXPECT_THAT(bench.status().why, HasSubstr("1 of 1 messages of type signal cannot be read"));
  EXPECT_THAT(bench.beats(), IsEmpty());
  for (int i = 0; i < 98; ++i) bench.hear(signal(i));
  EXPECT_EQ(bench.status().trouble, SourceTrouble::unreadable) << "1 of 99";
  bench.hear(signal(98));
  EXPECT_EQ(bench.status().trouble, SourceTrouble::none) << "1 of 100";
}

TEST(SignalSession, garbage_is_measured_against_everything) {
  Bench bench;
  bench.enter();
  for (int i = 0; i < 97; ++i) bench.hear(R"({"type":"heartbeat"})");
  bench.hear("no json");
  EXPECT_EQ(bench.status().trouble, SourceTrouble::none) << "1 of 100, with the handshake";
  bench.hear("{}");
  EXPECT_EQ(bench.status().trouble, SourceTrouble::unreadable);
  EXPECT_THAT(bench.status().why, HasSubstr("does not say of which type"));
}

TEST(SignalSession, what_could_not_be_read_is_forgotten_after_ten_minutes) {
  Bench bench;
  bench.enter();
  bench.hear("no json");
  bench.run_for(5min);
  bench.hear(R"({"type":"news"})");
  EXPECT_EQ(bench.status().trouble, SourceTrouble::unreadable);
  bench.run_for(4min);
  bench.hear(R"({"type":"news"})");
  bench.run_for(1min);
  bench.hear(R"({"type":"news"})");
  EXPECT_EQ(bench.status().trouble, SourceTrouble::none);
  const auto counts = bench.status().messages;
  const auto row = std::ranges::find(counts, "unreadable", &PulseSource::Count::type);
  ASSERT_NE(row, counts.end());
  EXPECT_EQ(row->failed, 1U);
}

}  // namespace
}  // namespace feedwatch::signals
