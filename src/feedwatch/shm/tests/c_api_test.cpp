/// feedwatch/board.h: what a caller built against another version of it may rely on, and that the
/// way of a price neither allocates nor enters the kernel.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "feedwatch/base/tests/count_allocations.hpp"
#include "feedwatch/base/tests/without_calls.hpp"
#include "feedwatch/board.h"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/shm/tests/shared_monitor.hpp"

namespace feedwatch::shm {
namespace {

using test::Scratch;
using test::segment_options;
using test::SharedMonitor;

class CApi : public ::testing::Test {
 protected:
  void SetUp() override {
    shared.add("v/BTC/last");
    shared.add("v/BTC/quote");
    shared.send("v/BTC/last", "64000.10");
    shared.monitor->update_quote({"v", "BTC", Kind::quote}, Decimal::parse("0.00000123").value(),
                                 Decimal::parse("0.00000124").value(), {.mono_recv = shared.now});
    board = fw_board_open((scratch.path / "board").c_str(), nullptr);
    ASSERT_NE(board, nullptr);
    stream = fw_board_find(board, "v/BTC/last");
    ASSERT_NE(stream, FW_NO_STREAM);
  }
  void TearDown() override { fw_board_close(board); }
  int ask(fw_price& out, Duration later = {}) {
    return fw_board_price_at(board, stream, to_ns(shared.now + later), &options, &out);
  }

