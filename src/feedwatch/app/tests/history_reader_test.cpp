#include "feedwatch/app/history_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::app {
namespace {

using testing::SizeIs;

/// Tasks run on the test's thread, when it waits for something.
class TestMailbox final : public Mailbox {
 public:
  [[nodiscard]] bool post(Task task) override {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
    wake_.notify_one();
    return true;
  }

  /// False when nothing came within ten seconds.
  template <class Done>
  bool run_until(Done done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      const bool any =
          wake_.wait_for(lock, std::chrono::seconds(10), [this] { return !tasks_.empty(); });
      if (!any) return false;
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
};

class HistoryReaderTest : public testing::Test {
 protected:
  HistoryReaderTest() {
    std::filesystem::create_directories(directory_);
    options_.url = "sqlite://" + (directory_ / "feedwatch.db").string();
    options_.state_dir = directory_;
  }
  ~HistoryReaderTest() override { std::filesystem::remove_all(directory_); }

  std::string create(store::Store& store, const std::string& type) {
    std::optional<Result<std::string>> id;
    store.create_alert({.type = type, .message = "m"},
                       [&](Result<std::string> made) { id = std::move(made); });
    EXPECT_TRUE(mailbox_.run_until([&] { return id.has_value(); }));
    return id && *id ? **id : "";
  }

  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("feedwatch-history-" + std::to_string(::getpid()));
  embed::SystemClock clock_;
  TestMailbox mailbox_;
  store::StoreOptions options_;
};

TEST_F(HistoryReaderTest, pages_and_stories_come_through_the_mailbox) {
  auto store = store::open_store(options_, clock_, mailbox_);
  ASSERT_TRUE(store) << store.error().text();
  const std::string first = create(**store, "first");
  const std::string second = create(**store, "second");

  HistoryReader reader(options_.url, {}, mailbox_);
  std::optional<Result<std::vector<AlertRow>>> page;
  reader.alerts(1, std::nullopt, [&](auto rows) { page = std::move(rows); });
  EXPECT_FALSE(page) << "never inside the call";
  ASSERT_TRUE(mailbox_.run_until([&] { return page.has_value(); }));
  ASSERT_TRUE(*page) << page->error().text();
  ASSERT_THAT(**page, SizeIs(1));
  EXPECT_EQ((**page)[0].id, second);

  const AlertRow last = (**page)[0];
  page.reset();
  reader.alerts(9, api::HistoryPlace{last.started_at, last.id},
                [&](auto rows) { page = std::move(rows); });
  ASSERT_TRUE(mailbox_.run_until([&] { return page.has_value(); }));
  ASSERT_THAT(**page, SizeIs(1));
  EXPECT_EQ((**page)[0].id, first);

  std::optional<Result<api::AlertStory>> story;
  reader.story(first, [&](auto told) { story = std::move(told); });
  ASSERT_TRUE(mailbox_.run_until([&] { return story.has_value(); }));
  ASSERT_TRUE(*story) << story->error().text();
  EXPECT_EQ((*story)->alert->name, "first");
  EXPECT_THAT((*story)->transitions, SizeIs(1));

  story.reset();
  reader.story("nobody's", [&](auto told) { story = std::move(told); });
  ASSERT_TRUE(mailbox_.run_until([&] { return story.has_value(); }));
  EXPECT_FALSE((*story)->alert);
}

TEST_F(HistoryReaderTest, events_of_both_kinds_come_in_pages_and_one_order) {
  auto store = store::open_store(options_, clock_, mailbox_);
  ASSERT_TRUE(store) << store.error().text();
  std::vector<JournalRow> rows;
  std::vector<std::string> wanted;
  for (int second = 0; second < 5; ++second) {
    const WallTime at = clock_.wall_now() - 1min + second * 1s;
    StreamTransitionRow level;
    level.stream = "v/A/mark";
    level.at = at;
    level.reason = "first of " + std::to_string(second);
    rows.emplace_back(level);
    level.reason = "second of " + std::to_string(second);
    rows.emplace_back(level);
    RepairRow repair;
    repair.id = "repair-" + std::to_string(second);
    repair.stream = second == 0 ? "v/B/mark" : "v/A/mark";
    repair.started_at = at;
    rows.emplace_back(repair);
    wanted.insert(wanted.begin(), {repair.id, "second of " + std::to_string(second),
                                   "first of " + std::to_string(second)});
  }
  bool done = false;
  (*store)->commit({"k", std::move(rows)}, [&](auto) { done = true; });
  ASSERT_TRUE(mailbox_.run_until([&] { return done; }));

  HistoryReader reader(options_.url, {}, mailbox_);
  const auto all = [&](api::EventQuestion question) {
    std::vector<std::string> seen;
    std::optional<api::HistoryPlace> after;
    for (int pages = 0; pages < 50; ++pages) {
      std::optional<Result<std::vector<api::HistoryEvent>>> page;
      reader.events(question, after, [&](auto events) { page = std::move(events); });
      EXPECT_TRUE(mailbox_.run_until([&] { return page.has_value(); }));
      if (!page || !*page || (*page)->empty()) break;
      for (const api::HistoryEvent& event : **page) {
        const auto* level = std::get_if<StreamTransitionRow>(&event.row);
        seen.push_back(level != nullptr ? level->reason : std::get<RepairRow>(event.row).id);
      }
      after = api::HistoryPlace{(*page)->back().at, (*page)->back().id};
    }
    return seen;
  };
  for (const std::size_t limit : {1UL, 2UL, 4UL, 100UL}) {
    EXPECT_EQ(all({.stream = {}, .limit = limit}), wanted) << limit;
  }
  EXPECT_THAT(all({.stream = "v/B/mark"}), testing::ElementsAre("repair-0"));
  EXPECT_THAT(all({.stream = "v/A/mark", .repairs = false}), SizeIs(10));
}

TEST_F(HistoryReaderTest, a_store_that_cannot_be_opened_is_an_answer) {
  HistoryReader reader("sqlite:///nonexistent/feedwatch.db", {}, mailbox_);
  std::optional<Result<api::AlertStory>> story;
  reader.story("x", [&](auto told) { story = std::move(told); });
  ASSERT_TRUE(mailbox_.run_until([&] { return story.has_value(); }));
  EXPECT_FALSE(*story);
}

TEST_F(HistoryReaderTest, questions_beyond_the_bound_are_refused_and_all_are_answered) {
  HistoryReader reader("sqlite:///nonexistent/feedwatch.db", {}, mailbox_);
  constexpr int many = 10'000;
  int answered = 0;
  for (int i = 0; i < many; ++i) {
    reader.story("x", [&](auto) { ++answered; });
  }
  EXPECT_TRUE(mailbox_.run_until([&] { return answered == many; }));
}

}  // namespace
}  // namespace feedwatch::app
