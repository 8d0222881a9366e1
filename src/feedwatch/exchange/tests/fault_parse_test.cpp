#include "feedwatch/exchange/fault_parse.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace feedwatch::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

FaultSpec fault(std::string_view json) {
  auto command = parse_control(json);
  EXPECT_TRUE(command) << json << ": " << (command ? "" : command.error().text());
  if (!command || !std::holds_alternative<FaultSpec>(*command)) return {};
  return std::get<FaultSpec>(*command);
}

std::string error(std::string_view json) {
  const auto command = parse_control(json);
  EXPECT_FALSE(command) << json;
  return command ? "" : command.error().text();
}

TEST(FaultParse, ReadsTheExampleOfTheDocumentation) {
  const FaultSpec spec =
      fault(R"({"fault":"silent_symbol","symbol":"BTCUSDT","heals":"on_resubscribe","for":"10s"})");
  EXPECT_EQ(spec.kind, FaultKind::silent_symbol);
  EXPECT_THAT(spec.symbols, ElementsAre("BTCUSDT"));
  EXPECT_EQ(spec.heals, Heals::on_resubscribe);
  EXPECT_EQ(spec.duration, 10s);
}

TEST(FaultParse, EveryFaultHasItsWord) {
  for (std::size_t i = 0; i < fault_words.size(); ++i) {
    std::string json = R"({"fault":")" + std::string{fault_words[i]} + R"(","symbol":"A")";
    if (fault_words[i] == "queue_delay") json += R"(,"delay":"1s")";
    if (fault_words[i] == "clock_offset") json += R"(,"offset":"1s")";
    if (fault_words[i] == "connect_budget") json += R"(,"limit":1,"window":"1s")";
    EXPECT_EQ(fault(json + "}").kind, static_cast<FaultKind>(i));
  }
}

TEST(FaultParse, HealsAfterADuration) {
  EXPECT_EQ(fault(R"({"fault":"silent_all","heals":"after 1m30s"})").duration, 90s);
  EXPECT_EQ(fault(R"({"fault":"silent_all","for":"5s"})").heals, Heals::after);
  EXPECT_EQ(fault(R"({"fault":"silent_all"})").heals, Heals::never);
  EXPECT_THAT(error(R"({"fault":"silent_all","heals":"after"})"), HasSubstr("\"for\" is missing"));
}

TEST(FaultParse, KeysOfOneKind) {
  EXPECT_EQ(fault(R"({"fault":"announce_close"})").delay, 60s);
  EXPECT_EQ(fault(R"({"fault":"announce_close","delay":"5s","code":1012})").delay, 5s);
  EXPECT_EQ(fault(R"({"fault":"clock_offset","offset":"-2s"})").offset, -2s);
  EXPECT_EQ(fault(R"({"fault":"queue_delay","delay":"1500ms"})").delay, 1500ms);
  EXPECT_EQ(fault(R"({"fault":"close","code":1012})").code, 1012);
  EXPECT_EQ(fault(R"({"fault":"half_open","connections":1})").connections, 1U);
  EXPECT_THAT(error(R"({"fault":"silent_all","connections":1})"), HasSubstr("connections"));
  EXPECT_EQ(fault(R"({"fault":"frozen_price","price":"last"})").price, Kind::last);
  const FaultSpec refused =
      fault(R"({"fault":"handshake_status","status":418,"retry_after":"30s"})");
  EXPECT_EQ(refused.status, 418);
  EXPECT_EQ(refused.retry_after, 30s);
  const FaultSpec budget =
      fault(R"({"fault":"connect_budget","limit":5,"window":"60s","ban":"10s","status":418})");
  EXPECT_EQ(budget.budget.count, 5U);
  EXPECT_EQ(budget.budget.window, 60s);
  EXPECT_EQ(budget.ban, 10s);
}

TEST(FaultParse, Defaults) {
  EXPECT_EQ(fault(R"({"fault":"handshake_status"})").status, 403);
  EXPECT_EQ(fault(R"({"fault":"rest_down"})").status, 503);
  EXPECT_EQ(fault(R"({"fault":"rest_429"})").status, 429);
  EXPECT_EQ(fault(R"({"fault":"rest_429"})").retry_after, 30s);
  EXPECT_EQ(fault(R"({"fault":"connect_budget","limit":1,"window":"1s"})").status, 429);
}

TEST(FaultParse, AnUnknownKeyIsNamedWithTheValidOnes) {
  const std::string text = error(R"({"fault":"queue_delay","dellay":"5s"})");
  EXPECT_THAT(text, HasSubstr("\"dellay\""));
  EXPECT_THAT(text, HasSubstr("heals"));
  EXPECT_THAT(text, HasSubstr("delay"));
  EXPECT_THAT(error(R"({"fault":"silent_all","delay":"5s"})"), HasSubstr("\"delay\""));
}

