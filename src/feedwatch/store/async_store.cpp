#include "feedwatch/store/async_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "feedwatch/store/batch_codec.hpp"

namespace feedwatch::store {
namespace {

constexpr std::size_t max_probes = 16;
constexpr Duration prune_every = std::chrono::hours{1};
/// Between two slices of one pruning, at least, and as a multiple of what the last one took.
constexpr Duration prune_pause = 10ms;
constexpr int prune_share = 9;

// What a batch costs in memory, about: strings dominate.
std::size_t cost_of(const JournalBatch& batch) {
  return encoded_size(batch);
}

Error store_error(std::string why, std::string fix) {
  return {"store", std::move(why), std::move(fix)};
}

/// Answers of a group, given on in its order: refusals come before what still waits.
class GroupAnswers {
 public:
  GroupAnswers(std::size_t size, Journal::Each each) : results_(size), each_(std::move(each)) {}

  void put(std::size_t place, std::expected<void, Error> result) {
    results_[place] = std::move(result);
    while (next_ < results_.size() && results_[next_]) each_(std::move(*results_[next_++]));
  }

 private:
  std::vector<std::optional<std::expected<void, Error>>> results_;
  Journal::Each each_;
  std::size_t next_ = 0;
};

std::string random_hex() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}", device(), device(), device());
}

}  // namespace

AsyncStore::AsyncStore(StoreOptions options, Parts parts, Clock& clock, Mailbox& mailbox)
    : options_(std::move(options)),
      backend_(std::move(parts.backend)),
      clock_(clock),
      completions_(std::make_shared<Completions>(mailbox)),
      state_(options_.max_state_bytes),
      open_alerts_(options_.recipients),
      run_id_(random_hex()),
      spool_(std::move(parts.spool)),
      copy_(std::move(parts.copy)),
      backoff_(options_.retry_first) {}

AsyncStore::~AsyncStore() {
  // An owner that wants to know what was lost calls close() itself.
  const Result<void> ignored = close(1s);
  static_cast<void>(ignored);
}

Result<void> AsyncStore::start(bool reached) {
  health_.spool_damaged = spool_.damaged();
  if (spool_.bytes() > 0) health_.spooled_since = clock_.now();
  if (auto begun = reached ? begin_with_database() : begin_with_copy(); !begun) return begun;
  const MonoTime now = clock_.now();
  state_due_ = now + options_.state_flush;
  prune_due_ = now;
  stopped_ = false;
  writer_ = std::thread([this] { run(); });
  return {};
}

// ---- callers' side ------------------------------------------------------------------------------

void AsyncStore::commit(JournalBatch batch, Done done) {
  {
    const std::unique_lock lock(mutex_);
    accept(std::move(batch), std::move(done));
  }
  completions_->flush();
}

void AsyncStore::commit_group(std::vector<JournalBatch> group, Each each) {
  const auto answers = std::make_shared<GroupAnswers>(group.size(), std::move(each));
  {
    const std::unique_lock lock(mutex_);
    bool refused = false;
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (refused) {
        completions_->push([answers, i] {
          answers->put(i, std::unexpected(store_error("took none behind one it refused", "")));
        });
        continue;
      }
      refused = !accept(std::move(group[i]), [answers, i](std::expected<void, Error> result) {
        answers->put(i, std::move(result));
      });
    }
  }
  completions_->flush();
}

std::string AsyncStore::fresh_id(const char* prefix) {
  return fmt::format("{}{}-{}", prefix, run_id_, ++ids_);
}

bool AsyncStore::accept(JournalBatch batch, Done done) {
  open_alerts_.join(batch);
  const std::size_t bytes = cost_of(batch);
  if (std::optional<Error> error = refusal(batch, bytes)) {
    ++health_.refused;
    completions_->push([error = std::move(*error), done = std::move(done)]() mutable {
      done(std::unexpected(std::move(error)));
    });
    return false;
  }
  // The spool replays by key, so every batch has one.
  if (batch.idempotency_key.empty()) batch.idempotency_key = fresh_id("batch-");
  open_alerts_.note(batch);
  const WallTime now = clock_.wall_now();
  pending_rows_ += batch.rows.size();
  pending_bytes_ += bytes;
  accepted_.push_back(now);
  queue_.push_back({std::move(batch), std::move(done), bytes, now});
  wake_.notify_one();
  return true;
}

std::optional<Error> AsyncStore::refusal(const JournalBatch& batch, std::size_t bytes) const {
  if (closing_ || stopped_) return store_error("is closed", "");
  const std::size_t rows = pending_rows_ + batch.rows.size();
  if (rows <= options_.max_queue_rows && pending_bytes_ + bytes <= options_.max_queue_bytes) {
    return std::nullopt;
  }
  std::string why =
      fmt::format("queue is full ({} rows, {} bytes wait)", pending_rows_, pending_bytes_);
  if (!health_.last_error.empty()) why += "; last error: " + health_.last_error;
  return store_error(std::move(why), "bring the database back; this batch is not kept");
}

