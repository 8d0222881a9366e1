#pragma once

#include "feedwatch/venues/binance/futures.hpp"

/// Binance USD-M futures: the sheet, and in what the market differs from its family.
/// Facts: Binance's documentation of USD-M market streams and its change notice of 2026-03-06.
namespace feedwatch::venues::binance_usdm {

using enum binance::FuturesChannel;

class Client final : public binance::Client {
 public:
  Client();
};

class Server final : public binance::Server {
 public:
  Server();
};

}  // namespace feedwatch::venues::binance_usdm
