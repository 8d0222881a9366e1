#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/model/reason.hpp"

/// What a feed says about its lines, its repairs and its venue; carried on to the control
/// unchanged.
namespace feedwatch::feed {

enum class LineState : std::uint8_t {
  idle,
  connecting,
  handshaking,
  subscribing,
  live,
  draining,
  backing_off,
};
constexpr std::string_view to_text(LineState state) {
  constexpr std::array<std::string_view, 7> words{
      "idle", "connecting", "handshaking", "subscribing", "live", "draining", "backing_off"};
  return words[static_cast<std::size_t>(state)];
}

/// Smallest scope first.
enum class RepairStep : std::uint8_t {
  resubscribe,     ///< give the topic up and ask for it again
  other_line,      ///< ask for it on another line that stands
  replace_line,    ///< a new line for all topics of this one, make-before-break
  other_endpoint,  ///< the same, at another address of the venue
};
constexpr std::string_view to_text(RepairStep step) {
  constexpr std::array<std::string_view, 4> words{"resubscribe", "other_line", "replace_line",
                                                  "other_endpoint"};
  return words[static_cast<std::size_t>(step)];
}

struct RepairStatus {
  std::uint64_t id = 0;
  RepairStep step = RepairStep::resubscribe;
  MonoTime started{};
  std::optional<MonoTime> ended;
  bool ok = false;
  std::size_t topics = 1;  ///< subscriptions made anew: its blast radius
  /// From the last evidence before it to the first after it; absent unless it succeeded.
  std::optional<Duration> gap;
  std::string line;    ///< the line it was tried on
  std::string detail;  ///< why it ended so
};

struct LineStatus {
  LineId line;
  std::string name;  ///< "binance-usdm/market#1"
  std::string venue;
  std::string route;
  LineState state = LineState::idle;
  Reason reason = Reason::ok;
  MonoTime state_since{};
  std::optional<MonoTime> last_frame;
  std::optional<Duration> ping_rtt;
  std::uint64_t frames = 0;
  std::uint64_t dials = 0;
  std::uint64_t unplanned_closes = 0;
  std::uint64_t losses = 0;         ///< of these, connections that had been live
  std::optional<MonoTime> lost_at;  ///< the newest of them
  /// How far the newest dial had come, if it reached nobody: name or address.
  std::optional<DialPhase> failed_dial;
  MonoTime failed_at{};
  MonoTime as_of{};  ///< when all this was so
  std::size_t topics = 0;
  std::string detail;  ///< why it is not live, for people
  /// Live, and not about to be called dead: its pings are answered, and not all it owes is silent.
  bool up = false;
  MonoTime up_since{};  ///< since when `up` holds its value
  bool removed = false;
};

/// What REST of a venue has shown so far. Filled in by the shard.
struct RestStatus {
  std::optional<MonoTime> good_at;       ///< the newest good answer
  std::uint64_t answers = 0;             ///< good or not, or none in time
  std::uint64_t errors = 0;              ///< of these, those that were not good
  std::uint32_t failures = 0;            ///< the newest of them in a row
  std::string error;                     ///< what was wrong with the newest of them
  std::optional<MonoTime> denied_until;  ///< it told us to stay away until then
  std::optional<Duration> skew;          ///< the venue's clock minus ours, within a second
};

/// One venue as a cause: whether its lines carry all that is wanted, and whether it told us off.
struct VenueStatus {
  std::string venue;
  bool live = false;      ///< every wanted stream is on a line that is up
  MonoTime live_since{};  ///< since when `live` holds its value
  /// While it is live: since when one of its doubled lines is down, and another carries its
  /// streams.
  std::optional<MonoTime> stood_in;
  std::optional<MonoTime> limited_until;  ///< rate limited or banned
  std::uint32_t dials_in_window = 0;
  std::uint32_t dial_share = 0;  ///< how many the window allows us
  std::string detail;
  /// Its patterns wait for the venue's list of symbols: which streams are wanted is not known yet.
  /// Filled in by the shard.
  bool awaits_instruments = false;
  bool removed = false;                 ///< no longer configured; nothing else is told then
  std::optional<RestStatus> rest = {};  ///< absent: it is not asked
};

}  // namespace feedwatch::feed
