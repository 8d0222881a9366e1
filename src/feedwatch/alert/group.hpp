#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "feedwatch/alert/alert.hpp"

namespace feedwatch::alert {

/// What alerts of one group have in common: their venue, or their name where they have none.
Labels group_labels(std::string_view name, const Labels& labels);
/// The same as text, `{venue="v"}`.
std::string group_key(std::string_view name, const Labels& labels);

struct GroupOptions {
  Duration wait = 5s;        ///< the first news of a message waits for its siblings so long
  Duration interval = 1min;  ///< between messages about one group
  Duration urgent_wait = 500ms;
};

/// When news of an alert may leave (semantics §9, after Alertmanager): what comes within `wait` of
/// the first goes with it, and what comes later not before `interval` has passed since. A rise to
/// critical and trouble of the monitor itself do not wait for that, only for siblings that rise
/// with them. Rows are not held back by any of it. A group lasts while any alert of it is open.
class Grouping {
 public:
  explicit Grouping(GroupOptions options) : options_(options) {}
  void set_options(GroupOptions options) { options_ = options; }

  /// An alert of an earlier run: its group has been told.
  void restore(const Alert& alert);
  /// An alert that ends without news of ours.
  void forget(const Alert& alert);
  MonoTime notify_at(const Change& change);

 private:
  struct Group {
    MonoTime leaves = MonoTime::min();  ///< the newest message
    MonoTime urgent = MonoTime::min();  ///< the newest urgent one
    std::size_t open = 0;
  };

  MonoTime next_message(Group& group, MonoTime at) const;
  MonoTime next_urgent(Group& group, MonoTime at) const;

  GroupOptions options_;
  std::map<std::string, Group, std::less<>> groups_;
};

}  // namespace feedwatch::alert
