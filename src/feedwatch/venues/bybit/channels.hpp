#pragma once

#include <array>

#include "feedwatch/venues/bybit/bybit.hpp"

/// The two channels that every category has in the same form; facts as in sheets.
namespace feedwatch::venues::bybit {

inline constexpr std::array quote_kinds{Kind::quote};

/// Sent again with the same `u` after 3 s without a change: that repeat proves the symbol alive.
constexpr ChannelSheet orderbook_of(std::string_view route) {
  return {.name = "orderbook.1",
          .route = route,
          .kinds = quote_kinds,
          .cadence = clocked(3s),
          .event_time = EventTime::publish,
          .repeat_confirms = true,
          .seq_orders = true,
          .seq_comparable = true,
          .snapshot_on_subscribe = true};
}

/// Maintenance of the platform, as it is announced, begins and ends. Interruptions of less than
/// 10 s are not announced.
inline constexpr ChannelSheet status_channel{.name = "system.status",
                                             .route = status_route,
                                             .kinds = {},
                                             .beats = BeatScope::venue,
                                             .cadence = event_driven(),
                                             .event_time = EventTime::publish};

/// What the sheets of all categories say.
inline constexpr RateLimit dials{.count = 500, .window = 300s};
inline constexpr RateLimit messages{.count = 50, .window = 1s};  // none published: out of courtesy
inline constexpr RateLimit rest{.count = 600, .window = 5s};
/// Published: 21,000 characters of arguments per connection. 200 topics of 100 characters fit.
inline constexpr std::size_t max_topics_per_line = 200;
inline constexpr std::size_t max_request_chars = 20'000;

}  // namespace feedwatch::venues::bybit
