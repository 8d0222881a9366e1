// A list of positions in a file.

#include "feedwatch/app/position_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch::app {
namespace {

using testing::HasSubstr;

constexpr const char* good =
    R"({"ready":true,"positions":[{"id":"p1","venue":"v","symbol":"S","side":"long",)"
    R"("entry_price":"100","quantity":"1"}]})";

class PositionFilesTest : public testing::Test {
 protected:
  PositionFilesTest() {
    std::filesystem::create_directories(folder);
    write(good);
  }
  ~PositionFilesTest() override { std::filesystem::remove_all(folder); }

  /// Long ago, so that its times tell it from every other.
  void write(const std::string& text, int seconds = 0) const {
    std::ofstream(path) << text;
    const timespec times[2] = {{.tv_sec = 1'700'000'000 + seconds, .tv_nsec = 0},
                               {.tv_sec = 1'700'000'000 + seconds, .tv_nsec = 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  /// "1 position", "nothing new", or the error.
  static std::string said(PositionFile& file) {
    const auto news = file.look();
    if (!news) return "nothing new";
    if (!news->list) return news->list.error().text();
    return std::to_string(news->list->elements.size()) + " positions";
  }

  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("positions-" + std::to_string(::getpid()));
  std::filesystem::path path = folder / "positions.json";
};

TEST_F(PositionFilesTest, a_file_is_read_when_it_has_changed) {
  PositionFile file(path);
  EXPECT_EQ(file.source(), "file:positions.json");
  EXPECT_EQ(said(file), "1 positions");
  EXPECT_EQ(said(file), "nothing new");
  write(R"({"ready":true,"positions":[]})", 1);
  EXPECT_EQ(said(file), "0 positions");
  // Another file in its place, of the same size and the same time.
  const auto other = folder / "other";
  std::filesystem::copy_file(path, other);
  std::filesystem::rename(other, path);
  EXPECT_EQ(said(file), "0 positions");
}

TEST_F(PositionFilesTest, what_was_just_written_is_read_again_once) {
  PositionFile file(path);
  std::ofstream(path) << R"({"ready":true,"positions":[]})";
  EXPECT_EQ(said(file), "0 positions");
  EXPECT_EQ(said(file), "0 positions") << "the same tick may have brought another content";
}

TEST_F(PositionFilesTest, I_44_missing_cut_or_foreign_is_no_empty_list) {
  PositionFile file(path);
  const std::string text = good;
  for (std::size_t length = 0; length < text.size(); ++length) {
    write(text.substr(0, length), static_cast<int>(length));
    const auto news = file.look();
    ASSERT_TRUE(!news || !news->list) << length;
  }
  write(text + text, 1'000);
  EXPECT_THAT(said(file), HasSubstr("is not JSON"));
  write("[]", 1'001);
  EXPECT_THAT(said(file), HasSubstr("is not a JSON object"));
  EXPECT_EQ(said(file), "nothing new") << "told once";
  write(R"({"ready":true,"ready":true,"positions":[]})", 1'002);
  EXPECT_THAT(said(file), HasSubstr("'ready' stands twice"));
  std::filesystem::remove(path);
  EXPECT_EQ(said(file), path.string() +
                            ": cannot be read: No such file or directory (write it there, or "
                            "change [positions] files)");
  EXPECT_EQ(said(file), "nothing new");
  std::filesystem::create_directory(path);
  EXPECT_THAT(said(file), HasSubstr("is no file"));
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(said(file), "nothing new") << "and nobody waits for a writer";
  std::filesystem::remove(path);
  write(good);
  EXPECT_EQ(said(file), "1 positions");
}

TEST_F(PositionFilesTest, what_was_refused_is_told_again_in_a_while_and_says_so) {
  PositionFile file(path);
  const auto look = [&] {
    const auto news = file.look();
    if (!news) return std::string("nothing new");
    return std::string(news->list && news->list->again ? "again" : "news");
  };
  EXPECT_EQ(look(), "news");
  file.again();
  for (int i = 1; i < PositionFile::again_after; ++i) EXPECT_EQ(look(), "nothing new");
  EXPECT_EQ(look(), "again");
  for (int i = 0; i < 30; ++i) EXPECT_EQ(look(), "nothing new") << "as often as it is asked";
  file.again();
  write(R"({"ready":true,"positions":[]})", 1);
  EXPECT_EQ(look(), "news") << "the wait is for what nobody writes";
  for (int i = 0; i < 30; ++i) EXPECT_EQ(look(), "nothing new");
}

TEST_F(PositionFilesTest, one_that_is_too_large_is_not_read) {
  PositionFile file(path);
  std::filesystem::resize_file(path, PositionFile::max_bytes + 1);
  EXPECT_THAT(said(file), HasSubstr("is over 4 MiB"));
}

TEST_F(PositionFilesTest, each_is_delivered_and_nothing_after_the_end) {
  std::mutex mutex;
  std::condition_variable came;
  std::vector<std::string> sources;
  {
    const PositionFiles files({path, folder / "missing.json"}, [&](const PositionNews& news) {
      const std::scoped_lock lock(mutex);
      sources.push_back(news.source + (news.list ? " good" : " bad"));
      came.notify_all();
    });
    std::unique_lock lock(mutex);
    ASSERT_TRUE(came.wait_for(lock, std::chrono::seconds(10), [&] { return sources.size() >= 2; }));
  }
  EXPECT_THAT(sources, testing::ElementsAre("file:positions.json good", "file:missing.json bad"));
}

}  // namespace
}  // namespace feedwatch::app
