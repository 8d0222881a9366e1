#include "feedwatch/board/layout.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>

namespace feedwatch::board {
namespace {

using Words = std::array<std::uint64_t, slot_words>;

Words words_of(const Slot& slot) {
  Words words;
  std::memcpy(words.data(), &slot, sizeof slot);
  return words;
}

TEST(Layout, EveryFieldStandsWhereItsWordSays) {
  Slot slot;
  const auto mono = [](std::int64_t n) { return mono_from_ns(n); };
  slot.carried = mono(1);
  slot.confirmed = mono(2);
  slot.changed = mono(3);
  slot.ts_recv = wall_from_ns(4);
  slot.ts_event = wall_from_ns(5);
  slot.transit = Duration{6};
  slot.confirmed_transit = Duration{7};
  slot.degraded_after = Duration{8};
  slot.stale_after = Duration{15};
  slot.seq = 9;
  slot.ticks = 10;
  slot.epoch = 11;
  slot.generation = 12;
  slot.shard = 16;
  slot.prices = {Decimal{13, 2}, Decimal{14, 2}};
  const Words words = words_of(slot);
  EXPECT_EQ(words[word::carried], 1U);
  EXPECT_EQ(words[word::confirmed], 2U);
  EXPECT_EQ(words[word::changed], 3U);
  EXPECT_EQ(words[word::ts_recv], 4U);
  EXPECT_EQ(words[word::ts_event], 5U);
  EXPECT_EQ(words[word::transit], 6U);
  EXPECT_EQ(words[word::confirmed_transit], 7U);
  EXPECT_EQ(words[word::degraded_after], 8U);
  EXPECT_EQ(words[word::stale_after], 15U);
  EXPECT_EQ(words[word::seq], 9U);
  EXPECT_EQ(words[word::ticks], 10U);
  EXPECT_EQ(words[word::epoch_and_generation],
            11U | (std::uint64_t{12} << 32U) | (std::uint64_t{16} << 48U));
  Prices prices;
  std::memcpy(static_cast<void*>(&prices), words.data() + word::price, sizeof prices);
  EXPECT_TRUE(identical(prices.price, slot.prices.price));
  EXPECT_TRUE(identical(prices.ask, slot.prices.ask));
  EXPECT_EQ(word::ask, word::price + 2);
}

TEST(Layout, EveryFlagIsTheBitItsNameSays) {
  const std::uint64_t none = words_of(Slot{})[word::state];
  const auto bits = [&](auto set) {
    Slot slot;
    set(slot);
    return words_of(slot)[word::state] ^ none;
  };
  EXPECT_EQ(bits([](Slot& s) { s.occupied = true; }), flag::occupied);
  EXPECT_EQ(bits([](Slot& s) { s.received = true; }), flag::received);
  EXPECT_EQ(bits([](Slot& s) { s.has_event_time = true; }), flag::has_event_time);
  EXPECT_EQ(bits([](Slot& s) { s.event_time_is_publish = true; }), flag::event_time_is_publish);
  EXPECT_EQ(bits([](Slot& s) { s.confirm_counts = true; }), flag::confirm_counts);
  EXPECT_EQ(bits([](Slot& s) { s.gate_closed = true; }), flag::gate_closed);
  EXPECT_EQ(bits([](Slot& s) { s.clock_suspect = true; }), flag::clock_suspect);
  EXPECT_EQ(bits([](Slot& s) { s.rejecting = true; }), flag::rejecting);
  EXPECT_EQ(bits([](Slot& s) { s.recovering = true; }), flag::recovering);
  EXPECT_EQ(bits([](Slot& s) { s.required = true; }), flag::required);
  EXPECT_EQ(bits([](Slot& s) { s.has_seq = true; }), flag::has_seq);
  EXPECT_EQ(bits([](Slot& s) { s.has_bridge = true; }), flag::has_bridge);
  EXPECT_EQ(bits([](Slot& s) { s.flapping = true; }), flag::flapping);
  EXPECT_EQ(bits([](Slot& s) { s.frozen = true; }), flag::frozen);
  EXPECT_EQ(none & flag::level, std::uint64_t{3} << 32U) << "unknown";
  EXPECT_EQ(bits([](Slot& s) { s.reason = Reason::unconfigured; }), std::uint64_t{19} << 40U);
}

}  // namespace
}  // namespace feedwatch::board