TEST(FaultParse, WhatIsWrongIsNamed) {
  EXPECT_THAT(error("[1]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(error("{"), HasSubstr("not a JSON object"));
  EXPECT_THAT(error("{}"), HasSubstr("\"fault\" is missing"));
  EXPECT_THAT(error(R"({"fault":"quiet"})"), HasSubstr("silent_symbol"));
  EXPECT_THAT(error(R"({"fault":"silent_symbol"})"), HasSubstr("\"symbol\" is missing"));
  EXPECT_THAT(error(R"({"fault":"queue_delay"})"), HasSubstr("\"delay\" is missing"));
  EXPECT_THAT(error(R"({"fault":"clock_offset"})"), HasSubstr("\"offset\" is missing"));
  EXPECT_THAT(error(R"({"fault":"connect_budget","window":"1s"})"), HasSubstr("\"limit\""));
  EXPECT_THAT(error(R"({"fault":"connect_budget","limit":1})"), HasSubstr("\"window\""));
  EXPECT_THAT(error(R"({"fault":"silent_all","for":5})"), HasSubstr("\"for\""));
  EXPECT_THAT(error(R"({"fault":"silent_all","for":"5"})"), HasSubstr("10s"));
  EXPECT_THAT(error(R"({"fault":"silent_all","heals":"soon"})"), HasSubstr("on_reconnect"));
  EXPECT_THAT(error(R"({"fault":"close","code":999})"), HasSubstr("1000"));
  EXPECT_THAT(error(R"({"fault":"frozen_price","price":"bid"})"), HasSubstr("quote"));
}

TEST(FaultParse, Clear) {
  EXPECT_FALSE(std::get<ClearFaults>(*parse_control(R"({"clear":"all"})")).id);
  EXPECT_EQ(std::get<ClearFaults>(*parse_control(R"({"clear":7})")).id, FaultId{7});
  EXPECT_THAT(error(R"({"clear":"some"})"), HasSubstr("\"all\""));
  EXPECT_THAT(error(R"({"clear":"all","fault":"close"})"), HasSubstr("alone"));
}

TEST(FaultCheck, NamesRoutesAndSymbolsThatExist) {
  Market market;
  market.add("BTCUSDT");
  const auto& side = *venues::find_venue_side("binance-usdm");
  EXPECT_TRUE(check_fault({.symbols = {"BTCUSDT"}, .route = "market"}, side, market));
  EXPECT_THAT(check_fault({.symbols = {"btcusdt"}}, side, market).error().text(),
              HasSubstr("BTCUSDT"));
  EXPECT_THAT(check_fault({.route = "private"}, side, market).error().text(), HasSubstr("public"));
}

TEST(FaultCheck, AVenueHasItsOwnWords) {
  const Market market;
  const auto check = [&](const char* venue, FaultKind kind) {
    return check_fault({.kind = kind}, *venues::find_venue_side(venue), market);
  };
  for (const char* venue : {"okx", "binance-spot"}) {
    EXPECT_TRUE(check(venue, FaultKind::announce_close)) << venue;
  }
  for (const char* venue : {"okx", "kraken", "bybit-linear", "bybit-spot"}) {
    EXPECT_TRUE(check(venue, FaultKind::says_halted)) << venue;
  }
  EXPECT_THAT(check("kraken", FaultKind::announce_close).error().text(),
              HasSubstr("kraken announces no close"));
  EXPECT_THAT(check("coinbase-advanced", FaultKind::says_halted).error().text(),
              HasSubstr("does not say whether it trades"));
}

class FaultFile : public ::testing::Test {
 protected:
  std::string path_ =
      (std::filesystem::temp_directory_path() / ("feedwatch-faults-" + std::to_string(::getpid())))
          .string();
  void TearDown() override { std::filesystem::remove(path_); }
  void write(std::string_view text) { std::ofstream(path_) << text; }
};

TEST_F(FaultFile, OneFaultALine) {
  write(
      "# what goes wrong\n\n"
      "{\"fault\":\"silent_all\",\"at\":\"5s\"}\n"
      "  {\"fault\":\"close\",\"at\":\"10s\"}\n");
  const auto faults = read_fault_file(path_);
  ASSERT_TRUE(faults);
  ASSERT_EQ(faults->size(), 2U);
  EXPECT_EQ((*faults)[0].at, 5s);
  EXPECT_EQ((*faults)[1].kind, FaultKind::close);
}

TEST_F(FaultFile, ErrorsNameFileAndLine) {
  write("{\"fault\":\"silent_all\"}\n{\"fault\":\"nothing\"}\n");
  EXPECT_THAT(read_fault_file(path_).error().text(), HasSubstr(path_ + ":2"));
  write("{\"clear\":\"all\"}\n");
  EXPECT_THAT(read_fault_file(path_).error().text(), HasSubstr(path_ + ":1"));
  EXPECT_THAT(read_fault_file(path_ + ".absent").error().text(), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace feedwatch::exchange
