#pragma once

#include "feedwatch/venues/bybit/bybit.hpp"

/// Bybit v5 linear perpetuals and futures: the sheet, and in what the category differs from its
/// family. Facts: Bybit's v5 documentation (connect, tickers, orderbook, rate limit).
namespace feedwatch::venues::bybit_linear {

using enum bybit::ChannelIndex;

class Client final : public bybit::Client {
 public:
  Client();
};

class Server final : public bybit::Server {
 public:
  Server();
};

}  // namespace feedwatch::venues::bybit_linear
