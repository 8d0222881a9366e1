#include "feedwatch/protect/trailing_stop.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr MonoTime t0{1'000s};

Decimal decimal(const char* text) {
  return *Decimal::parse(text);
}

class Trailing : public testing::Test {
 protected:
  using Words = std::vector<std::string>;

  /// "activated 1: 100.485 at 101.50", … in the order they were decided.
  static Words words(const TrailingStop::Result& result) {
    Words out;
    if (!result) return {std::string(to_text(result.error()))};
    for (const TrailingDecision& each : *result) {
      out.push_back(fmt::format("{} {}: {} at {}", to_text(each.type), each.number,
                                shortest(each.stop), shortest(each.price)));
    }
    return out;
  }
  static std::string shortest(const Decimal& value) {
    std::string text = value.to_string();
    while (text.contains('.') && (text.ends_with('0') || text.ends_with('.'))) text.pop_back();
    return text;
  }
  Words price(const char* text, MonoTime now) { return window(text, text, text, now); }
  Words window(const char* low, const char* high, const char* last, MonoTime now) {
    return words(stop.on_prices({decimal(low), decimal(high), decimal(last)}, now));
  }
  Words confirm(std::uint64_t number, MonoTime now) { return words(stop.confirm(number, now)); }
  Words reject(std::uint64_t number, MonoTime now) { return words(stop.reject(number, now)); }
  Words on_time(MonoTime now) { return words(stop.on_time(now)); }
  std::string state() const { return std::string(to_text(stop.memory().state)); }

  TrailingOptions options;
  TrailingStop stop{Side::buy, decimal("100"), {}};
};

// The worked example of docs/reference/protection.md: LONG from 100, 1.5 % and 0.5 %.
TEST_F(Trailing, WorkedExample) {
  EXPECT_THAT(price("101.4", t0), IsEmpty());
  EXPECT_EQ(state(), "inactive");
  EXPECT_THAT(price("101.5", t0 + 1s), ElementsAre("activated 1: 100.9925 at 101.5"));
  EXPECT_THAT(confirm(1, t0 + 2s), IsEmpty());
  EXPECT_THAT(price("102", t0 + 3s), IsEmpty()) << "half a percent, 1 s after the last";
  EXPECT_THAT(price("103", t0 + 4s), ElementsAre("stop_moved 2: 102.485 at 103")) << "1.5 %";
  EXPECT_THAT(confirm(2, t0 + 4s), IsEmpty());
  EXPECT_THAT(price("102.6", t0 + 5s), IsEmpty()) << "back, and above the stop";
  EXPECT_THAT(price("102.485", t0 + 6s), ElementsAre("triggered 3: 102.485 at 102.485"));
  EXPECT_EQ(state(), "triggered");
  EXPECT_THAT(price("90", t0 + 7s), IsEmpty()) << "once";
  EXPECT_EQ(stop.next_deadline(), never_mono);
}

TEST_F(Trailing, ShortIsTheMirror) {
  stop = TrailingStop(Side::sell, decimal("100"), {});
  EXPECT_THAT(price("98.5", t0), ElementsAre("activated 1: 98.9925 at 98.5"));
  confirm(1, t0);
  EXPECT_THAT(price("97", t0 + 1s), ElementsAre("stop_moved 2: 97.485 at 97"));
  confirm(2, t0 + 1s);
  EXPECT_THAT(price("97.4", t0 + 2s), IsEmpty());
  EXPECT_THAT(price("97.5", t0 + 3s), ElementsAre("triggered 3: 97.485 at 97.5"));
}

TEST_F(Trailing, ASmallMoveWaitsItsInterval) {
  price("101.5", t0);
  confirm(1, t0);
  EXPECT_THAT(price("101.6", t0 + 1s), IsEmpty());
  EXPECT_EQ(stop.next_deadline(), t0 + 30s);
  EXPECT_THAT(on_time(t0 + 30s - 1ns), IsEmpty());
  EXPECT_THAT(on_time(t0 + 30s), ElementsAre("stop_moved 2: 101.092 at 101.6"));
  confirm(2, t0 + 31s);
  EXPECT_THAT(price("101.64", t0 + 80s), IsEmpty()) << "0.039 % is too little at any time";
  EXPECT_EQ(stop.next_deadline(), never_mono);
}

TEST_F(Trailing, NeverBack) {
  price("103", t0);
  confirm(1, t0);
  EXPECT_THAT(price("102.5", t0 + 1min), IsEmpty());
  EXPECT_EQ(*stop.memory().stop, decimal("102.485"));
  EXPECT_EQ(stop.memory().peak, decimal("103"));
}