  Scratch scratch;
  SharedMonitor shared{segment_options(scratch.path)};
  fw_board* board = nullptr;
  fw_stream stream = FW_NO_STREAM;
  fw_read_options options = [] {
    fw_read_options made = FW_READ_OPTIONS_INIT;
    made.max_age_ns = to_ns(1s);
    return made;
  }();
  fw_price price = FW_PRICE_INIT;
};

TEST_F(CApi, GivesAPriceAsTextAndAsANumber) {
  ASSERT_EQ(ask(price, 250ms), FW_OK);
  EXPECT_STREQ(price.price.text, "64000.10");
  EXPECT_EQ(price.price.length, 8U);
  EXPECT_EQ(price.price.mantissa_low, 6'400'010U);
  EXPECT_EQ(price.price.mantissa_high, 0);
  EXPECT_EQ(price.price.scale, 2);
  EXPECT_EQ(price.ask.length, 0U);
  EXPECT_EQ(price.receive_age_ns, to_ns(250ms));
  EXPECT_EQ(price.confirmed_age_ns, to_ns(250ms));
  EXPECT_EQ(price.event_age_ns, -1);
  EXPECT_EQ(price.ts_event_ns, -1);
  EXPECT_EQ(price.refused_age_ns, -1);
  EXPECT_STREQ(fw_level_text(price.level), "healthy");
  EXPECT_STREQ(fw_reason_text(price.reason), "ok");
  stream = fw_board_find(board, "v/BTC/quote");
  ASSERT_EQ(ask(price), FW_OK);
  EXPECT_STREQ(price.price.text, "0.00000123");
  EXPECT_STREQ(price.ask.text, "0.00000124");
}

TEST_F(CApi, ARefusalHoldsNoPrice) {
  EXPECT_EQ(ask(price), FW_OK);
  EXPECT_EQ(ask(price, 1s + 1ns), FW_WRITER_DEAD) << "beat a second and a nanosecond ago";
  shared.wait(1s + 1ns);
  EXPECT_EQ(ask(price), FW_TOO_OLD);
  EXPECT_EQ(price.refusal, FW_TOO_OLD);
  EXPECT_EQ(price.refused_age_ns, to_ns(1s + 1ns));
  EXPECT_STREQ(price.price.text, "");
  EXPECT_EQ(price.price.mantissa_low, 0U);
}

TEST_F(CApi, CanLeaveTheTextOut) {
  options.without_text = 1;
  ASSERT_EQ(ask(price), FW_OK);
  EXPECT_STREQ(price.price.text, "");
  EXPECT_EQ(price.price.mantissa_low, 6'400'010U);
}

TEST_F(CApi, FillsWhatACallerHasRoomFor) {
  struct Newer {
    fw_price price;
    char more[24];
  } newer;
  std::memset(&newer, 'x', sizeof newer);
  newer.price.size = sizeof newer;
  EXPECT_EQ(ask(newer.price), FW_OK);
  EXPECT_STREQ(newer.price.price.text, "64000.10");
  for (const char byte : newer.more) EXPECT_EQ(byte, '\0');

  std::memset(&price, 'x', sizeof price);
  price.size = offsetof(fw_price, ask);
  EXPECT_EQ(ask(price), FW_OK);
  EXPECT_STREQ(price.price.text, "64000.10");
  EXPECT_EQ(price.ask.text[0], 'x') << "beyond its room";
}

TEST_F(CApi, RefusesAnOptionItDoesNotKnow) {
  struct Newer {
    fw_read_options options;
    std::uint64_t stricter = 0;
  } newer{options, 0};
  newer.options.size = sizeof newer;
  EXPECT_EQ(fw_board_price_at(board, stream, to_ns(shared.now), &newer.options, &price), FW_OK);
  newer.stricter = 1;
  EXPECT_EQ(fw_board_price_at(board, stream, to_ns(shared.now), &newer.options, &price),
            FW_BAD_ARGUMENT);
}

TEST_F(CApi, RefusesArgumentsThatAreNone) {
  EXPECT_EQ(fw_board_price(nullptr, stream, &options, &price), FW_BAD_ARGUMENT);
  EXPECT_EQ(fw_board_price(board, stream, nullptr, &price), FW_BAD_ARGUMENT);
  EXPECT_EQ(fw_board_price(board, stream, &options, nullptr), FW_BAD_ARGUMENT);
  EXPECT_EQ(fw_board_price_at(board, FW_NO_STREAM, to_ns(shared.now), &options, &price),
            FW_UNCONFIGURED);
  fw_price small{};
  EXPECT_EQ(ask(small), FW_BAD_ARGUMENT) << "its size was never set";
  options.basis = 3;
  EXPECT_EQ(ask(price), FW_BAD_ARGUMENT);
  options.basis = FW_BASIS_BOTH;
  options.size = 0;
  EXPECT_EQ(ask(price), FW_BAD_ARGUMENT);
  EXPECT_EQ(fw_board_find(nullptr, "v/BTC/last"), FW_NO_STREAM);
  EXPECT_EQ(fw_board_find(board, nullptr), FW_NO_STREAM);
  EXPECT_EQ(fw_board_find(board, "v/ETH/last"), FW_NO_STREAM);
  EXPECT_EQ(fw_board_refresh(nullptr, nullptr), -1);
  fw_board_close(nullptr);
}

TEST_F(CApi, SaysWhyABoardDoesNotOpen) {
  fw_error error = FW_ERROR_INIT;
  EXPECT_EQ(fw_board_open("no-board-of-this-name", &error), nullptr);
  EXPECT_EQ(error.code, FW_OPEN_NOT_FOUND);
  EXPECT_NE(std::string(error.text).find("/dev/shm/no-board-of-this-name"), std::string::npos);
  EXPECT_EQ(fw_board_open("", &error), nullptr);
  EXPECT_EQ(error.code, FW_OPEN_BAD_ARGUMENT);
  EXPECT_EQ(fw_board_open(nullptr, nullptr), nullptr);
}

TEST_F(CApi, HasAWordForEveryNumber) {
  for (int code = 1; code <= FW_FOREIGN_CLOCK; ++code) {
    EXPECT_EQ(fw_refusal_text(code), to_text(static_cast<RefusalCode>(code - 1)));
  }
  for (const int code : {-1, 15, 99, 101}) EXPECT_STREQ(fw_refusal_text(code), "");
  EXPECT_STREQ(fw_open_code_text(FW_OPEN_SYSTEM), "system");
  EXPECT_STREQ(fw_open_code_text(13), "");
  EXPECT_STREQ(fw_level_text(4), "");
  EXPECT_STREQ(fw_reason_text(20), "");
  EXPECT_EQ(fw_board_abi_version(), 1U);
}

TEST_F(CApi, AllocatesNothing) {
  if (!testing::counts_allocations)
    GTEST_SKIP() << "allocations are the sanitizer's business in this build";
  const std::uint64_t before = testing::allocations.load();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(ask(price), FW_OK);
    EXPECT_NE(fw_board_price(board, stream, &options, &price), FW_BAD_ARGUMENT);
    EXPECT_EQ(fw_board_find(board, "v/BTC/last"), stream);
    EXPECT_EQ(fw_board_refresh(board, nullptr), 0);
  }
  EXPECT_EQ(testing::allocations.load() - before, 0U);
}

TEST_F(CApi, MakesNoSystemCall) {
  if (!testing::counts_allocations) GTEST_SKIP() << "sanitizers make system calls of their own";
  const auto ended = testing::run_confined([this] {
    bool good = true;
    for (int i = 0; i < 100'000; ++i) {
      const int code = fw_board_price(board, stream, &options, &price);
      good = good && (code == FW_OK || code == FW_TOO_OLD || code == FW_WRITER_DEAD);
      good = good && fw_board_find(board, "v/BTC/quote") != FW_NO_STREAM;
    }
    return good;
  });
  if (!ended.possible) GTEST_SKIP() << "this kernel has no seccomp filters";
  EXPECT_EQ(ended.signal, 0)
      << "it made one; does CLOCK_BOOTTIME need one here? (/sys/devices/system/clocksource)";
  EXPECT_TRUE(ended.returned_true);
}

TEST_F(CApi, WouldBeCaughtIfItMadeOne) {
  if (!testing::counts_allocations) GTEST_SKIP() << "sanitizers make system calls of their own";
  const auto ended =
      testing::run_confined([this] { return fw_board_refresh(board, nullptr) == 0; });
  if (!ended.possible) GTEST_SKIP() << "this kernel has no seccomp filters";
  EXPECT_EQ(ended.signal, SIGSYS);
}

}  // namespace
}  // namespace feedwatch::shm
