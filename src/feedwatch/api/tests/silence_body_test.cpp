#include "feedwatch/api/silence_body.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "feedwatch/base/time_text.hpp"

namespace feedwatch::api {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

const WallTime now = *parse_time("2026-11-27T12:00:00Z");

TEST(SilenceBody, reads_what_alertmanager_is_sent) {
  const auto silence = parse_silence(
      R"({"matchers":[{"name":"venue","value":"v","isRegex":false},
          {"name":"symbol","value":"BTC.*","isRegex":true,"isEqual":false}],
          "startsAt":"2026-11-27T13:00:00Z","endsAt":"2026-11-27T15:00:00+01:00",
          "createdBy":"ann","comment":"deploy","id":"7"})",
      now);
  ASSERT_TRUE(silence) << silence.error().text();
  EXPECT_EQ(text_of(silence->matchers), R"(venue="v",symbol!~"BTC.*")");
  EXPECT_EQ(silence->starts_at, now + 1h);
  EXPECT_EQ(silence->ends_at, now + 2h);
  EXPECT_EQ(silence->created_by + silence->comment + silence->id, "anndeploy7");
}

TEST(SilenceBody, takes_texts_and_a_length_as_well) {
  const auto silence = parse_silence(
      R"({"matchers":["venue=\"v\"","severity=~warning"],"for":"2h","createdBy":"a","comment":"c"})",
      now);
  ASSERT_TRUE(silence) << silence.error().text();
  EXPECT_EQ(text_of(silence->matchers), R"(venue="v",severity=~"warning")");
  EXPECT_EQ(silence->starts_at, WallTime{});
  EXPECT_EQ(silence->ends_at, now + 2h);
}

TEST(SilenceBody, what_is_shown_is_read_back) {
  auto silence = *parse_silence(
      R"({"matchers":["a!~\"x\\\"y\""],"for":"2h","createdBy":"é\u0001<","comment":"\"\n"})", now);
  silence.id = "1";
  silence.starts_at = now;
  const std::string shown = silence_json(silence, now);
  const Json json = Json::parse(shown);
  EXPECT_EQ(json["status"]["state"], "active");
  EXPECT_EQ(json["endsAt"], "2026-11-27T14:00:00.000Z");
  const auto again = parse_silence(shown, now);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(again->matchers, silence.matchers);
  EXPECT_EQ(again->created_by, silence.created_by);
  EXPECT_EQ(again->comment, silence.comment);
  EXPECT_EQ(again->ends_at, silence.ends_at);
}

TEST(SilenceBody, errors_name_the_field_and_what_to_send) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "not a JSON object"},
      {"[]", "not a JSON object"},
      {std::string(5'000, '['), "not a JSON object"},
      {R"({"matchers":{},"for":"1h"})", "'matchers' must be a list"},
      {R"({"matchers":[7],"for":"1h"})", "neither an object nor a text"},
      {R"({"matchers":[{"name":7}],"for":"1h"})", "'name' of a matcher is ill-typed"},
      {R"({"matchers":[{"nam":"x"}],"for":"1h"})", "'nam' of a matcher is unknown"},
      {R"({"matchers":[{"name":"a","value":"(","isRegex":true}]})", "regular expression"},
      {R"({"matchers":["a=1"],"endsAt":"soon"})", "endsAt: "},
      {R"({"matchers":["a=1"],"for":"soon"})", "for: "},
      {R"({"matchers":["a=1"]})", "'endsAt' is missing"},
      {R"({"matchers":["a=1"],"for":"1h","endsAt":"2026-11-27T13:00:00Z"})", "beside 'endsAt'"},
      {R"({"matchers":["a=1"],"comment":7})", "'comment' must be a string"},
      {R"({"coment":"x"})", "unknown key 'coment'"},
  };
  for (const auto& [body, why] : cases) {
    const auto silence = parse_silence(body, now);
    ASSERT_FALSE(silence) << body;
    EXPECT_THAT(silence.error().text(), HasSubstr(why)) << body;
  }
}

TEST(SilenceBody, a_row_is_read_or_refused) {
  SilenceRow row;
  row.id = "1";
  row.matchers = R"([{"name":"a","value":"b","isRegex":false,"isEqual":false}])";
  EXPECT_EQ(text_of(silence_of(row)->matchers), R"(a!="b")");
  row.matchers = "{";
  EXPECT_THAT(silence_of(row).error().text(), HasSubstr("silence 1"));
}

TEST(AckBody, reads_who_and_why) {
  EXPECT_EQ(parse_ack(R"({"by":"ann","comment":"on it"})")->by, "ann");
  EXPECT_EQ(parse_ack(R"({"by":"ann"})")->comment, "");
  for (const char* bad : {"", "[]", R"({"by":7})", R"({"who":"ann"})"}) {
    EXPECT_FALSE(parse_ack(bad)) << bad;
  }
}

}  // namespace
}  // namespace feedwatch::api
