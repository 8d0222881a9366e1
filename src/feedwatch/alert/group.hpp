#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "feedwatch/alert/alert.hpp"

namespace feedwatch::alert {

/// The group of an alert: its venue, or its name where it has none.
std::string_view group_of(const Alert& alert);

/// When an alert's news may leave: the first of a group waits for its siblings, later ones go at
/// once. Rows are not held back by it. A group lasts while any alert of it is open.
class Grouping {
 public:
  explicit Grouping(Duration wait) : wait_(wait) {}
  void set_wait(Duration wait) { wait_ = wait; }

  /// An alert of an earlier run: its group has been told.
  void restore(const Alert& alert);
  /// An alert that ends without news of ours.
  void forget(const Alert& alert);
  MonoTime notify_at(const Change& change);

 private:
  struct Group {
    MonoTime ready = MonoTime::min();
    std::size_t open = 0;
  };

  Duration wait_;
  std::map<std::string, Group, std::less<>> groups_;
};

}  // namespace feedwatch::alert
