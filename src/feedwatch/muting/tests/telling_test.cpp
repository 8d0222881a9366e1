#include "feedwatch/muting/telling.hpp"

#include <gtest/gtest.h>

namespace feedwatch::muting {
namespace {

using alert::Alert;
using alert::Change;
using alert::Severity;
using Type = Change::Type;

class TellingTest : public testing::Test {
 protected:
  TellingTest() {
    alert.identity = "x";
    alert.state = alert::State::firing;
  }

  /// What was told, if anything.
  std::optional<Type> on(Type type) {
    Change change{type, alert, {}};
    if (!telling.take(change, muted)) return std::nullopt;
    return change.type;
  }
  std::optional<Type> release() {
    const auto changes = telling.release([&](const std::string&) { return &alert; },
                                         [&](const Alert&) { return muted; }, MonoTime{5s});
    if (changes.empty()) return std::nullopt;
    EXPECT_EQ(changes.size(), 1U);
    return changes[0].change.type;
  }

  Telling telling;
  Alert alert;
  bool muted = false;
};

TEST_F(TellingTest, unmuted_news_is_told_as_it_comes) {
  EXPECT_EQ(on(Type::pending), std::nullopt);
  EXPECT_EQ(on(Type::fired), Type::fired);
  EXPECT_EQ(on(Type::raised), Type::raised);
  EXPECT_EQ(on(Type::repeated), Type::repeated);
  EXPECT_EQ(on(Type::resolved), Type::resolved);
  EXPECT_FALSE(telling.owes());
}

TEST_F(TellingTest, what_begins_and_ends_muted_is_never_told) {
  muted = true;
  EXPECT_EQ(on(Type::fired), std::nullopt);
  EXPECT_EQ(release(), std::nullopt);
  EXPECT_EQ(on(Type::resolved), std::nullopt);
  EXPECT_FALSE(telling.owes());
}

TEST_F(TellingTest, what_was_told_before_is_told_to_have_ended) {
  on(Type::fired);
  muted = true;
  EXPECT_EQ(on(Type::resolved), Type::resolved);
}

TEST_F(TellingTest, what_still_fires_is_told_once_when_the_mute_ends) {
  muted = true;
  on(Type::fired);
  muted = false;
  EXPECT_EQ(release(), Type::fired);
  EXPECT_EQ(release(), std::nullopt);
  EXPECT_EQ(on(Type::resolved), Type::resolved);
}

TEST_F(TellingTest, a_rise_while_muted_is_told_afterwards) {
  on(Type::fired);
  muted = true;
  alert.severity = Severity::critical;
  EXPECT_EQ(on(Type::raised), std::nullopt);
  muted = false;
  EXPECT_EQ(release(), Type::raised);
}

TEST_F(TellingTest, a_rise_that_is_not_muted_is_the_first_word_of_what_was) {
  muted = true;
  on(Type::fired);
  muted = false;  // a silence of warnings only
  alert.severity = Severity::critical;
  EXPECT_EQ(on(Type::raised), Type::fired);
  EXPECT_EQ(release(), std::nullopt);
}

TEST_F(TellingTest, a_repeat_that_was_skipped_is_made_up_for_once) {
  on(Type::fired);
  muted = true;
  on(Type::repeated);
  on(Type::repeated);
  muted = false;
  EXPECT_EQ(release(), Type::repeated);
  EXPECT_EQ(release(), std::nullopt);
}

TEST_F(TellingTest, what_was_taken_back_is_owed) {
  on(Type::fired);
  telling.take_back("x");
  muted = true;
  EXPECT_EQ(release(), std::nullopt);
  muted = false;
  EXPECT_EQ(release(), Type::fired);
}

TEST_F(TellingTest, what_was_taken_back_and_ends_muted_is_never_told) {
  on(Type::fired);
  telling.take_back("x");
  muted = true;
  EXPECT_EQ(on(Type::resolved), std::nullopt);
}

TEST_F(TellingTest, nothing_new_while_muted_is_nothing_to_tell) {
  on(Type::fired);
  muted = true;
  muted = false;
  EXPECT_EQ(release(), std::nullopt);
}

TEST_F(TellingTest, an_earlier_run_told_it_or_did_not) {
  telling.restore(alert, std::nullopt);
  EXPECT_EQ(release(), Type::fired);
  telling.restore(alert, Severity::warning);
  EXPECT_EQ(release(), std::nullopt);
  alert.severity = Severity::critical;
  telling.restore(alert, Severity::warning);
  EXPECT_EQ(release(), Type::raised);
  telling.restore(alert, Severity::critical);
  EXPECT_EQ(on(Type::resolved), Type::resolved);
}

TEST_F(TellingTest, an_end_is_of_the_severity_that_was_told) {
  on(Type::fired);
  muted = true;
  alert.severity = Severity::critical;
  EXPECT_EQ(on(Type::raised), std::nullopt);
  EXPECT_EQ(telling.told("x"), Severity::warning);
  Change end{Type::resolved, alert, {}};
  EXPECT_TRUE(telling.take(end, muted));
  EXPECT_EQ(end.alert.severity, Severity::warning) << "who takes critical ones has not heard of it";
  EXPECT_EQ(telling.told("x"), std::nullopt);
}

}  // namespace
}  // namespace feedwatch::muting
