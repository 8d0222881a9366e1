#include "feedwatch/venues/binance_coinm/binance_coinm.hpp"

namespace feedwatch::venues::binance_coinm {

namespace {

constexpr VenueSheet facts{
    .name = "binance-coinm",
    .ws_url = "wss://dstream.binance.com",
    .rest_url = "https://dapi.binance.com",
    .channels = binance::futures_channels,
    .ping = PingStyle::protocol,
    .server_heartbeat = 180s,  // it pings every 3 min and closes after 10 min without a pong
    .dials = {.count = 300, .window = 300s},
    .messages = {.count = 10, .window = 1s},
    .max_topics_per_line = 200,
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
    .rest = "/dapi/v1",
    .status = "contractStatus",
    .halted = "SETTLING",
    .stamps_book = true,
    .contracts = true,
    .by_pair = true,
};

}  // namespace

Client::Client() : binance::Client(market) {}
Server::Server() : binance::Server(market) {}

}  // namespace feedwatch::venues::binance_coinm
