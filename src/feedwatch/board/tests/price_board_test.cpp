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

Slot read(const PriceBoard& board, StreamId stream) {
  return board.view().read(stream).value();
}

StreamKey key(std::string symbol) {
  return {"v", std::move(symbol), Kind::last};
}

void claim(PriceBoard& board, int count) {
  for (int i = 0; i < count; ++i) ASSERT_TRUE(board.claim(key("S" + std::to_string(i))));
}

TEST(PriceBoard, BeginsUnoccupied) {
  const PriceBoard board(3);
  EXPECT_EQ(board.capacity(), 3U);
  EXPECT_FALSE(read(board, StreamId{2}).occupied);
}

TEST(PriceBoard, GivesBackWhatWasWrittenToThatSlotOnly) {
  PriceBoard board(3);
  claim(board, 3);
  board.write(StreamId{1}, slot_of(42));
  EXPECT_TRUE(whole(read(board, StreamId{1})));
  EXPECT_EQ(read(board, StreamId{1}).ticks, 42U);
  EXPECT_EQ(board.own(StreamId{1}).ticks, 42U);
  EXPECT_FALSE(read(board, StreamId{0}).occupied);
  EXPECT_FALSE(read(board, StreamId{2}).occupied);
}

TEST(PriceBoard, ReadersNeverSeeHalfAWrite) {
  PriceBoard board(1);
  claim(board, 1);
  constexpr StreamId stream{0};
  constexpr std::uint64_t writes = 50'000;
  board.write(stream, slot_of(1));
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> torn{0};
  std::atomic<std::uint64_t> backwards{0};
  std::thread reader([&] {
    std::uint64_t last = 0;
    while (!done.load()) {
      const auto slot = board.view().read(stream);
      if (!slot) continue;  // the writer was stopped inside: refused, not torn
      if (!whole(*slot)) ++torn;
      if (slot->ticks < last) ++backwards;
      last = slot->ticks;
    }
  });
  for (std::uint64_t n = 2; n <= writes; ++n) board.write(stream, slot_of(n));
  done = true;
  reader.join();
  EXPECT_EQ(torn.load(), 0U);
  EXPECT_EQ(backwards.load(), 0U);
  EXPECT_EQ(read(board, stream).ticks, writes);
}

TEST(PriceBoard, AStreamIsFoundFromPublishToRelease) {
  PriceBoard board(3);
  const StreamId stream = board.claim(key("BTC")).value();
  EXPECT_FALSE(board.find(key("BTC"))) << "nobody may read a slot that is not filled";
  board.publish(stream);
  EXPECT_EQ(board.find(key("BTC")), stream);
  EXPECT_EQ(board.view().find("v/BTC/last"), stream);
  EXPECT_FALSE(board.find({"v", "BTC", Kind::mark}));
  EXPECT_EQ(board.view().name_of(board.own(stream)), "v/BTC/last");
  board.release(stream);
  EXPECT_FALSE(board.find(key("BTC")));
}

TEST(PriceBoard, AnIndexUsedAgainHasAnotherGenerationAndAnotherName) {
  PriceBoard board(1);
  const StreamId first = board.claim(key("BTC")).value();
  board.publish(first);
  board.write(first, [&] {
    Slot slot = board.own(first);
    slot.occupied = true;
    return slot;
  }());
  EXPECT_TRUE(board.holds(first));
  board.release(first);
  const StreamId second = board.claim(key("ETH")).value();
  EXPECT_EQ(second.index(), first.index());
  EXPECT_NE(second, first);
  EXPECT_FALSE(board.holds(first));
  EXPECT_EQ(board.view().name_of(board.own(second)), "v/ETH/last");
}

TEST(PriceBoard, AReleasedNameComesBackWithoutTakingMoreRoom) {
  PriceBoard board(2);
  for (int i = 0; i < 10'000; ++i) {
    const auto stream = board.claim(key("BTC"));
    ASSERT_TRUE(stream.has_value()) << i << ": " << stream.error().text();
    board.publish(*stream);
    board.release(*stream);
  }
}

TEST(PriceBoard, SaysWhyAStreamHasNoPlace) {
  PriceBoard board(2);
  board.publish(board.claim(key("BTC")).value());
  EXPECT_EQ(board.claim(key("BTC")).error().why, "is watched already");
  EXPECT_NE(board.claim(key(std::string(500, 'x'))).error().why.find("longer than"),
            std::string::npos);
  EXPECT_NE(board.claim({"v/w", "BTC", Kind::last}).error().why.find("slash"), std::string::npos);
  board.publish(board.claim(key("ETH")).value());
  EXPECT_EQ(board.claim(key("SOL")).error().text(),
            "stream v/SOL/last: the board of 2 streams is full (raise the capacity or watch fewer "
            "streams)");
}

TEST(PriceBoard, NamesOfStreamsThatAreGoneFillItOneDay) {
  PriceBoard board(2);
  std::string why;
  for (int i = 0; i < 1000 && why.empty(); ++i) {
    const auto stream = board.claim(key(std::to_string(i)));
    if (stream) {
      board.publish(*stream);
      board.release(*stream);
    } else {
      why = stream.error().text();
    }
  }
  EXPECT_NE(why.find("no place for more names (restart"), std::string::npos) << why;
}

TEST(PriceBoard, WhatIsRefusedUsesUpNothing) {
  PriceBoard board(2);
  board.publish(board.claim(key("BTC")).value());
  const StreamId second = board.claim(key("ETH")).value();
  board.publish(second);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_NE(board.claim(key("S" + std::to_string(i))).error().why.find("is full"),
              std::string::npos);
  }
  board.release(second);
  EXPECT_TRUE(board.claim(key("SOL")).has_value());
}

TEST(PriceBoard, FindsEveryOneOfManyNames) {
  constexpr std::size_t many = 3000;
  PriceBoard board(many);
  std::vector<StreamId> ids;
  for (std::size_t i = 0; i < many; ++i) {
    ids.push_back(board.claim(key("S" + std::to_string(i))).value());
    board.publish(ids.back());
  }
  for (std::size_t i = 0; i < many; i += 3) board.release(ids[i]);
  for (std::size_t i = 0; i < many; ++i) {
    const auto found = board.find(key("S" + std::to_string(i)));
    ASSERT_EQ(found, i % 3 == 0 ? std::nullopt : std::optional{ids[i]}) << i;
  }
}

TEST(PriceBoard, ABridgeHasASlotOfItsOwn) {
  PriceBoard board(3);
  claim(board, 2);
  board.write(StreamId{1}, slot_of(1));
  ASSERT_TRUE(board.write_bridge(StreamId{1}, slot_of(7)).has_value());
  EXPECT_EQ(board.view().read_bridge(StreamId{1})->ticks, 7U);
  EXPECT_EQ(read(board, StreamId{1}).ticks, 1U);
}

}  // namespace
}  // namespace feedwatch
