// Positions: always served or with an open finding, and nothing left of one that is closed.

#include <algorithm>

#include <fmt/format.h>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/sim/checkers.hpp"

namespace feedwatch::sim {
namespace {

using engine::AlertView;

constexpr int positions_invariant = 11;
/// From the last price that could be acted on to the alert: ten seconds, and the look of a second.
constexpr Duration unprotected_limit = 11s + 100ms;
constexpr Duration closing_limit = 1s;

std::string_view label(const AlertView& alert, std::string_view name) {
  const auto found = std::ranges::find(alert.row.labels, name, &Labels::value_type::first);
  return found == alert.row.labels.end() ? std::string_view{} : std::string_view(found->second);
}

bool is_about(const AlertView& alert, const PositionKey& key) {
  return label(alert, "position") == key.id && label(alert, "symbol") == key.symbol &&
         label(alert, "venue") == key.venue;
}

}  // namespace

/// By the board alone, as whoever acts on the price would ask.
bool Checkers::is_served(const engine::PositionView& view, MonoTime now) const {
  const auto stream = StreamKey::parse(view.stream);
  if (!stream) return false;
  const auto id = world_.monitor().find(*stream);
  if (!id) return false;
  const engine::PositionOptions limits;
  const auto seen = world_.control().stream(*stream, now);
  const bool clocked = seen && seen->info->cadence.type == CadenceType::clocked;
  const ReadOptions options{.max_age = clocked ? limits.max_age_clocked : limits.max_age_event,
                            .accept_confirmed = true};
  if (world_.monitor().price(*id, options, now)) return true;
  const auto bridge = world_.monitor().unchecked_read_bridge(*id);
  return bridge && judge(*bridge, {.max_age = limits.max_age_event}, now).has_value();
}

void Checkers::check_positions(MonoTime now) {
  const std::vector<AlertView> alerts = world_.control().alerts(0);
  std::map<PositionKey, PositionMemory> before = std::exchange(positions_, {});
  world_.control().positions().for_each(now, [&](const engine::PositionView& view) {
    const PositionKey key = key_of(view.lease.position);
    PositionMemory& memory = positions_[key];
    if (const auto known = before.extract(key)) memory = known.mapped();
    memory.closed.reset();
    if (is_served(view, now)) return memory.refused.reset();
    if (!memory.refused) memory.refused = now;
    const Duration refused = now - *memory.refused;
    const bool told = std::ranges::any_of(alerts, [&](const AlertView& alert) {
      return alert.row.name == "position_unprotected" && is_about(alert, key);
    });
    if (told || refused <= unprotected_limit) return;
    breach(positions_invariant,
           fmt::format("nobody can protect {}/{}/{} for {}, and no alert says so", key.venue,
                       key.symbol, key.id, format_duration(refused)));
  });
  for (auto& [key, memory] : before) check_closed(key, memory, alerts, now);
}

void Checkers::check_closed(const PositionKey& key, PositionMemory memory,
                            const std::vector<AlertView>& alerts, MonoTime now) {
  if (!memory.closed) memory.closed = now;
  const auto about = [&](const AlertView& alert) { return is_about(alert, key); };
  if (std::ranges::none_of(alerts, about)) return;
  if (now - *memory.closed > closing_limit) {
    breach(positions_invariant, fmt::format("{}/{}/{} is closed, and alerts about it are open",
                                            key.venue, key.symbol, key.id));
  }
  positions_.emplace(key, memory);
}

}  // namespace feedwatch::sim
