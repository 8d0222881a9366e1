#pragma once

#include "feedwatch/venues/bybit/bybit.hpp"

/// Bybit v5 spot: the sheet, and in what the category differs from its
/// family. Facts: Bybit's v5 documentation (connect, tickers, orderbook, rate limit).
namespace feedwatch::venues::bybit_spot {

using enum bybit::ChannelIndex;

class Client final : public bybit::Client {
 public:
  Client();
};

class Server final : public bybit::Server {
 public:
  Server();
};

}  // namespace feedwatch::venues::bybit_spot
