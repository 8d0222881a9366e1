#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "feedwatch/alert/alert.hpp"

namespace feedwatch::muting {

/// Who was told what: decides which changes of an alert leave while some are muted.
///
/// What is muted is owed: once nothing mutes the alert any more and it still fires, it is told. An
/// alert that began and ended muted is never told; an end is told to whoever was told of the
/// beginning, muted or not. State machine; one owner; an entry for each open alert.
class Telling {
 public:
  /// An alert of an earlier run or another writer: the highest severity that was told, if any was.
  void restore(const alert::Alert& alert, std::optional<alert::Severity> told);
  /// The highest severity that was told of an open alert, if any was.
  std::optional<alert::Severity> told(const std::string& identity) const;
  void forget(const std::string& identity) { entries_.erase(identity), owed_.erase(identity); }

  /// Whether the change is to be told now. What is the first word of its alert becomes `fired`, and
  /// an end is of the severity that was told: who takes only worse has not heard of it.
  bool take(alert::Change& change, bool muted);

  /// What was to be told of an alert's beginning has not left, and will not: it is owed.
  void take_back(const std::string& identity);

  /// What is told now of alerts that were muted before. `find` answers the open alert of an
  /// identity, or nullptr.
  using Find = std::function<const alert::Alert*(const std::string& identity)>;
  using IsMuted = std::function<bool(const alert::Alert& alert)>;
  struct Release {
    alert::Change change;
    std::optional<alert::Severity> told_before;
  };
  std::vector<Release> release(const Find& find, const IsMuted& is_muted, MonoTime now);
  bool owes() const { return !owed_.empty(); }

 private:
  struct Entry {
    std::optional<alert::Severity> told;
    bool repeat_skipped = false;
  };
  std::map<std::string, Entry> entries_;  ///< by identity
  std::set<std::string> owed_;            ///< those of `entries_` with something unsaid
};

}  // namespace feedwatch::muting
