#include "feedwatch/engine/status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace feedwatch::engine {
namespace {

StreamStatus status(StreamId stream, Level level, std::uint32_t transitions = 0) {
  StreamStatus made;
  made.stream = stream;
  made.level = level;
  made.transitions = transitions;
  auto info = std::make_shared<StreamInfo>();
  info->text = "v/S" + std::to_string(stream.index()) + "/mark";
  made.info = info;
  return made;
}

StreamId id(std::uint32_t value) {
  StreamId made;
  made.value = value;
  return made;
}

RepairStatus repair(std::uint64_t number, bool ended) {
  RepairStatus made;
  made.id = number;
  if (ended) made.ended = MonoTime{1s};
  return made;
}

class StatusBoardTest : public testing::Test {
 protected:
  int dirty = 0;
  StatusBoard board{[this] { ++dirty; }};
};

TEST_F(StatusBoardTest, tells_only_when_it_becomes_dirty) {
  board.put(status(id(1), Level::healthy));
  board.put(status(id(2), Level::healthy));
  EXPECT_EQ(dirty, 1);
  board.take();
  board.put(VenueStatus{.venue = "v"});
  EXPECT_EQ(dirty, 2);
}

TEST_F(StatusBoardTest, callback_may_use_the_board) {
  StatusBoard* self = nullptr;
  std::size_t taken = 0;
  StatusBoard own([&] { taken = self->take().streams.size(); });
  self = &own;
  own.put(status(id(1), Level::healthy));
  EXPECT_EQ(taken, 1U) << "called outside the lock";
}

TEST_F(StatusBoardTest, merges_newest_state_worst_level_and_counts) {
  board.put(status(id(1), Level::degraded, 1));
  board.put(status(id(1), Level::stale, 1));
  board.put(status(id(1), Level::healthy, 1));
  const auto taken = board.take();
  ASSERT_EQ(taken.streams.size(), 1U);
  EXPECT_EQ(taken.streams[0].level, Level::healthy);
  EXPECT_EQ(taken.streams[0].worst, Level::stale);
  EXPECT_EQ(taken.streams[0].transitions, 3U);
  EXPECT_TRUE(board.take().streams.empty());
}

TEST_F(StatusBoardTest, worst_begins_anew_after_take) {
  board.put(status(id(1), Level::stale));
  board.take();
  board.put(status(id(1), Level::healthy));
  EXPECT_EQ(board.take().streams.at(0).worst, Level::healthy);
}

TEST_F(StatusBoardTest, keeps_the_four_newest_repairs_each_once) {
  for (std::uint64_t number = 1; number <= 5; ++number) {
    StreamStatus one = status(id(1), Level::healthy);
    one.repairs = {repair(number, false)};
    board.put(one);
    one.repairs = {repair(number, true)};
    board.put(one);
  }
  const auto repairs = board.take().streams.at(0).repairs;
  ASSERT_EQ(repairs.size(), 4U);
  EXPECT_EQ(repairs.front().id, 2U);
  EXPECT_EQ(repairs.back().id, 5U);
  for (const auto& one : repairs) EXPECT_TRUE(one.ended);
}

TEST_F(StatusBoardTest, another_stream_in_the_same_place_is_not_merged) {
  board.put(status(id(1), Level::stale, 3));
  StreamStatus next = status(id(1), Level::healthy);
  auto info = std::make_shared<StreamInfo>();
  info->text = "v/OTHER/mark";
  next.info = info;
  board.put(next);
  const auto taken = board.take();
  EXPECT_EQ(taken.streams.at(0).worst, Level::healthy);
  EXPECT_EQ(taken.streams.at(0).transitions, 0U);
}

TEST_F(StatusBoardTest, taken_in_ascending_order) {
  for (const std::uint32_t value : {3U, 1U, 2U}) {
    board.put(status(id(value), Level::healthy));
    board.put(LineStatus{.line = LineId{value}});
    board.put(VenueStatus{.venue = std::to_string(value)});
  }
  const auto taken = board.take();
  EXPECT_THAT(taken.streams, testing::ElementsAre(testing::Field(&StreamStatus::stream, id(1)),
                                                  testing::Field(&StreamStatus::stream, id(2)),
                                                  testing::Field(&StreamStatus::stream, id(3))));
  EXPECT_EQ(taken.lines.front().line, LineId{1});
  EXPECT_EQ(taken.venues.back().venue, "3");
}

TEST_F(StatusBoardTest, two_threads_lose_nothing) {
  constexpr std::uint32_t puts = 20'000;
  StatusBoard shared([] {});
  std::thread shard([&] {
    for (std::uint32_t i = 0; i < puts; ++i) shared.put(status(id(i % 8), Level::healthy, 1));
  });
  std::uint32_t seen = 0;
  while (seen < puts) {
    for (const auto& one : shared.take().streams) seen += one.transitions;
  }
  shard.join();
  EXPECT_EQ(seen, puts);
}

}  // namespace
}  // namespace feedwatch::engine
