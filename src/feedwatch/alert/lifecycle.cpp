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
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) changed(entry);
}

void Lifecycle::restore(Alert alert, MonoTime now) {
  Entry entry;
  entry.alert = std::move(alert);
  entry.judged = false;
  entry.alert.state = State::firing;
  // Told by the earlier run; the grid of repeats goes on where it was.
  set_repeat(entry, Duration::zero(), now);
  std::string identity = entry.alert.identity;
  if (const auto old = entries_.find(identity); old != entries_.end()) erase(old);
  changed(entries_.emplace(std::move(identity), std::move(entry)).first);
}

void Lifecycle::remember(const std::vector<Remembered>& memory, MonoTime now) {
  remembered_at_ = now;
  for (const Remembered& one : memory) {
    const MonoTime since =
        std::min(now, plus(options_.anchor.mono, minus(one.since, options_.anchor.wall)));
    const auto open = entries_.find(one.identity);
    if (one.type == Remembered::Type::pending) {
      // Of an open alert it is what became it: the memory is written a moment after the rows.
      if (open == entries_.end()) remembered_.insert_or_assign(one.identity, since);
    } else if (open != entries_.end() && !open->second.judged) {
      open->second.cleared = std::max(since, open->second.alert.started);
      changed(open);
    }
  }
}

std::vector<Remembered> Lifecycle::memory() {
  memory_changed_ = false;
  std::vector<Remembered> memory;
  for (const auto& [identity, entry] : entries_) {
    const bool pending = entry.alert.state == State::pending;
    if (!pending && !entry.cleared) continue;
    memory.push_back({pending ? Remembered::Type::pending : Remembered::Type::ending, identity,
                      options_.anchor.at(pending ? entry.alert.started : *entry.cleared)});
  }
  for (const auto& [identity, since] : remembered_) {
    memory.push_back({Remembered::Type::pending, identity, options_.anchor.at(since)});
  }
  return memory;
}

/// To be called after whatever may have changed what an entry is or when it is due.
void Lifecycle::changed(Entries::iterator entry) {
  const MonoTime due = deadline(entry->second);
  if (due == entry->second.indexed) return;
  deadlines_.erase({entry->second.indexed, entry->first});
  entry->second.indexed = due;
  if (due != never_mono) deadlines_.emplace(due, entry->first);
}

Lifecycle::Entries::iterator Lifecycle::erase(Entries::iterator entry) {
  deadlines_.erase({entry->second.indexed, entry->first});
  moved_.push_back(entry->first);
  memory_changed_ = true;
  return entries_.erase(entry);
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
    entry.next_repeat = plus(now, repeat_of(entry));
    moved_.push_back(found->first);
    memory_changed_ = true;
  }
  changed(found);
  return fires;
}

void Lifecycle::forget(std::string_view identity) {
  const auto found = entries_.find(identity);
  if (found != entries_.end()) erase(found);
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
  changed(found);
}

void Lifecycle::begin(const Finding& finding, MonoTime now, std::vector<Change>& out) {
  const auto made = entries_.try_emplace(finding.identity).first;
  Entry& entry = made->second;
  entry.hold = finding.hold;
  entry.alert.name = finding.name;
  entry.alert.identity = finding.identity;
  entry.alert.labels = finding.labels;
  entry.alert.severity = finding.severity;
  entry.alert.started = std::min(finding.since, now);
  if (const auto before = remembered_.find(finding.identity); before != remembered_.end()) {
    if (minus(now, remembered_at_) < remembered_for) {
      entry.alert.started = std::min(entry.alert.started, before->second);
      entry.not_before = plus(remembered_at_, std::min(finding.hold, settling));
    }
    remembered_.erase(before);
  }
  entry.alert.updated = now;
  renew(entry, finding, now, out);
  if (entry.alert.state == State::pending) {
    out.push_back({Change::Type::pending, entry.alert, entry.alert.started});
  }
  changed(made);
  moved_.push_back(finding.identity);
  memory_changed_ = true;
}

