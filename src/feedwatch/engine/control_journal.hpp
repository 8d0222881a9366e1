#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "feedwatch/base/histogram.hpp"
#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/health/evidence.hpp"

namespace feedwatch::engine {

struct JournalQueueOptions {
  Duration retry_first = 100ms;
  Duration retry_max = 5s;
  Duration hang_limit = 10s;       ///< no answer for so long counts as trouble
  Duration probe_interval = 30s;   ///< an idle store is asked whether it still answers
  std::uint32_t poison_after = 5;  ///< failures of one batch before the store itself is asked
  std::uint32_t strikes = 3;       ///< refusals with a store that answers before a batch is dropped
  std::size_t max_rows = 100'000;  ///< a storm of ten thousand alerts fits
  std::size_t group_rows = 10'000;  ///< about, of the batches that go to the journal together
  std::uint64_t seed = 1;
  std::string run;  ///< prefix of keys, unique per run
};

/// The control's batches in the order they were made, a group of them at a time: a later row never
/// overtakes an earlier one that failed. A failed batch is tried again, alone (exponential,
/// jitter), until it succeeds. One that the store refuses again and again while it takes an empty
/// batch in between is itself at fault and is dropped, counted.
///
/// Bounded by rows. At the bound the oldest telemetry gives way first, then the oldest update of a
/// notification, an alert's own rows last. Acts through the Journal port only; on_time() begins
/// attempts. Safe to destroy while a commit is under way.
class JournalQueue {
 public:
  enum class Type : std::uint8_t { alert, notification, telemetry };
  /// How it ended: durable, or given up, because the store does not take it or because there was
  /// no room for it.
  enum class End : std::uint8_t { written, refused, crowded_out };
  using OnDone = std::function<void(const JournalBatch& batch, End end)>;

  JournalQueue(Journal& journal, const Clock& clock, JournalQueueOptions options);

  /// `on_done` per batch that ended; `on_answer` after every answer of the journal.
  void set_callbacks(OnDone on_done, std::function<void()> on_answer);

  /// `suspect`: it holds what was refused before, and will be pushed again by whoever has it. It
  /// goes alone, after an empty batch, is given up when it is refused once more, and not counted as
  /// dropped again.
  void push(JournalBatch batch, Type type, MonoTime now, bool suspect = false);
  /// A key that no other batch of any run has.
  std::string next_key(std::string_view kind);
  void on_time(MonoTime now);
  MonoTime next_deadline() const;

  bool empty() const { return queue_.empty(); }
  std::size_t pending() const { return queue_.size(); }
  std::size_t rows() const { return rows_; }
  std::size_t max_rows() const { return options_.max_rows; }
  /// Since when commits fail or hang; nothing while all is well.
  std::optional<MonoTime> trouble_since(MonoTime now) const;
  health::StoreEvidence evidence(MonoTime now) const;
  std::uint64_t commits() const { return commits_; }
  /// How long the journal took to answer well, from the question on.
  Histogram::Snapshot took() const { return took_.snapshot(); }
  std::uint64_t errors() const { return errors_; }
  std::uint64_t dropped_rows() const { return dropped_; }
  const std::string& last_error() const { return last_error_; }

 private:
  struct Entry {
    JournalBatch batch;
    Type type = Type::alert;
    MonoTime pushed{};
    std::uint32_t failures = 0;
    std::uint32_t strikes = 0;  ///< refused right after the store took an empty batch
    bool vouched = false;       ///< the store has just taken an empty batch
    bool suspect = false;
  };

  void begin(MonoTime now);
  std::vector<JournalBatch> next_group() const;
  void commit(std::vector<JournalBatch> group, MonoTime now);
  void answered(const std::expected<void, Error>& result);
  void took_one();
  void ended(MonoTime now);
  void tell(MonoTime now);
  void failed(const Error& error, MonoTime now);
  bool blame_head();
  using Queue = std::map<std::uint64_t, Entry>;  ///< the oldest first, by the number of its push
  void pop(Queue::iterator it, End end);
  void make_room();
  std::set<std::uint64_t>& of_type(Type type) { return by_type_[static_cast<std::size_t>(type)]; }

  Journal& journal_;
  const Clock& clock_;
  JournalQueueOptions options_;
  OnDone on_done_;
  std::function<void()> on_answer_;
  Queue queue_;
  std::array<std::set<std::uint64_t>, 3> by_type_;
  std::uint64_t pushed_ = 0;
  std::size_t rows_ = 0;
  std::size_t in_flight_ = 0;        ///< answers still to come
  std::uint64_t behind_flight_ = 0;  ///< the first that is not of the group in flight, if one is
  std::size_t passed_over_ = 0;      ///< at the front, of the group in flight: they failed
  std::optional<Error> group_error_;
  bool probing_ = false;  ///< what is in flight is an empty batch in front of a suspicious head
  MonoTime began_{};
  MonoTime told_ = MonoTime::min();  ///< the newest `now` heard of
  MonoTime answer_told_ = MonoTime::min();
  MonoTime next_attempt_ = MonoTime::min();
  MonoTime next_probe_ = MonoTime::min();
  std::optional<MonoTime> failing_since_;
  std::optional<MonoTime> last_success_;
  std::uint64_t consecutive_ = 0, refused_in_a_row_ = 0;
  std::uint64_t commits_ = 0, errors_ = 0, dropped_ = 0, dropped_at_success_ = 0, keys_ = 0;
  std::string last_error_;
  Histogram took_{latency_bounds};
  Random random_;
  std::shared_ptr<JournalQueue*> alive_;  ///< last: answers that come later find nobody
};

}  // namespace feedwatch::engine