TEST_F(Trailing, ExtremesOfAWindowCount) {
  EXPECT_THAT(window("101", "103", "102.6", t0), ElementsAre("activated 1: 102.485 at 102.6"));
  confirm(1, t0);
  EXPECT_THAT(window("102.4", "104", "104", t0 + 1s), ElementsAre("triggered 2: 102.485 at 102.4"))
      << "the low is held against the stop from before the high";
}

TEST_F(Trailing, ThePriceAfterThePeakCounts) {
  EXPECT_THAT(window("101", "103", "102.4", t0), ElementsAre("triggered 1: 102.485 at 102.4"));
}

TEST_F(Trailing, WhatNobodyConfirmsIsRolledBackAndProposedAgain) {
  price("101.5", t0);
  EXPECT_EQ(stop.next_deadline(), t0 + 10s);
  price("102", t0 + 5s);
  EXPECT_THAT(on_time(t0 + 10s),
              ElementsAre("rolled_back 1: 100.9925 at 102", "activated 2: 101.49 at 102"));
  EXPECT_THAT(confirm(1, t0 + 11s), IsEmpty()) << "too late, the other one is under way";
  EXPECT_FALSE(stop.memory().confirmed_stop);
  on_time(t0 + 20s);
  on_time(t0 + 30s);
  EXPECT_FALSE(stop.is_unconfirmed());
  EXPECT_THAT(on_time(t0 + 40s),
              ElementsAre("rolled_back 4: 101.49 at 102", "unconfirmed 4: 101.49 at 102"));
  EXPECT_TRUE(stop.is_unconfirmed()) << "once and three times again";
  EXPECT_EQ(stop.next_deadline(), t0 + 70s);
  EXPECT_THAT(on_time(t0 + 70s), ElementsAre("activated 5: 101.49 at 102"));
  EXPECT_THAT(confirm(5, t0 + 71s), IsEmpty());
  EXPECT_FALSE(stop.is_unconfirmed());
  EXPECT_EQ(stop.memory().confirmed_stop, decimal("101.49"));
}

TEST_F(Trailing, ARejectionIsAnsweredAtOnce) {
  price("101.5", t0);
  EXPECT_THAT(reject(1, t0 + 1s),
              ElementsAre("rolled_back 1: 100.9925 at 101.5", "activated 2: 100.9925 at 101.5"));
  EXPECT_THAT(reject(1, t0 + 2s), IsEmpty());
}

TEST_F(Trailing, TriggersDoNotWaitForConfirmations) {
  price("101.5", t0);
  EXPECT_THAT(price("100.9", t0 + 1s), ElementsAre("triggered 2: 100.9925 at 100.9"));
  EXPECT_THAT(confirm(1, t0 + 2s), IsEmpty());
  EXPECT_EQ(state(), "triggered");
}

TEST_F(Trailing, WhatMovedMeanwhileIsProposedWithTheConfirmation) {
  price("101.5", t0);
  EXPECT_THAT(price("103", t0 + 1s), IsEmpty()) << "one at a time";
  EXPECT_THAT(confirm(1, t0 + 2s), ElementsAre("stop_moved 2: 102.485 at 103"));
}

TEST_F(Trailing, StepsFollowMoreClosely) {
  options.steps = {{decimal("2"), decimal("0.3")}, {decimal("3"), decimal("0.2")}};
  stop = TrailingStop(Side::buy, decimal("100"), options);
  price("101.5", t0);
  EXPECT_EQ(*stop.memory().stop, decimal("100.9925"));
  price("102", t0 + 1s);
  EXPECT_EQ(*stop.memory().stop, decimal("101.694"));
  price("103", t0 + 2s);
  EXPECT_EQ(*stop.memory().stop, decimal("102.794"));
}

TEST_F(Trailing, BreakevenPaysForBothCommissions) {
  options.breakeven_percent = decimal("0.5");
  stop = TrailingStop(Side::buy, decimal("100"), options);
  EXPECT_THAT(price("100.4", t0), IsEmpty());
  EXPECT_THAT(price("100.5", t0 + 1s), ElementsAre("stop_moved 1: 100.2 at 100.5"));
  EXPECT_EQ(state(), "waiting");
  confirm(1, t0 + 1s);
  EXPECT_THAT(price("101.5", t0 + 2s), ElementsAre("activated 2: 100.9925 at 101.5"));
  EXPECT_EQ(state(), "active");
}

TEST_F(Trailing, BreakevenCanBeHit) {
  options.breakeven_percent = decimal("0.5");
  stop = TrailingStop(Side::buy, decimal("100"), options);
  price("100.5", t0);
  EXPECT_THAT(price("100.2", t0 + 1s), ElementsAre("triggered 2: 100.2 at 100.2"));
}

