#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/feed/budget.hpp"
#include "feedwatch/model/tick.hpp"

namespace feedwatch::feed {

struct ProbeOptions {
  Duration again = 45s;      ///< a quiet market is asked about again: the word lasts a minute
  Duration bridge = 15s;     ///< a stream that does not tick is asked for its price so often
  Duration retry = 5s;       ///< after an answer that did not come
  Duration settle = 2s;      ///< a tick under way may still bring what REST already knows
  Duration fresh = 60s;      ///< how long a word of REST excuses silence (semantics §4)
  std::size_t failures = 2;  ///< answers missing in a row that count as no word
  Duration in_time = 10s;    ///< waiting ones are asked one by one if that takes no longer
  Duration alone = 10min;    ///< what a list does not tell is asked one by one so long
  std::size_t at_once = 4;   ///< requests under way
};

/// Quiet or dead: asks REST what silent streams should show, and says what the answers mean
/// (semantics §7). Knows no HTTP: its owner asks for those that are due and tells the answers.
///
/// The same price as the stream's newest one is a quiet market, for as long as the word is fresh;
/// another one means that the feed has missed it, unless a tick comes within the settling time. Of
/// a stream that never had a price two answers are compared. What has been missed stays missed
/// until the stream ticks; it is found again each time the market has moved on. Requests keep
/// within our share of the venue's limit; those past their limit are asked first, then who has
/// waited longest. Where one request tells of all symbols, and more wait than can be asked one by
/// one in time, one question is asked for all of them. Pure; one owner, not thread-safe.
class Prober {
 public:
  enum class Verdict : std::uint8_t {
    quiet,       ///< the market has not moved
    quiet_past,  ///< that was said too long ago to count
    missed,      ///< it moved, and the feed did not say so
    no_word,     ///< REST did not answer
  };
  struct Finding {
    StreamId stream;
    Verdict verdict = Verdict::quiet;
    friend bool operator==(const Finding&, const Finding&) = default;
  };
  /// A price, and what it is compared with another by: the sequence number where both have one,
  /// else the price itself.
  struct Known {
    Prices prices;
    std::optional<std::uint64_t> seq;
    std::optional<WallTime> ts_event;  ///< venue clock
  };
  /// Streams whose prices stand in one answer of REST have the same list.
  using List = std::uint32_t;
  static constexpr List no_list = 0;
  struct Question {
    std::vector<StreamId> streams;  ///< one, or several of a list
    bool all = false;               ///< of the list: one request tells of all of them
    List list = no_list;            ///< whose, then
    std::uint64_t number = 0;       ///< goes back with the answer
  };

  /// `all_costs`: so many requests one for a whole list counts as.
  explicit Prober(Budget requests, ProbeOptions options = {}, std::uint32_t all_costs = 1)
      : requests_(std::move(requests)), options_(options), all_costs_(all_costs) {}

  /// The stream is silent: it is asked about from now on. `known` is its newest price, if any.
  void watch(StreamId stream, const std::optional<Known>& known, MonoTime now, List list = no_list);
  /// It ticks again, or nobody wants it any more.
  void leave(StreamId stream);
  /// Whether its price is past its limit: it is asked about before those that are not. Dropped for
  /// a stream that is not watched.
  void set_past_limit(StreamId stream, bool past);

  /// What to ask now, if anything is due; it is under way until one of the two below is called.
  std::optional<Question> take_due(MonoTime now);
  /// `told` as the question's streams; one that a list does not tell is asked about by itself for a
  /// while. Empty: what came is no list. It is asked for again, and a second time it is given up
  /// for a while.
  void on_answer(const Question& question, std::span<const std::optional<Known>> told,
                 MonoTime now);
  void on_failure(const Question& question, MonoTime now);
  /// The venue itself tells, by a count of its trades, whether anything happened since the stream's
  /// newest price. Dropped for a stream that is not watched.
  void on_word(StreamId stream, bool moved, MonoTime now);
  /// Another request of ours that counts against the same share.
  void charge(MonoTime now) { requests_.charge(now); }
  MonoTime next_allowed(MonoTime now) const { return requests_.next_allowed(now); }
  bool watches(StreamId stream) const { return watched_.contains(stream); }
  /// REST asked for patience: nobody is asked before.
  void hold(MonoTime until) { not_before_ = std::max(not_before_, until); }

  void on_time(MonoTime now);
  MonoTime next_deadline(MonoTime now) const;
  /// Appends what has become known since the last call.
  void take_findings(std::vector<Finding>& out);
  std::size_t watched() const { return watched_.size(); }

 private:
  struct Watch {
    std::optional<Known> known;
    std::optional<Known> told;  ///< by REST, newest
    MonoTime due{};
    List list = no_list;
    bool past_limit = false;
    MonoTime alone_until{};   ///< not asked about with its list before
    std::uint64_t asked = 0;  ///< number of the question under way; 0 = none
    std::size_t failures = 0;
    std::optional<MonoTime> quiet_at;    ///< newest word that nothing moved, while it counts
    std::optional<MonoTime> differs_at;  ///< settling: another price, and no tick yet
    bool missed = false;
  };

  using Watches = std::map<StreamId, Watch>;
  /// What would be asked now if the budget has it; `first` is the end when nothing is due.
  struct Turn {
    Watches::const_iterator first;
    bool all = false;
  };

  Turn next_turn(MonoTime now) const;
  std::vector<StreamId> asked_with(const Turn& turn, MonoTime now) const;
  std::uint32_t costs(const Turn& turn) const { return turn.all ? all_costs_ : 1; }
  static bool waits(const Watch& watch, MonoTime now) {
    return watch.asked == 0 && watch.due <= now;
  }
  static bool listed(const Watch& watch, MonoTime now) {
    return watch.list != no_list && watch.alone_until <= now;
  }
  void judge(StreamId stream, Watch& watch, bool moved, MonoTime now);
  void find(StreamId stream, Verdict verdict) { findings_.push_back({stream, verdict}); }
  static bool same(const Known& a, const Known& b);
  static bool older(const Known& told, const Known& known);
  Watch* answered(StreamId stream, const Question& question);
  void hear(StreamId stream, Watch& watch, const Known& told, MonoTime now);
  void leave_list(Watch& watch, MonoTime now);
  bool gives_up(List list, bool is_list);
  void fail(StreamId stream, Watch& watch, MonoTime now);

  Budget requests_;
  ProbeOptions options_;
  std::uint32_t all_costs_ = 1;
  Watches watched_;
  std::size_t under_way_ = 0;
  std::uint64_t questions_ = 0;
  std::map<List, std::size_t> not_lists_;  ///< how often in a row something else was answered
  MonoTime not_before_{};
  std::vector<Finding> findings_;
};

}  // namespace feedwatch::feed
