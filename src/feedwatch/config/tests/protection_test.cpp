#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/config/config.hpp"

namespace feedwatch::config {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::expected<Config, std::vector<Error>> read(const std::string& text) {
  Sources sources;
  sources.environment = {{"HOME", "/home/ann"}};
  return load_text(text, "f.toml", sources);
}

std::string refused(const std::string& text) {
  const auto config = read(text);
  return config ? "taken" : config.error().at(0).text();
}

Decimal decimal(const char* text) {
  return *Decimal::parse(text);
}

TEST(ProtectionConfig, NoRuleUnlessItIsEnabled) {
  const auto config = read("[trailing]\ncallback_percent = \"1\"\n");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->position_rules.trailing);
  EXPECT_FALSE(config->position_rules.aged);
}

TEST(ProtectionConfig, DefaultsAreThoseOfTheContract) {
  const auto config = read("[trailing]\nenabled = true\n[aged]\nenabled = true\n");
  ASSERT_TRUE(config) << config.error()[0].text();
  const TrailingOptions stop;
  const AgedOptions aged;
  ASSERT_TRUE(config->position_rules.trailing && config->position_rules.aged);
  EXPECT_EQ(config->position_rules.trailing->activation_percent, stop.activation_percent);
  EXPECT_EQ(config->position_rules.trailing->callback_percent, stop.callback_percent);
  EXPECT_EQ(config->position_rules.trailing->commission_percent, stop.commission_percent);
  EXPECT_EQ(config->position_rules.trailing->confirm_within, stop.confirm_within);
  EXPECT_FALSE(config->position_rules.trailing->breakeven_percent);
  EXPECT_EQ(config->position_rules.aged->max_age, aged.max_age);
  EXPECT_EQ(config->position_rules.aged->grace, aged.grace);
  EXPECT_EQ(config->position_rules.aged->progressive, aged.progressive);
  EXPECT_EQ(config->position_rules.aged->commission_percent, aged.commission_percent);
  EXPECT_EQ(config->position_rules.aged->loss_step_percent, aged.loss_step_percent);
  EXPECT_EQ(config->position_rules.aged->max_loss_percent, aged.max_loss_percent);
}

TEST(ProtectionConfig, NumbersAreReadDigitByDigit) {
  const auto config = read(R"([trailing]
enabled = true
activation_percent = "2.25"
callback_percent = "0.75"
steps = ["3:0.5", "5.5:0.3"]
breakeven_percent = "1"
confirm_within = "4s"
[aged]
enabled = true
grace = "0s"
max_loss_percent = "7.5"
)");
  ASSERT_TRUE(config) << config.error()[0].text();
  const TrailingOptions& stop = *config->position_rules.trailing;
  EXPECT_EQ(stop.activation_percent, decimal("2.25"));
  ASSERT_THAT(stop.steps, SizeIs(2));
  EXPECT_EQ(stop.steps[1].profit_percent, decimal("5.5"));
  EXPECT_EQ(stop.steps[1].callback_percent, decimal("0.3"));
  EXPECT_EQ(stop.breakeven_percent, decimal("1"));
  EXPECT_EQ(stop.confirm_within, 4s);
  EXPECT_EQ(config->position_rules.aged->grace, 0s);
  EXPECT_EQ(config->position_rules.aged->max_loss_percent, decimal("7.5"));
}

TEST(ProtectionConfig, ARuleGoesByTheKindItIsGiven) {
  const auto plain = read("");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->positions.trailing_price || plain->positions.aged_price);
  const auto config = read("[trailing]\nprice = \"mark\"\n[aged]\nprice = \"last\"\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->positions.trailing_price, Kind::mark);
  EXPECT_EQ(config->positions.aged_price, Kind::last);
  EXPECT_THAT(refused("[aged]\nprice = \"index\"\n"), HasSubstr("aged.price"));
}

TEST(ProtectionConfig, LastAndMarkAreComparedUnlessItSaysNot) {
  const auto config = read("");
  ASSERT_TRUE(config && config->positions.divergence);
  EXPECT_EQ(config->positions.divergence->percent, DivergenceOptions{}.percent);
  EXPECT_EQ(config->positions.divergence->longer_than, DivergenceOptions{}.longer_than);
  const auto other = read("[positions]\ndivergence_percent = \"0.25\"\ndivergence_for = \"0s\"\n");
  ASSERT_TRUE(other && other->positions.divergence);
  EXPECT_EQ(other->positions.divergence->percent, decimal("0.25"));
  EXPECT_EQ(other->positions.divergence->longer_than, 0s);
  const auto off = read("[positions]\ndivergence_percent = \"0\"\n");
  ASSERT_TRUE(off);
  EXPECT_FALSE(off->positions.divergence);
}

TEST(ProtectionConfig, WhatIsWrongIsSaidByKey) {
  EXPECT_THAT(refused("[positions]\ndivergence_percent = \"-1\"\n"),
              HasSubstr("f.toml:2:22: positions.divergence_percent: \"-1\" is no percentage"));
  EXPECT_THAT(refused("[trailing]\ncallback_percent = \"half\"\n"),
              HasSubstr("f.toml:2:20: trailing.callback_percent: \"half\" is no percentage"));
  EXPECT_THAT(refused("[trailing]\ncallback_percent = \"-1\"\n"), HasSubstr("is no percentage"));
  EXPECT_THAT(refused("[trailing]\nsteps = [\"3\"]\n"), HasSubstr("\"3\" is no step"));
  EXPECT_THAT(refused("[trailing]\nenabled = true\ncallback_percent = \"0\"\n"),
              HasSubstr("the rule cannot be followed: "));
  EXPECT_THAT(refused("[aged]\nenabled = true\nmax_loss_percent = \"200\"\n"),
              HasSubstr("the rule cannot be followed: "));
}

/// OKX sends a mark price that does not change every ten seconds.
TEST(ProtectionConfig, PricesThatComeMoreSeldomThanTheyProtectAreWarnedOf) {
  const auto warnings = [](const std::string& text) {
    const auto config = read(
        "[[venue]]\nname = \"o\"\ntype = \"okx\"\n[[venue]]\nname = \"bybit-linear\"\n" + text);
    std::vector<std::string> said;
    if (!config) return std::vector<std::string>{config.error()[0].text()};
    for (const Error& each : config->warnings) said.push_back(each.text());
    return said;
  };
  const std::string enabled = "[trailing]\nenabled = true\n";
  EXPECT_THAT(warnings(""), SizeIs(0)) << "nothing is to be protected";
  EXPECT_THAT(warnings(enabled),
              testing::ElementsAre(testing::AllOf(
                  HasSubstr("mark prices come every 10s"), HasSubstr("for 5s"),
                  HasSubstr("protect_max_age above 10s"), HasSubstr(R"(match = "o/*/mark")"))));
  EXPECT_THAT(warnings("[positions]\nfiles = [\"/run/bot.json\"]\n"), SizeIs(1));
  const auto policy = [](const std::string& age) {
    return "[[policy]]\nmatch = \"o/*\"\nprotect_max_age = \"" + age + "\"\n";
  };
  EXPECT_THAT(warnings(enabled + policy("10s")), SizeIs(1)) << "and not a moment to spare";
  EXPECT_THAT(warnings(enabled + policy("12s")), SizeIs(0));
  EXPECT_THAT(warnings("[trailing]\nenabled = true\nprice = \"last\"\n"), SizeIs(0));
}

}  // namespace
}  // namespace feedwatch::config
