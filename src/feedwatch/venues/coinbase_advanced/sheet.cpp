#include <array>

#include "feedwatch/venues/coinbase_advanced/coinbase_advanced.hpp"

namespace feedwatch::venues::coinbase_advanced {

namespace {

constexpr std::array ticker_kinds{Kind::last, Kind::quote};

constexpr std::array channels{
    // On a trade or a change of the best prices; `timestamp` is when it was sent. `sequence_num`
    // counts the messages of a connection, over all channels: it orders no stream.
    ChannelSheet{.name = "ticker",
                 .route = "advanced",
                 .kinds = ticker_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::publish,
                 .snapshot_on_subscribe = true,
                 .suspect_after = 30s},
    // Every second on every connection that asks for it; without it the venue ends a channel after
    // 60 to 90 s of silence.
    ChannelSheet{.name = "heartbeats",
                 .route = "advanced",
                 .kinds = {},
                 .beats = BeatScope::line,
                 .cadence = clocked(1s),
                 .event_time = EventTime::publish},
};

constexpr VenueSheet facts{
    .name = "coinbase-advanced",
    .ws_url = "wss://advanced-trade-ws.coinbase.com",
    .rest_url = "https://api.coinbase.com",
    .channels = channels,
    .dials = {.count = 8, .window = 1s},
    .messages = {.count = 8, .window = 1s},  // published for an address, not logged in
    .max_topics_per_line = 200,
    .max_topics_per_request = 100,
    .max_request_chars = 20'000,
    .rest = {.count = 10, .window = 1s},
    .deflate = true,
    // A snapshot of level2 had 5,079,379 bytes; it is not subscribed here, but may share a
    // recording.
    .max_message = 8U << 20U,
    .protocol = "Advanced Trade",
};

}  // namespace

const VenueSheet& sheet() {
  return facts;
}

}  // namespace feedwatch::venues::coinbase_advanced
