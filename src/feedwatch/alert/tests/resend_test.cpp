#include "feedwatch/alert/resend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/alert/tests/samples.hpp"

namespace feedwatch::alert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ResendTest : public testing::Test {
 protected:
  static Notice notice(const std::string& identity, const std::string& news) {
    Notice made;
    made.identity = identity;
    made.news = news;
    made.key = identity + "/" + news;
    if (news == "resolved") made.resolved_at = WallTime{};
    return made;
  }
  /// Everything told until `now`, all of it delivered.
  std::vector<std::string> told(MonoTime now) {
    std::vector<std::string> keys;
    while (resend.next_deadline() <= now) {
      const auto message = resend.due(now);
      if (!message) continue;
      for (const Notice& each : message->notices) keys.push_back(each.key);
      EXPECT_LE(message->notices.size(), 2U);
      EXPECT_FALSE(resend.due(now)) << "one at a time";
      resend.answered({}, now);
    }
    return keys;
  }

  Resend resend{{.notices = 2, .counts_rest = false, .resend = 1min}};
};

TEST_F(ResendTest, tells_firing_ones_each_round_in_bounded_messages) {
  EXPECT_EQ(resend.next_deadline(), never_mono);
  for (const char* each : {"a", "b", "c"}) resend.note(notice(each, "fired"), t0);
  EXPECT_THAT(told(t0 + 1min - 1ns), IsEmpty());
  EXPECT_THAT(told(t0 + 1min), ElementsAre("a/fired", "b/fired", "c/fired"));
  EXPECT_THAT(told(t0 + 2min - 1ns), IsEmpty());
  EXPECT_EQ(told(t0 + 2min).size(), 3U);
}

TEST_F(ResendTest, tells_an_end_for_a_quarter_of_an_hour) {
  resend.note(notice("a", "fired"), t0);
  resend.note(notice("a", "resolved"), t0 + 30s);
  EXPECT_THAT(told(t0 + 1min), ElementsAre("a/resolved"));
  EXPECT_THAT(told(t0 + 15min), ElementsAre("a/resolved"));
  EXPECT_THAT(told(t0 + 16min), IsEmpty());
  EXPECT_EQ(resend.next_deadline(), never_mono);
}

TEST_F(ResendTest, end_of_what_was_never_firing_is_nothing) {
  resend.note(notice("a", "resolved"), t0);
  EXPECT_EQ(resend.next_deadline(), never_mono);
}

TEST_F(ResendTest, a_rise_is_news_once) {
  resend.note(notice("a", "raised"), t0);
  EXPECT_EQ(resend.due(t0 + 1min)->notices.at(0).news, "repeated");
}

TEST_F(ResendTest, failure_ends_the_round_and_the_next_begins_anew) {
  for (const char* each : {"a", "b", "c"}) resend.note(notice(each, "fired"), t0);
  ASSERT_TRUE(resend.due(t0 + 1min));
  EXPECT_EQ(resend.next_deadline(), never_mono) << "waits for the answer";
  resend.answered({SinkResult::Status::retry, "away", std::nullopt}, t0 + 70s);
  EXPECT_THAT(told(t0 + 130s - 1ns), IsEmpty());
  EXPECT_EQ(told(t0 + 130s).size(), 3U);
}

TEST_F(ResendTest, knows_what_it_has_told_of) {
  resend.note(notice("a", "fired"), t0);
  EXPECT_FALSE(resend.has_told("a"));
  told(t0 + 1min);
  EXPECT_TRUE(resend.has_told("a"));
  resend.note(notice("a", "raised"), t0 + 2min);
  EXPECT_TRUE(resend.has_told("a")) << "of the same alert";
  Notice next = notice("a", "fired");
  next.alert_id = "next";
  resend.note(next, t0 + 3min);
  EXPECT_FALSE(resend.has_told("a"));
}

}  // namespace
}  // namespace feedwatch::alert
