/// Boards of unknown origin: refused with a word, and never read outside their bytes.
#include "feedwatch/board/view.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "feedwatch/base/random.hpp"
#include "feedwatch/board/price_board.hpp"

namespace feedwatch::board {
namespace {

/// Memory a test can look at after its board is gone.
class Shared final : public Memory {
 public:
  explicit Shared(std::vector<Cell>& cells) : cells_(cells) {}
  std::span<std::byte> bytes() override { return std::as_writable_bytes(std::span(cells_)); }
  Result<void> commit(std::size_t, std::size_t) override { return {}; }

 private:
  std::vector<Cell>& cells_;
};

class ForeignBoard : public ::testing::Test {
 protected:
  static constexpr std::size_t streams = 4;

  void SetUp() override {
    cells.resize(PriceBoard::bytes_for(streams) / sizeof(Cell));
    board = std::make_unique<PriceBoard>(std::make_unique<Shared>(cells), streams, Identity{});
    stream = board->claim({"v", "BTC", Kind::last}).value();
    board->publish(stream);
  }
  std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(cells)); }
  Header& header() { return *reinterpret_cast<Header*>(cells.data()); }
  Misfit verdict() { return check(bytes()); }

  std::vector<Cell> cells;
  std::unique_ptr<PriceBoard> board;
  StreamId stream;
};

TEST_F(ForeignBoard, IsTakenWhileItsWriterLivesAndAfter) {
  EXPECT_EQ(verdict(), Misfit::none);
  const View view(bytes());
  EXPECT_EQ(view.state(), State::live);
  EXPECT_EQ(view.find("v/BTC/last"), stream);
  board.reset();
  EXPECT_EQ(verdict(), Misfit::none);
  EXPECT_EQ(view.state(), State::closed);
}

TEST_F(ForeignBoard, IsRefusedWhenItIsShort) {
  EXPECT_EQ(check({}), Misfit::truncated);
  EXPECT_EQ(check(bytes().first(sizeof(Header) - 1)), Misfit::truncated);
  EXPECT_EQ(check(bytes().first(bytes().size() - 1)), Misfit::truncated);
}

TEST_F(ForeignBoard, IsRefusedWhenItIsNoneOrAnother) {
  header().magic ^= 1;
  EXPECT_EQ(verdict(), Misfit::not_a_board);
  header().magic ^= 1;
  header().version += 1;
  EXPECT_EQ(verdict(), Misfit::other_version);
  header().version -= 1;
  header().layout_hash ^= 1;
  EXPECT_EQ(verdict(), Misfit::other_layout);
}

TEST_F(ForeignBoard, IsRefusedWhenItContradictsItself) {
  for (std::uint64_t* field :
       {&header().total_size, &header().table_size, &header().table_offset, &header().names_offset,
        &header().names_size, &header().cells_offset, &header().bridges_offset}) {
    const std::uint64_t right = *field;
    for (const std::uint64_t wrong : {std::uint64_t{0}, right + 1, right * 2, ~std::uint64_t{0}}) {
      *field = wrong;
      EXPECT_NE(verdict(), Misfit::none);
    }
    *field = right;
  }
  for (const std::uint64_t wrong : {std::uint64_t{0}, std::uint64_t{5000}, ~std::uint64_t{0}}) {
    header().max_streams = wrong;
    EXPECT_EQ(verdict(), Misfit::inconsistent);
  }
  header().max_streams = streams;
  header().state = 77;
  EXPECT_EQ(verdict(), Misfit::inconsistent);
  header().state = 0;
  EXPECT_EQ(verdict(), Misfit::initializing);
}

/// Behind a good header anything may stand. The address sanitizer says whether we leave the bytes.
TEST_F(ForeignBoard, RandomContentIsReadInsideItsBytesOnly) {
  Random random{7};
  std::size_t found = 0;
  for (int round = 0; round < 2000; ++round) {
    auto* words = reinterpret_cast<std::uint32_t*>(cells.data());
    const std::size_t count = bytes().size() / sizeof(std::uint32_t);
    for (int i = 0; i < 2000; ++i) {
      const std::size_t at = page / 4 + random.below(count - page / 4);
      words[at] = static_cast<std::uint32_t>(random.next() >> random.below(40));
    }
    const View view(bytes());
    for (const char* name : {"v/BTC/last", "", "v/ETH/mark"}) {
      const auto known = view.find(name);
      if (!known) continue;
      ++found;
      ASSERT_LT(known->index(), streams);
    }
    for (std::size_t i = 0; i < streams; ++i) {
      const auto slot = view.read(StreamId{i, 0});
      if (slot) (void)view.name_of(*slot).size();
    }
  }
  EXPECT_LT(found, 6000U);
}

TEST_F(ForeignBoard, NothingIsReadBeyondTheCellsThatWereEverClaimed) {
  const View view(bytes());
  EXPECT_EQ(view.cells(), 1U);
  // Real memory may be missing there, so not even a stuck writer is seen.
  auto* cell = reinterpret_cast<Cell*>(bytes().data() + extent_for(streams).cells_offset);
  cell[1].sequence = 1;
  const auto slot = view.read(StreamId{1, 0});
  ASSERT_TRUE(slot.has_value());
  EXPECT_FALSE(slot->occupied);
  EXPECT_FALSE(view.read(StreamId{StreamId::index_mask, 0})->occupied);
  header().cells = ~std::uint64_t{0};
  EXPECT_EQ(view.cells(), streams);
}

TEST_F(ForeignBoard, AWriterStuckInsideAWriteIsSaidAfterSomeTries) {
  auto& cell = *reinterpret_cast<Cell*>(bytes().data() + extent_for(streams).cells_offset);
  const View view(bytes());
  EXPECT_TRUE(view.read(stream).has_value());
  cell.sequence += 1;
  EXPECT_FALSE(view.read(stream).has_value());
}

TEST_F(ForeignBoard, ShowsHeartbeats) {
  const View view(bytes());
  EXPECT_EQ(view.heartbeat(0), 0);
  board->beat(mono_from_ns(77));
  EXPECT_EQ(view.heartbeat(0), 77);
  EXPECT_EQ(view.heartbeat(max_shards), 0) << "no such shard";
}

}  // namespace
}  // namespace feedwatch::board
