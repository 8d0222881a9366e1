#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/muting/maintenance.hpp"
#include "feedwatch/muting/silence.hpp"

namespace feedwatch::muting {

/// Why an alert is not told at some moment.
struct MutedBy {
  std::vector<std::string> silences;      ///< ids
  std::vector<std::string> maintenances;  ///< names

  bool any() const { return !silences.empty() || !maintenances.empty(); }
};

/// Silences and maintenance windows together. One owner.
class Muting {
 public:
  explicit Muting(std::vector<Maintenance> maintenances = {})
      : maintenances_(std::move(maintenances)) {}

  void set_maintenances(std::vector<Maintenance> maintenances) {
    maintenances_ = std::move(maintenances);
  }

  MutedBy by(const Labels& labels, WallTime now) const {
    MutedBy muted{silences.silencing(labels, now), {}};
    for (const Maintenance& one : maintenances_) {
      if (one.open_at(now) && all_hold(one.matchers, labels)) {
        muted.maintenances.push_back(one.name);
      }
    }
    return muted;
  }

  /// Nothing can be muted.
  bool idle() const { return maintenances_.empty() && silences.empty(); }

  /// When something begins or ends to mute; WallTime::max() when nothing will.
  WallTime next_change(WallTime now) const {
    WallTime next = silences.next_change(now);
    for (const Maintenance& one : maintenances_) next = std::min(next, one.next_change(now));
    return next;
  }

  Silences silences;

 private:
  std::vector<Maintenance> maintenances_;
};

}  // namespace feedwatch::muting
