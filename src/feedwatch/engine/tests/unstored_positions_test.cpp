// Rows of positions that the journal gave up, by hand.

#include "feedwatch/engine/unstored_positions.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "feedwatch/base/random.hpp"
#include "feedwatch/engine/tests/control_fakes.hpp"

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using End = JournalQueue::End;
using Words = std::vector<std::string>;

/// A book of positions, each of a version that stands in its row, and a store of them.
class UnstoredPositionsTest : public testing::Test {
 protected:
  PositionRow row(const std::string& id, std::optional<WallTime> closed = {}) {
    PositionRow made;
    made.venue = "v";
    made.symbol = "S";
    made.id = id;
    made.quantity = std::to_string(versions[id]);
    made.updated_at = wall_from_ns(ties ? clock : ++clock);
    made.closed_at = closed;
    return made;
  }
  JournalBatch pushed(const PositionRow& made) {
    box.on_pushed(made);
    return {"pushed", {made}};
  }
  JournalBatch change(const std::string& id) {
    if (!open[id]) ++clock;  // none is opened twice in one moment
    ++versions[id];
    open[id] = true;
    return pushed(row(id));
  }
  JournalBatch close(const std::string& id) {
    open[id] = false;
    return pushed(row(id, wall_from_ns(clock)));
  }
  std::optional<PositionKey> end(const JournalBatch& batch, End how) {
    if (how == End::written) {
      for (const JournalRow& each : batch.rows) {
        const auto& written = std::get<PositionRow>(each);
        stored[written.id] = (written.closed_at ? "closed " : "") + written.quantity;
      }
    }
    return box.on_done(batch, how, now);
  }
  std::vector<UnstoredPositions::Push> due(std::size_t room = 1'000) {
    const auto key = [this] { return fmt::format("b{}", ++batches); };
    const auto open_row = [this](const PositionKey& of) -> std::optional<PositionRow> {
      return open[of.id] ? std::optional(row(of.id)) : std::nullopt;
    };
    return box.due(room, key, open_row, now);
  }
  static Words words(const std::vector<UnstoredPositions::Push>& pushes) {
    Words made;
    for (const auto& push : pushes) {
      std::string text = push.suspect ? "alone:" : "";
      for (const JournalRow& each : push.batch.rows) {
        const auto& pushed = std::get<PositionRow>(each);
        text += (text.empty() ? "" : " ") + pushed.id + (pushed.closed_at ? " closed " : "=") +
                pushed.quantity;
      }
      made.push_back(text);
    }
    return made;
  }
  void make(UnstoredPositionOptions options) { box = UnstoredPositions(options); }

  UnstoredPositions box;
  MonoTime now{1h};
  std::map<std::string, int> versions;
  std::map<std::string, bool> open;
  std::map<std::string, std::string> stored;
  std::int64_t clock = 0;
  bool ties = false;  ///< rows may be of one moment
  int batches = 0;
};

TEST_F(UnstoredPositionsTest, what_is_written_is_pushed_by_nobody_else) {
  EXPECT_FALSE(end(change("a"), End::written));
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_TRUE(box.idle(now));
  EXPECT_EQ(box.next_deadline(), never_mono);
}

