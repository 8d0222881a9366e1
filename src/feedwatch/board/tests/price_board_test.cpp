#include "feedwatch/board/price_board.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace feedwatch {
namespace {

Slot slot_of(std::uint64_t n) {
  Slot slot;
  slot.occupied = true;
  slot.ticks = n;
  slot.seq = n;
  slot.prices.price = Decimal{static_cast<std::int64_t>(n), 2};
  slot.prices.ask = Decimal{static_cast<std::int64_t>(n) + 1, 2};
  slot.carried = mono_from_ns(static_cast<std::int64_t>(n));
  slot.epoch = static_cast<std::uint32_t>(n);
  return slot;
}

bool whole(const Slot& slot) {
  const auto n = static_cast<std::int64_t>(slot.ticks);
  return slot.seq == slot.ticks && slot.prices.price.mantissa() == n &&
         slot.prices.ask.mantissa() == n + 1 && to_ns(slot.carried) == n &&
         slot.epoch == static_cast<std::uint32_t>(n);
}

TEST(PriceBoard, BeginsUnoccupied) {
  const PriceBoard board(3);
  EXPECT_EQ(board.capacity(), 3U);
  EXPECT_FALSE(board.read(StreamId{2}).occupied);
}

TEST(PriceBoard, GivesBackWhatWasWrittenToThatSlotOnly) {
  PriceBoard board(3);
  board.write(StreamId{1}, slot_of(42));
  EXPECT_TRUE(whole(board.read(StreamId{1})));
  EXPECT_EQ(board.read(StreamId{1}).ticks, 42U);
  EXPECT_FALSE(board.read(StreamId{0}).occupied);
  EXPECT_FALSE(board.read(StreamId{2}).occupied);
}

TEST(PriceBoard, ReadersNeverSeeHalfAWrite) {
  PriceBoard board(1);
  constexpr StreamId stream{0};
  constexpr std::uint64_t writes = 50'000;
  board.write(stream, slot_of(1));
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> torn{0};
  std::atomic<std::uint64_t> backwards{0};
  std::thread reader([&] {
    std::uint64_t last = 0;
    while (!done.load()) {
      const Slot slot = board.read(stream);
      if (!whole(slot)) ++torn;
      if (slot.ticks < last) ++backwards;
      last = slot.ticks;
    }
  });
  for (std::uint64_t n = 2; n <= writes; ++n) board.write(stream, slot_of(n));
  done = true;
  reader.join();
  EXPECT_EQ(torn.load(), 0U);
  EXPECT_EQ(backwards.load(), 0U);
  EXPECT_EQ(board.read(stream).ticks, writes);
}

}  // namespace
}  // namespace feedwatch
