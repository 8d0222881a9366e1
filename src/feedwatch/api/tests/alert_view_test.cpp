#include "feedwatch/api/alert_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string open_alert =
    R"({"id":"a1","severity":"critical","state":"firing","open":true,"identity":"x{v=\"\u001b[2J\"}",
        "message":"down","started_at":"T","acknowledged":null,"silenced_by":["s1","s2"],"maintenance":[]})";

TEST(AlertView, one_alert_two_lines_and_nothing_that_moves_a_terminal) {
  const auto text = alerts_text({.items = {open_alert}, .next_cursor = {}});
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("a1  critical  silenced      T  x{v="));
  EXPECT_THAT(*text, HasSubstr("\n    down\n"));
  EXPECT_THAT(*text, Not(HasSubstr("\x1b")));
  EXPECT_EQ(*alerts_text({}), "");
  EXPECT_FALSE(alerts_text({.items = {"7"}, .next_cursor = {}}));
}

TEST(AlertView, one_alert_with_all_there_is) {
  const auto text = alert_text(
      R"({"id":"a1","identity":"x","severity":"warning","state":"firing","open":true,"message":"m",
          "started_at":"T0","acknowledged":{"by":"ann","comment":"on it","at":"T1"},
          "transitions":[{"at":"T0","from":"pending","to":"firing","severity":"warning","message":"m"}],
          "notifications":[{"created_at":"T0","sink":"hook","state":"failed","last_error":"404"}]})");
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("state         acknowledged\n"));
  EXPECT_THAT(*text, HasSubstr("acknowledged  T1  ann: on it\n"));
  EXPECT_THAT(*text, HasSubstr("transition    T0  pending -> firing  warning  m\n"));
  EXPECT_THAT(*text, HasSubstr("notification  T0  hook  failed  404\n"));
  EXPECT_FALSE(alert_text("[]"));
  EXPECT_FALSE(alert_text("{}"));
}

TEST(AlertView, silences) {
  const auto text = silences_text(
      {.items = {R"({"id":"s1","status":{"state":"active"},"endsAt":"T","createdBy":"ann",
          "comment":"deploy","matchers":[{"name":"venue","value":"v"},
          {"name":"symbol","value":"B.*","isRegex":true,"isEqual":false}]})"},
       .next_cursor = {}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "s1  active   until T  venue=\"v\", symbol!~\"B.*\"\n    ann: deploy\n");
  EXPECT_EQ(*silence_id(R"({"silenceID":"s1"})"), "s1");
  EXPECT_FALSE(silence_id("{}"));
}

}  // namespace
}  // namespace feedwatch::api
