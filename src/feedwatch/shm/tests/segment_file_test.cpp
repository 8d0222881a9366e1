/// The writer's file: made, published, locked, cleaned up.
#include "feedwatch/shm/segment_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include "feedwatch/board/price_board.hpp"
#include "feedwatch/shm/reader.hpp"
#include "feedwatch/shm/tests/shared_monitor.hpp"

namespace feedwatch::shm {
namespace {

using test::Scratch;
using test::segment_options;
using test::SharedMonitor;
using ::testing::HasSubstr;

class Segment : public ::testing::Test {
 protected:
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(scratch.path)) {
      count += entry.path().extension() == ".lock" ? 0U : 1U;
    }
    return count;
  }
  struct stat facts() const {
    struct stat is{};
    EXPECT_EQ(::stat(path.c_str(), &is), 0);
    return is;
  }

  Scratch scratch;
  std::filesystem::path path = scratch.path / "board";
};

TEST_F(Segment, StandsUnderItsNameOnceItIsWhole) {
  auto created = SegmentFile::create(segment_options(scratch.path));
  ASSERT_TRUE(created.has_value()) << created.error().text();
  EXPECT_FALSE(std::filesystem::exists(path));
  SegmentFile* segment = created->get();
  PriceBoard board(std::move(*created), 64, {});
  ASSERT_TRUE(segment->publish().has_value());
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(files(), 1U);
}

