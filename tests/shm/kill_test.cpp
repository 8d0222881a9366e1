/// Writers that die at any moment, and readers that never block, never act on what a dead one left,
/// and find the next. FEEDWATCH_SHM_KILLS says how often (5).
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "child.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/shm/reader.hpp"
#include "feedwatch/shm/tests/shared_monitor.hpp"

namespace feedwatch::shm {
namespace {

using namespace test;

constexpr const char* name = "v/BTC/last";
constexpr Duration slack = 200ms;  ///< what the machine may be late by

/// A monitor whose price ticks as fast as it can, in the directory, until somebody ends it.
void write(const std::filesystem::path& directory, std::uint64_t epoch) {
  SharedMonitor shared(segment_options(directory, epoch));
  shared.add(name);
  for (std::uint64_t n = 0;; ++n) {
    shared.now = boot_now();
    shared.monitor->beat(shared.now);
    shared.monitor->update_price({"v", "BTC", Kind::last},
                                 Decimal{static_cast<std::int64_t>(n % 1000 + 1), 0},
                                 {.mono_recv = shared.now});
  }
}

class Killed : public ::testing::Test {
 protected:
  void start_writer() {
    ++epoch;
    writer = std::make_unique<Child>([this] { write(scratch.path, epoch); });
  }
  /// The newest verdict; each must be quick, whatever the writer is doing.
  std::expected<Answer, Refusal> ask() {
    const MonoTime before = boot_now();
    const Handle stream = reader->find(name).value_or(Handle{});
    auto said = reader->price(stream, {.read = {.max_age = 1h}});
    slowest = std::max(slowest, boot_now() - before);
    return said;
  }
  std::optional<RefusalCode> code() {
    const auto said = ask();
    return said ? std::nullopt : std::optional{said.error().code};
  }
  void open() {
    ASSERT_TRUE(wait_for([this] {
      auto opened = Reader::open((scratch.path / "board").string());
      if (opened) reader = std::move(*opened);
      return opened.has_value();
    }));
    ASSERT_TRUE(wait_for([this] { return !code(); })) << "a price of the writer that lives";
  }
  /// Some moment of a writer's life, its start included.
  void live_for(std::uint64_t microseconds) {
    const MonoTime end = boot_now() + std::chrono::microseconds(random.below(microseconds));
    while (boot_now() < end) {
    }
  }
  void dies_in_a_second();
  void finds_the_next();

  Scratch scratch;
  Random random{20'261'126};
  std::uint64_t epoch = 0;
  std::unique_ptr<Child> writer;
  std::unique_ptr<Reader> reader;
  Duration slowest{};
};

void Killed::dies_in_a_second() {
  const MonoTime alive = boot_now();
  writer->kill();
  const MonoTime dead = boot_now();
  std::uint64_t accepted = 0;
  while (true) {
    const MonoTime asked = boot_now();
    const auto said = ask();
    const MonoTime answered = boot_now();
    if (said) {
      ++accepted;
      ASSERT_LE(asked - dead, 1s) << "a dead writer's price was accepted";
      continue;
    }
    // Stuck, when it died inside of a write.
    if (said.error().code == RefusalCode::writer_stuck && answered - dead < 2s) continue;
    ASSERT_EQ(said.error().code, RefusalCode::writer_dead);
    ASSERT_GE(answered - alive, 1s - slack) << "it was alive a moment ago";
    ASSERT_LE(asked - dead, 1s + slack);
    break;
  }
  EXPECT_EQ(code(), RefusalCode::writer_dead) << accepted << " accepted before";
}

void Killed::finds_the_next() {
  start_writer();
  ASSERT_TRUE(wait_for([this] { return code() == RefusalCode::writer_gone; }))
      << "the next one closes what the last one left";
  // What a writer left that died in between is passed over in the same way.
  ASSERT_TRUE(wait_for([&] {
    const auto said = reader->refresh();
    return said && reader->writer_epoch() == epoch && !code();
  })) << "its board is opened and believed";
}

TEST_F(Killed, WritersAreNeverBelievedAndAlwaysReplaced) {
  start_writer();
  open();
  const int kills = number_from("FEEDWATCH_SHM_KILLS", 5);
  for (int round = 0; round < kills && !HasFatalFailure(); ++round) {
    live_for(20'000);
    ASSERT_NO_FATAL_FAILURE(dies_in_a_second()) << "round " << round;
    // Some die before they have shown a board, and leave their files in the way of the next.
    for (int i = 0; i < 3; ++i) {
      Child unlucky([this] { write(scratch.path, 1'000'000 + random.next() % 1000); });
      live_for(1500);
    }
    ASSERT_NO_FATAL_FAILURE(finds_the_next()) << "round " << round;
  }
  EXPECT_LT(slowest, 1s) << "a reader waited";
  writer->kill();
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(scratch.path)) {
    ++files;
  }
  EXPECT_EQ(files, 2U) << "the board and its lock";
}

TEST_F(Killed, AStoppedWriterIsDeadUntilItGoesOn) {
  start_writer();
  open();
  for (int round = 0; round < 2; ++round) {
    live_for(20'000);
    writer->signal(SIGSTOP);
    ASSERT_TRUE(wait_for([this] { return code() == RefusalCode::writer_dead; }, 3s));
    const auto second = SegmentFile::create(segment_options(scratch.path, 99));
    ASSERT_FALSE(second.has_value()) << "its name is still its own";
    writer->signal(SIGCONT);
    ASSERT_TRUE(wait_for([this] { return !code(); }, 3s)) << "without a refresh";
  }
}

}  // namespace
}  // namespace feedwatch::shm