TEST_F(Trailing, GoesOnFromWhatWasKept) {
  price("103", t0);
  confirm(1, t0);
  price("103.3", t0 + 1s);
  const TrailingMemory kept = stop.memory();
  auto again = TrailingStop::restore(Side::buy, decimal("100"), {}, kept, t0 + 1h);
  ASSERT_TRUE(again) << again.error();
  stop = *again;
  EXPECT_EQ(stop.memory().peak, decimal("103.3"));
  EXPECT_EQ(stop.next_deadline(), t0 + 1h + 30s) << "the small move that was not told yet";
  EXPECT_THAT(price("102.7", t0 + 1h), ElementsAre("triggered 2: 102.7835 at 102.7"))
      << "what happened meanwhile counts with the first price";
}

TEST_F(Trailing, WhatWasUnderWayIsProposedAnew) {
  price("103", t0);
  const TrailingMemory kept = stop.memory();
  stop = *TrailingStop::restore(Side::buy, decimal("100"), {}, kept, t0 + 1h);
  EXPECT_THAT(price("103", t0 + 1h), ElementsAre("activated 2: 102.485 at 103"));
}

TEST_F(Trailing, WhatCannotBeIsNotRestored) {
  price("103", t0);
  confirm(1, t0);
  const auto broken = [&](auto change, Side side = Side::buy) {
    TrailingMemory memory = stop.memory();
    change(memory);
    const auto again = TrailingStop::restore(side, decimal("100"), {}, memory, t0);
    return again ? std::string("restored") : std::string(again.error());
  };
  EXPECT_EQ(broken([](TrailingMemory&) {}), "restored");
  EXPECT_EQ(broken([](TrailingMemory&) {}, Side::sell), "it is of a position on the other side");
  EXPECT_EQ(broken([](TrailingMemory& m) { m.peak = decimal("0"); }), "its peak is not a price");
  EXPECT_EQ(broken([](TrailingMemory& m) { m.peak = decimal("99"); }),
            "its peak is worse than the entry price");
  EXPECT_EQ(broken([](TrailingMemory& m) { m.stop.reset(); }), "it has no stop");
  EXPECT_EQ(broken([](TrailingMemory& m) { m.state = TrailingState::inactive; }),
            "it has a stop and is inactive");
  EXPECT_EQ(broken([](TrailingMemory& m) { m.stop = decimal("-1"); }), "its stop is not a price");
  EXPECT_EQ(broken([](TrailingMemory& m) { m.stop = decimal("103"); }),
            "its stop does not lie behind its peak");
  EXPECT_EQ(broken([](TrailingMemory& m) { m.confirmed_stop = decimal("102.9"); }),
            "its confirmed stop lies beyond its stop");
  options.callback_percent = decimal("0");
  EXPECT_EQ(TrailingStop::restore(Side::buy, decimal("100"), options, stop.memory(), t0).error(),
            "callback_percent must be above 0 and below 100");
}

TEST_F(Trailing, WhatCannotBeComputedChangesNothing) {
  // The activation price has more digits than a decimal can hold.
  stop = TrailingStop(Side::buy, decimal("2650000000000000000000000000000000000"), {});
  EXPECT_THAT(price("2655000000000000000000000000000000000", t0), ElementsAre("out_of_range"));
  EXPECT_EQ(stop.memory().peak, decimal("2650000000000000000000000000000000000"));
  EXPECT_EQ(state(), "inactive");
}

TEST_F(Trailing, OptionsThatMakeNoSenseAreNamed) {
  const auto problem = [](auto change) {
    TrailingOptions changed;
    change(changed);
    return std::string(changed.problem());
  };
  EXPECT_EQ(problem([](TrailingOptions&) {}), "");
  EXPECT_THAT(problem([](TrailingOptions& o) { o.activation_percent = decimal("100"); }),
              testing::HasSubstr("activation_percent"));
  EXPECT_THAT(problem([](TrailingOptions& o) {
                o.steps = {{decimal("2"), decimal("0.3")}, {decimal("1"), decimal("0.2")}};
              }),
              testing::HasSubstr("rising"));
  EXPECT_THAT(problem([](TrailingOptions& o) { o.breakeven_percent = decimal("0.2"); }),
              testing::HasSubstr("two commissions"));
  EXPECT_THAT(problem([](TrailingOptions& o) { o.small_move_percent = decimal("2"); }),
              testing::HasSubstr("small_move_percent"));
  EXPECT_THAT(problem([](TrailingOptions& o) { o.confirm_within = 0ns; }),
              testing::HasSubstr("confirm_within"));
}

}  // namespace
}  // namespace feedwatch
