#pragma once

#include <string_view>

#include "feedwatch/venues/wire/fields.hpp"
#include "feedwatch/venues/wire/json.hpp"

namespace feedwatch::venues::wire {

/// A product's ticker as both feeds of Coinbase write it: the last trade's price, the best bid and
/// the best ask.
struct CoinbaseTicker {
  Token product, price, bid, ask;

  void collect(std::string_view key, ondemand::value& value) {
    if (key == "product_id") product.set(raw_token(value));
    if (key == "price") price.set(raw_token(value));
    if (key == "best_bid") bid.set(raw_token(value));
    if (key == "best_ask") ask.set(raw_token(value));
  }

  /// Adds its last price and its quote, where it has them; `common` holds what is not in here.
  /// False when something is wrong, and `fields` says what.
  bool add(FieldReader& fields, JsonReader& reader, WireTick common, Decoded& out) const;
};

/// A channel and its symbols, `["BTC-USD"]`: adds a topic for each; other values add none.
simdjson::error_code add_topics(JsonReader& reader, std::uint8_t channel, ondemand::value& symbols,
                                std::vector<Topic>& topics);

}  // namespace feedwatch::venues::wire
