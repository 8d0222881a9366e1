#include <array>

#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"

namespace feedwatch::venues::bybit_linear {

namespace {

constexpr std::array ticker_kinds{Kind::last, Kind::mark, Kind::index};
constexpr std::array quote_kinds{Kind::quote};

constexpr std::array channels{
    // Pushed every 100 ms, but only if something changed; a snapshot, then deltas in which an
    // absent
    // field means unchanged. `cs` is the matching engine's cross sequence: it grew in every one of
    // 754
    // measured deltas, but it belongs to the book: a price said again under the same `cs` still
    // holds.
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
    // Sent again with the same `u` after 3 s without a change: that repeat proves the symbol alive.
    ChannelSheet{.name = "orderbook.1",
                 .route = "linear",
                 .kinds = quote_kinds,
                 .cadence = clocked(3s),
                 .event_time = EventTime::publish,
                 .repeat_confirms = true,
                 .seq_orders = true,
                 .seq_comparable = true,
                 .snapshot_on_subscribe = true},
};

constexpr VenueSheet facts{
    .name = "bybit-linear",
    .ws_url = "wss://stream.bybit.com",
    .rest_url = "https://api.bybit.com",
    .channels = channels,
    .ping = PingStyle::text,  // the venue cuts a connection after 10 min without ping and data
    .dials = {.count = 500, .window = 300s},
    .messages = {.count = 50,
                 .window = 1s},  // none published for public data: ours, out of courtesy
    // Published: 21,000 characters of arguments per connection. 200 topics of 100 characters fit.
    .max_topics_per_line = 200,
    .max_topics_per_request = 200,
    .max_request_chars = 20'000,
};

}  // namespace

const VenueSheet& sheet() {
  return facts;
}

}  // namespace feedwatch::venues::bybit_linear
