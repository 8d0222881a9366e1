// What lists of positions say, and what they may not do.

#include "feedwatch/protect/position_sources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr MonoTime t0{1'000s};
const PositionKey p1{"v", "S", "p1"}, p2{"v", "S", "p2"};

/// A source's list, taken whole, of positions that nobody has registered himself.
void list(PositionSources& sources, const std::string& name, const std::vector<PositionKey>& keys,
          MonoTime now) {
  sources.on_list(name, keys, {}, now);
  for (const PositionKey& key : keys) sources.on_registered_by_list(key);
}

/// "p1 begins 1010s", "p1 ends"
std::vector<std::string> unlisted(PositionSources& sources) {
  std::vector<std::string> found;
  for (const auto& each : sources.take_unlisted()) {
    found.push_back(each.key.id + (each.present ? " since " : " ends"));
    if (each.present) found.back() += std::to_string((each.since - t0) / 1s);
  }
  return found;
}

std::vector<std::string> over(PositionSources& sources) {
  std::vector<std::string> found;
  for (const PositionKey& key : sources.take_over()) {
    found.push_back(key.id);
    sources.on_closed(key);
  }
  return found;
}

TEST(PositionSources, I_44_an_empty_list_is_a_finding_and_ends_nothing) {
  PositionSources sources;
  list(sources, "bot", {p1, p2}, t0);
  list(sources, "bot", {}, t0 + 5s);
  EXPECT_THAT(unlisted(sources), IsEmpty()) << "it may come back with the next list";
  EXPECT_EQ(sources.next_deadline(), t0 + 15s);
  sources.on_time(t0 + 15s - 1ns);
  EXPECT_THAT(unlisted(sources), IsEmpty());
  sources.on_time(t0 + 15s);
  EXPECT_THAT(unlisted(sources), ElementsAre("p1 since 5", "p2 since 5"));
  for (int second = 20; second < 4'000; second += 5) list(sources, "bot", {}, t0 + 1s * second);
  sources.on_time(t0 + 4'000s);
  EXPECT_THAT(unlisted(sources), IsEmpty()) << "once";
  EXPECT_THAT(over(sources), IsEmpty()) << "one source's word";
  list(sources, "bot", {p1}, t0 + 4'000s);
  EXPECT_THAT(unlisted(sources), ElementsAre("p1 ends"));
}

TEST(PositionSources, I_44_who_is_not_ready_says_nothing) {
  PositionSources sources;
  list(sources, "bot", {p1}, t0);
  sources.on_not_ready("bot", t0 + 5s);
  EXPECT_EQ(sources.view("bot")->state, ListState::not_ready);
  EXPECT_EQ(sources.next_deadline(), never_mono);
  sources.on_time(t0 + 1h);
  EXPECT_THAT(unlisted(sources), IsEmpty());
  EXPECT_FALSE(sources.listings(p1).at(0).absent_since);
}

TEST(PositionSources, I_38_one_source_that_lags_behind_another_ends_nothing) {
  PositionSources sources;
  list(sources, "stream", {p1}, t0);
  list(sources, "rest", {p1}, t0);
  for (int second = 5; second < 600; second += 5) {
    list(sources, "rest", {}, t0 + 1s * second);
    list(sources, "stream", {p1}, t0 + 1s * second);
    sources.on_time(t0 + 1s * second);
  }
  EXPECT_THAT(over(sources), IsEmpty());
  EXPECT_THAT(unlisted(sources), ElementsAre("p1 since 5"));
}

TEST(PositionSources, what_two_say_to_be_gone_for_a_while_is_over) {
  PositionSources sources;
  list(sources, "bot", {p1, p2}, t0);
  list(sources, "exchange", {p1, p2}, t0);
  list(sources, "bot", {p2}, t0 + 5s);
  list(sources, "exchange", {p2}, t0 + 8s);
  sources.on_time(t0 + 15s);
  EXPECT_THAT(unlisted(sources), ElementsAre("p1 since 5"));
  sources.on_time(t0 + 18s - 1ns);
  EXPECT_THAT(over(sources), IsEmpty());
  sources.on_time(t0 + 18s);
  EXPECT_THAT(over(sources), ElementsAre("p1"));
  EXPECT_THAT(sources.listings(p1), IsEmpty());
}

TEST(PositionSources, I_44_two_empty_lists_at_a_start_end_nothing_when_the_next_ones_are_full) {
  PositionSources sources;
  for (const char* name : {"bot", "exchange"}) list(sources, name, {p1, p2}, t0);
  for (const char* name : {"bot", "exchange"}) list(sources, name, {}, t0 + 60s);
  for (const char* name : {"bot", "exchange"}) list(sources, name, {p1, p2}, t0 + 66s);
  sources.on_time(t0 + 200s);
  EXPECT_THAT(over(sources), IsEmpty());
  EXPECT_THAT(unlisted(sources), IsEmpty());
}

TEST(PositionSources, a_source_that_is_not_ready_or_long_silent_agrees_to_nothing) {
  PositionSources sources;
  for (const char* name : {"bot", "exchange"}) list(sources, name, {p1}, t0);
  list(sources, "bot", {}, t0 + 1s);
  list(sources, "exchange", {}, t0 + 1s);
  sources.on_not_ready("exchange", t0 + 2s);
  sources.on_time(t0 + 60s);
  EXPECT_THAT(over(sources), IsEmpty());
  // It is ready again, but by then the other has said nothing for more than five minutes.
  list(sources, "exchange", {}, t0 + 302s);
  EXPECT_THAT(over(sources), IsEmpty());
  list(sources, "bot", {}, t0 + 303s);
  EXPECT_THAT(over(sources), ElementsAre("p1"));
}

TEST(PositionSources, an_old_list_that_is_judged_anew_is_no_fresh_word) {
  PositionSources sources;
  for (const char* name : {"file", "bot"}) list(sources, name, {p1}, t0);
  sources.on_list("file", {}, "element 0: is full", t0 + 1s);
  sources.on_list("file", {}, {}, t0 + 400s, true);
  list(sources, "bot", {}, t0 + 400s);
  sources.on_time(t0 + 410s);
  EXPECT_THAT(unlisted(sources), ElementsAre("p1 since 400"));
  list(sources, "bot", {}, t0 + 411s);
  EXPECT_THAT(over(sources), IsEmpty());
  list(sources, "file", {}, t0 + 412s);
  EXPECT_THAT(over(sources), ElementsAre("p1"));
}

TEST(PositionSources, what_somebody_has_registered_himself_lists_do_not_end) {
  PositionSources sources;
  for (const char* name : {"bot", "exchange"}) list(sources, name, {p1}, t0);
  sources.on_registered_by_hand(p1);
  for (const char* name : {"bot", "exchange"}) list(sources, name, {}, t0 + 1s);
  sources.on_time(t0 + 60s);
  EXPECT_THAT(over(sources), IsEmpty());
  EXPECT_THAT(unlisted(sources), ElementsAre("p1 since 1"));
}

TEST(PositionSources, a_list_that_was_not_taken_whole_says_nothing_of_what_is_not_in_it) {
  PositionSources sources;
  list(sources, "bot", {p1, p2}, t0);
  sources.take_failing();
  sources.on_list("bot", {p1}, "element 1: side must be long or short", t0 + 1s);
  EXPECT_EQ(sources.view("bot")->state, ListState::incomplete);
  EXPECT_FALSE(sources.listings(p2).at(0).absent_since);
  sources.on_time(t0 + 4s);
  const auto failing = sources.take_failing();
  ASSERT_EQ(failing.size(), 1U);
  EXPECT_TRUE(failing[0].present);
  EXPECT_THAT(failing[0].why, HasSubstr("element 1"));
}

TEST(PositionSources, a_list_that_cannot_be_read_is_told_once_it_lasts_and_changes_nothing) {
  PositionSources sources;
  list(sources, "file", {p1}, t0);
  ASSERT_FALSE(sources.take_failing().at(0).present) << "of an earlier run";
  sources.on_failing("file", "is cut off", t0 + 1s);
  EXPECT_EQ(sources.next_deadline(), t0 + 4s);
  list(sources, "file", {p1}, t0 + 2s);
  sources.on_time(t0 + 10s);
  EXPECT_TRUE(sources.take_failing().empty()) << "it was being written";
  sources.on_failing("file", "is cut off", t0 + 10s);
  sources.on_failing("file", "is not there", t0 + 11s);
  sources.on_time(t0 + 13s);
  sources.on_failing("file", "is not there", t0 + 14s);
  sources.on_time(t0 + 1h);
  const auto begun = sources.take_failing();
  ASSERT_EQ(begun.size(), 1U);
  EXPECT_EQ(begun[0].since, t0 + 10s);
  EXPECT_EQ(begun[0].why, "is not there");
  EXPECT_FALSE(sources.listings(p1).at(0).absent_since);
  list(sources, "file", {p1}, t0 + 2h);
  const auto ended = sources.take_failing();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_FALSE(ended[0].present);
}

TEST(PositionSources, a_source_that_is_forgotten_leaves_its_positions_and_takes_its_findings) {
  PositionSources sources;
  list(sources, "bot", {p1}, t0);
  list(sources, "bot", {}, t0 + 1s);
  sources.on_time(t0 + 20s);
  EXPECT_THAT(unlisted(sources), ElementsAre("p1 since 1"));
  EXPECT_TRUE(sources.forget("bot", t0 + 30s));
  EXPECT_FALSE(sources.forget("bot", t0 + 30s));
  EXPECT_THAT(unlisted(sources), ElementsAre("p1 ends"));
  EXPECT_THAT(over(sources), IsEmpty());
  EXPECT_THAT(sources.views(), IsEmpty());
}

TEST(PositionSources, an_empty_list_is_not_told_for_more_positions_than_anybody_reads) {
  PositionSources sources;
  std::vector<PositionKey> keys;
  for (std::size_t i = 0; i < PositionSources::max_found + 2; ++i) {
    keys.push_back({"v", "S", std::to_string(10'000 + i)});
  }
  list(sources, "bot", keys, t0);
  list(sources, "bot", {}, t0 + 1s);
  sources.on_time(t0 + 11s);
  EXPECT_EQ(unlisted(sources).size(), PositionSources::max_found);
  EXPECT_EQ(sources.view("bot")->unlisted, keys.size()) << "all are counted";
  sources.on_closed(keys.front());
  sources.on_time(t0 + 21s);
  EXPECT_EQ(unlisted(sources).size(), 1U) << "there is room for one more";
  list(sources, "bot", keys, t0 + 22s);
  EXPECT_EQ(unlisted(sources).size(), PositionSources::max_found);
  sources.on_time(t0 + 1h);
  EXPECT_THAT(unlisted(sources), IsEmpty());
}

TEST(PositionSources, there_is_an_end_to_names) {
  PositionSources sources;
  EXPECT_FALSE(sources.may_report(""));
  EXPECT_FALSE(sources.may_report(std::string(101, 'x')));
  EXPECT_FALSE(sources.may_report("\xff"));
  for (std::size_t i = 0; i < PositionSources::max_sources; ++i) {
    const std::string name = "source " + std::to_string(i);
    ASSERT_TRUE(sources.may_report(name));
    sources.on_not_ready(name, t0);
  }
  EXPECT_TRUE(sources.may_report("source 0"));
  EXPECT_FALSE(sources.may_report("one more"));
}

// ---- a restart ----------------------------------------------------------------------------------

const WallAnchor anchor{.wall = WallTime{std::chrono::hours{500'000}}, .mono = t0};
/// The boot-time clock began anew; the wall says that a minute has passed.
const WallAnchor later{.wall = anchor.wall + 60s, .mono = MonoTime{7s}};

TEST(PositionSources, a_restart_remembers_who_listed_what_and_trusts_nobody_yet) {
  PositionSources before;
  EXPECT_FALSE(before.take_changed());
  for (const char* name : {"bot", "exchange"}) list(before, name, {p1, p2}, t0);
  EXPECT_TRUE(before.take_changed());
  list(before, "exchange", {p1, p2}, t0 + 10s);
  EXPECT_FALSE(before.take_changed()) << "the same again is not written again";
  for (const char* name : {"bot", "exchange"}) list(before, name, {p2}, t0 + 55s);
  PositionSources after;
  after.restore(before.encode(anchor), later, [](const PositionKey&) { return true; });
  for (const PositionKey& key : {p1, p2}) after.on_registered_by_list(key);
  EXPECT_EQ(after.view("bot")->state, ListState::unknown);
  EXPECT_EQ(after.listings(p1).at(0).absent_since, MonoTime{2s});
  after.on_time(MonoTime{12s});
  EXPECT_THAT(unlisted(after), ElementsAre("p1 since -998"));
  EXPECT_THAT(over(after), IsEmpty());
  list(after, "bot", {p2}, MonoTime{20s});
  EXPECT_THAT(over(after), IsEmpty()) << "the other has not spoken yet";
  list(after, "exchange", {}, MonoTime{21s});
  EXPECT_THAT(over(after), ElementsAre("p1"));
  after.on_time(MonoTime{31s});
  EXPECT_THAT(unlisted(after), ElementsAre("p2 since -979"));
}

TEST(PositionSources, what_was_closed_meanwhile_or_is_damaged_is_forgotten) {
  PositionSources before;
  list(before, "a name of \n several lines", {p1, p2}, t0);
  const std::string bytes = before.encode(anchor);
  PositionSources after;
  after.restore(bytes, later, [](const PositionKey& key) { return key == p2; });
  EXPECT_EQ(after.views().at(0).listed, 1U);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    PositionSources damaged;
    damaged.restore(std::string_view(bytes).substr(0, length), later,
                    [](const PositionKey&) { return true; });
    std::size_t listed = 0;
    for (const auto& view : damaged.views()) listed += view.listed;
    EXPECT_TRUE(listed <= 1U) << length;
  }
}

}  // namespace
}  // namespace feedwatch
