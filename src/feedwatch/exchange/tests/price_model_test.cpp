#include "feedwatch/exchange/price_model.hpp"

#include <gtest/gtest.h>

namespace feedwatch::exchange {
namespace {

const std::vector<std::string> symbols{"BTCUSDT", "DOGEUSDT", "币安USDT"};
const WallAnchor anchor{wall_from_ms(1'700'000'000'000), mono_from_ns(0)};

struct Log final : MarketListener {
  explicit Log(const Market& of) : market(of) {}
  void on_update(const MarketUpdate& update, MonoTime now) override {
    const SymbolState& s = market.at(update.symbol);
    text += s.symbol + " " + s.last.to_string() + " " + s.bid.to_string() + " " +
            s.ask.to_string() + " " + s.mark.to_string() + " " + s.index.to_string() + " " +
            std::to_string(to_ns(s.updated)) + "\n";
    ++updates[update.symbol];
    (void)now;
  }
  const Market& market;
  std::string text;
  std::map<std::size_t, int> updates;
};

std::string run(std::uint64_t seed, const std::vector<std::string>& which) {
  Market market;
  PriceModel model(market, which, {.seed = seed, .updates_per_second = 10}, anchor, MonoTime{});
  Log log(market);
  for (MonoTime now{}; now < MonoTime{} + 20s; now = model.next_deadline()) {
    model.on_time(now, log);
  }
  return log.text;
}

TEST(PriceModel, SameSeedSamePricesAtTheSameMoments) {
  EXPECT_EQ(run(7, symbols), run(7, symbols));
  EXPECT_NE(run(7, symbols), run(8, symbols));
}

TEST(PriceModel, OneSymbolDoesNotDependOnTheOthers) {
  const std::string alone = run(7, {"BTCUSDT"});
  std::string among;
  const std::string all = run(7, symbols);
  for (std::size_t from = 0; from < all.size();) {
    const std::size_t end = all.find('\n', from) + 1;
    if (all.substr(from, 8) == "BTCUSDT ") among += all.substr(from, end - from);
    from = end;
  }
  EXPECT_EQ(among, alone);
}

TEST(PriceModel, RateIsTheAverage) {
  Market market;
  PriceModel model(market, symbols, {.seed = 3, .updates_per_second = 10}, anchor, MonoTime{});
  Log log(market);
  for (MonoTime now{}; now < MonoTime{} + 100s; now += 10ms) model.on_time(now, log);
  for (const auto& [symbol, count] : log.updates) EXPECT_NEAR(count, 1000, 60);
}

TEST(PriceModel, PricesAreAlwaysPositiveOrderedAndOnTheTick) {
  Market market;
  PriceModel model(market, symbols, {.seed = 5, .updates_per_second = 100}, anchor, MonoTime{});
  struct Check final : MarketListener {
    explicit Check(const Market& of) : market(of) {}
    void on_update(const MarketUpdate& update, MonoTime) override {
      const SymbolState& s = market.at(update.symbol);
      EXPECT_TRUE(s.bid.is_positive());
      EXPECT_LT(s.bid, s.ask);
      EXPECT_TRUE(s.mark.is_positive());
      EXPECT_TRUE(s.last.is_positive());
      if (s.symbol == "BTCUSDT") {
        EXPECT_EQ(s.bid.scale(), 2);
        EXPECT_EQ(s.bid.mantissa() % 10, 0);
      }
      EXPECT_GE(s.seq, s.quote_seq);
    }
    const Market& market;
  } check(market);
  for (MonoTime now{}; now < MonoTime{} + 60s; now += 10ms) model.on_time(now, check);
}

TEST(PriceModel, MissedTimeIsSkippedNotCaughtUp) {
  Market market;
  PriceModel model(market, symbols, {.seed = 1, .updates_per_second = 100}, anchor, MonoTime{});
  Log log(market);
  model.on_time(MonoTime{} + 1h, log);
  EXPECT_LE(log.updates[0], 1 + 0);
  EXPECT_GT(model.skipped(), 300'000U);
}

TEST(PriceModel, UnknownSymbolsGetAQuotationOfTheirOwn) {
  const Quotation one = quotation_for("币安USDT", 1);
  EXPECT_EQ(one.start, quotation_for("币安USDT", 1).start);
  EXPECT_NE(one.start, quotation_for("AAAUSDT", 1).start);
  EXPECT_GE(one.start, 10'000);
  EXPECT_LT(one.start, 100'000);
}

}  // namespace
}  // namespace feedwatch::exchange
