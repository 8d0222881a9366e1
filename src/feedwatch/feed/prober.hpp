#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
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
  std::size_t at_once = 4;   ///< requests under way
};

/// Quiet or dead: asks REST what silent streams should show, and says what the answers mean
/// (semantics §7). Knows no HTTP: its owner asks for those that are due and tells the answers.
///
/// The same price as the stream's newest one is a quiet market, for as long as the word is fresh;
/// another one means that the feed has missed it, unless a tick comes within the settling time. Of
/// a stream that never had a price two answers are compared. What has been missed stays missed
/// until the stream ticks; it is found again each time the market has moved on. Requests keep
/// within our share of the venue's limit; who has waited longest is asked first. Pure; one owner,
/// not thread-safe.
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
  struct Question {
    StreamId stream;
    std::uint64_t number = 0;  ///< goes back with the answer
  };

  explicit Prober(Budget requests, ProbeOptions options = {})
      : requests_(std::move(requests)), options_(options) {}

  /// The stream is silent: it is asked about from now on. `known` is its newest price, if any.
  void watch(StreamId stream, const std::optional<Known>& known, MonoTime now);
  /// It ticks again, or nobody wants it any more.
  void leave(StreamId stream);

  /// What to ask now, if anything is due; it is under way until one of the two below is called.
  std::optional<Question> take_due(MonoTime now);
  void on_answer(const Question& question, const Known& told, MonoTime now);
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
    std::uint64_t asked = 0;  ///< number of the question under way; 0 = none
    std::size_t failures = 0;
    std::optional<MonoTime> quiet_at;    ///< newest word that nothing moved, while it counts
    std::optional<MonoTime> differs_at;  ///< settling: another price, and no tick yet
    bool missed = false;
  };

  void judge(StreamId stream, Watch& watch, bool moved, MonoTime now);
  void find(StreamId stream, Verdict verdict) { findings_.push_back({stream, verdict}); }
  static bool same(const Known& a, const Known& b);
  static bool older(const Known& told, const Known& known);
  Watch* answered(const Question& question);
  void fail(StreamId stream, Watch& watch, MonoTime now);

  Budget requests_;
  ProbeOptions options_;
  std::map<StreamId, Watch> watched_;
  std::size_t under_way_ = 0;
  std::uint64_t questions_ = 0;
  MonoTime not_before_{};
  std::vector<Finding> findings_;
};

}  // namespace feedwatch::feed
