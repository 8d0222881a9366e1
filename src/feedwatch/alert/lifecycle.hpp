#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/alert/memory.hpp"

namespace feedwatch::alert {

struct LifecycleOptions {
  Duration keep_firing = 60s;  ///< a condition that ended has to stay ended this long
  Duration repeat = 4h;        ///< an alert still true is told again this often; zero = never
  WallAnchor anchor{};         ///< ids hold the UTC moment of firing, so that runs never collide
};

/// Whether the end of a condition was seen, or there is merely nothing that says it holds.
enum class Evidence : std::uint8_t { none, seen };

/// pending → firing → resolved, one open alert per identity (semantics §9).
///
/// A condition fires when it has been true for its hold, is dated with the moment it became true,
/// and resolves when it has been false for keep_firing. A pending alert that ends before its hold
/// leaves no trace.
/// Severity only rises, and a rise ends an acknowledgement. State machine: told `now`, appends
/// changes, holds no timer: call on_time() at next_deadline(), which costs nothing that grows with
/// the number of alerts. One owner, not thread-safe.
class Lifecycle {
 public:
  explicit Lifecycle(LifecycleOptions options);

  /// Other times from now on; a repeat that is due keeps its moment.
  void set_options(LifecycleOptions options);

  /// An alert that fired in an earlier run: open, its condition not yet judged in this one.
  void restore(Alert alert, MonoTime now);
  /// What the earlier run wrote with memory(), after its open alerts. A condition that still holds
  /// goes on from where it began, and fires no sooner than `settling` from now; one that had ended
  /// resolves on its old date, once this run has seen that it does not hold.
  void remember(const std::vector<Remembered>& memory, MonoTime now);
  /// An open alert that another writer has made or changed: from now on it is this one's. True when
  /// it was not known.
  bool adopt(Alert alert, MonoTime now);
  /// Another writer has ended it: nothing is told.
  void forget(std::string_view identity);
  /// The condition is true.
  void raise(const Finding& finding, MonoTime now, std::vector<Change>& out);
  /// The condition ended at `at`. Without evidence a restored alert stays as it is.
  void clear(std::string_view identity, MonoTime at, Evidence evidence);
  /// The subject is gone or another alert has taken over: resolved now, without keep_firing.
  void retire(std::string_view identity, MonoTime now, std::vector<Change>& out);

  /// Told again before its time, because another of its group is; the next time is an interval
  /// later. Not twice at one moment.
  void repeat(std::string_view identity, MonoTime now, std::vector<Change>& out);
  /// Of a firing alert; nullopt takes it back. False when there is none, or nothing to take back.
  bool acknowledge(std::string_view identity, std::optional<Ack> ack, MonoTime now,
                   std::vector<Change>& out);

  /// A change has been told in these words; the alert is shown with them from now on.
  void reword(const Alert& told);

  void on_time(MonoTime now, std::vector<Change>& out);
  MonoTime next_deadline() const;

  /// Identities that began, fired, ended or stopped being true since the last call.
  std::vector<std::string> take_moved() { return std::exchange(moved_, {}); }
  /// What a later run has to know beside the rows of the open alerts, and whether that has changed
  /// since memory() was last called.
  std::vector<Remembered> memory();
  bool memory_changed() const { return memory_changed_; }

  /// Pending or firing; nullptr when there is none. Valid until the next call that changes
  /// anything.
  const Alert* find(std::string_view identity) const;
  /// The open alert of that id, or nullptr. Looks at all of them.
  const Alert* find_id(std::string_view id) const;
  /// Firing, and its condition still true.
  bool is_active(std::string_view identity) const;
  /// Restored ones nobody has judged in this run.
  std::vector<std::string> unjudged() const;
  /// Open ones in the order of their identities.
  std::vector<Alert> open() const { return in(State::firing); }
  std::vector<Alert> pending() const { return in(State::pending); }

 private:
  struct Entry {
    Alert alert;
    Duration hold{};
    Duration repeat{};  ///< of its own; zero = as any other
    bool judged = true;
    std::optional<MonoTime>
        cleared;  ///< since when the condition is false; when pending, it had held long enough
    MonoTime next_repeat{};
    MonoTime repeated = MonoTime::min();    ///< when it was told again last
    MonoTime not_before = MonoTime::min();  ///< it does not fire sooner
    MonoTime indexed = never_mono;          ///< its place in `deadlines_`
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  /// After a start everything is silent for a moment: connections take so long.
  static constexpr Duration settling = 3s;
  /// What was pending when nobody has looked for so long says nothing.
  static constexpr Duration remembered_for = 1min;

  std::vector<Alert> in(State state) const;
  void begin(const Finding& finding, MonoTime now, std::vector<Change>& out);
  void renew(Entry& entry, const Finding& finding, MonoTime now, std::vector<Change>& out);
  void fire(Entry& entry, MonoTime at, std::vector<Change>& out);
  Entries::iterator resolve(Entries::iterator entry, MonoTime at, std::vector<Change>& out);
  Duration repeat_of(const Entry& entry) const {
    return entry.repeat > Duration::zero() ? entry.repeat : options_.repeat;
  }
  void set_repeat(Entry& entry, Duration repeat, MonoTime now) const;
  void pass_repeats(Entry& entry, MonoTime now) const;
  MonoTime deadline(const Entry& entry) const;
  void changed(Entries::iterator entry);
  Entries::iterator erase(Entries::iterator entry);

  LifecycleOptions options_;
  Entries entries_;
  std::set<std::pair<MonoTime, std::string_view>> deadlines_;  ///< of `entries_`, whose keys it has
  std::map<std::string, MonoTime, std::less<>> remembered_;    ///< pending ones of an earlier run
  MonoTime remembered_at_{};
  std::vector<std::string> moved_;
  bool memory_changed_ = false;
};

}  // namespace feedwatch::alert
