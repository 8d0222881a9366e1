#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/histogram.hpp"
#include "feedwatch/base/ports/decisions.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/engine/decision_mark.hpp"
#include "feedwatch/protect/position_book.hpp"

namespace feedwatch::engine {

/// The newest so many keys.
class RecentKeys {
 public:
  explicit RecentKeys(std::size_t most) : most_(most) {}
  void add(const std::string& key);
  bool take(const std::string& key) { return keys_.erase(key) > 0; }
  bool empty() const { return keys_.empty(); }

 private:
  std::size_t most_;
  std::set<std::string> keys_;
  std::deque<std::string> order_;
};

struct DecisionOutboxOptions {
  Duration retry_first = 500ms;  ///< exponential with jitter from here
  Duration retry_max = 10s;
  Duration retry_after_max = 1min;  ///< a receiver may not silence us for longer
  Duration attempt_limit = 30s;     ///< one not answered by then is made again
  Duration store_patience = 10s;    ///< so long is what is new kept for a store that cannot be read
  Duration read_limit = 15s;        ///< a reading not answered by then is asked again
  Duration read_pause = 1s;         ///< between readings that are in no hurry
  Duration look_back = 1min;        ///< before its first start, a new receiver is told of
  std::size_t in_flight = 16;       ///< attempts at a time
  std::size_t page = 500;           ///< rows of one reading
  std::size_t rows = 10'000;        ///< kept in memory, and one more of each position
  std::size_t rows_of_position = 64;  ///< of these of one position
  std::size_t known =
      200'000;                ///< undelivered, kept as their place alone; and positions, see below
  std::size_t told = 20'000;  ///< keys delivered while their place was not known yet
  std::uint64_t seed = 1;     ///< of the jitter
};

/// Decisions on their way to one receiver: at least once, of each position one after the other in
/// the order they were written (positions are told apart by venue, symbol and id).
///
/// The next decision of a position leaves when the one before it was taken, or refused for good.
/// What may pass is tried again for as long as it takes: `retry` after a wait of that position
/// alone, `gone` after one of the receiver. Nothing expires.
///
/// A decision is told twice: by decided() as it is made, and by the store with its place (`seq`).
/// Both are the same one by their key; the first lets it leave at once, also while the database is
/// away, the second lets mark() say how far everything is delivered. What has no room is read
/// again. With `known` positions waiting, those of others are left to be read, in order: as many
/// again at most, and a page. After a restart it goes on from the mark. Until what was written
/// before is known, what is new waits behind it; a store that cannot be read is waited for
/// `store_patience` only.
///
/// Pure: told what happened and `now`, asked what to do. One thread.
class DecisionOutbox {
 public:
  /// `mark`: what mark() said in an earlier run; nothing when this is the receiver's first.
  DecisionOutbox(DecisionOutboxOptions options, const std::optional<std::string>& mark,
                 const WallAnchor& started);

  /// A decision is durable.
  void decided(const PositionDecisionRow& row, MonoTime now);

  /// To be made now; answered by on_result(). Late answers of an attempt that was given up, and
  /// second ones, are nothing.
  struct Attempt {
    std::uint64_t number = 0;
    PositionDecisionRow row;
  };
  std::vector<Attempt> due(MonoTime now);
  /// Says whether the decision was refused for good.
  bool on_result(std::uint64_t number, const SinkResult& result, MonoTime now);

  /// To be asked of the store now; answered by on_read().
  struct Reading {
    std::uint64_t number = 0;
    std::int64_t after = 0;
    std::size_t limit = 0;
  };
  std::optional<Reading> reading(MonoTime now);
  void on_read(std::uint64_t number, const Result<std::vector<WrittenDecision>>& read,
               MonoTime now);

  MonoTime next_deadline() const;
  /// What has to be remembered, if that has changed since it was last asked for.
  std::optional<std::string> take_mark();

  /// Nothing is on its way, and nothing that was never tried could leave.
  bool idle(MonoTime now) const;
  struct Health {
    std::size_t pending = 0;         ///< known and not delivered
    std::size_t positions = 0;       ///< something of them waits, or has to be read
    std::optional<MonoTime> oldest;  ///< since when the one that waits longest is known
    std::string position;            ///< of that one
    std::uint32_t failures = 0;      ///< of it, in a row
    std::string last_error;          ///< of the newest failed attempt
    std::optional<MonoTime> last_success;
    std::optional<MonoTime> refused_at;  ///< the newest that was refused for good
    std::string refused;                 ///< its key, and the answer
    bool settled = false;                ///< all that was written is known, and none fails
  };
  Health health() const;
  struct Counters {
    std::uint64_t delivered = 0, refused = 0, retries = 0;
    std::uint64_t lost = 0;  ///< no longer in the store when their turn came
  };
  const Counters& counters() const { return counters_; }
  std::size_t capacity() const { return options_.known; }
  /// How long deliveries took, from when the decision was known.
  Histogram::Snapshot took() const { return took_.snapshot(); }

