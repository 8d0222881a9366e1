// Positions: always served or with an open finding, and nothing left of one that is closed.

#include <algorithm>

#include <fmt/format.h>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/sim/checkers.hpp"

namespace feedwatch::sim {
namespace {

using engine::AlertView;

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

/// Taking back what nobody has confirmed needs no price.
bool takes_back(const ProtectionDecision& decision) {
  const auto* const stop = std::get_if<TrailingDecision>(&decision.what);
  return stop != nullptr && (stop->type == TrailingDecision::Type::rolled_back ||
                             stop->type == TrailingDecision::Type::unconfirmed);
}

constexpr Duration clocked_age = 5s, event_age = 15s, aged_age = 30s;

/// How old a price may be that a position is protected by.
Duration protecting_age(const std::optional<engine::StreamView>& seen) {
  if (!seen) return event_age;
  const bool clocked = seen->info->cadence.type == CadenceType::clocked;
  return seen->info->policy.protect_max_age.value_or(clocked ? clocked_age : event_age);
}

/// The same that it is decided by, if that is more.
Duration deciding_age(const ProtectionDecision& decision) {
  return std::holds_alternative<TrailingDecision>(decision.what) ? Duration{} : aged_age;
}

}  // namespace

/// By the board alone, as whoever acts on the price would ask.
bool Checkers::is_served(const engine::PositionView& view, MonoTime now, Duration at_least) const {
  const auto stream = StreamKey::parse(view.stream);
  if (!stream) return false;
  const auto id = world_.monitor().find(*stream);
  if (!id) return false;
  const auto seen = world_.control().stream(*stream, now);
  const Duration max_age = std::max(protecting_age(seen), at_least);
  const ReadOptions options{.max_age = max_age, .accept_confirmed = true};
  if (world_.monitor().price(*id, options, now)) return true;
  const auto bridge = world_.monitor().unchecked_read_bridge(*id);
  return bridge && judge(*bridge, {.max_age = event_age}, now).has_value();
}

/// Often: between two breaks it may be for a moment only.
void Checkers::note_served(MonoTime now) {
  world_.control().positions().for_each(now, [&](const engine::PositionView& view) {
    PositionMemory& memory = positions_[key_of(view.lease.position)];
    if (is_served(view, now)) {
      memory.refused.reset();
    } else if (!memory.refused) {
      memory.refused = now;
    }
  });
}

void Checkers::check_positions(MonoTime now) {
  const std::vector<AlertView> alerts = world_.control().alerts(0);
  std::map<PositionKey, PositionMemory> before = std::exchange(positions_, {});
  world_.control().positions().for_each(now, [&](const engine::PositionView& view) {
    const PositionKey key = key_of(view.lease.position);
    PositionMemory& memory = positions_[key];
    if (const auto known = before.extract(key)) memory = known.mapped();
    memory.closed.reset();
    if (!memory.refused) return;
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

// ---- 12: nothing is decided by a price that is refused ------------------------------------------

/// By the venue itself, over its stream: an extreme may be older than the newest price, and no
/// older than the newest may be.
bool Checkers::was_sent_lately(const engine::PositionView& view, const Decimal& price,
                               Duration at_least) const {
  const auto stream = StreamKey::parse(view.stream);
  const auto memory = stream ? streams_.find(*stream) : streams_.end();
  if (memory == streams_.end()) return false;
  const bool sold = view.lease.position.side == Side::buy;
  const Duration limit =
      std::max(protecting_age(world_.control().stream(*stream, world_.now())), at_least);
  return std::ranges::any_of(memory->second.arrivals, [&](const Arrival& arrival) {
    const bool is_ask = stream->kind == Kind::quote && !sold;
    return (is_ask ? arrival.prices.ask : arrival.prices.price) == price &&
           world_.now() - arrival.arrived <= limit;
  });
}

void Checkers::on_decision(const ProtectionDecision& decision) {
  const PositionKey& key = decision.key;
  const auto told = [&](std::string_view what) {
    breach(decisions_invariant, fmt::format("{}/{}/{}: {} {}: {}", key.venue, key.symbol, key.id,
                                            type_text(decision), decision.number, what));
  };
  const auto view = world_.control().positions().view(key, world_.now());
  if (!view) return told("the position is closed");
  if (!decision.price || takes_back(decision)) return;
  const Duration limit = deciding_age(decision);
  if (!is_served(*view, world_.now(), limit)) return told("its price is refused");
  if (decision.source == PriceSource::live && !was_sent_lately(*view, *decision.price, limit)) {
    told(fmt::format("{} was not sent lately", decision.price->to_string()));
  }
}

}  // namespace feedwatch::sim
