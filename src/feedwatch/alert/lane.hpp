#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::alert {

/// One notice to one sink, with its row.
struct Parcel {
  NotificationRow row;
  std::shared_ptr<const Notice> notice;  ///< shared by the sinks it goes to
  std::string group;                     ///< group_key() of its alert
  bool fresh = true;                     ///< of a restored one nobody knows whether it was tried
  bool begins = false;                   ///< the first its sink is told of the alert
};

struct Waiting {
  Parcel parcel;
  MonoTime added{};
  MonoTime not_before{};
  bool committed = false;
  bool untold = false;  ///< nothing was ever tried that told of its alert's beginning
};

/// What waits for its first attempt, of one sink: by group for messages, by identity for order.
/// Every call takes logarithmic time, take_due() that of what it takes, hurry() and untold() that
/// of all that wait.
class Lane {
 public:
  explicit Lane(Duration store_patience) : patience_(store_patience) {}

  /// What add() did with the news.
  struct Added {
    bool taken = false;  ///< it waits, under `number`
    std::uint64_t number = 0;
    std::optional<NotificationRow> replaced;  ///< what it took the place of, or took back
  };
  /// News of an identity; `number` is higher than any before.
  Added add(Waiting waiting, std::uint64_t number, MonoTime now);
  /// Whether news of this alert would take the place of earlier news.
  bool has_place(const std::string& identity, const std::string& alert) const;
  void committed(std::uint64_t number);
  void hurry(MonoTime now);

  /// When the first message may leave.
  MonoTime next_deadline() const;
  /// The group of that message.
  const std::string& next_group() const { return due_.begin()->second; }
  /// What is due of a group at `now`, oldest first, at most `limit`. Its identities are busy until
  /// release().
  std::vector<Waiting> take_due(const std::string& group, MonoTime now, std::size_t limit);
  void release(const std::string& identity);

  /// Beginnings of alerts that wait and that nothing was tried for.
  std::vector<const Notice*> untold() const;
  /// Takes out such a beginning.
  std::optional<NotificationRow> take_back(const std::string& identity);
  /// Takes out the oldest story nobody was told the beginning of and that is over.
  std::optional<NotificationRow> drop_untold();

  std::size_t size() const { return waiting_.size(); }
  std::optional<MonoTime> oldest() const;

 private:
  struct Group {
    std::map<MonoTime, std::set<std::uint64_t>> by_time;
    std::size_t uncommitted = 0;
    MonoTime listed = never_mono;  ///< where it stands in due_
  };
  /// News of one identity in its order.
  struct Chain {
    std::deque<std::uint64_t> numbers;
    bool busy = false;  ///< earlier news is being tried
  };

  /// The number of what news of this alert would replace.
  std::optional<std::uint64_t> place_of(const Chain& chain, const std::string& alert) const;
  std::optional<Added> join(const Chain& chain, Waiting& waiting, MonoTime now);
  void enter(std::uint64_t number);
  void leave(std::uint64_t number);
  void relist(const std::string& name, Group& group);
  void remove(std::uint64_t number);
  NotificationRow replace(std::uint64_t number, Waiting waiting);
  void release_head(std::map<std::string, Chain, std::less<>>::iterator chain);

  Duration patience_;
  std::map<std::uint64_t, Waiting> waiting_;          ///< by number, which is the order of arrival
  std::map<std::string, Group, std::less<>> groups_;  ///< of those that may be in the next message
  std::set<std::pair<MonoTime, std::string>> due_;
  std::map<std::string, Chain, std::less<>> chains_;
  std::set<std::uint64_t> untold_ends_;
};

}  // namespace feedwatch::alert
