#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/engine/control_journal.hpp"
#include "feedwatch/protect/position_book.hpp"

namespace feedwatch::engine {

/// What was decided about one position at one moment: the decisions in their order, and the memory
/// they were made with. One transaction, always.
struct DecidedRows {
  PositionKey position;
  std::vector<JournalRow> rows;
};

struct UnstoredOptions {
  Duration retry_first = 1s;  ///< of what the store has refused; doubling from here
  Duration retry_max = 1min;
  std::uint32_t refusals = 9;       ///< of one, before it is given up for good
  std::size_t suspects = 16;        ///< of those refused before, on their way at a time
  std::size_t batch_rows = 500;     ///< about, of those that go together
  std::size_t of_position = 64;     ///< moments of one position that wait
  std::size_t positions = 200'000;  ///< with something that waits
};

/// Decisions on their way into the store: of one position one moment after the other, each written
/// when the one before it is durable. So the order of rows is that of numbers, whatever the journal
/// refuses, and nobody is told a decision before the ones that were made first.
///
/// What the journal gave up comes back. Refused, it goes alone from then on, after a wait, and
/// after so many refusals it is given up for good: a hole in the numbers is better than a position
/// nothing is told of any more. What had no room waits until there is some, which is nobody's
/// fault. A position that is closed needs none of it. At the bounds what is new is given up.
///
/// Pure: told what happened and `now`, asked what to do. One thread.
class UnstoredDecisions {
 public:
  explicit UnstoredDecisions(UnstoredOptions options = {}) : options_(options) {}

  void add(std::vector<DecidedRows> made, MonoTime now);

  struct Push {
    JournalBatch batch;
    bool suspect = false;  ///< was refused before: one attempt is enough to blame it
  };
  /// To be pushed now, about `room` rows of it at most; answered by on_done(). `next_key` makes the
  /// keys of batches.
  std::vector<Push> due(std::size_t room, const std::function<std::string()>& next_key,
                        MonoTime now);
  /// A batch has ended; of others than its own it takes no notice. Answers the positions of it of
  /// which everything is durable now.
  std::vector<PositionKey> on_done(const JournalBatch& batch, JournalQueue::End end, MonoTime now);

  /// What was given up once is let go, and so will be what is given up from now on.
  void on_closed(const PositionKey& position);
  /// What waits after a refusal is tried now.
  void hurry(MonoTime now);

  /// When a wait ends; never_mono while none does. What waits for room is none of the time's.
  MonoTime next_deadline() const;
  /// Nothing is on its way, and nothing could be.
  bool idle(MonoTime now) const;

  /// Let go, never to be told; since the last call.
  struct GivenUp {
    PositionKey position;
    std::string key;  ///< idempotency key of the (first) decision
    std::string_view why;
  };
  std::vector<GivenUp> take_given_up() { return std::exchange(given_up_, {}); }

  /// The first decision about an open position that is not durable, and is to be told of.
  struct Trouble {
    enum class Type : std::uint8_t {
      late,   ///< it was made too long ago
      again,  ///< the journal gave it up, once or more
      lost    ///< it was given up for good
    };
    PositionKey position;
    std::string key;   ///< idempotency key
    MonoTime since{};  ///< when it was made
    Type type = Type::late;
  };
  /// One of each position, of at most so many of each type: those that were lost first, then those
  /// that were given up, each the oldest first.
  std::vector<Trouble> troubles(Duration late, std::size_t most, MonoTime now) const;
  /// That of one position, if it has any.
  std::optional<Trouble> trouble_of(const PositionKey& position, Duration late, MonoTime now) const;
  /// When the oldest one was made that is not durable.
  std::optional<MonoTime> oldest() const { return all_.oldest(); }

 private:
  struct Entry {
    std::vector<JournalRow> rows;  ///< none while they are on their way
    std::string key;
    MonoTime since{};
    std::uint32_t refusals = 0;
    bool given_up = false;  ///< by the journal, once or more
    bool closed = false;    ///< its position is
  };
  struct Lane {
    std::deque<Entry> entries;  ///< only the first is ever on its way
    bool flying = false;
    MonoTime next{};  ///< not before, after a refusal
  };
  using Lanes = std::map<PositionKey, Lane>;
  using Queue = std::set<std::pair<MonoTime, PositionKey>>;
  struct Flight {
    struct Part {
      PositionKey position;
      std::size_t rows = 0;
    };
    std::vector<Part> parts;
    bool suspect = false;
  };

  /// Positions with a decision each, the oldest first.
  class Roll {
   public:
    void set(const PositionKey& position, MonoTime since, const std::string& key);
    void erase(const PositionKey& position);
    bool contains(const PositionKey& position) const { return by_position_.contains(position); }
    std::optional<MonoTime> oldest() const;
    std::optional<Trouble> find(Trouble::Type type, const PositionKey& position) const;
    /// Adds those that are in no trouble yet, made by then, at most so many.
    void report(Trouble::Type type, MonoTime made_by, std::size_t most,
                std::vector<Trouble>& troubles, std::set<PositionKey>& named) const;

   private:
    struct Item {
      MonoTime since{};
      std::string key;
    };
    std::map<PositionKey, Item> by_position_;
    Queue by_age_;
  };

  void load(const PositionKey& position, JournalBatch& batch, Flight& flight);
  void come_back(Lanes::iterator lane, JournalQueue::End end, MonoTime now);
  void line_up(Lanes::iterator lane);
  void give_up(const PositionKey& position, const Entry& entry, std::string_view why);
  void pop(Lane& lane);

  UnstoredOptions options_;
  Lanes lanes_;
  Queue ready_;     ///< lanes that may go with others, by when the first was made
  Queue suspects_;  ///< lanes whose first was refused, by when it may go
  std::map<std::string, Flight> flights_;  ///< by the key of the batch
  std::size_t flying_suspects_ = 0;
  std::vector<GivenUp> given_up_;
  Roll all_, again_, lost_;  ///< of positions that are open
};

}  // namespace feedwatch::engine
