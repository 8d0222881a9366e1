#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

/// Text work that every venue shares: URLs, symbol case, splitting topics into requests.
namespace feedwatch::venues::wire {

/// ASCII letters only: symbols may hold any UTF-8, and the venues fold nothing else.
std::string ascii_lower(std::string_view text);
std::string ascii_upper(std::string_view text);

/// `base` without trailing slashes, then `path`.
std::string join_url(std::string_view base, std::string_view path);

/// Whether a refusal speaks of how often we ask, in the words venues use for it.
bool about_rate(std::string_view words);

/// Milliseconds since 1970, rounded down.
constexpr std::int64_t to_millis(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// `/products`, `BTC-USD`, `/ticker` → `/products/BTC-USD/ticker`, the name percent-encoded.
std::string member_path(std::string_view collection, std::string_view name,
                        std::string_view suffix);
/// The name in such a path, decoded; nullopt for any other path.
std::optional<std::string> member_of(std::string_view path, std::string_view collection,
                                     std::string_view suffix);

/// An HTTP request target taken apart; nothing is decoded.
struct Target {
  std::string_view path;
  std::string_view query;
  bool has_query = false;

  static Target split(std::string_view target);
  /// The first parameter of this name, percent-decoded; nullopt when there is none.
  std::optional<std::string> parameter(std::string_view name) const;
};

/// The route, where a target's path is `prefix` and the route; nullopt for any other path.
std::optional<std::string> only_route(std::string_view target, std::string_view prefix,
                                      std::string_view route);
/// Whether the sheet has the channel on this route.
bool on_route(const VenueSheet& sheet, std::string_view route, std::uint8_t channel);

/// `%41` → `A`; a `%` that starts no escape stays as it is. `+` stays `+`.
std::string percent_decode(std::string_view text);
/// Everything but unreserved characters (RFC 3986 §2.3) as `%XX`.
std::string percent_encode(std::string_view text);

using TopicText = std::function<std::string(const Topic&)>;
/// `arguments` is the inside of a JSON array: `"a","b"`.
using RenderRequest = std::function<std::string(std::uint64_t id, std::string_view arguments)>;

/// Packs topics in order into as few requests as the sheet's limits allow (topics and characters of
/// the arguments per request). A topic that exceeds the character limit alone still gets a request
/// of its own: the venue's refusal is then the evidence.
std::vector<ClientRequest> split_requests(const VenueSheet& sheet, std::span<const Topic> topics,
                                          std::uint64_t first_id, const TopicText& topic_text,
                                          const RenderRequest& render);

/// The same where an argument is no string: `argument_of` gives it as JSON.
std::vector<ClientRequest> split_arguments(const VenueSheet& sheet, std::span<const Topic> topics,
                                           std::uint64_t first_id, const TopicText& argument_of,
                                           const RenderRequest& render);

/// `symbols` is the inside of a JSON array: `"BTC-USD","ETH-USD"`.
using RenderChannelRequest =
    std::function<std::string(std::uint64_t id, std::uint8_t channel, std::string_view symbols)>;

/// The same for venues whose requests name one channel and the symbols of it.
std::vector<ClientRequest> split_by_channel(const VenueSheet& sheet, std::span<const Topic> topics,
                                            std::uint64_t first_id,
                                            const RenderChannelRequest& render);

/// Index of the channel of this name, if the venue has one.
std::optional<std::uint8_t> channel_named(const VenueSheet& sheet, std::string_view name);

}  // namespace feedwatch::venues::wire
