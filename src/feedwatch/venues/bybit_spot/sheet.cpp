#include <array>

#include "feedwatch/venues/bybit/channels.hpp"
#include "feedwatch/venues/bybit_spot/bybit_spot.hpp"

namespace feedwatch::venues::bybit_spot {

namespace {

constexpr std::array ticker_kinds{Kind::last};

constexpr std::array channels{
    // Always whole, and only if something changed. Documented as every 50 ms; measured p50 1.0 s,
    // at most 2.2 s, of busy pairs. `cs` as in linear.
    ChannelSheet{.name = "tickers",
                 .route = "spot",
                 .kinds = ticker_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::publish,
                 .repeat_confirms = true,
                 .seq_orders = true,
                 .snapshot_on_subscribe = true,
                 .suspect_after = 30s},
    bybit::orderbook_of("spot"),
    bybit::status_channel,
};

constexpr VenueSheet facts{
    .name = "bybit-spot",
    .ws_url = "wss://stream.bybit.com",
    .rest_url = "https://api.bybit.com",
    .channels = channels,
    .ping = PingStyle::text,  // the venue cuts a connection after 10 min without ping and data
    .dials = bybit::dials,
    .messages = bybit::messages,
    .max_topics_per_line = bybit::max_topics_per_line,
    .max_topics_per_request = 10,  // published for Spot only
    .max_request_chars = bybit::max_request_chars,
    .rest = bybit::rest,
};

constexpr bybit::Category category{
    .sheet = facts, .name = "spot", .product = 2, .contract = {}, .not_trading = "Closed"};

}  // namespace

Client::Client() : bybit::Client(category) {}
Server::Server() : bybit::Server(category) {}

}  // namespace feedwatch::venues::bybit_spot
