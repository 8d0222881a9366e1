#include <algorithm>
#include <array>

#include "feedwatch/venues/binance_coinm/binance_coinm.hpp"
#include "feedwatch/venues/binance_spot/binance_spot.hpp"
#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"
#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"
#include "feedwatch/venues/bybit_spot/bybit_spot.hpp"
#include "feedwatch/venues/coinbase/coinbase.hpp"
#include "feedwatch/venues/coinbase_advanced/coinbase_advanced.hpp"
#include "feedwatch/venues/kraken/kraken.hpp"
#include "feedwatch/venues/okx/okx.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues {

namespace {

struct Entry {
  const Venue* client;
  const VenueSide* server;
};

template <class Client, class Server>
Entry entry() {
  static const Client client;
  static const Server server;
  return {&client, &server};
}

/// The table a new venue is added to; nothing else in the program lists venues.
std::span<const Entry> entries() {
  static const std::array table{
      entry<binance_coinm::Client, binance_coinm::Server>(),
      entry<binance_spot::Client, binance_spot::Server>(),
      entry<binance_usdm::Client, binance_usdm::Server>(),
      entry<bybit_linear::Client, bybit_linear::Server>(),
      entry<bybit_spot::Client, bybit_spot::Server>(),
      entry<coinbase::Client, coinbase::Server>(),
      entry<coinbase_advanced::Client, coinbase_advanced::Server>(),
      entry<kraken::Client, kraken::Server>(),
      entry<okx::Client, okx::Server>(),
  };
  return table;
}

const Entry* find_entry(std::string_view name) {
  const auto found = std::ranges::find(
      entries(), name, [](const Entry& entry) { return entry.client->sheet().name; });
  return found == entries().end() ? nullptr : &*found;
}

}  // namespace

const Venue* find_venue(std::string_view name) {
  const Entry* entry = find_entry(name);
  return entry == nullptr ? nullptr : entry->client;
}

const VenueSide* find_venue_side(std::string_view name) {
  const Entry* entry = find_entry(name);
  return entry == nullptr ? nullptr : entry->server;
}

std::span<const std::string_view> venue_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> list;
    for (const Entry& entry : entries()) list.push_back(entry.client->sheet().name);
    return list;
  }();
  return names;
}

std::optional<std::uint8_t> channel_for(const VenueSheet& sheet, Kind kind) {
  for (std::size_t i = 0; i < sheet.channels.size(); ++i) {
    if (std::ranges::find(sheet.channels[i].kinds, kind) != sheet.channels[i].kinds.end()) {
      return static_cast<std::uint8_t>(i);
    }
  }
  return std::nullopt;
}

std::string_view to_text(DecodeErrorCode code) {
  constexpr std::array<std::string_view, 5> words{"not_json", "missing_field", "bad_price",
                                                  "bad_value", "unknown_message"};
  return words[static_cast<std::size_t>(code)];
}

}  // namespace feedwatch::venues
