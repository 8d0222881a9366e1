#pragma once

#include "feedwatch/venues/binance/futures.hpp"

/// Binance COIN-M futures: the sheet, and in what the market differs from its family.
/// Facts: Binance's documentation of COIN-M market streams and market data.
namespace feedwatch::venues::binance_coinm {

using enum binance::FuturesChannel;

class Client final : public binance::Client {
 public:
  Client();
};

class Server final : public binance::Server {
 public:
  Server();
};

}  // namespace feedwatch::venues::binance_coinm
