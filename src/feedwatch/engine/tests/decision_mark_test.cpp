#include "feedwatch/engine/decision_mark.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST(DecisionMark, reads_what_it_writes) {
  DecisionMark mark{.upto = 12, .open = {3, 7}, .since = {}};
  EXPECT_EQ(mark_text(mark), "1 12 3 7");
  const auto read = read_mark("1 12 3 7");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->upto, 12);
  EXPECT_THAT(read->open, ElementsAre(3, 7));
  EXPECT_EQ(read->begin(), 2);
  EXPECT_TRUE(read->delivered(6));
  EXPECT_FALSE(read->delivered(7));
  EXPECT_FALSE(read->delivered(13));
  EXPECT_EQ(read_mark(mark_text({.upto = 0, .open = {}, .since = wall_from_ns(1'767)}))->since,
            wall_from_ns(1'767));
  for (const char* text : {"", "1", "1 ", "2 12", "1 x", "1 12 x", "1 since", "1 12x"}) {
    EXPECT_FALSE(read_mark(text)) << text;
  }
}

TEST(DecisionMark, holds_so_many_and_says_nothing_of_what_is_behind_them) {
  DecisionMark mark{.upto = 100'000, .open = {}, .since = {}};
  for (std::int64_t i = 1; i <= 5'000; ++i) mark.open.insert(2 * i);
  const auto read = read_mark(mark_text(mark));
  ASSERT_TRUE(read);
  EXPECT_THAT(read->open, SizeIs(marked_open));
  EXPECT_EQ(read->upto, 2'000);
  EXPECT_FALSE(read->delivered(2'001));
}

}  // namespace
}  // namespace feedwatch::engine
