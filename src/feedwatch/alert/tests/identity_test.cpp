#include "feedwatch/alert/identity.hpp"

#include <gtest/gtest.h>

namespace feedwatch::alert {
namespace {

TEST(Identity, is_name_and_scope) {
  EXPECT_EQ(identity_of("line_down", {{"venue", "binance-usdm"}}),
            R"(line_down{venue="binance-usdm"})");
  EXPECT_EQ(identity_of("price_staleness", {{"kind", "mark"}, {"symbol", "A/B"}, {"venue", "v"}}),
            R"(price_staleness{kind="mark",symbol="A/B",venue="v"})");
  EXPECT_EQ(identity_of("store_down", {}), "store_down");
}

TEST(Identity, quotes_in_values_cannot_imitate_other_labels) {
  const auto tricked = identity_of("a", {{"x", R"(1",y="2)"}});
  EXPECT_NE(tricked, identity_of("a", {{"x", "1"}, {"y", "2"}}));
  EXPECT_EQ(tricked, R"(a{x="1\",y=\"2"})");
  EXPECT_EQ(identity_of("a", {{"x", R"(\)"}}), R"(a{x="\\"})");
}

TEST(Identity, fingerprint_is_the_published_hash) {
  // Test vectors of FNV-1a 64 (Fowler, Noll, Vo).
  EXPECT_EQ(fingerprint(""), 0xcbf29ce484222325ULL);
  EXPECT_EQ(fingerprint("a"), 0xaf63dc4c8601ec8cULL);
  EXPECT_EQ(fingerprint("foobar"), 0x85944171f73967e8ULL);
  EXPECT_EQ(fingerprint_text("foobar"), "85944171f73967e8");
  EXPECT_EQ(fingerprint_text("a").size(), 16U);
}

}  // namespace
}  // namespace feedwatch::alert
