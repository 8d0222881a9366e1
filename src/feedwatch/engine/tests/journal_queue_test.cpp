// The control's batches on their way into a journal that fails, refuses, hangs or is full.

#include "feedwatch/engine/control_journal.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "feedwatch/engine/tests/control_bench.hpp"

namespace feedwatch::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class JournalQueueTest : public testing::Test {
 protected:
  void push(const std::string& key, JournalQueue::Type type, int rows = 1) {
    JournalBatch batch{key, {}};
    for (int i = 0; i < rows; ++i) batch.rows.emplace_back(RepairRow{.id = key});
    queue.push(std::move(batch), type, clock.time);
  }
  void run_for(Duration duration) {
    const MonoTime end = clock.time + duration;
    while (journal.answer()) queue.on_time(clock.time);
    while (queue.next_deadline() <= end) {
      clock.time = std::max(clock.time, queue.next_deadline());
      queue.on_time(clock.time);
      while (journal.answer()) queue.on_time(clock.time);
    }
    clock.time = end;
  }
  std::vector<std::string> committed() const {
    std::vector<std::string> keys;
    for (const auto& batch : journal.committed) {
      if (!batch.rows.empty()) keys.push_back(batch.idempotency_key);
    }
    return keys;
  }

  FakeClock clock;
  FakeJournal journal;
  JournalQueue queue{journal, clock, {.max_rows = 4, .run = "r"}};
};
using Type = JournalQueue::Type;

TEST_F(JournalQueueTest, failed_batches_are_retried_in_order) {
  journal.fail_next = 4;
  push("a", Type::alert);
  push("b", Type::alert);
  run_for(10s);
  EXPECT_THAT(committed(), ElementsAre("a", "b"));
  EXPECT_EQ(queue.errors(), 4U);
  EXPECT_EQ(queue.dropped_rows(), 0U);
  EXPECT_EQ(queue.trouble_since(clock.time), std::nullopt);
}

TEST_F(JournalQueueTest, long_outage_loses_nothing) {
  journal.fail_next = 100;
  push("a", Type::alert);
  push("b", Type::telemetry);
  run_for(1h);
  EXPECT_THAT(committed(), ElementsAre("a", "b"));
}

TEST_F(JournalQueueTest, batch_the_store_can_never_take_does_not_block_the_others) {
  journal.refused_key = "bad";
  push("bad", Type::alert);
  push("good", Type::alert);
  run_for(1min);
  EXPECT_THAT(committed(), ElementsAre("good"));
  EXPECT_EQ(queue.dropped_rows(), 1U);
}

TEST_F(JournalQueueTest, batch_that_failed_with_the_store_is_not_blamed) {
  for (int outage = 5; outage < 40; ++outage) {
    journal.committed.clear();
    journal.fail_next = outage;
    push("a", Type::alert);
    run_for(10min);
    EXPECT_THAT(committed(), ElementsAre("a")) << outage;
  }
  EXPECT_EQ(queue.dropped_rows(), 0U);
}

TEST_F(JournalQueueTest, a_suspect_is_given_up_by_one_refusal_and_only_of_a_store_that_works) {
  std::vector<std::string> ends;
  queue.set_callbacks(
      [&](const JournalBatch& batch, JournalQueue::End end) {
        if (end == JournalQueue::End::refused) ends.push_back(batch.idempotency_key);
      },
      {});
  journal.fail_next = 20;
  queue.push({"good", {RepairRow{.id = "good"}}}, Type::alert, clock.time, true);
  run_for(10min);
  EXPECT_THAT(committed(), ElementsAre("good")) << "it failed with the store";
  journal.refused_key = "bad";
  queue.push({"bad", {RepairRow{.id = "bad"}}}, Type::alert, clock.time, true);
  push("behind", Type::alert);
  run_for(1s);
  EXPECT_THAT(committed(), ElementsAre("good", "behind")) << "not held up for long";
  EXPECT_THAT(ends, ElementsAre("bad"));
}

/// The store has just taken an empty batch: nothing is wrong with it, and nobody waits for it.
TEST_F(JournalQueueTest, a_refused_batch_says_nothing_against_the_store) {
  std::vector<std::string> trouble;
  queue.set_callbacks(
      [&](const JournalBatch&, JournalQueue::End end) {
        if (end == JournalQueue::End::written) return;
        if (queue.trouble_since(clock.time)) trouble.emplace_back("failing");
        if (queue.evidence(clock.time).dropped_lately > 0) trouble.emplace_back("lost some");
      },
      {});
  journal.refused_key = "bad";
  queue.push({"bad", {RepairRow{.id = "bad"}}}, Type::alert, clock.time, true);
  push("behind", Type::alert);
  const MonoTime before = clock.time;
  while (committed().empty()) {
    queue.on_time(clock.time);
    if (!journal.answer()) clock.time = queue.next_deadline();
  }
  EXPECT_EQ(clock.time, before);
  EXPECT_THAT(trouble, IsEmpty());
  EXPECT_EQ(queue.dropped_rows(), 0U) << "it will be pushed again";
  push("bad", Type::alert);
  run_for(20s);
  EXPECT_EQ(queue.dropped_rows(), 1U);
}

