#include <gtest/gtest.h>

#include <thread>

#include "feedwatch/board/price_board.hpp"

/// Several shards, each on its thread, write one board.
namespace feedwatch {
namespace {

constexpr std::size_t capacity = 4000;

struct Shards : testing::Test {
  std::shared_ptr<board::Ground> ground = std::make_shared<board::Ground>(
      board::heap_memory(PriceBoard::bytes_for(capacity)), capacity, board::Identity{});
  PriceBoard a{ground, 0};
  PriceBoard b{ground, 1};

  static StreamKey key(const std::string& venue, int number) {
    return {venue, "S" + std::to_string(number), Kind::last};
  }
  static StreamId watch(PriceBoard& board, const StreamKey& key) {
    const auto stream = board.claim(key);
    EXPECT_TRUE(stream) << stream.error().text();
    Slot slot = board.own(*stream);
    slot.occupied = slot.received = true;
    slot.prices.price = Decimal{7, 0};
    board.write(*stream, slot);
    board.publish(*stream);
    return *stream;
  }
};

TEST_F(Shards, AStreamIsItsShardsAndEverybodyReadsIt) {
  const StreamId first = watch(a, key("x", 1));
  const StreamId second = watch(b, key("y", 1));
  EXPECT_NE(first, second) << "an id is one stream's, whoever writes it";
  EXPECT_TRUE(a.holds(first));
  EXPECT_FALSE(b.holds(first));
  EXPECT_FALSE(a.holds(second));
  EXPECT_EQ(a.find(key("y", 1)), second);
  EXPECT_EQ(a.view().read(second)->prices.price, (Decimal{7, 0}));
  EXPECT_EQ(a.view().read(second)->shard, 1);
}

TEST_F(Shards, ANameIsTakenForAll) {
  watch(a, key("x", 1));
  EXPECT_FALSE(b.claim(key("x", 1)));
}

TEST_F(Shards, APlaceIsUsedAgainByTheShardThatGaveItBack) {
  std::shared_ptr<board::Ground> small = std::make_shared<board::Ground>(
      board::heap_memory(PriceBoard::bytes_for(2)), 2, board::Identity{});
  PriceBoard one{small, 0};
  PriceBoard other{small, 1};
  const StreamId first = watch(one, key("x", 1));
  watch(other, key("y", 1));
  one.release(first);
  EXPECT_FALSE(other.claim(key("y", 2))) << "what is kept beside the slot is the first shard's";
  const StreamId again = watch(one, key("x", 2));
  EXPECT_EQ(again.index(), first.index());
  EXPECT_NE(again, first);
  EXPECT_FALSE(one.holds(first));
}

TEST_F(Shards, OneThatWatchesAndGoesOnLeavesRoomForTheOthers) {
  StreamId last = watch(a, key("x", 1));
  for (std::size_t i = 0; i < capacity; ++i) {
    a.release(last);
    const StreamId next = watch(a, key("x", 1));
    EXPECT_NE(next.index(), last.index()) << "a place rests before it names another stream";
    last = next;
  }
  EXPECT_LT(a.used(), capacity / 10);
  const auto stream = b.claim(key("y", 1));
  EXPECT_TRUE(stream) << stream.error().text();
}

TEST_F(Shards, EachSaysThatItIsAlive) {
  a.beat(mono_from_ns(5));
  b.beat(mono_from_ns(9));
  EXPECT_EQ(a.view().heartbeat(0), 5);
  EXPECT_EQ(a.view().heartbeat(1), 9);
}

TEST_F(Shards, WatchAndGoOnTheirThreadsWhileOthersRead) {
  constexpr int streams = 500;
  const auto work = [](PriceBoard& board, const std::string& venue) {
    for (int i = 0; i < streams; ++i) {
      const StreamId stream = watch(board, key(venue, i));
      if (i % 3 == 0) board.release(stream);
    }
  };
  std::thread first(work, std::ref(a), "x");
  std::thread second(work, std::ref(b), "y");
  for (int i = 0; i < streams; ++i) {
    const auto stream = a.find(key("y", i));
    if (!stream) continue;
    const auto slot = a.view().read(*stream);
    if (slot && slot->occupied) {
      EXPECT_EQ(slot->shard, 1);
    }
  }
  first.join();
  second.join();
  for (int i = 0; i < streams; ++i) {
    EXPECT_EQ(a.find(key("x", i)).has_value(), i % 3 != 0);
    EXPECT_EQ(a.find(key("y", i)).has_value(), i % 3 != 0);
  }
}

}  // namespace
}  // namespace feedwatch