TEST_F(Segment, IsSparseUntilStreamsAreAdded) {
  SharedMonitor shared(segment_options(scratch.path, 1, 65'536));
  const auto allocated = [this] { return static_cast<std::size_t>(facts().st_blocks) * 512; };
  const std::size_t head = PriceBoard::head_for(65'536);
  EXPECT_GE(allocated(), head);
  EXPECT_LT(allocated(), head + 64 * 1024);
  EXPECT_EQ(static_cast<std::size_t>(facts().st_size), PriceBoard::bytes_for(65'536));
  const std::size_t before = allocated();
  shared.add("v/BTC/last");
  EXPECT_GE(allocated(), before + 2UZ * 64 * 1024) << "a block of names and one of cells";
  EXPECT_LT(allocated(), before + 4UZ * 64 * 1024);
}

TEST_F(Segment, HasTheModeItWasGivenWhateverTheUmask) {
  const mode_t umask = ::umask(0077);
  SegmentOptions options = segment_options(scratch.path);
  options.mode = 0640;
  SharedMonitor shared(options);
  EXPECT_EQ(facts().st_mode & 07777U, 0640U);
  ::umask(umask);
}

TEST_F(Segment, GoesWithItsWriterWhoseReadersSeeThatItIsClosed) {
  auto shared = std::make_unique<SharedMonitor>(segment_options(scratch.path));
  shared->add("v/BTC/last");
  shared->send("v/BTC/last", "1");
  const auto reader = Reader::open(path.string()).value();
  const Handle stream = reader->find("v/BTC/last").value();
  const MonoTime now = shared->now;
  EXPECT_TRUE(reader->price_at(stream, {.read = {.max_age = 1s}}, now).has_value());
  shared.reset();
  EXPECT_EQ(reader->price_at(stream, {.read = {.max_age = 1s}}, now).error().code,
            RefusalCode::writer_gone);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(files(), 0U);
}

TEST_F(Segment, HasOneWriterAtATime) {
  auto first = std::make_unique<SharedMonitor>(segment_options(scratch.path, 1));
  const auto second = SegmentFile::create(segment_options(scratch.path, 2));
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().text(), HasSubstr("another running monitor writes it"));
  EXPECT_TRUE(Reader::open(path.string()).has_value()) << "the first goes on";
  first.reset();
  EXPECT_TRUE(SegmentFile::create(segment_options(scratch.path, 2)).has_value());
}

/// What a writer leaves behind that had no time to clean up.
class DeadWriter : public Segment {
 protected:
  void SetUp() override {
    // A copy of a live board is a board whose writer is not there any more.
    SharedMonitor shared(segment_options(scratch.path, 1));
    shared.add("v/BTC/last");
    std::filesystem::copy_file(path, scratch.path / "copy");
    shared.monitor.reset();
    std::filesystem::rename(scratch.path / "copy", path);
    ::chmod(path.c_str(), 0600);
  }
};

TEST_F(DeadWriter, HasItsBoardClosedAndReplaced) {
  const auto reader = Reader::open(path.string()).value();
  EXPECT_FALSE(reader->closed());
  SharedMonitor next(segment_options(scratch.path, 2));
  EXPECT_TRUE(reader->closed());
  EXPECT_EQ(reader->writer_epoch(), 1U);
  EXPECT_EQ(reader->refresh().value(), Reader::Refreshed::reopened);
  EXPECT_EQ(reader->writer_epoch(), 2U);
  EXPECT_EQ(reader->refresh().value(), Reader::Refreshed::same);
}

TEST_F(DeadWriter, LeavesNoTemporaryFileForLong) {
  std::ofstream(scratch.path / "board.77.tmp") << "half a board";
  std::ofstream(scratch.path / "board.notes.tmp") << "not ours";
  std::ofstream(scratch.path / "other.77.tmp") << "not ours";
  SharedMonitor next(segment_options(scratch.path, 2));
  EXPECT_FALSE(std::filesystem::exists(scratch.path / "board.77.tmp"));
  EXPECT_TRUE(std::filesystem::exists(scratch.path / "board.notes.tmp"));
  EXPECT_TRUE(std::filesystem::exists(scratch.path / "other.77.tmp"));
}

TEST_F(Segment, ReplacesWhateverStandsUnderItsNameAndWritesIntoNothingElse) {
  std::ofstream(scratch.path / "victim") << std::string(8192, 'x');
  std::filesystem::create_symlink(scratch.path / "victim", path);
  {
    SharedMonitor shared(segment_options(scratch.path));
    EXPECT_FALSE(std::filesystem::is_symlink(path));
  }
  std::ifstream victim(scratch.path / "victim");
  std::string text;
  victim >> text;
  EXPECT_EQ(text, std::string(8192, 'x'));
}

TEST_F(Segment, TellsWhatIsWrong) {
  const auto error_of = [](const SegmentOptions& options) {
    const auto created = SegmentFile::create(options);
    return created ? std::string("none") : created.error().text();
  };
  for (const char* name : {"", ".hidden", "a/b", "a b", "x.lock", "x.tmp", "..", "\xc3\xa4"}) {
    SegmentOptions options = segment_options(scratch.path);
    options.name = name;
    EXPECT_THAT(error_of(options), HasSubstr("its name")) << name;
  }
  EXPECT_THAT(error_of(segment_options(scratch.path / "missing")), HasSubstr("No such file"));
  std::filesystem::create_symlink(scratch.path / "victim", scratch.path / "board.lock");
  EXPECT_THAT(error_of(segment_options(scratch.path)), HasSubstr("symbolic links"));
  EXPECT_FALSE(std::filesystem::exists(scratch.path / "victim"));
}

TEST_F(Segment, CannotReplaceADirectory) {
  std::filesystem::create_directory(path);
  auto created = SegmentFile::create(segment_options(scratch.path));
  ASSERT_TRUE(created.has_value());
  SegmentFile* segment = created->get();
  PriceBoard board(std::move(*created), 64, {});
  EXPECT_FALSE(segment->publish().has_value());
}

/// A filesystem of its own that is nearly full.
class FullFilesystem : public Segment {
 protected:
  bool mounted(std::size_t bytes) {
    const std::string size = "size=" + std::to_string(bytes);
    mounted_ = ::mount("tmpfs", scratch.path.c_str(), "tmpfs", 0, size.c_str()) == 0;
    return mounted_;
  }
  void TearDown() override {
    if (mounted_) ::umount2(scratch.path.c_str(), MNT_DETACH);
  }

 private:
  bool mounted_ = false;
};

TEST_F(FullFilesystem, IsAnErrorAtTheStartThatSaysWhatIsNeeded) {
  if (!mounted(64 * 1024)) GTEST_SKIP() << "cannot mount: " << std::strerror(errno);
  const auto created = SegmentFile::create(segment_options(scratch.path, 1, 65'536));
  ASSERT_FALSE(created.has_value());
  EXPECT_THAT(created.error().text(), HasSubstr(scratch.path.string() + " is full: 1 MiB more"));
  EXPECT_THAT(created.error().text(), HasSubstr("max_streams"));
  EXPECT_EQ(files(), 0U) << "nothing is left behind";
}

TEST_F(FullFilesystem, IsAnErrorOfTheStreamThatFindsNoPlaceAndHarmsNoOther) {
  constexpr std::size_t streams = 4096;
  // Room for the head, one block of names and two of cells.
  if (!mounted(PriceBoard::head_for(streams) + 3UZ * 64 * 1024 + 8192)) {
    GTEST_SKIP() << "cannot mount: " << std::strerror(errno);
  }
  SharedMonitor shared(segment_options(scratch.path, 1, streams));
  const auto reader = Reader::open(path.string()).value();
  std::optional<Error> error;
  std::size_t added = 0;
  for (; added < streams && !error; ++added) {
    StreamOptions options;
    options.key = {"v", "S" + std::to_string(added), Kind::last};
    const auto stream = shared.monitor->add_stream(options, shared.now);
    if (!stream) error = stream.error();
  }
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(error->text(), HasSubstr("is full"));
  EXPECT_EQ(added, 513U);
  shared.send("v/S0/last", "5");
  shared.send("v/S511/last", "6");
  for (const char* name : {"v/S0/last", "v/S511/last"}) {
    const auto stream = reader->find(name);
    ASSERT_TRUE(stream.has_value());
    EXPECT_TRUE(reader->price_at(*stream, {.read = {.max_age = 1s}}, shared.now).has_value());
  }
  EXPECT_FALSE(reader->find("v/S512/last").has_value());
  // Cells nobody claimed are not touched: the read would have no page to fall on.
  const std::uint64_t board = reader->find("v/S0/last")->value >> 32U << 32U;
  for (std::uint64_t index = 512; index <= StreamId::index_mask;
       index += index < streams ? 1 : 999) {
    EXPECT_EQ(
        reader->price_at(Handle{board | index}, {.read = {.max_age = 1s}}, shared.now).error().code,
        RefusalCode::old_epoch);
    EXPECT_FALSE(shared.monitor->price(StreamId{index, 0}, {.max_age = 1s}, shared.now));
  }
}

}  // namespace
}  // namespace feedwatch::shm
