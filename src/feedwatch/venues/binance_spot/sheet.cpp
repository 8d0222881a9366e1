#include "feedwatch/venues/binance_spot/binance_spot.hpp"

#include <array>

namespace feedwatch::venues::binance_spot {

namespace {

constexpr std::array last_kinds{Kind::last};
constexpr std::array quote_kinds{Kind::quote};

constexpr std::array channels{
    // One message for each taker order that trades. `a` counts them without gaps; REST tells the
    // same number.
    ChannelSheet{.name = "aggTrade",
                 .route = "stream",
                 .kinds = last_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::publish,
                 .seq_orders = true,
                 .seq_comparable = true,
                 .suspect_after = 30s},
    // Only when the best bid or offer changes, nothing on subscribe, and no time at all: it has
    // the age of its arrival and no other. Measured gaps of quiet symbols reach 14 s.
    ChannelSheet{.name = "bookTicker",
                 .route = "stream",
                 .kinds = quote_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::none,
                 .seq_orders = true,
                 .seq_comparable = true,
                 .suspect_after = 30s},
    // The one stream of the market with a fixed clock: it proves that the symbol is served.
    ChannelSheet{.name = "avgPrice",
                 .route = "stream",
                 .kinds = {},
                 .beats = BeatScope::symbol,
                 .cadence = clocked(1s),
                 .event_time = EventTime::publish},
};

constexpr VenueSheet facts{
    .name = "binance-spot",
    .ws_url = "wss://stream.binance.com:9443",
    .rest_url = "https://api.binance.com",
    .channels = channels,
    .ping = PingStyle::protocol,  // counted among the messages below
    .server_heartbeat = 20s,      // it closes after a minute without a pong
    .dials = {.count = 300, .window = 300s},
    .messages = {.count = 5, .window = 1s},
    .max_topics_per_line = 1024,
    .max_topics_per_request = 200,
    .max_request_chars = 8192,
    .forced_close = 24h,
    // 6000 of weight a minute; aggTrades has 4, and so have the prices of all symbols. The list of
    // instruments, with 20, is asked for rarely.
    .rest = {.count = 1500, .window = 60s},
};

constexpr std::array events{binance::Event::agg_trade, binance::Event::book_ticker,
                            binance::Event::avg_price};
static_assert(events.size() == channels.size());

constexpr binance::Market market{
    .sheet = facts,
    .events = events,
    .routes = {},
    .unrouted = "stream",
    .rest = "/api/v3",
    .status = "status",
    .halted = "BREAK",
    .announces_close = true,
};

}  // namespace

Client::Client() : binance::Client(market) {}
Server::Server() : binance::Server(market) {}

}  // namespace feedwatch::venues::binance_spot
