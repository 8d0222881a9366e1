#include "feedwatch/muting/silence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::muting {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr WallTime w0 = wall_from_ns(1'767'225'600'000'000'000);

Silence wish(std::string_view matchers = R"(venue="v")", Duration length = 1h) {
  Silence silence;
  silence.matchers = *parse_matchers(matchers);
  silence.starts_at = w0;
  silence.ends_at = w0 + length;
  silence.created_by = "ops";
  silence.comment = "deploy";
  return silence;
}

class SilencesTest : public testing::Test {
 protected:
  Silence put(Silence silence, WallTime now = w0) {
    auto made = silences.put(std::move(silence), now);
    EXPECT_TRUE(made) << made.error().text();
    return made ? made->back() : Silence{};
  }
  std::string refused(Silence silence, WallTime now = w0) {
    const auto made = silences.put(std::move(silence), now);
    return made ? "taken" : made.error().text();
  }

  Silences silences;
  const Labels ours{{"venue", "v"}};
};

TEST_F(SilencesTest, states_change_by_their_moments) {
  Silence later = wish();
  later.starts_at = w0 + 10min;
  const Silence made = put(later);
  EXPECT_EQ(made.state_at(w0), SilenceState::pending);
  EXPECT_EQ(silences.next_change(w0), w0 + 10min);
  EXPECT_THAT(silences.silencing(ours, w0 + 10min - 1ns), IsEmpty());
  EXPECT_THAT(silences.silencing(ours, w0 + 10min), testing::ElementsAre(made.id));
  EXPECT_THAT(silences.silencing({{"venue", "w"}}, w0 + 10min), IsEmpty());
  EXPECT_EQ(silences.next_change(w0 + 10min), w0 + 1h);
  EXPECT_THAT(silences.silencing(ours, w0 + 1h - 1ns), SizeIs(1));
  EXPECT_THAT(silences.silencing(ours, w0 + 1h), IsEmpty());
  EXPECT_EQ(made.state_at(w0 + 1h), SilenceState::expired);
  EXPECT_EQ(silences.next_change(w0 + 1h), WallTime::max());
}

TEST_F(SilencesTest, beginning_in_the_past_is_now) {
  EXPECT_EQ(put(wish(), w0 + 5min).starts_at, w0 + 5min);
  Silence soon = wish();
  soon.starts_at = {};
  EXPECT_EQ(put(soon, w0 + 5min).starts_at, w0 + 5min);
}

TEST_F(SilencesTest, end_is_moved_in_place_and_other_changes_make_a_new_one) {
  Silence made = put(wish());
  Silence longer = made;
  longer.ends_at += 1h;
  longer.starts_at = {};
  const Silence same = put(longer, w0 + 1min);
  EXPECT_EQ(same.id, made.id);
  EXPECT_EQ(same.starts_at, w0);
  EXPECT_EQ(same.created_at, w0);
  EXPECT_EQ(same.updated_at, w0 + 1min);

  Silence other = same;
  other.matchers = *parse_matchers(R"(venue="w")");
  const auto changed = silences.put(other, w0 + 2min);
  ASSERT_TRUE(changed);
  ASSERT_THAT(*changed, SizeIs(2));
  EXPECT_EQ(changed->front().id, made.id);
  EXPECT_EQ(changed->front().ends_at, w0 + 2min);
  EXPECT_NE(changed->back().id, made.id);
  EXPECT_THAT(silences.silencing(ours, w0 + 2min), IsEmpty());
}

TEST_F(SilencesTest, expires_once) {
  const Silence made = put(wish());
  ASSERT_TRUE(silences.expire(made.id, w0 + 1min));
  EXPECT_THAT(silences.silencing(ours, w0 + 1min), IsEmpty());
  EXPECT_THAT(silences.expire(made.id, w0 + 2min).error().text(), HasSubstr("expired at"));
  EXPECT_THAT(silences.expire("nobody's", w0).error().text(), HasSubstr("none with id"));
  EXPECT_NE(put(made, w0 + 3min).id, made.id) << "an expired one is not revived";
}

TEST_F(SilencesTest, refuses_what_makes_no_sense) {
  EXPECT_THAT(refused(wish("")), HasSubstr("matchers: there are none"));
  EXPECT_THAT(refused(wish(R"(venue=~".*",symbol="")")), HasSubstr("missing label"));
  EXPECT_THAT(refused(wish(R"(venue="v")", 0s)), HasSubstr("endsAt"));
  EXPECT_THAT(refused(wish(), w0 + 2h), HasSubstr("endsAt"));
  Silence silence = wish();
  silence.comment.clear();
  EXPECT_THAT(refused(silence), HasSubstr("comment: is empty"));
  silence = wish();
  silence.created_by = std::string(1'000, 'x');
  EXPECT_THAT(refused(silence), HasSubstr("createdBy: is too long"));
  silence = wish();
  silence.id = "unknown";
  EXPECT_THAT(refused(silence), HasSubstr("none with id unknown"));
  silence = wish();
  for (int i = 0; i < 40; ++i) silence.matchers.push_back(silence.matchers[0]);
  EXPECT_THAT(refused(silence), HasSubstr("over 32"));
}

TEST_F(SilencesTest, are_bounded_and_old_ones_go) {
  Silences few({.retention = 1h, .max_open = 2, .max_expired = 1});
  ASSERT_TRUE(few.put(wish(), w0));
  const auto second = few.put(wish(), w0);
  ASSERT_TRUE(second);
  EXPECT_THAT(few.put(wish(), w0).error().text(), HasSubstr("2 are open already"));
  Silence longer = second->back();
  longer.ends_at += 1min;
  EXPECT_TRUE(few.put(longer, w0)) << "a change makes no more";
  Silence next = wish(R"(venue="v")", 9h);
  ASSERT_TRUE(few.put(next, w0 + 90min));
  EXPECT_THAT(few.list(w0 + 90min), SizeIs(2)) << "one open, the newer of the expired";
  EXPECT_THAT(few.list(w0 + 3h), SizeIs(1));
}

TEST_F(SilencesTest, listed_active_first) {
  put(wish(R"(a="1")", 10min));
  put(wish(R"(b="1")", 3h));
  Silence pending = wish(R"(c="1")", 4h);
  pending.starts_at = w0 + 2h;
  put(pending);
  std::vector<std::string> order;
  for (const Silence& one : silences.list(w0 + 30min)) order.push_back(text_of(one.matchers));
  EXPECT_THAT(order, testing::ElementsAre(R"(b="1")", R"(c="1")", R"(a="1")"));
}

}  // namespace
}  // namespace feedwatch::muting
