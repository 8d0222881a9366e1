#include "feedwatch/protect/rule_overrides.hpp"

#include <gtest/gtest.h>

namespace feedwatch {
namespace {

std::string again(std::string_view text) {
  const auto read = trailing_override(text);
  return read ? to_text(*read) : read.error().text();
}
std::string again_aged(std::string_view text) {
  const auto read = aged_override(text);
  return read ? to_text(*read) : read.error().text();
}

TEST(RuleOverrides, AreReadBackAsTheyWereWritten) {
  for (const char* text :
       {"off", "on", "callback_percent=0.30",
        "activation_percent=2 callback_percent=0.3 steps=3:0.5,5.5:0.3 breakeven_percent=1 "
        "commission_percent=0.05 confirm_within=4s"}) {
    EXPECT_EQ(again(text), text);
  }
  for (const char* text : {"off", "on",
                           "max_age=1h30m grace=0s progressive=20h commission_percent=0 "
                           "loss_step_percent=1 max_loss_percent=7.5"}) {
    EXPECT_EQ(again_aged(text), text);
  }
  EXPECT_EQ(again(""), "on");
  EXPECT_EQ(again("steps="), "steps=") << "without steps, where the configuration has some";
}

TEST(RuleOverrides, ErrorsNameTheField) {
  EXPECT_EQ(again("callback_percent=much"),
            "trailing.callback_percent: is no percentage (write it as in \"0.5\")");
  EXPECT_TRUE(again("callback_percent=-1").starts_with("trailing.callback_percent: "));
  EXPECT_TRUE(again("confirm_within=4").starts_with("trailing.confirm_within: "));
  EXPECT_TRUE(again("steps=3").starts_with("trailing.steps: has a step that is none"));
  EXPECT_TRUE(again("max_age=3h").starts_with("trailing: has no number 'max_age' (it has "));
  EXPECT_TRUE(again("perhaps").starts_with("trailing: 'perhaps' is no number of it"));
  EXPECT_TRUE(again_aged("max_age=soon").starts_with("aged.max_age: "));
}

TEST(RuleOverrides, TakeThePlaceOfWhatTheyName) {
  TrailingOptions stop;
  stop.steps = {{.profit_percent = Decimal{3, 0}, .callback_percent = Decimal{3, 1}}};
  const TrailingOptions tight = applied(*trailing_override("callback_percent=0.2"), stop);
  EXPECT_EQ(tight.callback_percent, (Decimal{2, 1}));
  EXPECT_EQ(tight.activation_percent, stop.activation_percent);
  EXPECT_EQ(tight.steps, stop.steps);
  EXPECT_TRUE(applied(*trailing_override("steps="), stop).steps.empty());
  const AgedOptions late = applied(*aged_override("max_age=6h"), AgedOptions{});
  EXPECT_EQ(late.max_age, 6h);
  EXPECT_EQ(late.grace, AgedOptions{}.grace);
}

}  // namespace
}  // namespace feedwatch
