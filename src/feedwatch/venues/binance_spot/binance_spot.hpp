#pragma once

#include "feedwatch/venues/binance/binance.hpp"

/// Binance Spot: the sheet, and in what the market differs from its family.
/// Facts: binance/binance-spot-api-docs (web-socket-streams, rest-api).
namespace feedwatch::venues::binance_spot {

enum ChannelIndex : std::uint8_t { agg_trade = 0, book_ticker = 1, avg_price = 2 };

class Client final : public binance::Client {
 public:
  Client();
};

class Server final : public binance::Server {
 public:
  Server();
};

}  // namespace feedwatch::venues::binance_spot
