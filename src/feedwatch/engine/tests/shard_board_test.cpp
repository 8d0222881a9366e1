/// A shard whose board other processes read says ten times a second that it is alive.
#include <gtest/gtest.h>

#include <vector>

#include "feedwatch/board/view.hpp"
#include "feedwatch/engine/shard.hpp"
#include "feedwatch/engine/tests/shard_fakes.hpp"

namespace feedwatch::engine {
namespace {

using test::ShardBench;

/// Memory a test looks into from outside.
class Shared final : public board::Memory {
 public:
  explicit Shared(std::vector<board::Cell>& cells) : cells_(cells) {}
  std::span<std::byte> bytes() override { return std::as_writable_bytes(std::span(cells_)); }
  Result<void> commit(std::size_t, std::size_t) override { return {}; }

 private:
  std::vector<board::Cell>& cells_;
};

class ShardBoard : public ::testing::Test {
 protected:
  SharedBoard shared() {
    cells.resize(PriceBoard::bytes_for(ShardOptions{}.max_streams) / sizeof(board::Cell));
    board::Identity identity;
    identity.writer_epoch = 7;
    return {.ground = std::make_shared<board::Ground>(std::make_unique<Shared>(cells),
                                                      ShardOptions{}.max_streams, identity),
            .read_elsewhere = true};
  }
  board::View view() const { return board::View(std::as_bytes(std::span(cells))); }
  MonoTime heartbeat() const { return mono_from_ns(view().heartbeat(0)); }

  std::vector<board::Cell> cells;
  MapState store;
};

TEST_F(ShardBoard, HoldsTheStreamsAndWhoWroteThem) {
  ShardBench bench(store, {"BTCUSDT/mark"}, {}, shared());
  ASSERT_TRUE(bench.shard.start());
  EXPECT_EQ(board::check(std::as_bytes(std::span(cells))), board::Misfit::none);
  EXPECT_TRUE(view().find("binance-usdm/BTCUSDT/mark").has_value());
  EXPECT_EQ(view().header().identity.writer_epoch, 7U);
}

TEST_F(ShardBoard, BeatsFromTheStartEveryHundredMilliseconds) {
  ShardBench bench(store, {"BTCUSDT/mark"}, {}, shared());
  EXPECT_EQ(view().heartbeat(0), 0) << "not before it runs";
  ASSERT_TRUE(bench.shard.start());
  EXPECT_EQ(heartbeat(), bench.clock.mono);
  for (int i = 0; i < 50; ++i) {
    bench.pass(99ms);
    EXPECT_LE(bench.clock.mono - heartbeat(), board::heartbeat_every);
  }
  bench.shard.stop();
  const MonoTime last = heartbeat();
  bench.pass(1s);
  EXPECT_EQ(heartbeat(), last) << "a stopped shard is not alive";
}

TEST_F(ShardBoard, WithoutReadersNothingWakesForThem) {
  ShardBench bench(store);
  ASSERT_TRUE(bench.shard.start());
  EXPECT_GT(bench.wakeup.armed - bench.clock.mono, 100ms);
}

}  // namespace
}  // namespace feedwatch::engine
