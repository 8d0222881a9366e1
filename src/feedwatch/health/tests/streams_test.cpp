#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "feedwatch/health/checks.hpp"

namespace feedwatch::health {
namespace {

using testing::HasSubstr;

StreamEvidence stream(std::string name, Level level) {
  StreamEvidence made;
  made.stream = "v/" + std::move(name) + "/mark";
  made.level = level;
  made.fault = level == Level::stale || level == Level::degraded;
  made.reason = made.fault ? Reason::silent : Reason::ok;
  made.required = true;
  made.clocked = true;
  made.age = level == Level::stale ? 312s : level == Level::degraded ? 200s : 1s;
  if (level == Level::unknown) made.age.reset();
  made.stale_after = 300s;
  return made;
}

FeedEvidence feed(std::vector<StreamEvidence> streams) {
  FeedEvidence made;
  made.streams = std::move(streams);
  return made;
}

std::string fact(const Verdict& verdict, std::string_view name) {
  const auto found = std::ranges::find(verdict.metadata, name, &Metadata::value_type::first);
  return found == verdict.metadata.end() ? "" : found->second;
}

/// Every row of semantics §8 for both components.
class BothChecks : public testing::TestWithParam<Verdict (*)(const FeedEvidence*)> {
 protected:
  static Verdict check(const FeedEvidence& evidence) { return GetParam()(&evidence); }
  static Status status(std::vector<StreamEvidence> streams) {
    return check(feed(std::move(streams))).status;
  }
};
INSTANTIATE_TEST_SUITE_P(Components, BothChecks, testing::Values(check_streams, check_prices));

TEST_P(BothChecks, no_monitor_is_unhealthy) {
  EXPECT_EQ(GetParam()(nullptr).status, Status::unhealthy);
}

TEST_P(BothChecks, no_wanted_stream_is_unknown) {
  EXPECT_EQ(status({}), Status::unknown);
}

TEST_P(BothChecks, none_past_unknown_is_unknown) {
  EXPECT_EQ(status({stream("A", Level::unknown), stream("B", Level::unknown)}), Status::unknown);
}

TEST_P(BothChecks, all_healthy_is_healthy) {
  const auto verdict = check(feed({stream("A", Level::healthy), stream("B", Level::healthy)}));
  EXPECT_EQ(verdict.status, Status::healthy);
  EXPECT_EQ(verdict.message, std::nullopt);
}

TEST_P(BothChecks, any_unknown_beside_a_known_one_is_degraded) {
  EXPECT_EQ(status({stream("A", Level::healthy), stream("B", Level::unknown)}), Status::degraded);
}

TEST_P(BothChecks, any_degraded_is_degraded) {
  EXPECT_EQ(status({stream("A", Level::healthy), stream("B", Level::degraded)}), Status::degraded);
}

TEST_P(BothChecks, any_quarantined_is_degraded) {
  auto bad = stream("B", Level::healthy);
  bad.quarantined = true;
  EXPECT_EQ(status({stream("A", Level::healthy), bad}), Status::degraded);
}

TEST_P(BothChecks, required_stale_with_fault_is_critical) {
  EXPECT_EQ(status({stream("A", Level::healthy), stream("B", Level::stale)}), Status::critical);
  EXPECT_EQ(status({stream("A", Level::unknown), stream("B", Level::stale)}), Status::critical);
}

TEST_P(BothChecks, stale_without_fault_is_degraded) {
  auto quiet = stream("A", Level::stale);
  quiet.fault = false;
  quiet.reason = Reason::market_quiet;
  EXPECT_EQ(status({quiet}), Status::degraded);
}

TEST_P(BothChecks, optional_stale_is_degraded) {
  auto optional = stream("A", Level::stale);
  optional.required = false;
  EXPECT_EQ(status({optional}), Status::degraded);
}

TEST_P(BothChecks, silence_of_an_event_channel_is_no_proof) {
  auto event = stream("A", Level::stale);
  event.clocked = false;
  EXPECT_EQ(status({event}), Status::degraded);
  event.reason = Reason::resubscribing;
  EXPECT_EQ(status({event}), Status::degraded) << "trying again proves nothing either";
  event.reason = Reason::disconnected;
  EXPECT_EQ(status({event}), Status::critical) << "a lost line is";
}

TEST_P(BothChecks, never_received_past_its_deadline_is_listed) {
  auto never = stream("A", Level::stale);
  never.age.reset();
  never.reason = Reason::never_received;
  const auto verdict = check(feed({never}));
  EXPECT_EQ(verdict.status, Status::critical);
  EXPECT_THAT(*verdict.message, HasSubstr("stale (limit 300s, never received): v/A/mark"));
}

TEST(StreamsCheck, message_names_limit_ages_and_streams) {
  auto never = stream("C", Level::stale);
  never.age.reset();
  auto tight = stream("B", Level::stale);
  tight.age = 11s;
  tight.stale_after = 10s;
  auto evidence = feed({stream("A", Level::stale)});
  EXPECT_EQ(check_streams(&evidence).message, "1 streams stale (limit 300s, age 312.0s): v/A/mark");
  evidence = feed({stream("A", Level::stale), tight, never});
  EXPECT_EQ(check_streams(&evidence).message,
            "3 streams stale (limit 10s to 300s, age up to 312.0s, 1 never received): v/A/mark, "
            "v/B/mark, v/C/mark");
}

TEST(StreamsCheck, long_lists_are_cut) {
  FeedEvidence evidence;
  for (int i = 0; i < 14; ++i) evidence.streams.push_back(stream(std::to_string(i), Level::stale));
  EXPECT_THAT(*check_streams(&evidence).message, testing::EndsWith("v/9/mark and 4 more"));
}

TEST(StreamsCheck, metadata_has_totals_lines_and_rate) {
  auto evidence = feed({stream("A", Level::healthy), stream("B", Level::degraded),
                        stream("C", Level::stale), stream("D", Level::unknown)});
  evidence.lines = {{"v/market#1", "live", "ok", 2.5},
                    {"v/public#1", "backing_off", "disconnected", 0}};
  const auto verdict = check_streams(&evidence);
  EXPECT_EQ(fact(verdict, "total"), "4");
  for (const char* level : {"healthy", "degraded", "stale", "unknown"}) {
    EXPECT_EQ(fact(verdict, level), "1") << level;
  }
  EXPECT_EQ(fact(verdict, "messages_per_second"), "2.5");
  EXPECT_THAT(fact(verdict, "lines"), HasSubstr(R"("line":"v/public#1","state":"backing_off")"));
}

TEST(PricesCheck, metadata_has_counts_and_the_five_worst) {
  FeedEvidence evidence;
  for (int i = 0; i < 7; ++i) {
    auto one = stream("S" + std::to_string(i), i < 4 ? Level::stale : Level::degraded);
    one.age = std::chrono::seconds{(i < 4 ? 301 : 181) + i};
    evidence.streams.push_back(one);
  }
  evidence.streams[0].required = false;
  evidence.streams[1].age.reset();
  const auto verdict = check_prices(&evidence);
  EXPECT_EQ(fact(verdict, "critical_stale"), "3");
  EXPECT_EQ(fact(verdict, "warning_stale"), "4");
  const std::string worst = fact(verdict, "stale_alerts");
  EXPECT_EQ(
      worst.find(R"({"stream":"v/S1/mark","level":"stale","reason":"silent","age_seconds":null})"),
      1U)
      << worst << ": never received is the worst";
  EXPECT_THAT(worst, HasSubstr("S6"));
  EXPECT_THAT(worst, testing::Not(HasSubstr("S5")));
}

}  // namespace
}  // namespace feedwatch::health
