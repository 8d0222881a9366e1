// The same exposure under several ids.

#include "feedwatch/protect/position_twins.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedwatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr WallTime opened{std::chrono::hours{500'000}};

PositionLease lease(const std::string& id, int second, const char* quantity = "0.25") {
  PositionLease made;
  made.position = {.id = id,
                   .venue = "v",
                   .symbol = "S",
                   .side = Side::buy,
                   .entry_price = *Decimal::parse("100"),
                   .quantity = *Decimal::parse(quantity),
                   .opened_at = opened};
  made.registered = MonoTime{std::chrono::seconds{second}};
  return made;
}
PositionKey key(const std::string& id) {
  return {"v", "S", id};
}

TEST(PositionTwins, I_36_the_same_exposure_twice_is_found_at_the_later_one) {
  PositionTwins twins;
  twins.put(lease("strategy", 1));
  twins.put(lease("adopted", 2, "0.250"));
  EXPECT_THAT(twins.take_changed(), ElementsAre(key("adopted"), key("strategy")));
  EXPECT_EQ(twins.twin_of(key("adopted")), key("strategy"));
  EXPECT_FALSE(twins.twin_of(key("strategy")));
  EXPECT_THAT(twins.take_changed(), IsEmpty());
}

TEST(PositionTwins, what_differs_in_anything_is_another_position) {
  const auto differs = [](const auto& change) {
    PositionTwins twins;
    twins.put(lease("a", 1));
    PositionLease other = lease("b", 2);
    change(other.position);
    twins.put(other);
    return !twins.twin_of(key_of(other.position));
  };
  EXPECT_FALSE(differs([](Position&) {}));
  EXPECT_TRUE(differs([](Position& p) { p.venue = "w"; }));
  EXPECT_TRUE(differs([](Position& p) { p.symbol = "T"; }));
  EXPECT_TRUE(differs([](Position& p) { p.side = Side::sell; }));
  EXPECT_TRUE(differs([](Position& p) { p.quantity = *Decimal::parse("0.2500001"); }));
  EXPECT_TRUE(differs([](Position& p) { p.entry_price = *Decimal::parse("100.1"); }));
  EXPECT_TRUE(differs([](Position& p) { p.opened_at += Duration{1}; }));
}

TEST(PositionTwins, it_ends_when_one_is_closed_or_changed) {
  PositionTwins twins;
  for (const int second : {1, 2, 3}) twins.put(lease("p" + std::to_string(second), second));
  twins.take_changed();
  twins.close(key("p1"));
  EXPECT_THAT(twins.take_changed(), ElementsAre(key("p2")));
  EXPECT_FALSE(twins.twin_of(key("p2")));
  EXPECT_EQ(twins.twin_of(key("p3")), key("p2"));
  twins.put(lease("p3", 3, "0.5"));
  EXPECT_THAT(twins.take_changed(), ElementsAre(key("p3")));
  EXPECT_FALSE(twins.twin_of(key("p3")));
  twins.close(key("p3"));
  twins.close(key("p3"));
  EXPECT_FALSE(twins.twin_of(key("p3")));
}

TEST(PositionTwins, a_renewal_is_no_change) {
  PositionTwins twins;
  twins.put(lease("a", 1));
  twins.take_changed();
  twins.put(lease("a", 1));
  EXPECT_THAT(twins.take_changed(), IsEmpty());
}

}  // namespace
}  // namespace feedwatch