/// Nor is a store that refuses everything asked as fast as it answers.
TEST_F(JournalQueueTest, many_refused_in_a_row_are_paced) {
  journal.refused_key = "bad";
  for (int i = 0; i < 4; ++i) {
    queue.push({fmt::format("bad{}", i), {RepairRow{.id = "bad"}}}, Type::alert, clock.time, true);
  }
  const MonoTime before = clock.time;
  while (queue.pending() > 0) {
    queue.on_time(clock.time);
    if (!journal.answer()) clock.time = queue.next_deadline();
  }
  EXPECT_GE(clock.time, before + 100ms);
  EXPECT_LE(clock.time, before + 300ms);
}

TEST_F(JournalQueueTest, who_is_dropped_for_want_of_room_is_told_so) {
  std::vector<std::string> ends;
  queue.set_callbacks(
      [&](const JournalBatch& batch, JournalQueue::End end) {
        if (end == JournalQueue::End::crowded_out) ends.push_back(batch.idempotency_key);
      },
      {});
  for (const char* key : {"a", "b", "c", "d", "e"}) push(key, Type::alert);
  EXPECT_THAT(ends, ElementsAre("a"));
}

TEST_F(JournalQueueTest, telemetry_gives_way_before_alerts) {
  queue.on_time(clock.time);  // a probe is under way
  push("t1", Type::telemetry);
  push("a1", Type::alert);
  push("n1", Type::notification);
  push("t2", Type::telemetry);
  push("a2", Type::alert);
  push("a3", Type::alert);
  push("a4", Type::alert);
  run_for(1s);
  EXPECT_THAT(committed(), ElementsAre("a1", "a2", "a3", "a4"));
  EXPECT_EQ(queue.dropped_rows(), 3U);
}

TEST_F(JournalQueueTest, hanging_commit_is_trouble_after_ten_seconds) {
  journal.hanging = true;
  push("a", Type::alert);
  queue.on_time(clock.time);
  EXPECT_EQ(queue.next_deadline(), t0 + 10s);
  EXPECT_EQ(queue.trouble_since(t0 + 10s - 1ns), std::nullopt);
  EXPECT_EQ(queue.trouble_since(t0 + 10s), t0);
  queue.on_time(t0 + 10s);
  EXPECT_EQ(queue.next_deadline(), never_mono) << "told once, not in a loop";
}

TEST_F(JournalQueueTest, idle_store_is_probed) {
  run_for(2min);
  EXPECT_EQ(journal.committed.size(), 5U);
  EXPECT_THAT(committed(), IsEmpty());
}

/// A journal that answers for a whole group at once.
class GroupJournal final : public Journal {
 public:
  void commit(JournalBatch batch, Done done) override {
    auto shared = std::make_shared<Done>(std::move(done));
    std::vector<JournalBatch> group;
    group.push_back(std::move(batch));
    commit_group(std::move(group), [shared](auto result) { (*shared)(std::move(result)); });
  }
  void commit_group(std::vector<JournalBatch> group, Each each) override {
    asked.emplace_back(std::move(group), std::move(each));
  }
  bool answer() {
    if (asked.empty()) return false;
    auto [group, each] = std::move(asked.front());
    asked.pop_front();
    sizes.push_back(group.size());
    bool refusing = false;
    for (const JournalBatch& batch : group) {
      refusing = refusing || full;
      const bool bad = poison.contains(batch.idempotency_key);
      if (!bad && !refusing) keys.push_back(batch.idempotency_key);
      each(bad || refusing ? std::expected<void, Error>(std::unexpected(Error{"store", "no", ""}))
                           : std::expected<void, Error>());
    }
    return true;
  }

  std::deque<std::pair<std::vector<JournalBatch>, Each>> asked;
  std::vector<std::size_t> sizes;
  std::vector<std::string> keys;
  std::set<std::string> poison;
  bool full = false;
};

