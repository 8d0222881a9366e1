#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include "feedwatch/store/backend.hpp"
#include "feedwatch/store/completions.hpp"
#include "feedwatch/store/local_copy.hpp"
#include "feedwatch/store/open_alerts.hpp"
#include "feedwatch/store/spool.hpp"
#include "feedwatch/store/state_cache.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::store {

/// The Store over any Backend.
///
/// Callers only put batches into a bounded queue. The writer thread takes them in groups: to the
/// database, or, once a commit has failed, to the spool, which is replayed in order before anything
/// newer goes to the database again. Batches that neither takes are held, in order, inside the
/// queue's bounds. Lifecycle: construct → start (loads, replays, starts the thread) → close.
/// Owns backend and spool; thread-safe as Store says.
class AsyncStore final : public Store {
 public:
  struct Parts {
    std::unique_ptr<Backend> backend;
    Spool spool;
    std::unique_ptr<LocalCopy> copy;  ///< of a database that may be out of reach; else nullptr
  };
  AsyncStore(StoreOptions options, Parts parts, Clock& clock, Mailbox& mailbox);
  ~AsyncStore() override;
  AsyncStore(const AsyncStore&) = delete;
  AsyncStore& operator=(const AsyncStore&) = delete;

  /// Error when the database cannot be read. `reached` false: it is known to be out of reach, and
  /// the copy has to do until it is met.
  Result<void> start(bool reached = true);

  void commit(JournalBatch batch, Done done) override;
  void commit_group(std::vector<JournalBatch> group, Each each) override;
  void create_alert(AlertRequest request, Created done) override;
  void resolve_alert(std::string id, Created done) override;
  void create_aged_monitoring_event(AgedEventRequest request, Created done) override;
  void probe(Probed done) override;
  std::optional<std::string> get(const std::string& key) const override;
  void put(const std::string& key, std::string value) override;
  void update(const std::string& key, const Change& change) override;
  Result<std::unique_ptr<Query>> reader() const override;
  StoreHealth health() const override;
  Result<void> close(Duration limit) override;

 private:
  static constexpr std::size_t group_rows = 2000;  ///< of one transaction
  struct Pending {
    JournalBatch batch;
    Done done;
    std::size_t bytes = 0;
    WallTime accepted{};
  };

  // Callers' side; `lock` holds mutex_.
  /// False: refused, and `done` is on its way.
  bool accept(JournalBatch batch, Done done);
  void accept_alert(JournalBatch batch, Created done);
  void refuse(Error error, Created done);
  std::optional<Error> refusal(const JournalBatch& batch, std::size_t bytes) const;
  std::string fresh_id(const char* prefix);

  // The writer's side.
  void run();
  void wait_for_work();
  void take_queue();
  void settle();
  bool commit_held();
  bool spool_held();
  Result<void> begin_with_database();
  Result<void> begin_with_copy();
  void recover();
  bool replay_slice();
  bool meet();
  bool end_meeting();
  void keep_copy(std::span<const JournalBatch* const> group);
  void flush_copy();
  void refresh_copy();
  void flush_state();
  void run_probes();
  void prune();
  void finish(std::size_t count, const std::vector<BatchOutcome>& outcomes);
  void finish_one(Pending pending, const BatchOutcome& outcome);
  void succeeded();
  void failed(const std::string& why);
  void count(const std::vector<BatchOutcome>& outcomes);
  void reload_open_alerts();
  void keep_state(const StateRecords& records, std::uint64_t changes, bool sent);
  bool state_at_risk() const;
  bool closing() const;
  bool finished();

  const StoreOptions options_;
  const std::unique_ptr<Backend> backend_;
  Clock& clock_;
  const std::shared_ptr<Completions> completions_;
  StateCache state_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable stopped_cv_;
  // Guarded by mutex_.
  std::deque<Pending> queue_;
  std::size_t pending_rows_ = 0;   ///< of queue_ and held_
  std::size_t pending_bytes_ = 0;  ///< of queue_ and held_
  std::deque<WallTime> accepted_;  ///< of queue_ and held_, oldest first
  std::vector<Probed> probes_;
  OpenAlerts open_alerts_;
  StoreHealth health_;
  std::string run_id_;
  std::uint64_t ids_ = 0;
  bool closing_ = false;
  bool give_up_ = false;
  bool stopped_ = true;

  // The writer's own.
  Spool spool_;
  std::deque<Pending> held_;
  const std::unique_ptr<LocalCopy> copy_;
  /// The database has not been reached since the start: what it holds is still to be met.
  std::atomic<bool> unmet_ = false;
  /// Its open alerts as the replay of the spool makes them, while it is being met.
  std::optional<OpenAlerts> meeting_;
  std::size_t copy_batches_ = 0;  ///< since its last flush
  MonoTime refresh_due_{};
  std::uint64_t copied_state_ = 0;  ///< changes of the state that the copy has, when it has all
  bool down_ = false;
  MonoTime retry_at_{};
  Duration backoff_{};
  MonoTime state_due_{};
  MonoTime prune_due_{};

  std::thread writer_;  // last: everything above outlives it
};

}  // namespace feedwatch::store
