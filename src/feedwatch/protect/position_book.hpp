#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/protect/position.hpp"
#include "feedwatch/protect/rule_overrides.hpp"

namespace feedwatch {

/// What tells positions apart: one symbol may be held twice, at two venues or under two ids.
struct PositionKey {
  std::string venue, symbol, id;
  friend auto operator<=>(const PositionKey&, const PositionKey&) = default;
};
PositionKey key_of(const Position& position);

/// What its owner says of it besides, each time it is put anew.
struct PositionTerms {
  std::string strategy;  ///< the pulse of whoever trades it; empty = nobody's
  RuleOverrides rules;
  friend bool operator==(const PositionTerms&, const PositionTerms&) = default;
};

/// A registered position.
struct PositionLease {
  Position position;
  std::string owner;            ///< who registered it last, for people
  MonoTime registered{};        ///< when it was first
  std::optional<Duration> ttl;  ///< to be renewed within; none: held until it is closed
  std::optional<MonoTime> expires;
  PositionTerms terms = {};
  /// Nobody has said when it was opened: opened_at is when it was registered.
  bool opening_assumed = false;
  std::string listed_by = {};  ///< whose list counts; empty: somebody has registered it himself
};

/// The positions somebody has told us to watch over (semantics §10): leases, which their owners
/// register, renew and close. Nothing but close() ends one: a lease that is not renewed is expired,
/// which is a finding, because the position may well be there and its owner dead. State machine:
/// told `now`; one owner; every call takes logarithmic time, expired() that of its answer.
class PositionBook {
 public:
  static constexpr std::size_t max_text = 256;   ///< bytes of an id, a symbol, a venue, an owner
  static constexpr Duration clock_slack = 5min;  ///< opened_at may lie so far ahead of our clock

  explicit PositionBook(std::size_t capacity) : capacity_(capacity) {}

  enum class Put : std::uint8_t { registered, renewed, changed };
  /// Registers, renews, or changes: the same again is the same. Another side or moment of opening
  /// is another position under an old name, and refused. One that is `undated` is taken to be
  /// opened when it is registered, until the first moment of opening that is said: that replaces
  /// it. Errors name the field and what to do; the book is as before.
  Result<Put> put(Position position, std::optional<Duration> ttl, std::string owner, MonoTime now,
                  WallTime utc, PositionTerms terms = {});
  /// Entry price, quantity, terms and the moment of opening of a registered one, as somebody else
  /// knows them: owner and lease stay as they are. Errors as of put(), and where there is none.
  Result<Put> amend(Position position, WallTime utc, PositionTerms terms);
  /// Whose list counts for it; empty: nobody's. Of one that is not registered it is nothing.
  void set_listed_by(const PositionKey& key, std::string source);
  /// Takes the lease of an earlier run as it was. Errors as of put().
  Result<void> restore(PositionLease lease);
  /// False: there is none of that key (any more).
  bool close(const PositionKey& key);

  const PositionLease* find(const PositionKey& key) const;
  /// By venue, symbol and id.
  const std::map<PositionKey, PositionLease>& all() const { return leases_; }
  /// Those whose owner has not renewed them in time.
  std::vector<PositionKey> expired(MonoTime now) const;
  /// When the next lease expires that has not yet; never_mono when none will.
  MonoTime next_expiry(MonoTime now) const;
  std::size_t size() const { return leases_.size(); }

 private:
  Result<void> check(const Position& position, const std::optional<Duration>& ttl,
                     const std::string& owner, const std::string& strategy, WallTime utc) const;
  Error full() const;
  static Result<Put> change(PositionLease& lease, Position position);
  bool date(Position& position, WallTime utc) const;
  void set_expiry(PositionLease& lease, std::optional<Duration> ttl, MonoTime now);

  std::size_t capacity_;
  std::map<PositionKey, PositionLease> leases_;
  std::set<std::pair<MonoTime, PositionKey>> expiries_;
};

}  // namespace feedwatch
