#include "feedwatch/app/demo_plan.hpp"

namespace feedwatch::app {

namespace {

using exchange::FaultKind;
using exchange::FaultSpec;
using exchange::Heals;

FaultRecord record(Promise promise, std::string kind, std::string venue, std::string symbol,
                   std::vector<FaultSpec> faults) {
  FaultRecord result;
  result.promise = promise;
  result.kind = std::move(kind);
  result.venue = std::move(venue);
  result.symbol = std::move(symbol);
  result.faults = std::move(faults);
  return result;
}

FaultSpec silent(std::string symbol, Heals heals) {
  return {.kind = FaultKind::silent_symbol,
          .symbols = {std::move(symbol)},
          .route = "market",
          .heals = heals};
}

}  // namespace

std::vector<PlannedFault> demo_plan() {
  std::vector<PlannedFault> plan;
  plan.push_back({2s, 10s,
                  record(Promise::resubscribed, "silent_symbol", "binance-usdm", "XRPUSDT",
                         {silent("XRPUSDT", Heals::on_resubscribe)})});
  plan.push_back({6s, 13s,
                  record(Promise::line_replaced, "half_open", "bybit-linear", {},
                         {{.kind = FaultKind::half_open, .heals = Heals::on_reconnect}})});
  // The new line takes its time: the upgrade of the first attempt gets no answer.
  plan.push_back({10s, 32s,
                  record(Promise::new_line_alerted, "silent_symbol", "binance-usdm", "SOLUSDT",
                         {silent("SOLUSDT", Heals::on_reconnect),
                          {.kind = FaultKind::upgrade_never_answered,
                           .route = "market",
                           .heals = Heals::after,
                           .duration = 12s}})});
  plan.push_back(
      {24s, 28s,
       record(Promise::outage_alerted, "accept_then_close", "bybit-linear", {},
              {{.kind = FaultKind::accept_then_close, .heals = Heals::after, .duration = 14s},
               {.kind = FaultKind::close}})});
  return plan;
}

}  // namespace feedwatch::app