void AsyncStore::probe(Probed done) {
  {
    const std::unique_lock lock(mutex_);
    const bool closed = closing_ || stopped_;
    if (!closed && probes_.size() < max_probes) {
      probes_.push_back(std::move(done));
      wake_.notify_one();
      return;
    }
    Error error = closed ? store_error("is closed", "")
                         : store_error("has not answered earlier probes", "check the disk");
    completions_->push([error = std::move(error), done = std::move(done)]() mutable {
      done(std::unexpected(std::move(error)));
    });
  }
  completions_->flush();
}

std::optional<std::string> AsyncStore::get(const std::string& key) const {
  return state_.get(key);
}

void AsyncStore::put(const std::string& key, std::string value) {
  // The writer looks every state_flush: no need to wake it.
  state_.put(key, std::move(value));
}

void AsyncStore::update(const std::string& key, const Change& change) {
  state_.update(key, change);
}

StoreHealth AsyncStore::health() const {
  const std::unique_lock lock(mutex_);
  StoreHealth health = health_;
  health.pending = accepted_.size();
  if (!accepted_.empty()) health.oldest_pending = accepted_.front();
  health.state_refused = state_.refused();
  return health;
}

Result<void> AsyncStore::close(Duration limit) {
  std::unique_lock lock(mutex_);
  if (!writer_.joinable()) return {};
  closing_ = true;
  backend_->hurry();
  wake_.notify_one();
  if (!stopped_cv_.wait_for(lock, limit, [this] { return stopped_; })) {
    give_up_ = true;
    backend_->interrupt();
    wake_.notify_one();
  }
  lock.unlock();
  writer_.join();
  lock.lock();
  if (!completions_->flush()) health_.undelivered += completions_->waiting();
  const std::size_t lost = held_.size() + queue_.size();
  if (lost == 0 && !state_at_risk()) return {};
  return std::unexpected(store_error(
      fmt::format("closed with {} batches and {} not written; last error: {}", lost,
                  state_at_risk() ? "some state records" : "no state record", health_.last_error),
      "check the database and the free space of its disk"));
}

// ---- the writer's side --------------------------------------------------------------------------

void AsyncStore::run() {
  do {
    wait_for_work();
    take_queue();
    settle();
    flush_state();
    refresh_copy();
    run_probes();
    prune();
    completions_->flush();
  } while (!finished());
  const std::unique_lock lock(mutex_);
  stopped_ = true;
  stopped_cv_.notify_all();
}

void AsyncStore::wait_for_work() {
  std::unique_lock lock(mutex_);
  const auto work = [this] { return !queue_.empty() || !probes_.empty() || closing_; };
  Duration longest = options_.state_flush;
  if (down_) longest = std::min(longest, std::max(retry_at_ - clock_.now(), Duration{1ms}));
  if (completions_->waiting() > 0) longest = std::min(longest, Duration{10ms});
  if (closing_) {
    // Still something to write and it does not go: breathe between attempts.
    wake_.wait_for(lock, down_ ? Duration{5ms} : Duration{0}, [this] { return give_up_; });
    return;
  }
  wake_.wait_for(lock, longest, work);
}

void AsyncStore::take_queue() {
  const std::unique_lock lock(mutex_);
  for (Pending& pending : queue_) held_.push_back(std::move(pending));
  queue_.clear();
}

/// Brings what is held to where it is durable.
void AsyncStore::settle() {
  // First what is durable without the database, which may keep us waiting.
  if (down_ && !held_.empty()) spool_held();
  if (down_ && (closing() || clock_.now() >= retry_at_)) recover();
  while (!held_.empty()) {
    if (!down_ && commit_held()) continue;
    if (!spool_held()) return;
  }
}

/// One group to the database. False: the database is down, nothing was taken.
bool AsyncStore::commit_held() {
  std::vector<const JournalBatch*> group;
  std::size_t rows = 0;
  for (const Pending& pending : held_) {
    if (!group.empty() && rows + pending.batch.rows.size() > group_rows) break;
    group.push_back(&pending.batch);
    rows += pending.batch.rows.size();
  }
  const auto outcomes = backend_->commit(group, clock_.wall_now());
  if (!outcomes) {
    failed(outcomes.error());
    return false;
  }
  succeeded();
  count(*outcomes);
  keep_copy(group);
  finish(group.size(), *outcomes);
  return true;
}

/// Everything held to the spool, or as much of it as fits. False: the spool took nothing more.
bool AsyncStore::spool_held() {
  std::vector<const JournalBatch*> group;
  for (const Pending& pending : held_) group.push_back(&pending.batch);
  Result<void> written = spool_.append(group);
  if (!written && group.size() > 1) {
    group.resize(1);
    written = spool_.append(group);
  }
  {
    const std::unique_lock lock(mutex_);
    health_.spooled = spool_.waiting();
    health_.spool_bytes = spool_.bytes();
    if (written) {
      health_.spool_writes += group.size();
      if (!health_.spooled_since) health_.spooled_since = clock_.now();
    } else {
      health_.last_error = written.error().text();
    }
  }
  if (!written) return false;
  keep_copy(group);
  finish(group.size(), std::vector<BatchOutcome>(group.size()));
  return true;
}

