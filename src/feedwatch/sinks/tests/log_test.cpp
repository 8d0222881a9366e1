#include "feedwatch/sinks/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/sinks/tests/fakes.hpp"

namespace feedwatch::sinks {
namespace {

using ::testing::ElementsAre;
using Status = SinkResult::Status;

TEST(Log, ALineANoticeThenDeliveredThroughTheMailbox) {
  QueueMailbox mailbox;
  std::vector<std::string> lines;
  LogSink sink("log", [&](std::string_view line) { lines.emplace_back(line); }, mailbox);
  int delivered = 0;
  Notice hostile = btc();
  hostile.message = "BTC\nUSDT \x1b[2J";
  Notification message = message_of({hostile, ended(btc())});
  message.firing += 9;
  sink.deliver(message, [&](const SinkResult& r) { delivered += r.status == Status::delivered; });
  EXPECT_THAT(
      lines,
      ElementsAre(
          R"(alert firing id="a1/firing/critical" "[FIRING critical] BTC\nUSDT \u001b[2J")",
          R"(alert resolved id="a1/resolved/critical" "[RESOLVED] binance-usdm/BTCUSDT/mark is stale: age 312.4s, limit 300s")",
          R"(alert "[FIRING 10, RESOLVED 1] venue=binance-usdm" … and 9 more)"));
  EXPECT_EQ(delivered, 0);
  mailbox.run();
  EXPECT_EQ(delivered, 1);
}

TEST(Log, FullMailboxPostponesTheAnswer) {
  QueueMailbox mailbox;
  LogSink sink("log", [](std::string_view) {}, mailbox);
  std::string order;
  mailbox.full = true;
  sink.deliver(message_of({btc()}), [&](const SinkResult&) { order += 'a'; });
  EXPECT_EQ(sink.postponed(), 1U);
  mailbox.full = false;
  sink.deliver(message_of({btc()}), [&](const SinkResult&) { order += 'b'; });
  mailbox.run();
  EXPECT_EQ(order, "ab");
}

}  // namespace
}  // namespace feedwatch::sinks
