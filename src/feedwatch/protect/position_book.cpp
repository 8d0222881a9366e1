#include "feedwatch/protect/position_book.hpp"

#include <fmt/format.h>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/utf8.hpp"

namespace feedwatch {
namespace {

Error wrong(std::string field, std::string why, std::string fix) {
  return {std::move(field), std::move(why), std::move(fix)};
}

Result<void> check_text(const char* field, const std::string& text) {
  if (text.empty()) return std::unexpected(wrong(field, "is missing or empty", ""));
  if (text.size() > PositionBook::max_text) {
    return std::unexpected(
        wrong(field, fmt::format("is over {} bytes", PositionBook::max_text), ""));
  }
  if (!is_text(text)) return std::unexpected(wrong(field, "is not UTF-8 text", ""));
  return {};
}

}  // namespace

PositionKey key_of(const Position& position) {
  return {position.venue, position.symbol, position.id};
}

Result<PositionBook::Put> PositionBook::put(Position position, std::optional<Duration> ttl,
                                            std::string owner, MonoTime now, WallTime utc,
                                            PositionTerms terms) {
  const bool assumed = date(position, utc);
  if (Result<void> fine = check(position, ttl, owner, terms.strategy, utc); !fine) {
    return std::unexpected(fine.error());
  }
  PositionKey key = key_of(position);
  const auto known = leases_.find(key);
  if (known == leases_.end()) {
    if (leases_.size() >= capacity_) return std::unexpected(full());
    PositionLease& lease = leases_[std::move(key)];
    lease.position = std::move(position);
    lease.owner = std::move(owner);
    lease.terms = std::move(terms);
    lease.registered = now;
    lease.opening_assumed = assumed;
    set_expiry(lease, ttl, now);
    return Put::registered;
  }
  PositionLease& lease = known->second;
  const bool same_terms = lease.terms == terms;
  const Result<Put> done = change(lease, std::move(position));
  if (!done) return done;
  lease.owner = std::move(owner);
  lease.terms = std::move(terms);
  set_expiry(lease, ttl, now);
  return same_terms ? *done : Put::changed;
}

Result<PositionBook::Put> PositionBook::amend(Position position, WallTime utc,
                                              PositionTerms terms) {
  const auto known = leases_.find(key_of(position));
  if (known == leases_.end()) return std::unexpected(wrong("id", "is not registered", ""));
  PositionLease& lease = known->second;
  date(position, utc);
  if (Result<void> fine = check(position, lease.ttl, lease.owner, terms.strategy, utc); !fine) {
    return std::unexpected(fine.error());
  }
  const bool same_terms = lease.terms == terms;
  const Result<Put> done = change(lease, std::move(position));
  if (!done) return done;
  lease.terms = std::move(terms);
  return same_terms ? *done : Put::changed;
}

/// Says whether nobody has dated it: then it was opened when it was registered, or is now.
bool PositionBook::date(Position& position, WallTime utc) const {
  const PositionLease* known = find(key_of(position));
  if (position.opened_at != undated) return false;
  position.opened_at = known != nullptr ? known->position.opened_at : utc;
  return known == nullptr || known->opening_assumed;
}

Result<PositionBook::Put> PositionBook::change(PositionLease& lease, Position position) {
  Position& old = lease.position;
  const bool dated = old.opened_at != position.opened_at;
  if (old.side != position.side || (dated && !lease.opening_assumed)) {
    return std::unexpected(wrong("id", "is that of another position, which is open",
                                 "close that one first, or give this one an id of its own"));
  }
  const bool changed =
      dated || old.entry_price != position.entry_price || old.quantity != position.quantity;
  lease.opening_assumed = lease.opening_assumed && !dated;
  old = std::move(position);
  return changed ? Put::changed : Put::renewed;
}

void PositionBook::set_listed_by(const PositionKey& key, std::string source) {
  const auto known = leases_.find(key);
  if (known != leases_.end()) known->second.listed_by = std::move(source);
}

Result<void> PositionBook::restore(PositionLease lease) {
  // By no clock: it was checked when it was registered, and ours may be behind at a start.
  const WallTime opened = lease.position.opened_at;
  if (Result<void> fine =
          check(lease.position, lease.ttl, lease.owner, lease.terms.strategy, opened);
      !fine) {
    return fine;
  }
  if (leases_.size() >= capacity_) return std::unexpected(full());
  const PositionKey key = key_of(lease.position);
  if (lease.expires) expiries_.emplace(*lease.expires, key);
  leases_.insert_or_assign(key, std::move(lease));
  return {};
}

Error PositionBook::full() const {
  return wrong("position", fmt::format("is one more than the {} there may be", capacity_),
               "close those that are over");
}

Result<void> PositionBook::check(const Position& position, const std::optional<Duration>& ttl,
                                 const std::string& owner, const std::string& strategy,
                                 WallTime utc) const {
  for (const auto& [field, text] :
       {std::pair{"id", &position.id}, std::pair{"venue", &position.venue},
        std::pair{"symbol", &position.symbol}, std::pair{"owner", &owner}}) {
    if (Result<void> fine = check_text(field, *text); !fine) return fine;
  }
  if (!strategy.empty()) {
    if (Result<void> fine = check_text("strategy", strategy); !fine) return fine;
  }
  if (!position.entry_price.is_positive()) {
    return std::unexpected(wrong("entry_price", "must be above 0", ""));
  }
  if (!position.quantity.is_positive()) {
    return std::unexpected(wrong("quantity", "must be above 0", "the side says which way it goes"));
  }
  if (to_ns(position.opened_at) < 0) {
    return std::unexpected(wrong("opened_at", "lies before 1970", "write it in UTC"));
  }
  if (position.opened_at > plus(utc, clock_slack)) {
    return std::unexpected(
        wrong("opened_at", "lies in the future", "check the clocks of both hosts"));
  }
  if (ttl && *ttl <= Duration::zero()) {
    return std::unexpected(
        wrong("ttl", "must be above 0", "leave it out to hold it until it is closed"));
  }
  return {};
}

void PositionBook::set_expiry(PositionLease& lease, std::optional<Duration> ttl, MonoTime now) {
  const PositionKey key = key_of(lease.position);
  if (lease.expires) expiries_.erase({*lease.expires, key});
  lease.ttl = ttl;
  lease.expires = ttl ? std::optional(plus(now, *ttl)) : std::nullopt;
  if (lease.expires) expiries_.emplace(*lease.expires, key);
}

bool PositionBook::close(const PositionKey& key) {
  const auto known = leases_.find(key);
  if (known == leases_.end()) return false;
  if (known->second.expires) expiries_.erase({*known->second.expires, key});
  leases_.erase(known);
  return true;
}

const PositionLease* PositionBook::find(const PositionKey& key) const {
  const auto known = leases_.find(key);
  return known == leases_.end() ? nullptr : &known->second;
}

std::vector<PositionKey> PositionBook::expired(MonoTime now) const {
  std::vector<PositionKey> keys;
  for (const auto& [at, key] : expiries_) {
    if (at > now) break;
    keys.push_back(key);
  }
  return keys;
}

MonoTime PositionBook::next_expiry(MonoTime now) const {
  const auto next = expiries_.lower_bound({plus(now, Duration{1}), PositionKey{}});
  return next == expiries_.end() ? never_mono : next->first;
}

}  // namespace feedwatch
