#pragma once

#include <array>

#include "feedwatch/venues/binance/binance.hpp"

/// What the two futures markets have in common beyond the language: the channels and where they
/// are served.
namespace feedwatch::venues::binance {

enum FuturesChannel : std::uint8_t { mark_price = 0, book_ticker = 1, agg_trade = 2 };

inline constexpr std::array mark_kinds{Kind::mark, Kind::index};
inline constexpr std::array quote_kinds{Kind::quote};
inline constexpr std::array last_kinds{Kind::last};

inline constexpr std::array futures_channels{
    // A fixed clock: measured gaps p50 1000 ms, p99 1087 ms. `E` is the publish time; `T` is the
    // NEXT FUNDING time and says nothing about age.
    ChannelSheet{.name = "markPrice@1s",
                 .route = "market",
                 .kinds = mark_kinds,
                 .cadence = clocked(1s),
                 .event_time = EventTime::publish},
    // Only when the best bid or offer changes, and nothing on subscribe. `u` is the order book's
    // own update id, so it orders updates across sockets as well.
    ChannelSheet{.name = "bookTicker",
                 .route = "public",
                 .kinds = quote_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::publish,
                 .seq_orders = true,
                 .seq_comparable = true,
                 .suspect_after = 30s},
    // Trades of one taker order at one price within 100 ms. `a` counts them without gaps; REST
    // tells the same number.
    ChannelSheet{.name = "aggTrade",
                 .route = "market",
                 .kinds = last_kinds,
                 .cadence = event_driven(),
                 .event_time = EventTime::publish,
                 .seq_orders = true,
                 .seq_comparable = true,
                 .suspect_after = 30s},
};
inline constexpr std::array futures_events{Event::mark_price, Event::book_ticker, Event::agg_trade};
static_assert(futures_events.size() == futures_channels.size());

inline constexpr std::array<std::string_view, 2> futures_routes{"public", "market"};
inline constexpr std::string_view futures_unrouted = "public";  // since 2026-04

/// 2400 of weight a minute; the heaviest request we make is aggTrades with 20. The prices of all
/// symbols have at most 10.
inline constexpr RateLimit futures_rest{.count = 120, .window = 60s};

}  // namespace feedwatch::venues::binance
