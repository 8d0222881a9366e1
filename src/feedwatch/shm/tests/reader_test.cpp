/// A board in another's hands: what opens, what is refused, and by which word.
#include "feedwatch/shm/reader.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <utility>
#include <vector>

#include "feedwatch/base/random.hpp"
#include "feedwatch/board/layout.hpp"
#include "feedwatch/shm/tests/shared_monitor.hpp"

namespace feedwatch::shm {
namespace {

using test::Scratch;
using test::segment_options;
using test::SharedMonitor;

class OpenBoard : public ::testing::Test {
 protected:
  OpenCode refused(const std::string& file, OpenOptions options = {}) {
    const auto reader = Reader::open(file, options);
    if (reader) ADD_FAILURE() << file << " was opened";
    return reader ? OpenCode::system : reader.error().code;
  }
  std::vector<char> content() {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string write(const std::vector<char>& bytes, mode_t mode = 0600) {
    const std::string file = scratch.path / "hostile";
    std::ofstream(file, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ::chmod(file.c_str(), mode);
    return file;
  }
  /// The board's own bytes, with its header changed.
  std::string changed(const std::function<void(board::Header&)>& change) {
    std::vector<char> bytes = content();
    board::Header header;
    std::memcpy(static_cast<void*>(&header), bytes.data(), sizeof header);
    change(header);
    std::memcpy(bytes.data(), &header, sizeof header);
    return write(bytes);
  }

  Scratch scratch;
  SharedMonitor shared{segment_options(scratch.path)};
  std::string path = scratch.path / "board";
};

TEST_F(OpenBoard, IsRefusedWhenItIsNoFileOfItsOwn) {
  EXPECT_EQ(refused(scratch.path / "missing"), OpenCode::not_found);
  EXPECT_EQ(refused("no-board-of-this-name"), OpenCode::not_found);
  std::filesystem::create_symlink(path, scratch.path / "link");
  EXPECT_EQ(refused(scratch.path / "link"), OpenCode::not_a_file);
  EXPECT_EQ(refused(scratch.path), OpenCode::not_a_file);
  ASSERT_EQ(::mkfifo((scratch.path / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(refused(scratch.path / "pipe"), OpenCode::not_a_file);
  EXPECT_EQ(refused("/dev/zero"), OpenCode::not_a_file);
  EXPECT_EQ(refused(path + "/below"), OpenCode::system);
}

TEST_F(OpenBoard, IsRefusedWhenOthersMayWriteIt) {
  for (const mode_t mode : {mode_t{0620}, mode_t{0602}, mode_t{0666}}) {
    EXPECT_EQ(refused(write(content(), mode)), OpenCode::writable_by_others) << mode;
  }
  EXPECT_TRUE(Reader::open(write(content(), 0644)).has_value());
}

TEST_F(OpenBoard, IsRefusedWhenAnotherUserOwnsIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  constexpr uid_t stranger = 65'534;
  const std::string file = write(content());
  ASSERT_EQ(::chown(file.c_str(), stranger, stranger), 0);
  EXPECT_EQ(refused(file), OpenCode::wrong_owner);
  EXPECT_EQ(refused(file, {.owner = 12'345}), OpenCode::wrong_owner);
  EXPECT_TRUE(Reader::open(file, {.owner = stranger}).has_value());
}

TEST_F(OpenBoard, IsRefusedWhenItIsNone) {
  EXPECT_EQ(refused(write({})), OpenCode::truncated);
  std::vector<char> bytes = content();
  bytes.resize(sizeof(board::Header) - 1);
  EXPECT_EQ(refused(write(bytes)), OpenCode::truncated);
  bytes = content();
  bytes.pop_back();
  EXPECT_EQ(refused(write(bytes)), OpenCode::truncated);
  EXPECT_EQ(refused(write(std::vector<char>(9000, '\0'))), OpenCode::not_a_board);
}

TEST_F(OpenBoard, IsRefusedWhenItIsAnother) {
  using board::Header;
  EXPECT_EQ(refused(changed([](Header& h) { h.version += 1; })), OpenCode::other_version);
  EXPECT_EQ(refused(changed([](Header& h) { h.layout_hash += 1; })), OpenCode::other_layout);
  EXPECT_EQ(refused(changed([](Header& h) { h.cells_offset += 8; })), OpenCode::inconsistent);
  EXPECT_EQ(refused(changed([](Header& h) { h.state = 0; })), OpenCode::initializing);
  EXPECT_EQ(refused(changed([](Header& h) { h.state = 9; })), OpenCode::inconsistent);
}

/// The sanitizers say whether anything is read outside of the bytes.
TEST_F(OpenBoard, OfRandomBytesHarmsNobody) {
  Random random{11};
  shared.add("v/BTC/last");
  const std::vector<char> good = content();
  for (int round = 0; round < 300; ++round) {
    std::vector<char> bytes = good;
    // Every third keeps its header, so that what is behind it gets its turn.
    const std::size_t from = round % 3 == 0 ? board::page : 0;
    for (int i = 0; i < 400; ++i) {
      bytes[from + random.below(bytes.size() - from)] = static_cast<char>(random.next());
    }
    const auto reader = Reader::open(write(bytes));
    if (!reader) continue;
    for (const char* name : {"v/BTC/last", "", "v/ETH/mark"}) (void)(*reader)->find(name);
    for (std::uint64_t i = 0; i < 100; ++i) {
      (void)(*reader)->price(Handle{random.next()}, {.read = {.max_age = 1h}});
    }
  }
}

class Verdicts : public OpenBoard {
 protected:
  void SetUp() override {
    shared.add(name);
    reader = Reader::open(path).value();
    stream = reader->find(name).value();
  }
  std::optional<RefusalCode> code(Duration max_age = 1s) {
    const auto said = reader->price_at(stream, {.read = {.max_age = max_age}}, shared.now);
    return said ? std::nullopt : std::optional{said.error().code};
  }

  static constexpr const char* name = "v/BTC/last";
  std::unique_ptr<Reader> reader;
  Handle stream;
};

TEST_F(Verdicts, AreThoseOfTheMonitorItself) {
  EXPECT_EQ(code(), RefusalCode::unknown);
  shared.send(name, "64000.10");
  EXPECT_EQ(code(), std::nullopt);
  const auto said = reader->price_at(stream, {.read = {.max_age = 1s}}, shared.now).value();
  EXPECT_EQ(said.price.prices.price.to_string(), "64000.10");
  EXPECT_EQ(said.source, Source::live);
  shared.wait(1s);
  EXPECT_EQ(code(), std::nullopt) << "equality passes";
  shared.wait(1ns);
  EXPECT_EQ(code(), RefusalCode::too_old);
  shared.wait(10s);
  EXPECT_EQ(code(1h), RefusalCode::stale) << "although no timer of the monitor ran";
}

TEST_F(Verdicts, RefuseAWriterThatIsNotHeardOfForMoreThanASecond) {
  shared.send(name, "1");
  shared.now += 1s;
  EXPECT_EQ(code(1h), std::nullopt);
  shared.now += 1ns;
  EXPECT_EQ(code(1h), RefusalCode::writer_dead);
  shared.monitor->beat(shared.now);
  EXPECT_EQ(code(1h), std::nullopt);
  shared.monitor->beat({});
  EXPECT_EQ(code(1h), RefusalCode::writer_dead) << "never heard of";
}

TEST_F(Verdicts, LookAtTheHeartbeatOfTheShardThatWritesTheStream) {
  shared.send(name, "1");
  auto* bytes = shared.segment->bytes().data();
  auto* header = reinterpret_cast<board::Header*>(bytes);
  auto* cell = reinterpret_cast<board::Cell*>(bytes + board::extent_for(64).cells_offset);
  const auto write_by = [cell](std::uint64_t shard) {
    std::uint64_t& word = cell->words[board::word::epoch_and_generation];
    word = (word & ~(std::uint64_t{0xffff} << 48U)) | shard << 48U;
  };
  write_by(1);
  EXPECT_EQ(code(), RefusalCode::writer_dead) << "although the first one lives";
  header->heartbeats[1].at = std::exchange(header->heartbeats[0].at, 0);
  EXPECT_EQ(code(), std::nullopt);
  write_by(0);
  EXPECT_EQ(code(), RefusalCode::writer_dead);
  write_by(board::max_shards);
  EXPECT_EQ(code(), RefusalCode::writer_dead) << "there is none";
}

TEST_F(Verdicts, RefuseAStreamThatIsGoneAndOneThatCameInItsPlace) {
  shared.send(name, "1");
  shared.monitor->remove_stream(shared.monitor->find({"v", "BTC", Kind::last}).value(), shared.now);
  EXPECT_EQ(code(), RefusalCode::old_epoch) << "look the name up again";
  EXPECT_FALSE(reader->find(name).has_value());
  // Every index is taken once before one is used again.
  for (int i = 0; i < 64; ++i) shared.add("v/S" + std::to_string(i) + "/last");
  EXPECT_EQ(code(), RefusalCode::old_epoch);
}

TEST_F(Verdicts, RefuseHandlesOfAnotherBoard) {
  shared.send(name, "1");
  Scratch elsewhere;
  SharedMonitor other(segment_options(elsewhere.path, 2));
  other.add("v/ETH/last");
  other.send("v/ETH/last", "2");
  const auto theirs = Reader::open((elsewhere.path / "board").string()).value();
  EXPECT_EQ(theirs->price_at(stream, {.read = {.max_age = 1s}}, other.now).error().code,
            RefusalCode::old_epoch);
}

TEST_F(Verdicts, OfNoStreamSayWhetherThereIsAMonitorFirst) {
  stream = Handle{};
  EXPECT_EQ(code(), RefusalCode::unconfigured);
  shared.now += 1s + 1ns;
  EXPECT_EQ(code(), RefusalCode::writer_dead);
  shared.monitor.reset();
  EXPECT_EQ(code(), RefusalCode::writer_gone);
}

TEST_F(Verdicts, RefuseAWriterStuckInsideAWrite) {
  shared.send(name, "1");
  const std::size_t cells = board::extent_for(64).cells_offset;
  auto* cell = reinterpret_cast<board::Cell*>(shared.segment->bytes().data() + cells);
  cell->sequence += 1;
  EXPECT_EQ(code(), RefusalCode::writer_stuck);
  shared.now += 2s;
  EXPECT_EQ(code(), RefusalCode::writer_dead) << "the plainer word, once it is true";
  cell->sequence += 1;
}

TEST_F(Verdicts, RefuseTheClockOfAnotherBootOrTimeNamespace) {
  shared.send(name, "1");
  const std::function<void(board::Header&)> changes[] = {
      [](board::Header& h) { h.identity.boot_id[3] ^= 1; },
      [](board::Header& h) { h.identity.time_namespace += 1; }};
  for (const auto& change : changes) {
    const auto foreign = Reader::open(changed(change)).value();
    const Handle there = foreign->find(name).value();
    EXPECT_EQ(foreign->price_at(there, {.read = {.max_age = 1h}}, shared.now).error().code,
              RefusalCode::foreign_clock);
  }
}

TEST_F(Verdicts, KeepTheOldBoardWhileThereIsNoNewOne) {
  shared.send(name, "1");
  shared.monitor.reset();
  const auto refreshed = reader->refresh();
  ASSERT_FALSE(refreshed.has_value());
  EXPECT_EQ(refreshed.error().code, OpenCode::not_found);
  EXPECT_EQ(code(), RefusalCode::writer_gone);
}

}  // namespace
}  // namespace feedwatch::shm
