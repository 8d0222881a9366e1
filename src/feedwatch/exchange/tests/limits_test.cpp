#include "feedwatch/exchange/limits.hpp"

#include <gtest/gtest.h>

namespace feedwatch::exchange {
namespace {

MonoTime at(Duration since) {
  return mono_from_ns(0) + 1h + since;
}

TEST(DialGate, LetsTheLimitPassAndBansTheNextOne) {
  DialGate gate({.count = 2, .window = 60s}, 120s);
  EXPECT_FALSE(gate.on_dial(at(0s)));
  EXPECT_FALSE(gate.on_dial(at(1s)));
  EXPECT_EQ(gate.on_dial(at(2s)), 120s);
  EXPECT_EQ(gate.bans(), 1U);
}

TEST(DialGate, BanCountsDownAndEndsAtItsNanosecond) {
  DialGate gate({.count = 1, .window = 60s}, 120s);
  gate.on_dial(at(0s));
  gate.on_dial(at(0s));
  EXPECT_EQ(gate.on_dial(at(100s)), 20s);
  EXPECT_EQ(gate.on_dial(at(120s) - 1ns), 1ns);
  EXPECT_FALSE(gate.on_dial(at(120s)));
  EXPECT_EQ(gate.bans(), 1U);
}

TEST(DialGate, AnOldDialLeavesTheWindowWhenItIsAsOldAsTheWindow) {
  DialGate early({.count = 1, .window = 60s}, 1s);
  early.on_dial(at(0s));
  EXPECT_TRUE(early.on_dial(at(60s) - 1ns));
  DialGate late({.count = 1, .window = 60s}, 1s);
  late.on_dial(at(0s));
  EXPECT_FALSE(late.on_dial(at(60s)));
}

TEST(DialGate, NoLimitNeverBans) {
  DialGate gate({}, 120s);
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(gate.on_dial(at(0s)));
}

TEST(MessageMeter, BreaksAtTheMessageBeyondTheLimit) {
  MessageMeter meter({.count = 3, .window = 1s});
  EXPECT_TRUE(meter.on_message(at(0s)));
  EXPECT_TRUE(meter.on_message(at(0s)));
  EXPECT_TRUE(meter.on_message(at(0s)));
  EXPECT_FALSE(meter.on_message(at(1s) - 1ns));
  EXPECT_TRUE(meter.on_message(at(1s)));
}

TEST(MessageMeter, RemembersTheBusiestSecond) {
  MessageMeter meter({});
  meter.on_message(at(0s));
  meter.on_message(at(999ms));
  meter.on_message(at(1s));
  meter.on_message(at(5s));
  EXPECT_EQ(meter.max_per_second(), 2U);
  EXPECT_EQ(meter.total(), 4U);
}

TEST(MessageMeter, AFloodIsBounded) {
  MessageMeter meter({.count = 10, .window = 1s});
  for (int i = 0; i < 10'000; ++i) meter.on_message(at(0s));
  EXPECT_EQ(meter.max_per_second(), 4096U);
  EXPECT_EQ(meter.total(), 10'000U);
}

}  // namespace
}  // namespace feedwatch::exchange