TEST_F(UnstoredPositionsTest, what_had_no_room_goes_together_as_it_is_now) {
  EXPECT_FALSE(end(change("a"), End::crowded_out));
  end(change("b"), End::crowded_out);
  change("a");  // on its way
  EXPECT_FALSE(box.idle(now));
  EXPECT_THAT(words(due(0)), IsEmpty());
  const auto pushes = due();
  EXPECT_THAT(words(pushes), ElementsAre("a=2 b=1"));
  EXPECT_THAT(due(), IsEmpty()) << "it is on its way";
  end(pushes[0].batch, End::written);
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(UnstoredPositionsTest, what_was_refused_goes_alone_after_a_wait_that_doubles_and_for_ever) {
  EXPECT_EQ(end(change("a"), End::refused), (PositionKey{"v", "S", "a"}));
  EXPECT_TRUE(box.idle(now));
  EXPECT_EQ(box.next_deadline(), now + 1s);
  Duration wait = 1s;
  for (int i = 0; i < 100; ++i) {
    now = box.next_deadline();
    const auto pushes = due();
    ASSERT_THAT(words(pushes), ElementsAre("alone: a=1"));
    EXPECT_FALSE(end(pushes[0].batch, End::refused)) << "it was told";
    wait = std::min<Duration>(2 * wait, 5min);
    EXPECT_EQ(box.next_deadline(), now + wait);
  }
}

TEST_F(UnstoredPositionsTest, of_a_closed_one_the_end_is_pushed) {
  end(change("a"), End::crowded_out);
  end(close("a"), End::crowded_out);
  EXPECT_THAT(words(due()), ElementsAre("a closed 1"));
}

/// It was opened anew and closed while the end before was on its way.
TEST_F(UnstoredPositionsTest, of_two_ends_the_newest_is_pushed) {
  change("a");
  const JournalBatch first = close("a");
  change("a");
  const JournalBatch second = close("a");
  end(first, End::crowded_out);
  EXPECT_THAT(words(due()), ElementsAre("a closed 2"));
  end(second, End::written);
  EXPECT_TRUE(box.idle(now));
}

TEST_F(UnstoredPositionsTest, one_that_came_again_is_open_whatever_became_of_the_one_before) {
  end(change("a"), End::crowded_out);
  end(close("a"), End::crowded_out);
  end(change("a"), End::written);
  EXPECT_THAT(due(), IsEmpty()) << "the store has the newest";
  end(close("a"), End::crowded_out);
  change("a");
  EXPECT_THAT(words(due()), ElementsAre("a=3"));
}

TEST_F(UnstoredPositionsTest, an_older_row_that_was_on_its_way_proves_nothing) {
  const JournalBatch older = change("a");
  end(change("a"), End::crowded_out);
  end(older, End::written);
  EXPECT_THAT(words(due()), ElementsAre("a=2"));
}

/// Of a group what has failed is written behind what has not.
TEST_F(UnstoredPositionsTest, what_an_older_row_was_written_over_is_pushed_again) {
  const JournalBatch opening = change("a");
  const JournalBatch closing = close("a");
  end(closing, End::written);
  EXPECT_TRUE(box.idle(now));
  end(opening, End::written);
  const auto pushes = due();
  EXPECT_THAT(words(pushes), ElementsAre("a closed 1"));
  end(pushes[0].batch, End::written);
  EXPECT_TRUE(box.idle(now));
  EXPECT_EQ(box.size(), 0U);
}

TEST_F(UnstoredPositionsTest, suspects_are_few_and_batches_are_small) {
  make({.suspects = 2, .batch_rows = 2});
  for (const char* id : {"a", "b", "c", "d", "e", "f"}) end(change(id), End::crowded_out);
  auto pushes = due(5);
  EXPECT_THAT(words(pushes), ElementsAre("a=1 b=1", "c=1 d=1", "e=1"));
  for (const auto& push : pushes) {
    const bool alone = push.batch.rows.size() == 1;
    EXPECT_EQ(end(push.batch, End::refused).has_value(), alone) << "of two nobody knows which";
  }
  EXPECT_EQ(box.next_deadline(), MonoTime::min()) << "there is one more";
  EXPECT_THAT(words(due()), ElementsAre("f=1"));
  now += 1s;
  pushes = due();
  EXPECT_THAT(words(pushes), ElementsAre("alone: a=1", "alone: b=1"));
  EXPECT_EQ(box.next_deadline(), never_mono) << "the others wait for them";
  end(pushes[0].batch, End::written);
  EXPECT_THAT(words(due()), ElementsAre("alone: c=1"));
}

TEST_F(UnstoredPositionsTest, in_a_hurry_nothing_waits) {
  make({.hurried = 1});
  end(change("a"), End::refused);
  end(change("b"), End::refused);
  EXPECT_THAT(due(), IsEmpty());
  box.hurry(now);
  EXPECT_FALSE(box.idle(now));
  const auto pushes = due();
  EXPECT_THAT(words(pushes), ElementsAre("alone: a=1")) << "and not for ever";
  end(pushes[0].batch, End::refused);
  EXPECT_TRUE(box.idle(now));
  now += 1h;
  box.hurry(now);
  EXPECT_TRUE(box.idle(now)) << "nor another time";
  end(change("c"), End::crowded_out);
  EXPECT_THAT(words(due()), ElementsAre("c=1")) << "what the store takes does not wait";
}

/// Closed in the moment in which it was pushed: an open row proves no end.
TEST_F(UnstoredPositionsTest, an_end_of_the_same_moment_is_not_stored_with_what_it_ended) {
  const JournalBatch opening = change("a");
  ties = true;
  const JournalBatch closing = close("a");
  end(opening, End::written);
  end(closing, End::crowded_out);
  EXPECT_THAT(words(due()), ElementsAre("a closed 1"));
}

TEST_F(UnstoredPositionsTest, beyond_the_bound_what_is_known_stays) {
  make({.capacity = 1});
  const JournalBatch older = change("c");
  const JournalBatch closing = close("c");
  end(change("a"), End::crowded_out);
  end(change("b"), End::crowded_out);
  end(change("a"), End::crowded_out);
  end(older, End::crowded_out);
  const auto pushes = due();
  EXPECT_THAT(words(pushes), ElementsAre("a=2"));
  end(pushes[0].batch, End::written);
  end(closing, End::crowded_out);
  EXPECT_THAT(words(due()), ElementsAre("c closed 1")) << "there is room again";
}

/// Whatever fails: when the store takes everything again it has the newest word on each.
TEST_F(UnstoredPositionsTest, in_the_end_the_store_has_what_is) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    make({.suspects = 2, .batch_rows = 3});
    versions.clear();
    open.clear();
    stored.clear();
    // Of one moment they stay in their order.
    ties = seed % 2 == 0;
    std::deque<JournalBatch> journal;  // in the order of pushes, as the queue keeps it
    const auto finish = [&](std::size_t which, End how) {
      const JournalBatch batch = std::move(journal[which]);
      journal.erase(journal.begin() + static_cast<std::ptrdiff_t>(which));
      end(batch, how);
    };
    const auto fetch = [&] {
      for (auto& push : due(random.below(10))) journal.push_back(std::move(push.batch));
    };
    for (int step = 0; step < 200; ++step) {
      const std::string id = fmt::format("p{}", random.below(4));
      clock += static_cast<std::int64_t>(random.below(2));
      switch (random.below(5)) {
        case 0:
          journal.push_back(change(id));
          break;
        case 1:
          if (open[id]) journal.push_back(close(id));
          break;
        case 2:
          if (journal.empty()) break;
          finish(ties ? 0 : random.below(std::min<std::size_t>(journal.size(), 3)),
                 random.below(2) == 0 ? End::written : End::refused);
          break;
        case 3:
          if (!journal.empty()) finish(random.below(journal.size()), End::crowded_out);
          break;
        default:
          now += Duration(static_cast<std::int64_t>(random.below(3'000'000'000)));
          fetch();
      }
    }
    for (int round = 0; round < 100; ++round) {
      while (!journal.empty()) finish(ties ? 0 : random.below(journal.size()), End::written);
      ++clock;
      now += 5min;
      for (auto& push : due()) journal.push_back(std::move(push.batch));
    }
    ASSERT_TRUE(box.idle(now)) << seed;
    ASSERT_EQ(box.size(), 0U) << seed;
    for (const auto& [id, version] : versions) {
      if (version == 0) continue;
      EXPECT_EQ(stored[id], fmt::format("{}{}", open[id] ? "" : "closed ", version)) << seed;
    }
  }
}

}  // namespace
}  // namespace feedwatch::engine
