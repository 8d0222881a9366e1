#include "feedwatch/freshness/policy.hpp"

#include <gtest/gtest.h>

namespace feedwatch {
namespace {

const ChannelTraits every_second{
    .cadence = clocked(1s), .snapshot_on_subscribe = false, .suspect_after = 0s};
const ChannelTraits every_minute{
    .cadence = clocked(60s), .snapshot_on_subscribe = false, .suspect_after = 0s};
const ChannelTraits event{
    .cadence = event_driven(), .snapshot_on_subscribe = false, .suspect_after = 0s};
const ChannelTraits event_with_snapshot{
    .cadence = event_driven(), .snapshot_on_subscribe = true, .suspect_after = 12s};

TEST(Preset, CoarseIsTheDocumentedContractOnEveryChannel) {
  for (const ChannelTraits& traits : {every_second, every_minute, event, event_with_snapshot}) {
    const Policy policy = preset_policy(Preset::coarse, traits);
    EXPECT_EQ(policy.degraded_after, 180s);
    EXPECT_EQ(policy.stale_after, 300s);
    EXPECT_EQ(policy.recover_ticks, 1);
  }
}

TEST(Preset, TightFollowsThePeriodButNeverBeyondCoarse) {
  const Policy fast = preset_policy(Preset::tight, every_second);
  EXPECT_EQ(fast.degraded_after, 3500ms);
  EXPECT_EQ(fast.stale_after, 10s);
  const Policy slow = preset_policy(Preset::tight, every_minute);
  EXPECT_EQ(slow.degraded_after, 180s);
  EXPECT_EQ(slow.stale_after, 300s);
}

TEST(Preset, TightOnEventChannels) {
  const Policy policy = preset_policy(Preset::tight, event);
  EXPECT_EQ(policy.suspect_after, 30s);
  EXPECT_EQ(policy.degraded_after, 60s);
  EXPECT_EQ(policy.stale_after, 180s);
}

TEST(Preset, SuspectIsThreePeriodsOrTheSheetsWord) {
  EXPECT_EQ(preset_policy(Preset::coarse, every_second).suspect_after, 3s);
  EXPECT_EQ(preset_policy(Preset::tight, every_minute).suspect_after, 180s);
  EXPECT_EQ(preset_policy(Preset::coarse, event).suspect_after, 30s);
  EXPECT_EQ(preset_policy(Preset::tight, event_with_snapshot).suspect_after, 12s);
}

TEST(Preset, FirstTickIsPromisedByClockedAndSnapshotChannelsOnly) {
  for (const ChannelTraits& traits : {every_second, event_with_snapshot}) {
    EXPECT_EQ(preset_policy(Preset::coarse, traits).first_tick_after, 10s);
    EXPECT_EQ(preset_policy(Preset::coarse, traits).first_tick_wanted, 30s);
  }
  EXPECT_EQ(preset_policy(Preset::coarse, event).first_tick_after, 300s);
  EXPECT_EQ(preset_policy(Preset::tight, event).first_tick_wanted, 180s);
}

PolicyRule rule(std::string match, Duration stale) {
  PolicyRule made;
  made.match = std::move(match);
  made.stale_after = stale;
  return made;
}

Duration stale_of(const PolicySet& set, std::string_view stream) {
  return set.for_stream(stream, event).stale_after;
}

TEST(PolicySet, WithoutAMatchTheDefaultPresetHolds) {
  const PolicySet set({rule("bybit*", 1s)}, Preset::tight);
  EXPECT_EQ(stale_of(set, "okx/BTC/last"), 180s);
}

TEST(PolicySet, ExactBeatsEveryGlob) {
  const PolicySet set({rule("a/BTC/mark", 1s), rule("a/BTC/mar*", 2s), rule("*", 3s)});
  EXPECT_EQ(stale_of(set, "a/BTC/mark"), 1s);
}

TEST(PolicySet, MoreLiteralCharactersWinWhateverTheOrder) {
  const PolicySet set({rule("a/*/mark", 2s), rule("*/mark", 3s), rule("*", 4s)});
  EXPECT_EQ(stale_of(set, "a/BTC/mark"), 2s);
  EXPECT_EQ(stale_of(set, "b/BTC/mark"), 3s);
  EXPECT_EQ(stale_of(set, "b/BTC/last"), 4s);
}

TEST(PolicySet, OfEquallySpecificRulesTheLaterWins) {
  const PolicySet set({rule("a*", 1s), rule("*k", 2s)});
  EXPECT_EQ(stale_of(set, "a/BTC/mark"), 2s);
  EXPECT_EQ(stale_of(set, "a/BTC/last"), 1s);
}

TEST(PolicySet, TheWinnerCountsAsAWhole) {
  PolicyRule broad = rule("*", 100s);
  broad.suspect_after = 7s;
  const PolicySet set({broad, rule("a/*", 90s)});
  EXPECT_EQ(set.for_stream("a/BTC/last", event).suspect_after, 30s);
}

TEST(PolicySet, FirstTickOfAnEventChannelFollowsTheRulesStaleLimit) {
  const PolicySet set({rule("*", 50s)});
  EXPECT_EQ(set.for_stream("a/B/last", event).first_tick_after, 50s);
  PolicyRule explicit_first = rule("*", 50s);
  explicit_first.first_tick_after = 4s;
  const Policy policy = PolicySet({explicit_first}).for_stream("a/B/last", event);
  EXPECT_EQ(policy.first_tick_after, 4s);
  EXPECT_EQ(policy.first_tick_wanted, 24s);
}

TEST(PolicySet, DegradedNeverComesAfterStale) {
  const Policy policy = PolicySet({rule("*", 50s)}).for_stream("a/B/last", every_minute);
  EXPECT_EQ(policy.stale_after, 50s);
  EXPECT_EQ(policy.degraded_after, 50s);
}

TEST(Preset, WordsRoundTrip) {
  EXPECT_EQ(preset_from_text("tight"), Preset::tight);
  EXPECT_EQ(preset_from_text("coarse"), Preset::coarse);
  EXPECT_FALSE(preset_from_text("Tight").has_value());
}

}  // namespace
}  // namespace feedwatch