void Lifecycle::renew(Entry& entry, const Finding& finding, MonoTime now,
                      std::vector<Change>& out) {
  entry.judged = true;
  if (entry.cleared) {
    entry.cleared.reset();
    moved_.push_back(finding.identity);
    memory_changed_ = true;
  }
  if (finding.repeat != entry.repeat) set_repeat(entry, finding.repeat, now);
  const bool rises = finding.severity > entry.alert.severity;
  entry.alert.severity = std::max(entry.alert.severity, finding.severity);
  // An open alert keeps the words it was told with until it is told again.
  if (entry.alert.state == State::pending || rises) {
    entry.alert.message = finding.message;
    entry.alert.metadata = finding.metadata;
  }
  if (entry.alert.state == State::pending) {
    const bool held = minus(now, entry.alert.started) >= entry.hold;
    if (held && now >= entry.not_before) fire(entry, now, out);
  } else if (rises) {
    entry.alert.updated = now;
    entry.alert.ack.reset();  // what was taken on was the lesser thing
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
  entry.next_repeat = plus(at, repeat_of(entry));
  moved_.push_back(alert.identity);
  memory_changed_ = true;
  out.push_back({Change::Type::fired, alert, at});
}

/// The grid of repeats begins when the alert fired, in whatever run that was.
void Lifecycle::set_repeat(Entry& entry, Duration repeat, MonoTime now) const {
  entry.repeat = repeat;
  if (entry.alert.state != State::firing) return;
  entry.next_repeat = entry.alert.opened;
  pass_repeats(entry, now);
}

bool Lifecycle::acknowledge(std::string_view identity, std::optional<Ack> ack, MonoTime now,
                            std::vector<Change>& out) {
  const auto found = entries_.find(identity);
  if (found == entries_.end() || found->second.alert.state != State::firing) return false;
  Alert& alert = found->second.alert;
  if (!ack && !alert.ack) return false;
  const auto type = ack ? Change::Type::acknowledged : Change::Type::unacknowledged;
  alert.ack = std::move(ack);
  alert.updated = now;
  out.push_back({type, alert, now});
  return true;
}

/// The next repeat to come, on the grid.
void Lifecycle::pass_repeats(Entry& entry, MonoTime now) const {
  if (entry.next_repeat > now) return;
  const Duration late = minus(now, entry.next_repeat);
  const Duration repeat = repeat_of(entry);
  entry.next_repeat = plus(now, repeat - late % repeat);
}

void Lifecycle::clear(std::string_view identity, MonoTime at, Evidence evidence) {
  const auto found = entries_.find(identity);
  if (found == entries_.end()) {
    // What was pending in an earlier run has ended.
    if (evidence == Evidence::seen && !remembered_.empty()) {
      if (const auto old = remembered_.find(identity); old != remembered_.end()) {
        remembered_.erase(old);
      }
    }
    return;
  }
  Entry& entry = found->second;
  if (!entry.judged && evidence == Evidence::none) return;
  entry.judged = true;
  // Long enough, although nobody looked before it ended: it is told all the same.
  const bool brief = minus(at, entry.alert.started) < entry.hold;
  if (entry.alert.state == State::pending && brief) {
    erase(found);
    return;
  }
  if (!entry.cleared) {
    entry.cleared = at;
    moved_.push_back(found->first);
    memory_changed_ = true;
  }
  changed(found);
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
  return erase(entry);
}

MonoTime Lifecycle::deadline(const Entry& entry) const {
  if (entry.alert.state == State::pending) {
    return std::max(plus(entry.alert.started, entry.hold), entry.not_before);
  }
  // What ended in an earlier run may be true again: this one has to see that it is not.
  if (entry.cleared && entry.judged) return plus(*entry.cleared, options_.keep_firing);
  return entry.next_repeat;
}

void Lifecycle::on_time(MonoTime now, std::vector<Change>& out) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto it = entries_.find(deadlines_.begin()->second);
    Entry& entry = it->second;
    const MonoTime due = entry.indexed;
    if (entry.alert.state == State::pending) {
      fire(entry, due, out);
    } else if (entry.cleared && entry.judged) {
      resolve(it, due, out);
      continue;
    } else {
      // After a suspend one repeat is enough, however many were due.
      pass_repeats(entry, now);
      entry.repeated = now;
      out.push_back({Change::Type::repeated, entry.alert, now});
    }
    changed(it);
  }
}

void Lifecycle::repeat(std::string_view identity, MonoTime now, std::vector<Change>& out) {
  const auto found = entries_.find(identity);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (entry.alert.state != State::firing || entry.cleared || entry.next_repeat <= now) return;
  if (entry.repeated == now) return;
  entry.repeated = now;
  entry.next_repeat = plus(now, repeat_of(entry));
  changed(found);
  out.push_back({Change::Type::repeated, entry.alert, now});
}

MonoTime Lifecycle::next_deadline() const {
  return deadlines_.empty() ? never_mono : deadlines_.begin()->first;
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

const Alert* Lifecycle::find_id(std::string_view id) const {
  const auto found = std::ranges::find_if(
      entries_, [&](const auto& entry) { return entry.second.alert.id == id; });
  const bool open = found != entries_.end() && found->second.alert.state == State::firing;
  return open ? &found->second.alert : nullptr;
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
