#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"

namespace feedwatch::venues::binance_usdm {

namespace {

constexpr VenueSheet facts{
    .name = "binance-usdm",
    .ws_url = "wss://fstream.binance.com",
    .rest_url = "https://fapi.binance.com",
    .channels = binance::futures_channels,
    .ping = PingStyle::protocol,
    .server_heartbeat = 180s,  // it pings every 3 min and closes after 10 min without a pong
    .dials = {.count = 300, .window = 300s},
    .messages = {.count = 10, .window = 1s},
    .max_topics_per_line = 200,  // published copies disagree, 200 or 1024
    .max_topics_per_request = 200,
    .max_request_chars = 8192,
    .forced_close = 24h,
    .rest = binance::futures_rest,
};

constexpr binance::Market market{
    .sheet = facts,
    .events = binance::futures_events,
    .routes = binance::futures_routes,
    .unrouted = binance::futures_unrouted,
    .rest = "/fapi/v1",
    .status = "status",
    .halted = "SETTLING",
    .stamps_book = true,
    .contracts = true,
};

}  // namespace

Client::Client() : binance::Client(market) {}
Server::Server() : binance::Server(market) {}

}  // namespace feedwatch::venues::binance_usdm
