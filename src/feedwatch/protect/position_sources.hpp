#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/protect/position_book.hpp"
#include "feedwatch/protect/position_disputes.hpp"

namespace feedwatch {

struct PositionSourceOptions {
  Duration unlisted_after = 10s;  ///< absent from a list for so long is a finding
  Duration close_after = 10s;     ///< absent from every list for so long, it is over
  Duration word_holds = 5min;     ///< a list older than that says nothing of what is not in it
  Duration disputed_after = 10s;  ///< listed otherwise than another word has it for so long, too
  Duration failing_after = 3s;    ///< a list that cannot be taken for so long is a finding
};

/// What a source's newest word was. Of what is not listed only `ready` says anything.
enum class ListState : std::uint8_t { unknown, not_ready, ready, incomplete, failing };
constexpr std::string_view to_text(ListState state) {
  constexpr std::array<std::string_view, 5> words{"unknown", "not_ready", "ready", "incomplete",
                                                  "failing"};
  return words[static_cast<std::size_t>(state)];
}

/// What one source says of one position.
struct PositionListing {
  std::string source;
  MonoTime listed{};  ///< last
  std::optional<MonoTime> absent_since;
};

struct PositionSourceView {
  std::string name;
  ListState state = ListState::unknown;  ///< `unknown`: nothing was heard in this run
  std::optional<MonoTime> heard;
  std::string why;           ///< of incomplete and failing
  std::size_t listed = 0;    ///< positions of its newest list
  std::size_t unlisted = 0;  ///< that it listed once, are open, and are not in its newest list
};

/// Lists of positions, as several sources report them whole (semantics §10). Absence from a list
/// destroys nothing: it is a finding about the position, which stays. Only where at least two
/// sources have listed it, nobody has registered it himself, and all of them, ready and lately, say
/// for a while that it is not there, it is over. State machine: told lists and the time; one owner.
/// Bounded by max_sources times the open positions.
class PositionSources {
 public:
  static constexpr std::size_t max_sources = 16;
  static constexpr std::size_t max_name = 100;
  /// Positions that are found to be unlisted at a time: an empty list is one mistake, and not as
  /// many as there are positions. The others are as soon as there is room.
  static constexpr std::size_t max_found = 1'000;

  explicit PositionSources(PositionSourceOptions options = {})
      : options_(options), disputes_(options.disputed_after) {}

  /// Whether a source of that name may report; the error says what is wrong with it.
  Result<void> may_report(std::string_view name) const;
  /// A ready list. `keys`: the open positions that are in it; `faults`: why others are not, empty
  /// when it was taken whole. Only then what is not in it counts as absent. `again`: the list that
  /// was heard last, judged anew; it is no fresher by that.
  void on_list(const std::string& name, const std::vector<PositionKey>& keys, std::string faults,
               MonoTime now, bool again = false);
  /// The same in parts: until its end a list says nothing of what is not in it.
  void on_list_begun(const std::string& name);
  void on_listed(const std::string& name, const PositionKey& key, MonoTime now);
  void on_list_ended(const std::string& name, std::string faults, MonoTime now, bool again = false);
  /// What is not in a list that was taken whole, behind `after` and of so many it has ever listed;
  /// `after` is where to go on. False: there are more.
  bool note_absences(const std::string& name, PositionKey& after, std::size_t limit, MonoTime now);
  /// It says that it does not know (yet).
  void on_not_ready(const std::string& name, MonoTime now);
  /// Its list cannot be read, or is none.
  void on_failing(const std::string& name, std::string why, MonoTime now);
  /// It reports no more; what it listed stays. False: it is not known.
  bool forget(const std::string& name, MonoTime now);

  /// A list has registered it, or somebody himself: then lists do not end it. What is neither they
  /// do not end either. To be told after restore() too: it is kept with the position.
  void on_registered_by_list(const PositionKey& key) { listed_only_.insert(key); }
  void on_registered_by_hand(const PositionKey& key);
  /// It is over.
  void on_closed(const PositionKey& key);

  /// Judges so many positions at a time; the others are due still.
  void on_time(MonoTime now);
  /// When on_time() has something to do; never_mono: nothing.
  MonoTime next_deadline() const;

  /// A position that a list does not name any more, since when; once, and when that changes.
  struct Unlisted {
    PositionKey key;
    bool present = false;
    MonoTime since{};
  };
  std::vector<Unlisted> take_unlisted() { return std::exchange(unlisted_found_, {}); }
  /// A source whose list cannot be taken (whole).
  struct Failing {
    std::string name;
    bool present = false;
    MonoTime since{};
    std::string why;
  };
  std::vector<Failing> take_failing() { return std::exchange(failing_found_, {}); }
  /// What every one of its sources says to be gone; the owner closes it.
  std::vector<PositionKey> take_over() { return std::exchange(over_, {}); }

  /// What they say of a position beside the word that counts; told of absences by this.
  PositionDisputes& disputes() { return disputes_; }

  /// Whether the position is in its newest list.
  bool lists(const std::string& name, const PositionKey& key) const;
  /// Whether the source has had no word on the position for a while: it is none (any more), or its
  /// lists have been without it for `unlisted_after`.
  bool has_left(const std::string& name, const PositionKey& key, MonoTime now) const;
  /// Of one position, by source.
  std::vector<PositionListing> listings(const PositionKey& key) const;
  /// Whether any that listed it does not any more.
  bool is_absent(const PositionKey& key) const;
  std::vector<PositionSourceView> views() const;
  std::optional<PositionSourceView> view(const std::string& name) const;

  /// What a later run has to know, as bytes for a StateStore; version 2.
  std::string encode(const WallAnchor& anchor) const;
  /// Of an earlier run: until its first list each source is unknown. Damaged bytes are nothing.
  void restore(std::string_view bytes, const WallAnchor& anchor,
               const std::function<bool(const PositionKey&)>& is_open);
  /// Whether encode() would say something else than when this was last asked.
  bool take_changed() { return std::exchange(changed_, false); }

 private:
  struct Listing {
    MonoTime listed{};
    std::optional<MonoTime> absent_since;
    std::uint64_t list = 0;  ///< number of the newest list it was in
  };
  struct Source {
    ListState state = ListState::unknown;
    std::optional<MonoTime> heard;
    std::optional<MonoTime> failing_since;
    std::string why;
    bool told = false;     ///< that it fails
    bool settled = false;  ///< what was told of it in an earlier run has ended, if it has
    std::uint64_t lists = 0;
    std::map<PositionKey, Listing> listings;
  };
  using Sources = std::map<std::string, Source, std::less<>>;

  Source& heard_of(const std::string& name, ListState state, MonoTime now);
  void set_trouble(const std::string& name, Source& source, std::string why, MonoTime now);
  bool judge(const PositionKey& key, MonoTime now, bool changed);
  bool is_over(const PositionKey& key, MonoTime now) const;
  static PositionSourceView view_of(const std::string& name, const Source& source);

  PositionSourceOptions options_;
  Sources sources_;
  std::set<PositionKey> listed_only_;  ///< nobody has registered them himself
  std::set<PositionKey> unlisted_;     ///< found
  std::set<PositionKey> unsettled_;    ///< perhaps found in an earlier run, and not judged in this
  std::set<std::pair<MonoTime, PositionKey>> due_;
  PositionDisputes disputes_;
  std::vector<Unlisted> unlisted_found_;
  std::vector<Failing> failing_found_;
  std::vector<PositionKey> over_;
  bool changed_ = false;
};

}  // namespace feedwatch
