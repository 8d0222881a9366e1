#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "feedwatch/base/time.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::feed {

/// What a venue that publishes no limit of REST requests is taken to have.
constexpr venues::RateLimit unpublished_rest_limit{25, 10s};

/// Requests per address, by the sheet or as above.
inline venues::RateLimit rest_limit(const venues::VenueSheet& sheet) {
  return sheet.rest.count > 0 ? sheet.rest : unpublished_rest_limit;
}

/// At most `count` events in any `window`: our share of a limit a venue publishes. A limit of zero
/// count is no limit. Not thread-safe; memory is bounded by `count`.
class Budget {
 public:
  Budget() = default;
  Budget(std::uint32_t count, Duration window) : count_(count), window_(window) {}

  /// Our part of a published limit: 20 % of it (the bot on the same address needs the rest), at
  /// least one event.
  static Budget share_of(const venues::RateLimit& published);

  /// `events` that happen together; more than `count` of them pass when nothing else did.
  bool try_spend(MonoTime now, std::uint32_t events = 1);
  /// Spends whether it is there or not: what is owed at once delays what comes after it.
  void charge(MonoTime now, std::uint32_t events = 1);
  /// Gives the newest spending back: the venue never saw it.
  void refund();
  /// The earliest moment at or after `now` at which try_spend would succeed.
  MonoTime next_allowed(MonoTime now, std::uint32_t events = 1) const;
  /// How long so many events take, one after the other.
  Duration time_for(std::size_t events) const;
  std::uint32_t used(MonoTime now) const;
  std::uint32_t count() const { return count_; }
  Duration window() const { return window_; }
  bool unlimited() const { return count_ == 0; }

  /// Puts back what an earlier run spent (ages before now); ages beyond the window are dropped,
  /// more than `count` keep the newest.
  void restore(std::span<const Duration> ages, MonoTime now);
  /// Everything counts as spent at `when`: the record of an earlier run is lost or not credible.
  void restore_spent(MonoTime when);
  /// Ages of the spendings still inside the window, oldest first.
  std::vector<Duration> ages(MonoTime now) const;

 private:
  std::uint32_t count_ = 0;
  Duration window_{};
  std::deque<MonoTime> spent_;  // ascending, at most count_
};

}  // namespace feedwatch::feed
