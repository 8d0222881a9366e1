#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/time.hpp"
#include "feedwatch/model/cadence.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch {

/// Limits in force for one stream (semantics §4). Equality passes: age == degraded_after is
/// healthy.
struct Policy {
  Duration degraded_after = 180s;
  Duration stale_after = 300s;
  /// Silence that starts diagnosis and repair; never pages by itself.
  Duration suspect_after = 90s;
  /// Never received: this long after the acknowledgement, and this long after it was wanted.
  Duration first_tick_after = 10s;
  Duration first_tick_wanted = 30s;
  int recover_ticks = 1;
  /// A price further from the newest one than so many per cent is refused, until `sanity_repeats`
  /// of them came in a row. 0 = no band.
  int sanity_percent = 0;
  int sanity_repeats = 5;
  /// How old a price may be that a position is protected by; absent = by the channel's cadence.
  std::optional<Duration> protect_max_age = {};

  friend bool operator==(const Policy&, const Policy&) = default;
};

/// Policies by number, each distinct one kept once: streams remember two bytes. One thread.
class PolicyTable {
 public:
  static constexpr std::size_t most = 65'535;

  /// The policy's number; fails only when `most` distinct ones are in it.
  std::optional<std::uint16_t> number_of(const Policy& policy);
  const Policy& operator[](std::uint16_t number) const { return policies_[number]; }

 private:
  std::vector<Policy> policies_;
};

enum class Preset : std::uint8_t { coarse, tight };
std::optional<Preset> preset_from_text(std::string_view text);
std::string_view to_text(Preset preset);

/// What the channel's sheet says that limits depend on.
struct ChannelTraits {
  Cadence cadence;
  bool snapshot_on_subscribe = false;
  Duration suspect_after{};  ///< the sheet's, for event channels; zero = the preset's
};

/// Limits of a preset on a channel. Suspect: clocked, 3 periods; event, the sheet's or 30 s.
/// First tick: clocked or snapshot channels 10 s / 30 s, other event channels stale_after for both.
Policy preset_policy(Preset preset, const ChannelTraits& traits);

/// One `[[policy]]` table: what it sets for the streams it matches.
struct PolicyRule {
  std::string match = "*";  ///< glob over the stream's text form
  std::optional<Preset> preset;
  std::optional<Duration> degraded_after;
  std::optional<Duration> stale_after;
  std::optional<Duration> suspect_after;
  std::optional<Duration> first_tick_after;
  std::optional<int> recover_ticks;
  std::optional<int> sanity_percent;
  std::optional<int> sanity_repeats;
  std::optional<Duration> protect_max_age;
};

/// The rules of a configuration; the most specific matching rule wins as a whole (exact before
/// globs, more literal characters before fewer, later before earlier). Immutable after
/// construction.
class PolicySet {
 public:
  PolicySet() = default;
  explicit PolicySet(std::vector<PolicyRule> rules, Preset default_preset = Preset::coarse);

  Policy for_stream(std::string_view stream_text, const ChannelTraits& traits) const;

 private:
  std::vector<PolicyRule> rules_;
  Preset default_preset_ = Preset::coarse;
};

}  // namespace feedwatch
