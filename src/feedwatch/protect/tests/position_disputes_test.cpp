// Words about one position that differ.

#include "feedwatch/protect/position_disputes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr MonoTime t0{1'000s};
const PositionKey p1{"v", "S", "p1"}, p2{"v", "S", "p2"};

PositionValues at(const char* entry) {
  return {*Decimal::parse(entry), *Decimal::parse("1")};
}

class Disputes : public testing::Test {
 protected:
  void said(const std::string& source, const char* entry, MonoTime now) {
    disputes.on_said(p1, source, at(entry), at("100"), now);
  }
  /// "p1 since 0: exchange 101", "p1 ends"
  std::vector<std::string> found() {
    std::vector<std::string> words;
    for (const auto& each : disputes.take_found()) {
      std::string text = each.key.id;
      if (each.present) text += " since " + std::to_string((each.since - t0) / 1s) + ":";
      if (!each.present) text += " ends";
      for (const auto& [source, values] : each.others) {
        text += " " + source + " " + values.entry_price.to_string();
      }
      words.push_back(std::move(text));
    }
    return words;
  }

  PositionDisputes disputes{10s};
};

TEST_F(Disputes, what_differs_for_a_while_is_found_once) {
  said("exchange", "101", t0);
  EXPECT_EQ(disputes.next_deadline(), t0 + 10s);
  disputes.on_time(t0 + 10s - 1ns);
  EXPECT_THAT(found(), IsEmpty());
  said("exchange", "101", t0 + 5s);
  disputes.on_time(t0 + 10s);
  EXPECT_THAT(found(), ElementsAre("p1 since 0: exchange 101"));
  said("exchange", "101", t0 + 15s);
  disputes.on_time(t0 + 1h);
  EXPECT_THAT(found(), IsEmpty());
  said("exchange", "102", t0 + 2h);
  EXPECT_THAT(found(), ElementsAre("p1 since 0: exchange 102"));
  said("backup", "103", t0 + 2h);
  EXPECT_THAT(found(), ElementsAre("p1 since 0: backup 103 exchange 102"));
  said("exchange", "100.0", t0 + 3h);
  EXPECT_THAT(found(), ElementsAre("p1 since 0: backup 103"));
  disputes.on_unsaid(p1, "backup", t0 + 3h);
  EXPECT_THAT(found(), ElementsAre("p1 ends"));
  EXPECT_EQ(disputes.next_deadline(), never_mono);
}

TEST_F(Disputes, what_agrees_before_that_is_none_and_begins_anew) {
  said("exchange", "101", t0);
  disputes.on_counts(p1, at("101"), t0 + 5s);
  disputes.on_time(t0 + 12s);
  disputes.on_counts(p1, at("102"), t0 + 13s);
  disputes.on_time(t0 + 23s - 1ns);
  EXPECT_THAT(found(), IsEmpty());
  disputes.on_time(t0 + 23s);
  EXPECT_THAT(found(), ElementsAre("p1 since 13: exchange 101"));
}

TEST_F(Disputes, what_an_earlier_run_has_found_ends_with_a_word_that_agrees) {
  disputes.restore(p1);
  disputes.on_unsaid(p1, "bot", t0);
  EXPECT_THAT(found(), IsEmpty());
  said("exchange", "101", t0 + 1s);
  EXPECT_THAT(found(), ElementsAre("p1 since 1: exchange 101"));
  said("exchange", "100", t0 + 2s);
  EXPECT_THAT(found(), ElementsAre("p1 ends"));
  disputes.restore(p2);
  disputes.on_forgotten("exchange", t0 + 3s);
  EXPECT_THAT(found(), ElementsAre("p2 ends")) << "it may have been he";
}

TEST_F(Disputes, what_an_earlier_run_has_found_ends_when_a_source_has_it_no_more) {
  disputes.restore(p1);
  disputes.on_absent(p1, "exchange", t0);
  EXPECT_THAT(found(), ElementsAre("p1 ends")) << "it may have been he";
  said("exchange", "101", t0);
  disputes.on_time(t0 + 10s);
  EXPECT_THAT(found(), ElementsAre("p1 since 0: exchange 101"));
  disputes.on_absent(p1, "other", t0 + 11s);
  EXPECT_THAT(found(), IsEmpty());
  disputes.on_absent(p1, "exchange", t0 + 12s);
  EXPECT_THAT(found(), ElementsAre("p1 ends"));
}

TEST_F(Disputes, what_is_closed_leaves_nothing_behind) {
  said("exchange", "101", t0);
  disputes.on_closed(p1);
  EXPECT_EQ(disputes.next_deadline(), never_mono);
  disputes.on_time(t0 + 10s);
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Disputes, two_that_round_differently_are_not_told_for_more_positions_than_anybody_reads) {
  for (std::size_t i = 0; i <= PositionDisputes::max_found; ++i) {
    disputes.on_said({"v", "S", std::to_string(i)}, "exchange", at("101"), at("100"), t0);
  }
  disputes.on_time(t0 + 10s);
  EXPECT_EQ(disputes.take_found().size(), PositionDisputes::max_found);
  disputes.on_closed({"v", "S", "0"});
  disputes.on_time(t0 + 20s);
  EXPECT_EQ(disputes.take_found().size(), 1U) << "there is room for one more";
}

}  // namespace
}  // namespace feedwatch
