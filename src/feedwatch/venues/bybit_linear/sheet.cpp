#include <array>

#include "feedwatch/venues/bybit/channels.hpp"
#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"

namespace feedwatch::venues::bybit_linear {

namespace {

constexpr std::array ticker_kinds{Kind::last, Kind::mark, Kind::index};

constexpr std::array channels{
    // Pushed every 100 ms, but only if something changed; a snapshot, then deltas in which an
    // absent field means unchanged. `cs` is the matching engine's cross sequence: it grew in every
    // one of 754 measured deltas, but it belongs to the book: a price said again under the same
    // `cs` still holds.
    ChannelSheet{.name = "tickers",
                 .route = "linear",
                 .kinds = ticker_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::publish,
                 .absent_is_unchanged = true,
                 .repeat_confirms = true,
                 .seq_orders = true,
                 .snapshot_on_subscribe = true,
                 .suspect_after = 30s},
    bybit::orderbook_of("linear"),
    bybit::status_channel,
};

constexpr VenueSheet facts{
    .name = "bybit-linear",
    .ws_url = "wss://stream.bybit.com",
    .rest_url = "https://api.bybit.com",
    .channels = channels,
    .ping = PingStyle::text,  // the venue cuts a connection after 10 min without ping and data
    .dials = bybit::dials,
    .messages = bybit::messages,
    .max_topics_per_line = bybit::max_topics_per_line,
    .max_topics_per_request = 200,
    .max_request_chars = bybit::max_request_chars,
    .rest = bybit::rest,
};

constexpr bybit::Category category{
    .sheet = facts,
    .name = "linear",
    .product = 1,
    .contract = "LinearPerpetual",
    .not_trading = "Closed",
};

}  // namespace

Client::Client() : bybit::Client(category) {}
Server::Server() : bybit::Server(category) {}

}  // namespace feedwatch::venues::bybit_linear
