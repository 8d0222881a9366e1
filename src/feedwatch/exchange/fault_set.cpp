#include "feedwatch/exchange/fault_set.hpp"

#include <algorithm>
#include <array>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::exchange {
namespace {

bool route_matches(const FaultSpec& spec, std::string_view route) {
  return spec.route.empty() || spec.route == route;
}

bool symbol_matches(const FaultSpec& spec, const std::string& symbol) {
  return spec.symbols.empty() ||
         std::find(spec.symbols.begin(), spec.symbols.end(), symbol) != spec.symbols.end();
}

}  // namespace

std::string_view to_text(HealCause cause) {
  constexpr std::array<std::string_view, 5> words{"time", "resubscribe", "reconnect", "cleared",
                                                  "instant"};
  return words[static_cast<std::size_t>(cause)];
}

Result<FaultId> FaultSet::add(FaultSpec spec, MonoTime now) {
  if (entries_.size() >= max_faults) {
    return std::unexpected(Error{"fault", "256 faults stand already", "clear some first"});
  }
  const FaultId id{next_id_++};
  Entry& entry = entries_[id];
  entry.record.id = id;
  entry.record.starts_at = plus(now, spec.at);
  entry.record.spec = std::move(spec);
  if (entry.record.spec.duration) {
    entry.record.ends_at = plus(entry.record.starts_at, *entry.record.spec.duration);
  }
  on_time(now);
  return id;
}

bool FaultSet::clear(FaultId id, MonoTime now) {
  const auto at = entries_.find(id);
  if (at == entries_.end()) return false;
  end(at, HealCause::cleared, now);
  return true;
}

std::size_t FaultSet::clear_all(MonoTime now) {
  const std::size_t count = entries_.size();
  for (auto at = entries_.begin(); at != entries_.end();) at = end(at, HealCause::cleared, now);
  return count;
}

MonoTime FaultSet::next_deadline() const {
  MonoTime next = never_mono;
  for (const auto& [id, entry] : entries_) {
    next = std::min(next, entry.record.active ? entry.record.ends_at : entry.record.starts_at);
  }
  return next;
}

void FaultSet::on_time(MonoTime now) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    if (!entry.record.active && entry.record.starts_at <= now) start(entry);
    if (entry.record.active && is_instant(entry.record.spec.kind)) {
      at = end(at, HealCause::instant, now);
    } else if (entry.record.active && entry.record.ends_at <= now) {
      at = end(at, HealCause::time, now);
    } else {
      ++at;
    }
  }
}

void FaultSet::start(Entry& entry) {
  FaultRecord& record = entry.record;
  record.active = true;
  entry.start_order = order_;
  if (record.spec.kind == FaultKind::connect_budget) {
    entry.gate.emplace(record.spec.budget, record.spec.ban);
  }
  if (is_instant(record.spec.kind) || record.spec.kind == FaultKind::half_open) hit(entry);
  changes_.push_back({.id = record.id, .started = true, .spec = record.spec});
}

FaultSet::Entries::iterator FaultSet::end(Entries::iterator at, HealCause cause, MonoTime now) {
  FaultRecord& record = at->second.record;
  if (at->second.gate) past_bans_ += at->second.gate->bans();
  if (record.active) {
    changes_.push_back({.id = record.id, .started = false, .cause = cause, .spec = record.spec});
  }
  record.active = false;
  record.over_at = now;
  record.cause = cause;
  history_.push_back(std::move(record));
  if (history_.size() > max_history) history_.pop_front();
  return entries_.erase(at);
}

void FaultSet::hit(Entry& entry) {
  ++entry.record.hits;
  if (!entry.hit_newest) entry.hit_newest = newest_peer_;
}

void FaultSet::on_open(PeerId peer, std::string_view route, MonoTime now) {
  peers_[peer].route = route;
  newest_peer_ = std::max(newest_peer_, peer);
  for (auto at = entries_.begin(); at != entries_.end();) {
    const Entry& entry = at->second;
    const FaultSpec& spec = entry.record.spec;
    const bool heals = entry.record.active && spec.heals == Heals::on_reconnect &&
                       (is_topic_fault(spec.kind)
                            ? all_reconnected(entry)
                            : spec.kind == FaultKind::half_open && route_matches(spec, route));
    at = heals ? end(at, HealCause::reconnect, now) : std::next(at);
  }
}

