#include "feedwatch/protect/position_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Put = PositionBook::Put;

constexpr MonoTime t0{1'000s};
const WallTime utc = wall_from_ns(1'764'230'400'000'000'000);

Position position(const std::string& id = "p1") {
  return {.id = id,
          .venue = "bybit-linear",
          .symbol = "BTCUSDT",
          .side = Side::buy,
          .entry_price = *Decimal::parse("50000"),
          .quantity = *Decimal::parse("0.1"),
          .opened_at = utc - 1h};
}

class Book : public testing::Test {
 protected:
  std::string put(const Position& made, std::optional<Duration> ttl = {}, MonoTime now = t0) {
    const auto done = book.put(made, ttl, "bot", now, utc);
    if (!done) return done.error().text();
    return *done == Put::registered ? "registered" : *done == Put::renewed ? "renewed" : "changed";
  }
  std::vector<std::string> expired(MonoTime now) const {
    std::vector<std::string> ids;
    for (const PositionKey& key : book.expired(now)) ids.push_back(key.id);
    return ids;
  }

  PositionBook book{3};
};

TEST_F(Book, TheSameAgainIsTheSame) {
  EXPECT_EQ(put(position()), "registered");
  EXPECT_EQ(put(position(), {}, t0 + 1h), "renewed");
  EXPECT_EQ(book.size(), 1U);
  EXPECT_EQ(book.find(key_of(position()))->registered, t0);
  Position more = position();
  more.quantity = *Decimal::parse("0.2");
  more.entry_price = *Decimal::parse("50500");
  EXPECT_EQ(put(more), "changed") << "bought more, at another price";
}

TEST_F(Book, VenueSymbolAndIdTellThemApart) {
  put(position());
  Position elsewhere = position();
  elsewhere.venue = "binance-usdm";
  EXPECT_EQ(put(elsewhere), "registered");
  EXPECT_EQ(put(position("p2")), "registered");
  EXPECT_THAT(put(position("p3")), HasSubstr("one more than the 3"));
  EXPECT_EQ(put(position()), "renewed") << "takes no room";
}

TEST_F(Book, AnotherPositionUnderAnOldNameIsRefused) {
  put(position());
  Position other = position();
  other.side = Side::sell;
  EXPECT_THAT(put(other), HasSubstr("id: is that of another position"));
  other = position();
  other.opened_at += 1s;
  EXPECT_THAT(put(other), HasSubstr("id: is that of another position"));
  EXPECT_TRUE(book.close(key_of(other)));
  EXPECT_EQ(put(other), "registered");
}

TEST_F(Book, TheFirstMomentOfOpeningThatIsSaidReplacesTheAssumedOne) {
  Position made = position();
  made.opened_at = undated;
  EXPECT_EQ(put(made), "registered");
  EXPECT_EQ(book.find(key_of(made))->position.opened_at, utc) << "when it was registered";
  EXPECT_TRUE(book.find(key_of(made))->opening_assumed);
  EXPECT_EQ(put(made), "renewed");
  EXPECT_EQ(put(position()), "changed");
  EXPECT_EQ(book.find(key_of(made))->position.opened_at, utc - 1h);
  EXPECT_FALSE(book.find(key_of(made))->opening_assumed);
  EXPECT_EQ(put(made), "renewed") << "who knows nothing of it changes nothing";
  EXPECT_EQ(book.find(key_of(made))->position.opened_at, utc - 1h);
  Position other = position();
  other.opened_at -= 1s;
  EXPECT_THAT(put(other), HasSubstr("id: is that of another position"));
}

TEST_F(Book, WhatIsNotRenewedIsExpiredAndStays) {
  put(position("a"), 10s);
  put(position("b"), 20s);
  put(position("c"));
  EXPECT_EQ(book.next_expiry(t0), t0 + 10s);
  EXPECT_THAT(expired(t0 + 10s - 1ns), IsEmpty());
  EXPECT_THAT(expired(t0 + 10s), ElementsAre("a"));
  EXPECT_EQ(book.next_expiry(t0 + 10s), t0 + 20s);
  EXPECT_THAT(expired(t0 + 20s), ElementsAre("a", "b"));
  EXPECT_EQ(book.next_expiry(t0 + 20s), never_mono);
  EXPECT_EQ(book.size(), 3U);
  EXPECT_EQ(put(position("a"), 10s, t0 + 30s), "renewed");
  EXPECT_THAT(expired(t0 + 30s), ElementsAre("b"));
  EXPECT_EQ(put(position("b"), {}, t0 + 30s), "renewed") << "held until it is closed";
  EXPECT_THAT(expired(t0 + 100s), ElementsAre("a"));
}

TEST_F(Book, ClosingEndsIt) {
  put(position(), 10s);
  EXPECT_TRUE(book.close(key_of(position())));
  EXPECT_FALSE(book.close(key_of(position())));
  EXPECT_EQ(book.next_expiry(t0), never_mono);
  EXPECT_EQ(book.find(key_of(position())), nullptr);
}

TEST_F(Book, BadFieldsAreNamed) {
  const auto with = [&](auto change) {
    Position made = position();
    change(made);
    return put(made);
  };
  EXPECT_THAT(with([](Position& p) { p.id.clear(); }), HasSubstr("id: is missing"));
  EXPECT_THAT(with([](Position& p) { p.symbol = std::string(257, 'x'); }),
              HasSubstr("symbol: is over 256 bytes"));
  EXPECT_THAT(with([](Position& p) { p.venue = "\xff"; }), HasSubstr("venue: is not UTF-8"));
  EXPECT_THAT(with([](Position& p) { p.entry_price = Decimal{}; }),
              HasSubstr("entry_price: must be above 0"));
  EXPECT_THAT(with([](Position& p) { p.quantity = *Decimal::parse("-1"); }),
              HasSubstr("quantity: must be above 0"));
  EXPECT_THAT(with([](Position& p) { p.opened_at = utc + 1h; }),
              HasSubstr("opened_at: lies in the future"));
  EXPECT_THAT(put(position(), 0ns), HasSubstr("ttl: must be above 0"));
  EXPECT_EQ(book.size(), 0U);
}

}  // namespace
}  // namespace feedwatch
