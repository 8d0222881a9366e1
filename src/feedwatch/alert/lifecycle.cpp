#include "feedwatch/alert/lifecycle.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::alert {
namespace {

constexpr Duration never_again = std::chrono::hours{24 * 365 * 50};

}  // namespace

Lifecycle::Lifecycle(LifecycleOptions options) {
  set_options(options);
}

void Lifecycle::set_options(LifecycleOptions options) {
  options_ = options;
  if (options_.repeat <= Duration::zero()) options_.repeat = never_again;
}

void Lifecycle::restore(Alert alert, MonoTime now) {
  Entry entry;
  entry.alert = std::move(alert);
  entry.judged = false;
  entry.alert.state = State::firing;
  // Told by the earlier run.
  set_repeat(entry, options_.repeat, now);
  std::string identity = entry.alert.identity;
  entries_.insert_or_assign(std::move(identity), std::move(entry));
}

bool Lifecycle::adopt(Alert alert, MonoTime now) {
  const auto found = entries_.find(alert.identity);
  if (found == entries_.end()) {
    restore(std::move(alert), now);
    return true;
  }
  Entry& entry = found->second;
  const bool fires = entry.alert.state == State::pending;
  entry.alert.id = std::move(alert.id);
  entry.alert.severity = std::max(entry.alert.severity, alert.severity);
  entry.alert.started = std::min(entry.alert.started, alert.started);
  entry.alert.message = std::move(alert.message);
  entry.alert.metadata = std::move(alert.metadata);
  if (fires) {
    entry.alert.state = State::firing;
    entry.alert.opened = entry.alert.updated = now;
    entry.next_repeat = plus(now, entry.repeat);
  }
  return fires;
}

void Lifecycle::forget(std::string_view identity) {
  const auto found = entries_.find(identity);
  if (found != entries_.end()) entries_.erase(found);
}

void Lifecycle::raise(const Finding& finding, MonoTime now, std::vector<Change>& out) {
  const auto found = entries_.find(finding.identity);
  if (found == entries_.end()) {
    begin(finding, now, out);
    return;
  }
  // An end that was due before this beginning, and nobody looked in between: two alerts, not one.
  Entry& entry = found->second;
  if (entry.cleared && finding.since >= plus(*entry.cleared, options_.keep_firing)) {
    if (entry.alert.state == State::pending) {
      fire(entry, plus(entry.alert.started, entry.hold), out);
    }
    resolve(found, plus(*entry.cleared, options_.keep_firing), out);
    begin(finding, now, out);
    return;
  }
  renew(found->second, finding, now, out);
}

void Lifecycle::begin(const Finding& finding, MonoTime now, std::vector<Change>& out) {
  Entry& entry = entries_[finding.identity];
  entry.hold = finding.hold;
  entry.repeat = options_.repeat;
  entry.alert.name = finding.name;
  entry.alert.identity = finding.identity;
  entry.alert.labels = finding.labels;
  entry.alert.severity = finding.severity;
  entry.alert.started = std::min(finding.since, now);
  entry.alert.updated = now;
  renew(entry, finding, now, out);
  if (entry.alert.state == State::pending) {
    out.push_back({Change::Type::pending, entry.alert, entry.alert.started});
  }
}

void Lifecycle::renew(Entry& entry, const Finding& finding, MonoTime now,
                      std::vector<Change>& out) {
  entry.judged = true;
  entry.cleared.reset();
  if (finding.repeat > Duration::zero() && finding.repeat != entry.repeat) {
    set_repeat(entry, finding.repeat, now);
  }
  const bool rises = finding.severity > entry.alert.severity;
  entry.alert.severity = std::max(entry.alert.severity, finding.severity);
  // An open alert keeps the words it was told with until it is told again.
  if (entry.alert.state == State::pending || rises) {
    entry.alert.message = finding.message;
    entry.alert.metadata = finding.metadata;
  }
  if (entry.alert.state == State::pending) {
    if (minus(now, entry.alert.started) >= entry.hold) fire(entry, now, out);
  } else if (rises) {
    entry.alert.updated = now;
    out.push_back({Change::Type::raised, entry.alert, now});
  }
}

void Lifecycle::fire(Entry& entry, MonoTime at, std::vector<Change>& out) {
  Alert& alert = entry.alert;
  const auto utc = static_cast<std::uint64_t>(to_ns(options_.anchor.at(at)));
  alert.id = fmt::format("{}-{:x}", fingerprint_text(alert.identity), utc);
  alert.state = State::firing;
  alert.opened = at;
  alert.updated = at;
  entry.next_repeat = plus(at, entry.repeat);
  out.push_back({Change::Type::fired, alert, at});
}