void FaultSet::on_closed(PeerId peer, MonoTime now) {
  peers_.erase(peer);
  for (auto at = entries_.begin(); at != entries_.end();) {
    const Entry& entry = at->second;
    const bool heals = entry.record.active && entry.record.spec.heals == Heals::on_reconnect &&
                       is_topic_fault(entry.record.spec.kind) && all_reconnected(entry);
    at = heals ? end(at, HealCause::reconnect, now) : std::next(at);
  }
}

std::uint64_t FaultSet::on_subscribe(PeerId peer, const venues::Topic& topic, MonoTime now) {
  Peer& who = peers_[peer];
  who.topics.insert(topic);
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    const FaultSpec& spec = entry.record.spec;
    bool heals = false;
    if (entry.record.active && spec.heals == Heals::on_resubscribe && entry.record.hits > 0 &&
        route_matches(spec, who.route)) {
      if (!is_topic_fault(spec.kind)) {
        heals = true;
      } else if (const auto state = entry.topics.find(topic);
                 state != entry.topics.end() && state->second.hit) {
        state->second.healed = true;
        heals = all_resubscribed(entry);
      }
    }
    at = heals ? end(at, HealCause::resubscribe, now) : std::next(at);
  }
  return ++order_;
}

void FaultSet::on_unsubscribe(PeerId peer, const venues::Topic& topic) {
  const auto at = peers_.find(peer);
  if (at != peers_.end()) at->second.topics.erase(topic);
}

/// Every topic it met has come back, and no subscribed topic in its scope is still to be met.
bool FaultSet::all_resubscribed(const Entry& entry) const {
  const FaultSpec& spec = entry.record.spec;
  for (const auto& [topic, state] : entry.topics) {
    if (state.hit && !state.healed) return false;
  }
  if (spec.kind == FaultKind::ack_without_data) return true;
  for (const auto& [id, peer] : peers_) {
    if (!route_matches(spec, peer.route)) continue;
    for (const venues::Topic& topic : peer.topics) {
      if (!symbol_matches(spec, topic.symbol)) continue;
      const auto state = entry.topics.find(topic);
      if (state == entry.topics.end() || !state->second.healed) return false;
    }
  }
  return true;
}

/// A connection newer than the fault's first effect exists, and none of the older ones does.
bool FaultSet::all_reconnected(const Entry& entry) const {
  if (!entry.hit_newest) return false;
  bool newer = false;
  for (const auto& [id, peer] : peers_) {
    if (!route_matches(entry.record.spec, peer.route)) continue;
    if (id <= *entry.hit_newest) return false;
    newer = true;
  }
  return newer;
}

void FaultSet::heal_by_dial(std::string_view route, MonoTime now) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const FaultRecord& record = at->second.record;
    const FaultSpec& spec = record.spec;
    const bool heals =
        record.active && record.hits > 0 && spec.heals == Heals::on_reconnect &&
        ((is_dial_fault(spec.kind) && route_matches(spec, route)) || is_rest_fault(spec.kind));
    at = heals ? end(at, HealCause::reconnect, now) : std::next(at);
  }
}

DialVerdict FaultSet::on_dial(std::string_view route, MonoTime now) {
  heal_by_dial(route, now);
  using Action = DialVerdict::Action;
  DialVerdict verdict;
  for (auto& [id, entry] : entries_) {
    const FaultSpec& spec = entry.record.spec;
    if (!entry.record.active || !route_matches(spec, route)) continue;
    switch (spec.kind) {
      case FaultKind::upgrade_never_answered:
        hit(entry);
        return {.action = Action::ignore};
      case FaultKind::handshake_status:
        hit(entry);
        return {.action = Action::refuse, .status = spec.status, .retry_after = spec.retry_after};
      case FaultKind::connect_budget:
        if (const auto left = entry.gate->on_dial(now)) {
          hit(entry);
          return {.action = Action::refuse, .status = spec.status, .retry_after = left};
        }
        break;
      case FaultKind::accept_then_close:
        hit(entry);
        verdict.close_code = spec.code;
        verdict.close_after = spec.delay;
        break;
      default:
        break;
    }
  }
  return verdict;
}

