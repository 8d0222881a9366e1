#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "feedwatch/signals/tests/session_bench.hpp"

namespace feedwatch::signals {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// ---- the way in ----

TEST(SignalSession, token_is_told_when_asked_for_and_not_before) {
  Bench bench;
  EXPECT_EQ(bench.session.state(), SourceState::connecting);
  bench.open();
  EXPECT_EQ(bench.session.state(), SourceState::connected);
  EXPECT_THAT(bench.all<Say>(), IsEmpty());
  bench.hear(R"({"type":"auth_required"})");
  EXPECT_EQ(bench.session.state(), SourceState::authenticating);
  ASSERT_EQ(bench.all<Say>().size(), 1U);
  EXPECT_EQ(bench.all<Say>()[0].text, R"({"type":"auth","token":"token-of-the-test"})");
  bench.hear(R"({"type":"auth_success","strategy":"x"})");
  EXPECT_EQ(bench.session.state(), SourceState::authenticated);
  EXPECT_EQ(bench.status().trouble, SourceTrouble::none);
  EXPECT_THAT(bench.beats(), IsEmpty()) << "a connection is no signal";
}

struct Step {
  const char* name;
  std::optional<DialPhase> phase;  ///< reached, then silence
  bool asked = false;
  const char* why;
};
void PrintTo(const Step& step, std::ostream* out) {
  *out << step.name;
}
class SignalSessionStep : public testing::TestWithParam<Step> {};

TEST_P(SignalSessionStep, has_five_seconds) {
  const Step& step = GetParam();
  Bench bench;
  bench.run_for(1s);
  if (step.phase) {
    static_cast<void>(bench.session.on_phase(bench.conn(), *step.phase, bench.now));
  }
  if (step.asked) bench.hear(R"({"type":"auth_required"})");
  const Duration left = step.phase ? 5s : 4s;
  bench.run_for(left - 1ns);
  EXPECT_THAT(bench.all<HangUp>(), IsEmpty());
  bench.run_for(1ns);
  EXPECT_EQ(bench.all<HangUp>().size(), 1U);
  EXPECT_EQ(bench.session.state(), SourceState::disconnected);
  EXPECT_THAT(bench.status().why, HasSubstr(step.why));
  bench.run_for(5s);
  EXPECT_GE(bench.all<Dial>().size(), 2U) << "it is dialled again";
}

INSTANTIATE_TEST_SUITE_P(
    All, SignalSessionStep,
    testing::Values(Step{"resolving", std::nullopt, false, "name was not resolved"},
                    Step{"connecting", DialPhase::connecting, false, "did not accept"},
                    Step{"securing", DialPhase::securing, false, "TLS"},
                    Step{"upgrading", DialPhase::upgrading, false, "upgrade was not answered"},
                    Step{"open", DialPhase::open, false, "no auth_required within 5s"},
                    Step{"authenticating", DialPhase::open, true,
                         "no answer to the token within 5s"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(SignalSession, success_that_was_not_asked_for_is_none) {
  Bench bench;
  bench.open();
  bench.hear(R"({"type":"auth_success"})");
  EXPECT_EQ(bench.session.state(), SourceState::connected);
  bench.hear(signal(1));
  EXPECT_THAT(bench.beats(), IsEmpty());
}

TEST(SignalSession, who_asks_again_is_left) {
  Bench bench;
  bench.enter();
  bench.hear(R"({"type":"auth_required"})");
  EXPECT_EQ(bench.session.state(), SourceState::disconnected);
  EXPECT_EQ(bench.all<Say>().size(), 1U) << "no loop of tokens";
}

// ---- silence ----

TEST(SignalSession, silence_of_heartbeats_ends_the_connection) {
  Bench bench;
  bench.enter();
  bench.run_for(1min);
  bench.hear(R"({"type":"heartbeat","ts":1})");
  bench.run_for(90s);
  EXPECT_EQ(bench.session.state(), SourceState::authenticated);
  bench.run_for(1ns);
  EXPECT_EQ(bench.session.state(), SourceState::disconnected);
  EXPECT_EQ(bench.all<HangUp>().size(), 1U);
  EXPECT_THAT(bench.status().why, HasSubstr("no heartbeat for 1m30s"));
}

TEST(SignalSession, heartbeats_that_were_announced_and_never_come_are_missed) {
  Bench bench;
  bench.enter(R"({"type":"auth_success","filters":{}})");
  bench.run_for(90s + 1ns);
  EXPECT_EQ(bench.session.state(), SourceState::disconnected);
}

TEST(SignalSession, who_never_sends_heartbeats_is_not_asked_for_them) {
  Bench bench;
  bench.enter();
  bench.run_for(24h);
  EXPECT_EQ(bench.session.state(), SourceState::authenticated);
}

TEST(SignalSession, who_sends_none_is_left_when_the_pulse_is_late) {
  SessionOptions options;
  options.quiet_timeout = 5min;
  Bench bench(options);
  bench.enter();
  bench.hear(signal(1));
  bench.run_for(5min);
  EXPECT_EQ(bench.session.state(), SourceState::authenticated);
  bench.run_for(1ns);
  EXPECT_THAT(bench.status().why, HasSubstr("nothing was said for 5m"));
}

TEST(SignalSession, garbage_is_no_heartbeat) {
  Bench bench;
  bench.enter(R"({"type":"auth_success","strategy":"x"})");
  for (int i = 0; i < 8; ++i) {
    bench.run_for(10s);
    bench.hear("no json");
  }
  bench.run_for(10s + 1ns);
  EXPECT_EQ(bench.session.state(), SourceState::disconnected);
}

// ---- ends, and coming back ----

TEST(SignalSession, a_clean_close_is_an_end_like_any_other) {
  Bench bench;
  bench.enter();
  bench.run_for(2min);
  bench.end({.close_code = 1000, .detail = "closed by the peer with 1000"});
  EXPECT_EQ(bench.session.state(), SourceState::disconnected) << "in the same moment";
  EXPECT_EQ(bench.status().trouble, SourceTrouble::disconnected);
  EXPECT_THAT(bench.status().why, HasSubstr("closed by the peer with 1000"));
  ASSERT_TRUE(bench.status().next_dial);
  EXPECT_LE(*bench.status().next_dial, bench.now + 5s);
  bench.enter_again();
  EXPECT_EQ(bench.status().trouble, SourceTrouble::none);
}

/// The longest of the delays before the n-th dial, over many seeds.
std::vector<Duration> longest_delays(int dials, const std::function<void(Bench&)>& fail) {
  std::vector<Duration> longest(static_cast<std::size_t>(dials));
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SessionOptions options;
    options.seed = seed;
    Bench bench(options);
    for (auto& most : longest) {
      fail(bench);
      most = std::max(most, *bench.status().next_dial - bench.now);
      bench.run_until(*bench.status().next_dial);
    }
  }
  return longest;
}

TEST(SignalSession, retries_double_with_full_jitter_up_to_a_minute) {
  const auto longest = longest_delays(7, [](Bench& bench) {
    bench.end({.phase = DialPhase::connecting, .detail = "connection refused"});
  });
  const std::array<Duration, 7> bound{5s, 10s, 20s, 40s, 60s, 60s, 60s};
  for (std::size_t i = 0; i < bound.size(); ++i) {
    EXPECT_LE(longest[i], bound[i]) << i;
    EXPECT_GT(longest[i], bound[i] * 9 / 10) << i;
  }
}

TEST(SignalSession, a_rejected_token_is_tried_ever_more_rarely_though_each_connection_opens) {
  const auto longest = longest_delays(8, [](Bench& bench) { bench.reject(); });
  const std::array<Duration, 8> bound{5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s};
  for (std::size_t i = 0; i < bound.size(); ++i) {
    EXPECT_LE(longest[i], bound[i]) << i;
    EXPECT_GT(longest[i], bound[i] * 9 / 10) << i;
  }
}

TEST(SignalSession, sessions_that_end_young_do_not_begin_the_retries_anew) {
  const auto longest = longest_delays(5, [](Bench& bench) {
    bench.enter();
    bench.run_for(59s);
    bench.end({.close_code = 1000, .detail = "bye"});
  });
  EXPECT_GT(longest[4], 50s);
  const auto stable = longest_delays(5, [](Bench& bench) {
    bench.enter();
    bench.run_for(60s);
    bench.end({.close_code = 1000, .detail = "bye"});
  });
  EXPECT_LE(stable[4], 5s);
}

TEST(SignalSession, a_token_that_is_cut_short_is_not_told_either) {
  Bench bench;
  bench.open();
  bench.hear(R"({"type":"auth_required"})");
  const std::string words = std::string(190, 'x') + "token-of-the-test";
  bench.hear(R"({"type":"auth_failed","message":")" + words + "\"}");
  EXPECT_THAT(bench.status().why, Not(HasSubstr("token-of")));
}

TEST(SignalSession, a_rejection_says_so_in_the_sources_words_without_the_token) {
  Bench bench;
  bench.open();
  bench.hear(R"({"type":"auth_required"})");
  bench.hear(R"({"type":"auth_failed","message":"no such token: token-of-the-test, sorry"})");
  const PulseSource status = bench.status();
  EXPECT_EQ(status.trouble, SourceTrouble::rejected);
  EXPECT_EQ(status.why, "the token was rejected: no such token: …, sorry");
  EXPECT_EQ(status.since, t0);
  ASSERT_EQ(bench.all<Remark>().size(), 1U);
  EXPECT_THAT(bench.all<Remark>()[0].text, Not(HasSubstr(secret)));
  bench.run_until(*status.next_dial);
  bench.reject();
  EXPECT_EQ(bench.all<Remark>().size(), 1U) << "told once";
  EXPECT_EQ(bench.status().rejections, 2U);
  EXPECT_EQ(bench.status().since, t0);
  bench.enter_again();
  EXPECT_EQ(bench.status().trouble, SourceTrouble::none);
}

struct Rejection {
  const char* name;
  CloseReport report;
  bool authenticating;
  SourceTrouble trouble;
};
void PrintTo(const Rejection& one, std::ostream* out) {
  *out << one.name;
}
class SignalSessionEnd : public testing::TestWithParam<Rejection> {};

TEST_P(SignalSessionEnd, is_a_rejection_or_not) {
  Bench bench;
  if (GetParam().authenticating) {
    bench.open();
    bench.hear(R"({"type":"auth_required"})");
  }
  bench.end(GetParam().report);
  EXPECT_EQ(bench.status().trouble, GetParam().trouble);
}

INSTANTIATE_TEST_SUITE_P(
    All, SignalSessionEnd,
    testing::Values(
        Rejection{"http_401", {.http_status = 401}, false, SourceTrouble::rejected},
        Rejection{"http_403", {.http_status = 403}, false, SourceTrouble::rejected},
        Rejection{"http_503", {.http_status = 503}, false, SourceTrouble::disconnected},
        Rejection{"policy", {.close_code = 1008}, true, SourceTrouble::rejected},
        Rejection{"policy_elsewhere", {.close_code = 1008}, false, SourceTrouble::disconnected},
        Rejection{"unauthorized", {.close_code = 3000}, true, SourceTrouble::rejected},
        Rejection{"clean", {.close_code = 1000}, true, SourceTrouble::disconnected}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(SignalSession, a_server_that_names_a_time_is_given_it_within_reason) {
  Bench bench;
  bench.end({.http_status = 503, .retry_after = 10min, .detail = "busy"});
  EXPECT_EQ(bench.status().next_dial, t0 + 10min);
  bench.run_for(10min);
  bench.end({.http_status = 503, .retry_after = Duration::max(), .detail = "busy"});
  EXPECT_EQ(bench.status().next_dial, bench.now + 1h);
}

TEST(SignalSession, events_of_a_connection_given_up_are_ignored) {
  Bench bench;
  const ConnId old = bench.conn();
  bench.run_for(5s);
  bench.run_until(*bench.status().next_dial);
  ASSERT_NE(bench.conn(), old);
  EXPECT_THAT(bench.session.on_phase(old, DialPhase::open, bench.now), IsEmpty());
  EXPECT_THAT(bench.session.on_closed(old, {.by_us = true}, bench.now), IsEmpty());
  EXPECT_EQ(bench.session.state(), SourceState::connecting);
  bench.enter();
  EXPECT_THAT(bench.session.on_message(old, decode(signal(1)), bench.now), IsEmpty());
}

TEST(SignalSession, losses_again_and_again_are_a_finding_with_their_causes) {
  Bench bench;
  bench.enter();
  for (int i = 0; i < 3; ++i) {
    bench.run_for(10s);
    bench.end({.close_code = 1000, .detail = "closed by the peer with 1000"});
    bench.enter_again();
  }
  EXPECT_EQ(bench.status().trouble, SourceTrouble::flapping);
  EXPECT_THAT(bench.status().why, HasSubstr("3 connections lost in 5m"));
  EXPECT_THAT(bench.status().why, HasSubstr("3 × closed by the peer with 1000"));
  bench.run_for(6min);
  EXPECT_EQ(bench.status().trouble, SourceTrouble::none);
}

TEST(SignalSession, older_sources_are_asked_where_that_is_wanted) {
  SessionOptions options;
  options.ask_every = 30s;
  Bench bench(options);
  bench.enter();
  bench.run_for(1min);
  EXPECT_EQ(std::ranges::count(bench.all<Say>(), signals_request(), &Say::text), 3);
  bench.end({.detail = "reset"});
  bench.run_until(*bench.status().next_dial);
  EXPECT_EQ(std::ranges::count(bench.all<Say>(), signals_request(), &Say::text), 3);
}

}  // namespace
}  // namespace feedwatch::signals