/// The grid of repeats begins when the alert fired, in whatever run that was: the number of a
/// repeat means the same moment in all of them.
void Lifecycle::set_repeat(Entry& entry, Duration repeat, MonoTime now) {
  entry.repeat = repeat;
  if (entry.alert.state != State::firing) return;
  entry.alert.repeats = 0;
  entry.next_repeat = entry.alert.opened;
  pass_repeats(entry, now);
  if (entry.alert.repeats > 0) --entry.alert.repeats;
}

/// The next repeat to come, on the grid, with those before it counted.
void Lifecycle::pass_repeats(Entry& entry, MonoTime now) {
  if (entry.next_repeat > now) return;
  const Duration late = minus(now, entry.next_repeat);
  entry.alert.repeats += static_cast<std::uint32_t>(late / entry.repeat + 1);
  entry.next_repeat = plus(now, entry.repeat - late % entry.repeat);
}

void Lifecycle::clear(std::string_view identity, MonoTime at, Evidence evidence) {
  const auto found = entries_.find(identity);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (!entry.judged && evidence == Evidence::none) return;
  entry.judged = true;
  // Long enough, although nobody looked before it ended: it is told all the same.
  const bool brief = minus(at, entry.alert.started) < entry.hold;
  if (entry.alert.state == State::pending && brief) {
    entries_.erase(found);
  } else if (!entry.cleared) {
    entry.cleared = at;
  }
}

void Lifecycle::retire(std::string_view identity, MonoTime now, std::vector<Change>& out) {
  const auto found = entries_.find(identity);
  if (found != entries_.end()) resolve(found, now, out);
}

Lifecycle::Entries::iterator Lifecycle::resolve(Entries::iterator entry, MonoTime at,
                                                std::vector<Change>& out) {
  Alert alert = std::move(entry->second.alert);
  if (alert.state == State::firing) {
    alert.state = State::resolved;
    alert.updated = at;
    alert.resolved = at;
    out.push_back({Change::Type::resolved, std::move(alert), at});
  }
  return entries_.erase(entry);
}

MonoTime Lifecycle::deadline(const Entry& entry) const {
  if (entry.alert.state == State::pending) return plus(entry.alert.started, entry.hold);
  if (entry.cleared) return plus(*entry.cleared, options_.keep_firing);
  return entry.next_repeat;
}

void Lifecycle::on_time(MonoTime now, std::vector<Change>& out) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    Entry& entry = it->second;
    const MonoTime due = deadline(entry);
    if (due > now) {
      ++it;
    } else if (entry.alert.state == State::pending) {
      fire(entry, due, out);
      ++it;
    } else if (entry.cleared) {
      it = resolve(it, due, out);
    } else {
      // After a suspend one repeat is enough, however many were due.
      pass_repeats(entry, now);
      out.push_back({Change::Type::repeated, entry.alert, now});
      ++it;
    }
  }
}

MonoTime Lifecycle::next_deadline() const {
  MonoTime next = never_mono;
  for (const auto& [identity, entry] : entries_) next = std::min(next, deadline(entry));
  return next;
}

void Lifecycle::reword(const Alert& told) {
  const auto found = entries_.find(told.identity);
  if (found == entries_.end() || found->second.alert.id != told.id) return;
  found->second.alert.message = told.message;
  found->second.alert.metadata = told.metadata;
}

const Alert* Lifecycle::find(std::string_view identity) const {
  const auto found = entries_.find(identity);
  return found == entries_.end() ? nullptr : &found->second.alert;
}

bool Lifecycle::is_active(std::string_view identity) const {
  const auto found = entries_.find(identity);
  return found != entries_.end() && found->second.alert.state == State::firing &&
         !found->second.cleared;
}

std::vector<std::string> Lifecycle::unjudged() const {
  std::vector<std::string> identities;
  for (const auto& [identity, entry] : entries_) {
    if (!entry.judged) identities.push_back(identity);
  }
  return identities;
}

std::vector<Alert> Lifecycle::in(State state) const {
  std::vector<Alert> alerts;
  for (const auto& [identity, entry] : entries_) {
    if (entry.alert.state == state) alerts.push_back(entry.alert);
  }
  return alerts;
}

}  // namespace feedwatch::alert