bool FaultSet::meets(const Entry& entry, const Address& to, const venues::Topic& topic) const {
  const FaultSpec& spec = entry.record.spec;
  if (!entry.record.active || !is_topic_fault(spec.kind)) return false;
  if (!route_matches(spec, to.route) || !symbol_matches(spec, topic.symbol)) return false;
  if (spec.kind == FaultKind::ack_without_data && to.subscription <= entry.start_order)
    return false;
  if (spec.heals == Heals::on_reconnect && entry.hit_newest) return to.peer <= *entry.hit_newest;
  if (spec.heals != Heals::on_resubscribe) return true;
  const auto state = entry.topics.find(topic);
  return state == entry.topics.end() || !state->second.healed;
}

void FaultSet::apply(const Entry& entry, DataVerdict& verdict) const {
  const FaultSpec& spec = entry.record.spec;
  switch (spec.kind) {
    case FaultKind::silent_symbol:
    case FaultKind::silent_all:
    case FaultKind::ack_without_data:
      verdict.drop = true;
      break;
    case FaultKind::partial_deltas_only:
      verdict.no_prices = true;
      break;
    case FaultKind::queue_delay:
      verdict.delay = plus(verdict.delay, spec.delay);
      break;
    case FaultKind::clock_offset:
      verdict.offset = plus(verdict.offset, spec.offset);
      break;
    case FaultKind::frozen_price:
      verdict.frozen_by = entry.record.id;
      verdict.frozen_kind = spec.price;
      break;
    default:
      break;
  }
}

DataVerdict FaultSet::on_data(const Address& to, const venues::Topic& topic) {
  DataVerdict verdict;
  for (auto& [id, entry] : entries_) {
    if (!meets(entry, to, topic)) continue;
    hit(entry);
    if (entry.record.spec.heals == Heals::on_resubscribe) entry.topics[topic].hit = true;
    apply(entry, verdict);
  }
  return verdict;
}

bool FaultSet::silent(PeerId peer, std::string_view route) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& item) {
    const Entry& entry = item.second;
    const Address to{.peer = peer, .route = route, .subscription = 0};
    return entry.record.spec.kind == FaultKind::silent_all && meets(entry, to, {});
  });
}

bool FaultSet::says_halted(std::string_view route) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& item) {
    const FaultRecord& record = item.second.record;
    return record.active && record.spec.kind == FaultKind::says_halted &&
           route_matches(record.spec, route);
  });
}

RestVerdict FaultSet::on_rest() {
  RestVerdict verdict;
  for (auto& [id, entry] : entries_) {
    const FaultSpec& spec = entry.record.spec;
    if (!entry.record.active) continue;
    if (spec.kind == FaultKind::clock_offset) verdict.offset = plus(verdict.offset, spec.offset);
    if (!is_rest_fault(spec.kind)) continue;
    hit(entry);
    if (spec.kind == FaultKind::rest_old) {
      verdict.old_since = id;
    } else {
      verdict.status = spec.status;
      verdict.retry_after = spec.retry_after;
    }
  }
  return verdict;
}

bool FaultSet::any_active() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& item) { return item.second.record.active; });
}

std::vector<FaultRecord> FaultSet::list() const {
  std::vector<FaultRecord> out;
  for (const auto& [id, entry] : entries_) out.push_back(entry.record);
  return out;
}

std::uint64_t FaultSet::bans() const {
  std::uint64_t total = past_bans_;
  for (const auto& [id, entry] : entries_) total += entry.gate ? entry.gate->bans() : 0;
  return total;
}

}  // namespace feedwatch::exchange
