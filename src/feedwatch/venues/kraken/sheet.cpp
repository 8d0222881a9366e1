#include <array>

#include "feedwatch/venues/kraken/kraken.hpp"

namespace feedwatch::venues::kraken {

namespace {

constexpr std::array quote_kinds{Kind::quote};
constexpr std::array last_kinds{Kind::last};

constexpr std::array channels{
    // With `event_trigger` "bbo" on every change of the best prices, and then only: a trade that
    // leaves them alone sends nothing, so `last` is read from `trade`. What exactly its `timestamp`
    // stamps is not said, so it is not held against a first message.
    ChannelSheet{.name = "ticker",
                 .route = "v2",
                 .kinds = quote_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::trade,
                 .snapshot_on_subscribe = true,
                 .suspect_after = 30s},
    // `trade_id` counts the trades of a symbol, here and in REST.
    ChannelSheet{.name = "trade",
                 .route = "v2",
                 .kinds = last_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::trade,
                 .repeat_confirms = true,
                 .seq_orders = true,
                 .seq_comparable = true,
                 .snapshot_on_subscribe = true,
                 .suspect_after = 60s},
};

constexpr VenueSheet facts{
    .name = "kraken",
    .ws_url = "wss://ws.kraken.com",
    .rest_url = "https://api.kraken.com",
    .channels = channels,
    .ping = PingStyle::text,
    .server_heartbeat = 1s,                   // when nothing else flows
    .dials = {.count = 150, .window = 600s},  // about so many, by the network in front of it
    .messages = {.count = 25, .window = 1s},  // "Exceeded msg rate" exists, its number does not
    .max_topics_per_line = 200,
    .max_topics_per_request = 100,
    .max_request_chars = 20'000,
    .rest = {.count = 5, .window = 5s},  // one a second
    .protocol = "WebSocket API v2",
};

}  // namespace

const VenueSheet& sheet() {
  return facts;
}

}  // namespace feedwatch::venues::kraken
