#include <algorithm>
#include <array>

#include "feedwatch/venues/binance_usdm/binance_usdm.hpp"
#include "feedwatch/venues/bybit_linear/bybit_linear.hpp"
#include "feedwatch/venues/coinbase/coinbase.hpp"
#include "feedwatch/venues/coinbase_advanced/coinbase_advanced.hpp"
#include "feedwatch/venues/kraken/kraken.hpp"
#include "feedwatch/venues/okx/okx.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::venues {

namespace {

const binance_usdm::Client binance_usdm_client;
const binance_usdm::Server binance_usdm_server;
const bybit_linear::Client bybit_linear_client;
const bybit_linear::Server bybit_linear_server;
const coinbase::Client coinbase_client;
const coinbase::Server coinbase_server;
const coinbase_advanced::Client coinbase_advanced_client;
const coinbase_advanced::Server coinbase_advanced_server;
const kraken::Client kraken_client;
const kraken::Server kraken_server;
const okx::Client okx_client;
const okx::Server okx_server;

/// The table a new venue is added to; nothing else in the program lists venues.
struct Entry {
  std::string_view name;
  const Venue* client;
  const VenueSide* server;
};
constexpr std::array entries{
    Entry{"binance-usdm", &binance_usdm_client, &binance_usdm_server},
    Entry{"bybit-linear", &bybit_linear_client, &bybit_linear_server},
    Entry{"coinbase", &coinbase_client, &coinbase_server},
    Entry{"coinbase-advanced", &coinbase_advanced_client, &coinbase_advanced_server},
    Entry{"kraken", &kraken_client, &kraken_server},
    Entry{"okx", &okx_client, &okx_server},
};
constexpr std::array names{entries[0].name, entries[1].name, entries[2].name,
                           entries[3].name, entries[4].name, entries[5].name};
static_assert(names.size() == entries.size());

const Entry* find_entry(std::string_view name) {
  const auto* found = std::ranges::find(entries, name, &Entry::name);
  return found == entries.end() ? nullptr : found;
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
