// What the venue's REST says.

#include <utility>

#include "feedwatch/sim/venue_model.hpp"

namespace feedwatch::sim {

using venues::MarketState;

std::optional<std::expected<HttpResponse, std::string>> VenueModel::on_rest(
    std::string_view target) {
  const auto path = setup_.side->rest_path(target);
  const bool of_all = path == venues::VenueSide::RestPath::tickers;
  record_.rest.insert(record_.rest.end(), of_all ? setup_.side->sheet().rest_all : 1, clock_.now());
  if (fault(FaultType::outage) != nullptr) return std::nullopt;
  if (fault(FaultType::refused) != nullptr) return std::unexpected("connection refused");
  if (fault(FaultType::rest_down) != nullptr) return std::unexpected("connection reset by peer");
  if (const Fault* const limit = fault(FaultType::rest_limited)) {
    HttpResponse answer{.status = 429, .headers = {}, .body = {}};
    if (limit->retry_after) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*limit->retry_after);
      answer.headers.emplace_back("retry-after", std::to_string(seconds.count()));
      record_.rest_bans.push_back({clock_.now(), clock_.now() + seconds});
    }
    return answer;
  }
  if (!path) return HttpResponse{.status = 404, .headers = {}, .body = {}};
  const Fault* const old = fault(FaultType::rest_old);
  const WallTime now = venue_wall() - (old == nullptr ? Duration{} : old->amount);
  HttpResponse answer{.status = 200, .headers = {}, .body = {}};
  std::vector<venues::Instrument> listed;
  std::vector<MarketState> states;
  for (const auto& [symbol, instrument] : market_) {
    if (fault(FaultType::delist_symbol, symbol) != nullptr) continue;
    listed.push_back({symbol, fault(FaultType::halt_symbol, symbol) == nullptr});
    states.push_back(instrument.state());
    states.back().trade_seq = trades_of(symbol);
    states.back().now = states.back().traded = now;
  }
  switch (*path) {
    case venues::VenueSide::RestPath::time:
      answer.body = setup_.side->encode_time(now);
      break;
    case venues::VenueSide::RestPath::instruments:
      answer.body = setup_.side->encode_instruments_page(target, listed);
      break;
    case venues::VenueSide::RestPath::ticker:
    case venues::VenueSide::RestPath::tickers:
      answer.body = setup_.side->encode_ticker(target, states);
      break;
  }
  return answer;
}

/// The number of the symbol's last trade, whoever heard of it; 0 before the first.
std::uint64_t VenueModel::trades_of(const std::string& symbol) const {
  const auto channel = venues::channel_for(setup_.side->sheet(), Kind::last);
  const auto known = channel ? seqs_.find({*channel, symbol}) : seqs_.end();
  return known == seqs_.end() ? 0 : known->second;
}

}  // namespace feedwatch::sim