void AsyncStore::flush_state() {
  const MonoTime now = clock_.now();
  if (!closing() && now < state_due_) return;
  state_due_ = now + options_.state_flush;
  flush_copy();
  // While the database is down only its retry says when it is up again; the records wait by key.
  if (down_ ? copy_ == nullptr || !state_at_risk() : !state_.dirty()) return;
  const std::uint64_t changes = state_.changes();
  const StateRecords records = state_.take_dirty();
  BackendResult<void> written = std::unexpected(std::string{});
  if (!down_) written = backend_->put_state(records, clock_.wall_now());
  keep_state(records, changes, written.has_value());
  if (written) return succeeded();
  state_.give_back(records);
  if (!down_) failed(written.error());
}

void AsyncStore::run_probes() {
  std::vector<Probed> probes;
  {
    const std::unique_lock lock(mutex_);
    probes.swap(probes_);
  }
  for (Probed& done : probes) {
    const MonoTime started = clock_.now();
    const auto result = backend_->probe(clock_.wall_now());
    const Duration took = clock_.now() - started;
    {
      const std::unique_lock lock(mutex_);
      if (result) {
        health_.last_success = clock_.wall_now();
      } else {
        health_.last_error = result.error();
      }
    }
    completions_->push([done = std::move(done), result, took]() mutable {
      if (result) {
        done(took);
      } else {
        done(std::unexpected(store_error(result.error(), "check the database")));
      }
    });
  }
}

void AsyncStore::prune() {
  const MonoTime now = clock_.now();
  if (down_ || now < prune_due_) return;
  const BackendResult<bool> more = backend_->prune(clock_.wall_now());
  if (!more) {
    failed(more.error());
    return;
  }
  // A slice at a time and a tenth of the time at most, so that commits are not kept waiting by a
  // long deletion.
  const MonoTime end = clock_.now();
  prune_due_ = end + (*more ? std::max(prune_pause, prune_share * (end - now)) : prune_every);
}

void AsyncStore::count(const std::vector<BatchOutcome>& outcomes) {
  bool rejected = false;
  {
    const std::unique_lock lock(mutex_);
    for (const BatchOutcome& outcome : outcomes) {
      switch (outcome.status) {
        case BatchOutcome::Status::applied:
          ++health_.committed;
          break;
        case BatchOutcome::Status::duplicate:
          ++health_.duplicates;
          break;
        case BatchOutcome::Status::rejected:
          ++health_.rejected;
          health_.last_error = outcome.why;
          rejected = true;
          break;
      }
    }
  }
  if (rejected) reload_open_alerts();
}

// After a rejected batch the picture of open alerts may hold what never came to be.
void AsyncStore::reload_open_alerts() {
  BackendResult<std::vector<AlertRow>> open = backend_->open_alerts();
  if (!open) return;
  const std::unique_lock lock(mutex_);
  open_alerts_.load(std::move(*open));
  for (const Pending& pending : held_) open_alerts_.note(pending.batch);
  for (const Pending& pending : queue_) open_alerts_.note(pending.batch);
}

void AsyncStore::finish(std::size_t count, const std::vector<BatchOutcome>& outcomes) {
  for (std::size_t i = 0; i < count; ++i) {
    Pending pending = std::move(held_.front());
    held_.pop_front();
    finish_one(std::move(pending), outcomes[i]);
  }
  completions_->flush();
}

void AsyncStore::finish_one(Pending pending, const BatchOutcome& outcome) {
  {
    const std::unique_lock lock(mutex_);
    pending_rows_ -= pending.batch.rows.size();
    pending_bytes_ -= pending.bytes;
    accepted_.pop_front();
  }
  std::expected<void, Error> result;
  if (outcome.status == BatchOutcome::Status::rejected) {
    result = std::unexpected(store_error("cannot take a batch: " + outcome.why, ""));
  }
  completions_->push([result = std::move(result), done = std::move(pending.done)]() mutable {
    done(std::move(result));
  });
}

void AsyncStore::succeeded() {
  backoff_ = options_.retry_first;
  const std::unique_lock lock(mutex_);
  health_.last_success = clock_.wall_now();
  health_.consecutive_failures = 0;
}

void AsyncStore::failed(const std::string& why) {
  down_ = true;
  retry_at_ = clock_.now() + backoff_;
  backoff_ = std::min(backoff_ * 2, options_.retry_max);
  const std::unique_lock lock(mutex_);
  ++health_.consecutive_failures;
  health_.last_error = why;
}

bool AsyncStore::closing() const {
  const std::unique_lock lock(mutex_);
  return closing_;
}

/// Nothing left to do after close(), or out of time.
bool AsyncStore::finished() {
  const std::unique_lock lock(mutex_);
  if (!closing_) return false;
  if (give_up_) return true;
  // What the spool holds is durable already; state records need the database.
  return queue_.empty() && held_.empty() && probes_.empty() && !state_at_risk();
}

}  // namespace feedwatch::store
