#include "feedwatch/muting/telling.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::muting {

using alert::Change;

void Telling::restore(const alert::Alert& alert, std::optional<alert::Severity> told) {
  entries_.insert_or_assign(alert.identity, Entry{told, false});
  const bool all_said = told && *told >= alert.severity;
  if (all_said) {
    owed_.erase(alert.identity);
  } else {
    owed_.insert(alert.identity);
  }
}

std::optional<alert::Severity> Telling::told(const std::string& identity) const {
  const auto found = entries_.find(identity);
  return found == entries_.end() ? std::nullopt : found->second.told;
}

bool Telling::take(Change& change, bool muted) {
  const std::string& identity = change.alert.identity;
  if (change.type == Change::Type::resolved) {
    const auto highest = told(identity);
    forget(identity);
    if (highest) change.alert.severity = *highest;
    return highest.has_value();
  }
  const bool is_news = change.type == Change::Type::fired || change.type == Change::Type::raised ||
                       change.type == Change::Type::repeated;
  if (!is_news) return false;
  Entry& entry = entries_[identity];
  if (muted) {
    entry.repeat_skipped = entry.repeat_skipped || change.type == Change::Type::repeated;
    owed_.insert(identity);
    return false;
  }
  if (!entry.told) change.type = Change::Type::fired;
  entry.told = std::max(entry.told.value_or(change.alert.severity), change.alert.severity);
  entry.repeat_skipped = false;
  owed_.erase(identity);
  return true;
}

void Telling::take_back(const std::string& identity) {
  entries_[identity].told.reset();
  owed_.insert(identity);
}

std::vector<Telling::Release> Telling::release(const Find& find, const IsMuted& is_muted,
                                               MonoTime now) {
  std::vector<Release> releases;
  for (auto it = owed_.begin(); it != owed_.end();) {
    const alert::Alert* alert = find(*it);
    if (alert == nullptr || alert->state != alert::State::firing) {
      it = owed_.erase(it);
      continue;
    }
    if (is_muted(*alert)) {
      ++it;
      continue;
    }
    Entry& entry = entries_[*it];
    const auto tell = [&](Change::Type type) {
      releases.push_back({{type, *alert, now}, entry.told});
    };
    if (!entry.told) {
      tell(Change::Type::fired);
    } else if (*entry.told < alert->severity) {
      tell(Change::Type::raised);
    } else if (entry.repeat_skipped) {
      tell(Change::Type::repeated);
    }
    entry = {std::max(entry.told.value_or(alert->severity), alert->severity), false};
    it = owed_.erase(it);
  }
  return releases;
}

}  // namespace feedwatch::muting
