#include <gtest/gtest.h>

#include "feedwatch/intake/accept.hpp"

namespace feedwatch::intake {
namespace {

/// Two messages far from the stored price, three times each, as two lines bring them: how many it
/// takes to be believed, 0 if they are not.
int believed_after(bool with_seq, bool with_time) {
  const Rules rules{.kind = Kind::last, .sanity_percent = 50, .sanity_repeats = 4};
  State state;
  state.carried_in_epoch = state.holds = true;
  Doubt doubt;
  Slot slot;
  slot.received = slot.occupied = true;
  slot.prices.price = Decimal{100, 0};
  for (int said = 1; said <= 6; ++said) {
    const int message = 1 + said % 2;
    Tick tick;
    tick.fields.price = true;
    tick.prices.price = Decimal{900 + message, 0};
    if (with_seq) tick.seq = 10U + static_cast<unsigned>(message);
    if (with_time) tick.ts_event = wall_from_ms(1000 + message);
    const Decision decision = accept(rules, state, doubt, slot, tick);
    if (decision.outcome.type == Outcome::Type::accepted) return said;
  }
  return 0;
}

TEST(SanityBand, CopiesOfTwoMessagesAreTwoMessages) {
  EXPECT_EQ(believed_after(false, true), 0) << "by time and price";
  EXPECT_EQ(believed_after(true, false), 0) << "by numbers that do not order";
  EXPECT_EQ(believed_after(false, false), 4) << "without either every message counts";
}

}  // namespace
}  // namespace feedwatch::intake
