#include "feedwatch/freshness/policy.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace feedwatch {
namespace {

constexpr Duration suspect_event = 30s;
constexpr Duration after_acknowledgement = 10s;
constexpr Duration after_wanted = 30s;
/// What connecting and subscribing may take on top of a first-tick limit.
constexpr Duration connect_allowance = after_wanted - after_acknowledgement;
constexpr int missed_periods = 3;

bool is_clocked(const ChannelTraits& traits) {
  return traits.cadence.type == CadenceType::clocked && traits.cadence.period > Duration::zero();
}

Duration preset_suspect(const ChannelTraits& traits) {
  if (is_clocked(traits)) return missed_periods * traits.cadence.period;
  return traits.suspect_after > Duration::zero() ? traits.suspect_after : suspect_event;
}

/// Clocked and snapshot channels promise a first tick; on others only the stale limit can tell.
void set_first_tick(Policy& policy, const ChannelTraits& traits) {
  const bool promised = is_clocked(traits) || traits.snapshot_on_subscribe;
  policy.first_tick_after = promised ? after_acknowledgement : policy.stale_after;
  policy.first_tick_wanted = promised ? after_wanted : policy.stale_after;
}

void set_tight(Policy& policy, const ChannelTraits& traits) {
  if (is_clocked(traits)) {
    const Duration period = traits.cadence.period;
    policy.degraded_after = std::min<Duration>(missed_periods * period + 500ms, 180s);
    policy.stale_after = std::min<Duration>(10 * period, 300s);
  } else {
    policy.degraded_after = 60s;
    policy.stale_after = 180s;
  }
}

Policy apply_rule(const PolicyRule& rule, Preset fallback, const ChannelTraits& traits) {
  Policy policy = preset_policy(rule.preset.value_or(fallback), traits);
  policy.stale_after = rule.stale_after.value_or(policy.stale_after);
  policy.degraded_after =
      std::min(rule.degraded_after.value_or(policy.degraded_after), policy.stale_after);
  policy.suspect_after = rule.suspect_after.value_or(policy.suspect_after);
  policy.recover_ticks = rule.recover_ticks.value_or(policy.recover_ticks);
  policy.sanity_percent = rule.sanity_percent.value_or(policy.sanity_percent);
  policy.protect_max_age = rule.protect_max_age;
  policy.sanity_repeats = rule.sanity_repeats.value_or(policy.sanity_repeats);
  set_first_tick(policy, traits);
  if (rule.first_tick_after) {
    policy.first_tick_after = *rule.first_tick_after;
    policy.first_tick_wanted = *rule.first_tick_after + connect_allowance;
  }
  return policy;
}

}  // namespace

std::optional<std::uint16_t> PolicyTable::number_of(const Policy& policy) {
  // Newest first: streams are added by the thousand with one policy.
  for (std::size_t i = policies_.size(); i > 0; --i) {
    if (policies_[i - 1] == policy) return static_cast<std::uint16_t>(i - 1);
  }
  if (policies_.size() == most) return std::nullopt;
  policies_.push_back(policy);
  return static_cast<std::uint16_t>(policies_.size() - 1);
}

std::optional<Preset> preset_from_text(std::string_view text) {
  for (const Preset preset : {Preset::coarse, Preset::tight}) {
    if (to_text(preset) == text) return preset;
  }
  return std::nullopt;
}

std::string_view to_text(Preset preset) {
  constexpr std::array<std::string_view, 2> words{"coarse", "tight"};
  return words[static_cast<std::size_t>(preset)];
}

Policy preset_policy(Preset preset, const ChannelTraits& traits) {
  Policy policy;
  if (preset == Preset::tight) set_tight(policy, traits);
  policy.suspect_after = preset_suspect(traits);
  set_first_tick(policy, traits);
  return policy;
}

PolicySet::PolicySet(std::vector<PolicyRule> rules, Preset default_preset)
    : rules_(std::move(rules)), default_preset_(default_preset) {}

Policy PolicySet::for_stream(std::string_view stream_text, const ChannelTraits& traits) const {
  const PolicyRule* best = nullptr;
  GlobRank best_rank;
  for (const PolicyRule& rule : rules_) {
    if (!glob_match(rule.match, stream_text)) continue;
    const GlobRank rank = glob_rank(rule.match);
    if (best != nullptr && rank < best_rank) continue;
    best = &rule;
    best_rank = rank;
  }
  if (best == nullptr) return preset_policy(default_preset_, traits);
  return apply_rule(*best, default_preset_, traits);
}

}  // namespace feedwatch