 private:
  struct Entry {
    std::int64_t seq = 0;                    ///< 0 = not known yet: then the row is here
    std::optional<PositionDecisionRow> row;  ///< absent = to be read again
    MonoTime since{};
  };
  struct Lane {
    std::deque<Entry> waiting;  ///< those without a place are the last ones
    std::size_t rows = 0;       ///< of these in memory
    std::string skipped;        ///< newest that had no room: what comes later comes by reading
    bool partial = false;  ///< begun by reading, while some may be unread that were turned away
    std::optional<MonoTime> head_since;  ///< as in heads_
    std::uint32_t failures = 0;
    MonoTime next = MonoTime::min();  ///< not before is it tried again
    std::uint64_t flying = 0;         ///< number of the attempt; 0 = none
  };
  using Lanes = std::map<PositionKey, Lane>;
  struct Flight {
    PositionKey lane;
    MonoTime ends{};
  };

  bool has_room(const Lane& lane) const;
  bool turns_away(Lanes::iterator lane) const;
  void skip(Lane& lane, const PositionDecisionRow& row);
  void end_turning_away();
  void note_head(Lanes::iterator lane);
  bool may_leave(const Lane& lane) const;
  void look_at_head(Lanes::iterator lane);
  void end_flights(MonoTime now);
  void finish(Lanes::iterator lane);
  void pop_head(Lane& lane);
  void failed(Lanes::iterator lane, const SinkResult& result, MonoTime now);
  Duration wait_after(std::uint32_t failures);

  void take_new(const WrittenDecision& written, MonoTime now);
  void take_again(const WrittenDecision& written);
  bool give_place(Lane& lane, const WrittenDecision& written);
  void insert(Lanes::iterator lane, const WrittenDecision& written, MonoTime now);
  void give_row(Lane& lane, Entry& entry, const PositionDecisionRow& row);
  void drop_missing(std::int64_t wanted, const std::vector<WrittenDecision>& rows);
  void let_new_leave();
  std::optional<std::int64_t> wanted_place() const;

  DecisionOutboxOptions options_;
  DecisionMark from_;  ///< of the earlier run
  Random random_;
  Histogram took_{latency_bounds};

  Lanes lanes_;
  std::set<std::pair<MonoTime, PositionKey>> ready_;  ///< lanes whose head may leave from then on
  std::set<std::pair<MonoTime, PositionKey>> heads_;  ///< lanes by since when their head is known
  std::map<std::int64_t, PositionKey> open_;          ///< known places that are not delivered
  std::map<std::uint64_t, Flight> flights_;
  std::set<std::int64_t> hungry_;  ///< places of heads whose row has to be read again
  RecentKeys told_;                ///< delivered while their place was unknown
  RecentKeys read_;                ///< read before decided() has told of them
  std::string turned_away_;        ///< newest of a position there was no lane for
  std::size_t rows_ = 0;           ///< in memory
  std::size_t unplaced_ = 0;       ///< entries without a place
  std::size_t skipping_ = 0;       ///< lanes that have skipped
  std::size_t failing_ = 0;        ///< lanes whose head has failed
  std::uint64_t numbers_ = 0;

  std::int64_t read_to_ = 0;  ///< every place up to here is known
  bool behind_ = true;        ///< more was written than has been read
  bool caught_up_ = false;    ///< the end of what was written has been seen once
  bool new_may_leave_ = false;
  MonoTime read_at_;  ///< the newest reading that succeeded, or was not wanted
  std::optional<Reading> asked_;
  MonoTime asked_at_{};
  MonoTime next_reading_ = MonoTime::min();

  MonoTime paused_until_ = MonoTime::min();  ///< the receiver takes nothing until then
  std::uint32_t gone_ = 0;
  bool mark_changed_ = true;
  Counters counters_;
  std::string last_error_, refused_;
  std::optional<MonoTime> last_success_, refused_at_;
};

}  // namespace feedwatch::engine
