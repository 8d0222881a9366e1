#include <array>

#include "feedwatch/venues/okx/okx.hpp"

namespace feedwatch::venues::okx {

namespace {

constexpr std::array last_kinds{Kind::last};
constexpr std::array quote_kinds{Kind::quote};
constexpr std::array mark_kinds{Kind::mark};
constexpr std::array index_kinds{Kind::index};

constexpr std::array channels{
    // At most every 100 ms, on a trade or a change of the best prices; `ts` is when the data came
    // about: the first push after subscribing was up to 50 s old.
    ChannelSheet{.name = "tickers",
                 .route = "public",
                 .kinds = last_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::trade,
                 .snapshot_on_subscribe = true,
                 .suspect_after = 30s},
    // Every 10 ms on change, and again with the same `seqId` after about 60 s without one. `ts` is
    // the time of the push, not of the book.
    ChannelSheet{.name = "bbo-tbt",
                 .route = "public",
                 .kinds = quote_kinds,
                 .cadence = clocked(60s),
                 .event_time = EventTime::publish,
                 .repeat_confirms = true,
                 .seq_orders = true,
                 .seq_comparable = true,
                 .snapshot_on_subscribe = true},
    // Every 200 ms on change, every 10 s without one.
    ChannelSheet{.name = "mark-price",
                 .route = "public",
                 .kinds = mark_kinds,
                 .cadence = clocked(10s),
                 .event_time = EventTime::publish,
                 .snapshot_on_subscribe = true,
                 .change_gap = 200ms},
    // Every 100 ms on change, every minute without one.
    ChannelSheet{.name = "index-tickers",
                 .route = "public",
                 .kinds = index_kinds,
                 .cadence = clocked(60s),
                 .event_time = EventTime::publish,
                 .snapshot_on_subscribe = true,
                 .change_gap = 100ms},
    ChannelSheet{.name = "status",
                 .route = "public",
                 .kinds = {},
                 .beats = BeatScope::venue,
                 .cadence = event_driven()},
};

constexpr VenueSheet facts{
    .name = "okx",
    .ws_url = "wss://ws.okx.com:8443",
    .rest_url = "https://www.okx.com",
    .channels = channels,
    .ping = PingStyle::text,  // the venue cuts a connection on which it sent nothing for 30 s
    .dials = {.count = 3, .window = 1s},
    // None published for pings: of our 16 a minute a quiet line needs 12.
    .messages = {.count = 80, .window = 60s},
    .requests = {.count = 480, .window = 1h},  // to subscribe or unsubscribe, a connection
    .max_topics_per_line = 200,
    .max_topics_per_request = 100,
    .max_request_chars = 60'000,          // published: 64 KB a request
    .rest = {.count = 10, .window = 2s},  // the strictest of the paths asked
    .protocol = "API v5",
};

}  // namespace

const VenueSheet& sheet() {
  return facts;
}

}  // namespace feedwatch::venues::okx
