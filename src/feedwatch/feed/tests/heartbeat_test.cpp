#include "feedwatch/feed/heartbeat.hpp"

#include <gtest/gtest.h>

namespace feedwatch::feed {
namespace {

constexpr MonoTime t0{1000s};

venues::VenueSheet sheet(venues::PingStyle style) {
  venues::VenueSheet result;
  result.ping = style;
  result.server_heartbeat = style == venues::PingStyle::none ? Duration{1s} : Duration{};
  return result;
}

using Verdict = Heartbeat::Verdict;

TEST(Heartbeat, pings_after_five_quiet_seconds_and_every_twenty_busy_ones) {
  Heartbeat heart(sheet(venues::PingStyle::protocol));
  heart.open(t0);
  EXPECT_FALSE(heart.wants_ping(t0 + 5s - 1ns));
  EXPECT_TRUE(heart.wants_ping(t0 + 5s));
  for (int i = 1; i < 20; ++i) {
    heart.on_frame(t0 + i * 1s);
    EXPECT_FALSE(heart.wants_ping(t0 + i * 1s));
  }
  heart.on_frame(t0 + 20s);
  EXPECT_TRUE(heart.wants_ping(t0 + 20s));
}

TEST(Heartbeat, half_open_is_suspect_five_and_dead_ten_seconds_after_the_ping) {
  Heartbeat heart(sheet(venues::PingStyle::protocol));
  heart.open(t0);
  const MonoTime sent = t0 + 5s;
  (void)heart.ping(sent);
  EXPECT_EQ(heart.verdict(sent + 5s - 1ns), Verdict::alive);
  EXPECT_EQ(heart.verdict(sent + 5s), Verdict::suspect);
  EXPECT_EQ(heart.verdict(sent + 10s - 1ns), Verdict::suspect);
  EXPECT_EQ(heart.verdict(sent + 10s), Verdict::dead);
}

TEST(Heartbeat, its_deadlines_are_the_moments_of_change) {
  Heartbeat heart(sheet(venues::PingStyle::protocol));
  heart.open(t0);
  EXPECT_EQ(heart.next_deadline(t0), t0 + 5s);
  (void)heart.ping(t0 + 5s);
  EXPECT_EQ(heart.next_deadline(t0 + 5s), t0 + 10s);  // both the next ping and suspicion
  EXPECT_EQ(heart.next_deadline(t0 + 10s), t0 + 15s);
}

TEST(Heartbeat, data_without_pongs_is_alive_until_the_outer_limit_of_120_s) {
  Heartbeat heart(sheet(venues::PingStyle::protocol));
  heart.open(t0);
  const MonoTime sent = t0 + 5s;
  (void)heart.ping(sent);
  for (MonoTime now = sent; now < sent + 120s; now += 1s) {
    heart.on_frame(now);
    if (heart.wants_ping(now)) (void)heart.ping(now);
    EXPECT_EQ(heart.verdict(now), Verdict::alive);
  }
  heart.on_frame(sent + 120s);
  EXPECT_EQ(heart.verdict(sent + 120s), Verdict::dead);
}

TEST(Heartbeat, a_pong_answers_its_ping_and_measures_the_round_trip) {
  Heartbeat heart(sheet(venues::PingStyle::protocol));
  heart.open(t0);
  const std::string payload = heart.ping(t0 + 5s);
  heart.on_pong("not ours", t0 + 5s + 10ms, t0 + 5s + 10ms);
  EXPECT_FALSE(heart.round_trip());
  heart.on_pong(payload, t0 + 5s + 30ms, t0 + 5s + 30ms);
  EXPECT_EQ(heart.round_trip(), 30ms);
  EXPECT_EQ(heart.verdict(t0 + 1h),
            Verdict::alive);  // nothing outstanding: only a new ping accuses
}

TEST(Heartbeat, a_pong_that_names_no_ping_answers_the_newest_and_all_before) {
  Heartbeat heart(sheet(venues::PingStyle::text));
  heart.open(t0);
  (void)heart.ping(t0 + 5s);  // lost
  (void)heart.ping(t0 + 25s);
  heart.on_pong({}, t0 + 25s + 80ms, t0 + 25s + 80ms);
  EXPECT_EQ(heart.round_trip(), 80ms) << "one lost pong makes no slow line";
  EXPECT_EQ(heart.verdict(t0 + 60s), Verdict::alive);
}

TEST(Heartbeat, a_pong_that_waited_for_our_own_loop_is_no_slow_line) {
  Heartbeat heart(sheet(venues::PingStyle::protocol));
  heart.open(t0);
  const std::string payload = heart.ping(t0 + 5s);
  heart.on_pong(payload, t0 + 5s - 1ms, t0 + 11s);  // stamped with the poll before the stall
  EXPECT_EQ(heart.round_trip(), 0s);
}

TEST(Heartbeat, the_outer_limit_counts_from_the_oldest_ping_still_unanswered) {
  Heartbeat heart(sheet(venues::PingStyle::protocol));
  heart.open(t0);
  const std::string first = heart.ping(t0 + 5s);
  (void)heart.ping(t0 + 25s);
  (void)heart.ping(t0 + 45s);
  heart.on_pong(first, t0 + 46s, t0 + 46s);
  heart.on_frame(t0 + 145s);
  EXPECT_EQ(heart.verdict(t0 + 145s - 1ns), Verdict::alive);
  EXPECT_EQ(heart.verdict(t0 + 145s), Verdict::dead);
}

TEST(Heartbeat, where_pings_are_forbidden_the_server_heartbeat_decides) {
  Heartbeat heart(sheet(venues::PingStyle::none));
  heart.open(t0);
  EXPECT_FALSE(heart.wants_ping(t0 + 1h));
  EXPECT_EQ(heart.verdict(t0 + 3s), Verdict::alive);  // 2 × 1 s + 1 s, equality passes
  EXPECT_EQ(heart.verdict(t0 + 3s + 1ns), Verdict::suspect);
  EXPECT_EQ(heart.verdict(t0 + 7s + 1ns), Verdict::dead);
  EXPECT_EQ(heart.next_deadline(t0), t0 + 3s + 1ns);
}

TEST(Heartbeat, a_venue_that_promises_to_be_heard_is_suspect_when_only_pongs_come) {
  venues::VenueSheet kraken = sheet(venues::PingStyle::text);
  kraken.server_heartbeat = 1s;
  Heartbeat heart(kraken);
  heart.open(t0);
  for (MonoTime now = t0; now <= t0 + 20s; now += 500ms) {
    heart.on_frame(now);
    heart.on_heard(now);
  }
  const MonoTime last = t0 + 20s;
  for (MonoTime now = last; now <= last + 8s; now += 500ms) heart.on_frame(now);  // pongs
  EXPECT_EQ(heart.verdict(last + 4s), Verdict::alive);
  EXPECT_EQ(heart.next_deadline(last + 4s), last + 4s + 1ns);
  EXPECT_EQ(heart.verdict(last + 4s + 1ns), Verdict::suspect);
  EXPECT_EQ(heart.complaint(last + 4s + 1ns), "the venue's own heartbeat is missed");
  EXPECT_EQ(heart.verdict(last + 8s), Verdict::suspect);
  EXPECT_EQ(heart.verdict(last + 8s + 1ns), Verdict::dead);
}

}  // namespace
}  // namespace feedwatch::feed
