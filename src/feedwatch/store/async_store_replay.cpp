// How the store begins, and how it comes back to a database that was away.

#include <limits>
#include <utility>

#include "feedwatch/store/async_store.hpp"
#include "feedwatch/store/sqlite/sqlite_query.hpp"

namespace feedwatch::store {
namespace {

constexpr std::size_t copy_flush_batches = 5000;
constexpr Duration refresh_every = std::chrono::seconds{30};

Error cannot_begin(std::string why) {
  return {"store", std::move(why), "check the database"};
}

}  // namespace

Result<void> AsyncStore::begin_with_database() {
  BackendResult<StateRecords> records = backend_->load_state();
  if (!records) return std::unexpected(cannot_begin(records.error()));
  state_.load(*records);
  if (copy_ != nullptr && copy_->has_unsent_state()) {
    // The last run ended while the database was down: what it put since is only in the copy.
    if (const BackendResult<StateRecords> newer = copy_->state(); newer) {
      for (const auto& [key, value] : *newer) state_.put(key, value);
    }
  }
  down_ = spool_.bytes() > 0;
  // Before the first caller, so that what the spool holds is seen by whoever reads the journal
  // next.
  if (down_) recover();
  BackendResult<std::vector<AlertRow>> open = backend_->open_alerts();
  if (!open) return std::unexpected(cannot_begin(open.error()));
  open_alerts_.load(std::move(*open));
  if (copy_ != nullptr) copy_->refresh(state_.all(), clock_.wall_now());
  return {};
}

Result<void> AsyncStore::begin_with_copy() {
  const std::vector<JournalBatch> spooled = spool_.peek(std::numeric_limits<std::size_t>::max());
  std::vector<const JournalBatch*> group;
  for (const JournalBatch& batch : spooled) group.push_back(&batch);
  keep_copy(group);
  copy_->flush(clock_.wall_now());
  BackendResult<StateRecords> records = copy_->state();
  if (!records) return std::unexpected(cannot_begin(records.error()));
  if (copy_->has_unsent_state()) {
    for (const auto& [key, value] : *records) state_.put(key, value);
  } else {
    state_.load(std::move(*records));
  }
  BackendResult<std::vector<AlertRow>> open = copy_->open_alerts();
  if (!open) return std::unexpected(cannot_begin(open.error()));
  open_alerts_.load(std::move(*open));
  unmet_ = true;
  failed("the database cannot be reached");
  return {};
}

Result<std::unique_ptr<Query>> AsyncStore::reader() const {
  if (unmet_) return open_sqlite_query(LocalCopy::file_in(options_.state_dir));
  return open_query(options_.url, options_.password_file);
}

/// Replays the spool as far as the database goes along; then the store is up again.
void AsyncStore::recover() {
  if (unmet_ && !meet()) return;
  while (spool_.waiting() > 0) {
    if (!replay_slice()) return;
    const std::unique_lock lock(mutex_);
    if (give_up_) return;
  }
  if (spool_.bytes() > 0) {
    if (Result<void> cleared = spool_.clear(); !cleared) {
      failed(cleared.error().text());
      return;
    }
  }
  if (unmet_ && !end_meeting()) return;
  down_ = false;
  const std::unique_lock lock(mutex_);
  health_.spooled = 0;
  health_.spool_bytes = 0;
  health_.spooled_since.reset();
}

bool AsyncStore::replay_slice() {
  std::vector<JournalBatch> batches = spool_.peek(group_rows);
  if (batches.empty()) {
    // Unreadable although it was whole when written: the disk. Keep trying; nothing may be skipped.
    failed("the spool cannot be read back");
    return false;
  }
  if (meeting_) {
    for (JournalBatch& batch : batches) meeting_->join(batch);
  }
  std::vector<const JournalBatch*> group;
  for (const JournalBatch& batch : batches) group.push_back(&batch);
  const auto outcomes = backend_->commit(group, clock_.wall_now());
  if (!outcomes) {
    failed(outcomes.error());
    return false;
  }
  spool_.advance(batches.size());
  if (meeting_) {
    for (const JournalBatch& batch : batches) meeting_->note(batch);
  }
  succeeded();
  count(*outcomes);
  const std::unique_lock lock(mutex_);
  health_.spooled = spool_.waiting();
  return true;
}

/// The first look at a database that was out of reach at the start: its open alerts are those the
/// spool goes on from. False: it still is.
bool AsyncStore::meet() {
  if (meeting_) return true;
  BackendResult<std::vector<AlertRow>> open = backend_->open_alerts();
  BackendResult<StateRecords> records =
      open ? backend_->load_state() : std::unexpected(open.error());
  if (!records) {
    failed(records.error());
    return false;
  }
  // What we have put, or the copy knew, is newer.
  state_.load_missing(std::move(*records));
  meeting_.emplace(options_.recipients);
  meeting_->load(std::move(*open));
  return true;
}

/// The spool has been replayed: from here on the database's picture of open alerts is ours, and
/// whoever goes on with alerts hears of those that only the database knew.
bool AsyncStore::end_meeting() {
  copy_->flush(clock_.wall_now());
  Result<std::vector<LocalCopy::Stranger>> strangers = copy_->strangers();
  if (!strangers) {
    failed(strangers.error().text());
    return false;
  }
  {
    const std::unique_lock lock(mutex_);
    const auto follow = [this](std::deque<Pending>& pending) {
      for (Pending& each : pending) {
        meeting_->join(each.batch);
        meeting_->note(each.batch);
      }
    };
    follow(held_);
    follow(queue_);
    open_alerts_ = std::move(*meeting_);
  }
  meeting_.reset();
  unmet_ = false;
  for (LocalCopy::Stranger& each : *strangers) {
    if (!options_.on_alert) break;
    completions_->push([tell = options_.on_alert, each = std::move(each)]() mutable {
      tell(std::move(each.alert), std::move(each.pending));
    });
  }
  copy_->refresh(state_.all(), clock_.wall_now());
  return true;
}

void AsyncStore::keep_copy(std::span<const JournalBatch* const> group) {
  if (copy_ == nullptr) return;
  copy_->keep(group);
  copy_batches_ += group.size();
  // Bounded; usually it is flushed with the state.
  if (copy_batches_ >= copy_flush_batches) flush_copy();
}

void AsyncStore::keep_state(const StateRecords& records, std::uint64_t changes, bool sent) {
  if (copy_ == nullptr) return;
  copy_->keep_state(records, sent, clock_.wall_now());
  if (!copy_->stale()) copied_state_ = changes;
}

/// Whether some record is only in memory.
bool AsyncStore::state_at_risk() const {
  const bool copied = copy_ != nullptr && !copy_->stale() && copied_state_ == state_.changes();
  return state_.dirty() && !copied;
}

void AsyncStore::flush_copy() {
  if (copy_ == nullptr) return;
  copy_->flush(clock_.wall_now());
  copy_batches_ = 0;
}

/// After a write to it has failed, now and then, from the database.
void AsyncStore::refresh_copy() {
  const MonoTime now = clock_.now();
  if (copy_ == nullptr || !copy_->stale() || down_ || now < refresh_due_) return;
  refresh_due_ = now + refresh_every;
  copy_->refresh(state_.all(), clock_.wall_now());
}

}  // namespace feedwatch::store