class JournalGroupTest : public testing::Test {
 protected:
  static const char* words_of(JournalQueue::End end) {
    return end == JournalQueue::End::written ? "" : " given up";
  }
  void push(const std::string& key) {
    queue.push({key, {RepairRow{.id = key}}}, Type::alert, clock.time);
  }
  void run_for(Duration duration) {
    const MonoTime end = clock.time + duration;
    for (;;) {
      queue.on_time(clock.time);
      if (journal.answer()) continue;
      if (queue.next_deadline() > end) break;
      clock.time = std::max(clock.time, queue.next_deadline());
    }
    clock.time = end;
  }
  std::vector<std::string> rows() const {
    std::vector<std::string> found;
    for (const std::string& key : journal.keys) {
      if (!key.starts_with("probe")) found.push_back(key);
    }
    return found;
  }

  FakeClock clock;
  GroupJournal journal;
  JournalQueue queue{journal, clock, {.group_rows = 100, .run = "r"}};
};

TEST_F(JournalGroupTest, a_storm_goes_in_groups_and_in_order) {
  std::vector<std::string> pushed;
  std::vector<std::string> done;
  queue.set_callbacks(
      [&](const JournalBatch& batch, JournalQueue::End end) {
        done.push_back(batch.idempotency_key + words_of(end));
      },
      {});
  for (int i = 0; i < 10'000; ++i) {
    pushed.push_back(fmt::format("k{:05}", i));
    push(pushed.back());
  }
  run_for(1ms);
  EXPECT_EQ(rows(), pushed);
  EXPECT_EQ(done, pushed);
  EXPECT_LE(journal.sizes.size(), 201U) << "fifty batches of a row and its key at a time";
  EXPECT_EQ(queue.dropped_rows(), 0U);
  EXPECT_EQ(queue.commits(), 10'000U);
}

TEST_F(JournalGroupTest, one_bad_batch_is_isolated_and_the_rest_are_durable_at_once) {
  journal.poison = {"b"};
  std::vector<std::string> done;
  queue.set_callbacks(
      [&](const JournalBatch& batch, JournalQueue::End end) {
        done.push_back(batch.idempotency_key + words_of(end));
      },
      {});
  for (const char* key : {"a", "b", "c"}) push(key);
  run_for(1ms);
  EXPECT_THAT(done, ElementsAre("a", "c"));
  EXPECT_EQ(queue.pending(), 1U);
  push("d");
  run_for(1min);
  EXPECT_THAT(rows(), ElementsAre("a", "c", "d"));
  done.resize(4);  // without the probe of an idle store
  EXPECT_THAT(done, ElementsAre("a", "c", "b given up", "d")) << "b was given up";
  EXPECT_EQ(queue.dropped_rows(), 1U);
}

TEST_F(JournalGroupTest, a_store_that_is_full_keeps_the_order) {
  journal.full = true;
  for (const char* key : {"a", "b", "c"}) push(key);
  run_for(1s);
  EXPECT_GT(queue.errors(), 0U);
  journal.full = false;
  run_for(1min);
  EXPECT_THAT(rows(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(queue.dropped_rows(), 0U);
}

TEST_F(JournalGroupTest, what_is_on_its_way_makes_no_room) {
  JournalQueue small(journal, clock, {.max_rows = 3, .run = "s"});
  const auto add = [&](const char* key) {
    small.push({key, {RepairRow{.id = key}}}, Type::telemetry, clock.time);
  };
  add("a");
  add("b");
  small.on_time(clock.time);
  for (const char* key : {"c", "d", "e"}) add(key);
  while (journal.answer()) small.on_time(clock.time);
  EXPECT_THAT(rows(), ElementsAre("a", "b", "e"));
  EXPECT_EQ(small.dropped_rows(), 2U);
}

/// Of a group one has failed and the last has just been answered: whose turn it is stays.
TEST_F(JournalGroupTest, what_has_failed_is_not_dropped_while_its_group_ends) {
  JournalQueue small(journal, clock, {.max_rows = 3, .run = "s"});
  std::vector<std::string> crowded;
  const auto add = [&](const std::string& key) {
    small.push({key, {RepairRow{.id = key}}}, Type::telemetry, clock.time);
  };
  small.set_callbacks(
      [&](const JournalBatch& batch, JournalQueue::End end) {
        if (end == JournalQueue::End::crowded_out) crowded.push_back(batch.idempotency_key);
        if (batch.idempotency_key != "b") return;
        for (const char* key : {"c", "d", "e"}) add(key);
      },
      {});
  journal.poison = {"a"};
  add("a");
  add("b");
  small.on_time(clock.time);
  ASSERT_TRUE(journal.answer());
  EXPECT_THAT(crowded, ElementsAre("c"));
}

TEST_F(JournalQueueTest, answer_after_destruction_finds_nobody) {
  {
    JournalQueue other(journal, clock, {.run = "x"});
    other.on_time(clock.time);
  }
  EXPECT_TRUE(journal.answer());
}

}  // namespace
}  // namespace feedwatch::engine
