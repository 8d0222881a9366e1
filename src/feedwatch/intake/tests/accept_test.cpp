#include "feedwatch/intake/accept.hpp"

#include <gtest/gtest.h>

namespace feedwatch::intake {
namespace {

using Type = Outcome::Type;
constexpr MonoTime t0 = mono_from_ns(1'000'000'000);

/// One stream behind the gate; stores what is accepted as the monitor does.
struct Gate {
  Rules rules;
  State state;
  Slot slot;
  Doubt doubt;

  Decision offer(const Tick& tick) {
    const Decision decision = accept(rules, state, doubt, slot, tick);
    if (decision.outcome.type == Type::accepted) {
      slot.received = true;
      slot.prices = decision.prices;
      slot.has_seq = tick.seq.has_value();
      slot.seq = tick.seq.value_or(0);
    }
    return decision;
  }
};

Tick last(std::int64_t price) {
  Tick tick;
  tick.prices.price = Decimal{price, 0};
  tick.fields.price = true;
  tick.mono_recv = t0;
  tick.epoch = 1;
  return tick;
}

Tick numbered(std::int64_t price, std::uint64_t seq, Duration after = 0s) {
  Tick tick = last(price);
  tick.seq = seq;
  tick.mono_recv = t0 + after;
  return tick;
}

Tick without_price(std::optional<std::uint64_t> seq = {}) {
  Tick tick = last(1);
  tick.fields = {};
  tick.seq = seq;
  return tick;
}

Tick quote(std::int64_t bid, std::int64_t ask) {
  Tick tick = last(bid);
  tick.prices.ask = Decimal{ask, 0};
  tick.fields.ask = true;
  return tick;
}

Type type_of(const Decision& decision) {
  return decision.outcome.type;
}

TEST(Accept, RefusesWhatIsNotPositive) {
  Gate gate;
  for (const std::int64_t bad : {0, -1}) {
    const Decision decision = gate.offer(last(bad));
    EXPECT_EQ(type_of(decision), Type::rejected);
    EXPECT_EQ(decision.outcome.rejection, Rejection::not_positive);
  }
  EXPECT_FALSE(gate.slot.received);
  EXPECT_EQ(type_of(gate.offer(last(1))), Type::accepted);
}

TEST(Accept, RefusesEitherSideOfAQuoteThatIsNotPositive) {
  Gate gate{.rules = {.kind = Kind::quote}, .state = {}, .slot = {}, .doubt = {}};
  EXPECT_EQ(gate.offer(quote(0, 5)).outcome.rejection, Rejection::not_positive);
  EXPECT_EQ(gate.offer(quote(5, 0)).outcome.rejection, Rejection::not_positive);
}

TEST(Accept, ACrossedQuoteIsStored) {
  Gate gate{.rules = {.kind = Kind::quote}, .state = {}, .slot = {}, .doubt = {}};
  EXPECT_EQ(type_of(gate.offer(quote(6, 5))), Type::accepted);
}

TEST(Accept, AnAskOnAnotherKindIsTheWrongKind) {
  Gate gate;
  EXPECT_EQ(gate.offer(quote(5, 6)).outcome.rejection, Rejection::wrong_kind);
}

TEST(Accept, HalfAQuoteIsFilledFromTheStoreWhereAbsentMeansUnchanged) {
  Gate gate{.rules = {.kind = Kind::quote, .absent_is_unchanged = true},
            .state = {},
            .slot = {},
            .doubt = {}};
  Tick only_bid = quote(7, 0);
  only_bid.fields.ask = false;
  EXPECT_EQ(gate.offer(only_bid).outcome.rejection, Rejection::crossed_fields);
  gate.offer(quote(5, 6));
  const Decision decision = gate.offer(only_bid);
  EXPECT_EQ(type_of(decision), Type::accepted);
  EXPECT_EQ(decision.prices.price, (Decimal{7, 0}));
  EXPECT_EQ(decision.prices.ask, (Decimal{6, 0}));
}

TEST(Accept, HalfAQuoteIsRefusedOnEveryOtherChannel) {
  Gate gate{.rules = {.kind = Kind::quote}, .state = {}, .slot = {}, .doubt = {}};
  gate.offer(quote(5, 6));
  Tick only_ask = quote(0, 8);
  only_ask.fields.price = false;
  EXPECT_EQ(gate.offer(only_ask).outcome.rejection, Rejection::crossed_fields);
}

TEST(Accept, AbsentPriceConfirmsOnlyWhereTheSheetSaysSo) {
  Gate gate;
  gate.offer(last(5));
  EXPECT_EQ(type_of(gate.offer(without_price())), Type::ignored);
  EXPECT_FALSE(gate.offer(without_price()).renews_confirmed);
  gate.rules.absent_is_unchanged = true;
  const Decision decision = gate.offer(without_price());
  EXPECT_EQ(type_of(decision), Type::confirmed);
  EXPECT_TRUE(decision.renews_confirmed);
}

TEST(Accept, AbsentPriceProvesNothingBeforeThisSubscriptionSaidOne) {
  Gate gate{.rules = {.absent_is_unchanged = true}, .state = {}, .slot = {}, .doubt = {}};
  EXPECT_EQ(type_of(gate.offer(without_price())), Type::ignored);
  gate.offer(last(5));
  Tick next_epoch = without_price();
  next_epoch.epoch = 2;
  EXPECT_EQ(type_of(gate.offer(next_epoch)), Type::ignored);
}

TEST(Accept, AnEpochBeginsWithAWholePrice) {
  Gate gate{.rules = {.absent_is_unchanged = true}, .state = {}, .slot = {}, .doubt = {}};
  gate.offer(last(5));
  Tick unusable[] = {without_price(), last(0)};
  for (Tick& tick : unusable) {
    tick.epoch = 2;
    EXPECT_NE(type_of(gate.offer(tick)), Type::accepted);
    EXPECT_EQ(gate.state.epoch, 1U) << "the subscription before it may still deliver";
  }
  EXPECT_EQ(type_of(gate.offer(last(6))), Type::accepted);
  EXPECT_EQ(type_of(gate.offer(without_price())), Type::confirmed)
      << "what another subscription could not say changes nothing";
}

TEST(Accept, SameSequenceAndPriceIsARepeat) {
  Gate gate;
  gate.offer(numbered(5, 9));
  const Decision repeat = gate.offer(numbered(5, 9));
  EXPECT_EQ(type_of(repeat), Type::repeat);
  EXPECT_FALSE(repeat.renews_confirmed);
  gate.rules.repeat_confirms = true;
  EXPECT_TRUE(gate.offer(numbered(5, 9)).renews_confirmed);
}

TEST(Accept, ARepeatedSnapshotIsARepeatToo) {
  Gate gate{
      .rules = {.repeat_confirms = true, .seq_orders = true}, .state = {}, .slot = {}, .doubt = {}};
  Tick snapshot = numbered(5, 9);
  snapshot.snapshot = true;
  EXPECT_EQ(type_of(gate.offer(snapshot)), Type::accepted);
  EXPECT_EQ(type_of(gate.offer(snapshot)), Type::repeat);
}

TEST(Accept, TheFirstTickOfAnEpochIsNeverARepeat) {
  Gate gate;
  gate.offer(numbered(5, 9));
  Tick again = numbered(5, 9);
  again.epoch = 2;
  const Decision decision = gate.offer(again);
  EXPECT_EQ(type_of(decision), Type::accepted);
  EXPECT_TRUE(decision.first_of_epoch);
}

TEST(Accept, OlderSequenceIsOutOfOrderOnlyWhereSequencesOrder) {
  Gate gate{.rules = {.seq_orders = true}, .state = {}, .slot = {}, .doubt = {}};
  gate.offer(numbered(5, 9));
  EXPECT_EQ(gate.offer(numbered(6, 8)).outcome.rejection, Rejection::out_of_order);
  EXPECT_EQ(type_of(gate.offer(numbered(6, 10))), Type::accepted);
  Gate unordered;
  unordered.offer(numbered(5, 9));
  EXPECT_EQ(type_of(unordered.offer(numbered(6, 8))), Type::accepted);
}

TEST(Accept, AnOlderMessageWithoutPriceConfirmsNothing) {
  Gate gate{.rules = {.absent_is_unchanged = true, .seq_orders = true},
            .state = {},
            .slot = {},
            .doubt = {}};
  gate.offer(numbered(5, 9));
  EXPECT_EQ(gate.offer(without_price(8)).outcome.rejection, Rejection::out_of_order);
}

TEST(Accept, EventTimeNeverOrders) {
  Gate gate;
  Tick ahead = last(5);
  ahead.ts_event = wall_from_ms(9'000'000'000);
  gate.offer(ahead);
  Tick back = last(6);
  back.ts_event = wall_from_ms(1);
  EXPECT_EQ(type_of(gate.offer(back)), Type::accepted);
}

TEST(Accept, SnapshotRestartAndEpochBeginTheOrderAgain) {
  for (int which = 0; which < 3; ++which) {
    Gate gate{.rules = {.seq_orders = true}, .state = {}, .slot = {}, .doubt = {}};
    gate.offer(numbered(5, 900));
    Tick low = numbered(6, 1);
    low.snapshot = which == 0;
    low.restart = which == 1;
    if (which == 2) low.epoch = 2;
    EXPECT_EQ(type_of(gate.offer(low)), Type::accepted) << which;
    EXPECT_EQ(type_of(gate.offer([&] {
                Tick next = numbered(7, 2);
                next.epoch = low.epoch;
                return next;
              }())),
              Type::accepted);
  }
}

TEST(Accept, TicksOfAnOlderEpochAreRefused) {
  Gate gate;
  gate.state.begin(3);
  EXPECT_EQ(gate.offer(last(5)).outcome.rejection, Rejection::old_epoch);
}

TEST(Order, FiveRisingOlderTicksOverASecondBeginAgain) {
  Gate gate{.rules = {.seq_orders = true}, .state = {}, .slot = {}, .doubt = {}};
  gate.offer(numbered(5, 900));
  for (std::uint64_t n = 1; n <= 4; ++n) {
    EXPECT_EQ(type_of(gate.offer(numbered(6, n, n * 250ms))), Type::rejected);
  }
  const Decision fifth = gate.offer(numbered(7, 5, 1250ms));
  EXPECT_EQ(type_of(fifth), Type::accepted);
  EXPECT_TRUE(fifth.outcome.sequence_reset);
  EXPECT_FALSE(gate.offer(numbered(8, 6, 1300ms)).outcome.sequence_reset);
}

TEST(Order, LessThanASecondIsNotEnoughHoweverMany) {
  OrderRun run;
  for (std::uint64_t n = 1; n <= 50; ++n) {
    EXPECT_EQ(place_in_order(900, run, n, t0 + Duration{999'999'999} * (n - 1) / 49), Place::older);
  }
  EXPECT_EQ(place_in_order(900, run, 51, t0 + 1s), Place::restarted);
}

TEST(Order, FallingOlderTicksStartTheRunAgain) {
  OrderRun run;
  for (std::uint64_t n = 1; n <= 4; ++n) place_in_order(900, run, n, t0 + n * 1s);
  EXPECT_EQ(place_in_order(900, run, 2, t0 + 6s), Place::older);
  for (std::uint64_t n = 3; n <= 5; ++n) {
    EXPECT_EQ(place_in_order(900, run, n, t0 + 6s + n * 1s), Place::older);
  }
  EXPECT_EQ(place_in_order(900, run, 6, t0 + 20s), Place::restarted);
}

TEST(Order, ANewerTickEndsTheRun) {
  Gate gate{.rules = {.seq_orders = true}, .state = {}, .slot = {}, .doubt = {}};
  gate.offer(numbered(5, 900));
  for (std::uint64_t n = 1; n <= 4; ++n) gate.offer(numbered(6, n, n * 1s));
  gate.offer(numbered(6, 901, 5s));
  EXPECT_EQ(type_of(gate.offer(numbered(7, 5, 9s))), Type::rejected);
}

TEST(Accept, ARejectedTickChangesNeitherOrderNorStore) {
  Gate gate{.rules = {.seq_orders = true}, .state = {}, .slot = {}, .doubt = {}};
  gate.offer(numbered(5, 9));
  gate.offer(numbered(0, 100));
  EXPECT_EQ(gate.slot.prices.price, (Decimal{5, 0}));
  EXPECT_EQ(type_of(gate.offer(numbered(6, 10))), Type::accepted);
}

Gate banded(std::int64_t stored) {
  Gate gate{
      .rules = {.sanity_percent = 20, .sanity_repeats = 3}, .state = {}, .slot = {}, .doubt = {}};
  gate.offer(last(stored));
  return gate;
}

TEST(SanityBand, APriceAtItsEdgePassesAndOneBeyondIsRefused) {
  EXPECT_EQ(type_of(banded(100).offer(last(120))), Type::accepted);
  EXPECT_EQ(type_of(banded(100).offer(last(80))), Type::accepted);
  EXPECT_EQ(banded(100).offer(last(121)).outcome.rejection, Rejection::outside_band);
  EXPECT_EQ(banded(100).offer(last(79)).outcome.rejection, Rejection::outside_band);
}

TEST(SanityBand, SoManyInARowAreBelievedAndReported) {
  Gate gate = banded(100);
  EXPECT_EQ(type_of(gate.offer(last(500))), Type::rejected);
  EXPECT_EQ(type_of(gate.offer(last(501))), Type::rejected);
  const Decision third = gate.offer(last(502));
  EXPECT_EQ(type_of(third), Type::accepted);
  EXPECT_TRUE(third.outcome.band_broken);
  EXPECT_EQ(type_of(gate.offer(last(503))), Type::accepted);
  EXPECT_EQ(type_of(gate.offer(last(100))), Type::rejected) << "from here on the band lies there";
}

TEST(SanityBand, AnOrdinaryPriceInBetweenBeginsTheCountAgain) {
  Gate gate = banded(100);
  gate.offer(last(500));
  gate.offer(last(500));
  EXPECT_EQ(type_of(gate.offer(last(101))), Type::accepted);
  EXPECT_EQ(type_of(gate.offer(last(500))), Type::rejected);
}

TEST(SanityBand, CopiesOfOneMessageAreNoEvidence) {
  Gate gate = banded(100);
  for (int copy = 0; copy < 10; ++copy) {
    EXPECT_EQ(gate.offer(numbered(500, 7)).outcome.rejection, Rejection::outside_band) << copy;
  }
  EXPECT_EQ(type_of(gate.offer(numbered(500, 8))), Type::rejected);
  EXPECT_EQ(type_of(gate.offer(numbered(500, 8))), Type::rejected);
  EXPECT_TRUE(gate.offer(numbered(500, 9)).outcome.band_broken) << "the third message";
}

TEST(SanityBand, WithoutANumberACopyHasTheVenueTimeAndThePrice) {
  Gate gate = banded(100);
  const auto stamped = [](std::int64_t price, std::int64_t ms) {
    Tick tick = last(price);
    tick.ts_event = wall_from_ms(ms);
    return tick;
  };
  for (int copy = 0; copy < 10; ++copy) {
    EXPECT_EQ(type_of(gate.offer(stamped(500, 1))), Type::rejected) << copy;
  }
  EXPECT_EQ(type_of(gate.offer(stamped(501, 1))), Type::rejected) << "another trade of that moment";
  EXPECT_TRUE(gate.offer(stamped(501, 2)).outcome.band_broken);
}

TEST(SanityBand, CopiesThatComeAfterTheNextMessageAreNoneEither) {
  Gate gate = banded(100);
  gate.rules.seq_orders = true;
  gate.offer(numbered(100, 1));
  for (const std::uint64_t seq : {7U, 8U, 7U, 8U, 7U}) {
    EXPECT_EQ(type_of(gate.offer(numbered(500, seq))), Type::rejected) << seq;
  }
  EXPECT_TRUE(gate.offer(numbered(500, 9)).outcome.band_broken);
}

TEST(SanityBand, NumbersThatBeginAgainDoNotHoldItClosed) {
  Gate gate = banded(100);
  gate.rules.seq_orders = true;
  gate.offer(numbered(100, 1'000));
  EXPECT_EQ(type_of(gate.offer(numbered(500, 1'001))), Type::rejected);
  Tick snapshot = numbered(500, 1);
  snapshot.snapshot = true;
  EXPECT_EQ(type_of(gate.offer(snapshot)), Type::rejected);
  EXPECT_TRUE(gate.offer(numbered(500, 2)).outcome.band_broken);
}

TEST(SanityBand, NumbersThatBeginAgainWithoutAWordDoNotEither) {
  Gate gate = banded(100);
  gate.rules.seq_orders = true;
  gate.offer(numbered(100, 1'000));
  EXPECT_EQ(type_of(gate.offer(numbered(500, 1'001))), Type::rejected);
  Decision decision;
  for (std::uint64_t seq = 1; seq <= 6; ++seq) decision = gate.offer(numbered(500, seq, seq * 1s));
  EXPECT_TRUE(decision.outcome.band_broken) << "the fifth and the sixth count, with the first";
}

TEST(SanityBand, LooksAtBothSidesOfAQuote) {
  Gate gate{.rules = {.kind = Kind::quote, .sanity_percent = 20, .sanity_repeats = 3},
            .state = {},
            .slot = {},
            .doubt = {}};
  gate.offer(quote(100, 101));
  EXPECT_EQ(gate.offer(quote(100, 500)).outcome.rejection, Rejection::outside_band);
  EXPECT_EQ(gate.offer(quote(10, 101)).outcome.rejection, Rejection::outside_band);
}

TEST(SanityBand, IsOffByDefault) {
  Gate gate;
  gate.offer(last(1));
  EXPECT_EQ(type_of(gate.offer(last(1'000'000))), Type::accepted);
}

}  // namespace
}  // namespace feedwatch::intake
