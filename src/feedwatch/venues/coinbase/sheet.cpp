#include <array>

#include "feedwatch/venues/coinbase/coinbase.hpp"

namespace feedwatch::venues::coinbase {

namespace {

constexpr std::array ticker_kinds{Kind::last, Kind::quote};

constexpr std::array channels{
    // On every match, and once on subscribing: the last trade, however old. `trade_id` counts the
    // trades of a product, here, in `heartbeat` and in REST. The best prices are those at the time
    // of the trade: they change without a message.
    ChannelSheet{.name = "ticker",
                 .route = "feed",
                 .kinds = ticker_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::trade,
                 .repeat_confirms = true,
                 .seq_orders = true,
                 .seq_comparable = true,
                 .snapshot_on_subscribe = true,
                 .suspect_after = 30s},
    // Every second for every product, with the number of its last trade.
    ChannelSheet{.name = "heartbeat",
                 .route = "feed",
                 .kinds = {},
                 .beats = BeatScope::symbol,
                 .cadence = clocked(1s),
                 .event_time = EventTime::publish},
};

constexpr VenueSheet facts{
    .name = "coinbase",
    .ws_url = "wss://ws-feed.exchange.coinbase.com",
    .rest_url = "https://api.exchange.coinbase.com",
    .channels = channels,
    .dials = {.count = 8, .window = 1s},       // and 20 at once; a silent connection ends after 5 s
    .messages = {.count = 100, .window = 1s},  // published for an address, not a connection
    .max_topics_per_line = 200,
    .max_topics_per_request = 100,
    .max_request_chars = 20'000,
    .rest = {.count = 10, .window = 1s},
    .deflate = true,
    .protocol = "Exchange feed",
};

}  // namespace

const VenueSheet& sheet() {
  return facts;
}

}  // namespace feedwatch::venues::coinbase
