#include "feedwatch/store/local_copy.hpp"

#include <map>
#include <system_error>
#include <utility>

#include "feedwatch/store/sqlite/sqlite_query.hpp"

namespace feedwatch::store {
namespace {

/// Set in the copy's state while the database lacks some of it.
constexpr const char* unsent_key = "feedwatch.local.unsent";
constexpr std::size_t kept_resolved = 1000;  ///< of closed alerts: a screen full of history

bool is_needed(const JournalRow& row) {
  return std::holds_alternative<AlertRow>(row) || std::holds_alternative<NotificationRow>(row) ||
         std::holds_alternative<SilenceRow>(row) || std::holds_alternative<PulseRow>(row) ||
         std::holds_alternative<PositionRow>(row) || std::holds_alternative<TrailingStopRow>(row) ||
         std::holds_alternative<AgedPositionRow>(row);
}

void move_aside(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::rename(file, file.string() + ".damaged", ignored);
  for (const char* suffix : {"-wal", "-shm"}) {
    std::filesystem::remove(file.string() + suffix, ignored);
  }
}

template <class Row>
void append(std::vector<JournalRow>& rows, std::vector<Row> more) {
  for (Row& each : more) rows.emplace_back(std::move(each));
}

}  // namespace

std::filesystem::path LocalCopy::file_in(const std::filesystem::path& state_dir) {
  return state_dir / "feedwatch-copy.db";
}

Result<std::unique_ptr<LocalCopy>> LocalCopy::open(const StoreOptions& options,
                                                   std::unique_ptr<Query> truth, WallTime now) {
  const std::filesystem::path file = file_in(options.state_dir);
  StoreOptions ours = options;
  ours.row_retention = options.key_retention;
  ours.sync_alerts = false;
  auto backend = SqliteBackend::open(file, ours, now);
  if (!backend && std::filesystem::exists(file)) {
    // Unless another feedwatch has it, which has its lock.
    if (Result<FileLock> lock = FileLock::take(file); lock) {
      move_aside(file);
    } else {
      return std::unexpected(lock.error());
    }
    backend = SqliteBackend::open(file, ours, now);
  }
  if (!backend) return std::unexpected(backend.error());
  std::unique_ptr<LocalCopy> copy(new LocalCopy(file, std::move(*backend), std::move(truth)));
  if (const auto records = copy->backend_->load_state(); records) {
    for (const auto& [key, value] : *records) {
      if (key == unsent_key) copy->unsent_ = value == "1";
    }
  }
  return copy;
}

LocalCopy::LocalCopy(std::filesystem::path file, std::unique_ptr<SqliteBackend> backend,
                     std::unique_ptr<Query> truth)
    : file_(std::move(file)), backend_(std::move(backend)), truth_(std::move(truth)) {}

void LocalCopy::keep(std::span<const JournalBatch* const> group) {
  for (const JournalBatch* batch : group) {
    for (const JournalRow& row : batch->rows) {
      if (!is_needed(row)) continue;
      waiting_.rows.push_back(row);
      // Kept again after a crash; what counts here is when it was heard.
      if (auto* pulse = std::get_if<PulseRow>(&waiting_.rows.back())) pulse->count = 0;
    }
  }
}

void LocalCopy::flush(WallTime now) {
  if (waiting_.rows.empty()) return;
  const JournalBatch* batch = &waiting_;
  const auto written = backend_->commit({&batch, 1}, now);
  // A row the database took and this does not leaves the copy behind as well.
  if (!written || written->front().status == BatchOutcome::Status::rejected) stale_ = true;
  waiting_.rows.clear();
}

void LocalCopy::keep_state(const StateRecords& records, bool sent, WallTime now) {
  StateRecords all = records;
  if (sent == unsent_) all.emplace_back(unsent_key, sent ? "0" : "1");
  if (all.empty()) return;
  if (backend_->put_state(all, now)) {
    unsent_ = !sent;
  } else {
    stale_ = true;
  }
}

BackendResult<StateRecords> LocalCopy::state() {
  BackendResult<StateRecords> records = backend_->load_state();
  if (records) {
    std::erase_if(*records, [](const auto& record) { return record.first == unsent_key; });
  }
  return records;
}

Result<bool> LocalCopy::knows(const std::string& alert_id) {
  auto query = open_sqlite_query(file_);
  if (!query) return std::unexpected(query.error());
  const auto found = (*query)->alert(alert_id);
  if (!found) return std::unexpected(found.error());
  return found->has_value();
}

Result<std::vector<LocalCopy::Stranger>> LocalCopy::strangers() {
  auto open = truth_->open_alerts();
  if (!open) return std::unexpected(open.error());
  auto pending = truth_->pending_notifications();
  if (!pending) return std::unexpected(pending.error());
  std::map<std::string, Stranger> by_id;
  for (AlertRow& row : *open) {
    const Result<bool> known = knows(row.id);
    if (!known) return std::unexpected(known.error());
    if (!*known) by_id.try_emplace(row.id).first->second.alert = std::move(row);
  }
  for (NotificationRow& note : *pending) {
    if (!by_id.contains(note.alert_id)) {
      const Result<bool> known = knows(note.alert_id);
      if (!known) return std::unexpected(known.error());
      if (*known) continue;
      const auto row = truth_->alert(note.alert_id);
      if (!row) return std::unexpected(row.error());
      if (!*row) continue;
      by_id.try_emplace(note.alert_id).first->second.alert = **row;
    }
    by_id.at(note.alert_id).pending.push_back(std::move(note));
  }
  std::vector<Stranger> strangers;
  for (auto& [id, stranger] : by_id) strangers.push_back(std::move(stranger));
  return strangers;
}

void LocalCopy::refresh(const StateRecords& state, WallTime now) {
  waiting_.rows.clear();
  auto resolved = truth_->resolved_alerts(kept_resolved);
  auto open = truth_->open_alerts();
  auto pending = truth_->pending_notifications();
  auto silences = truth_->silences();
  auto pulses = truth_->pulses();
  auto positions = truth_->open_positions();
  auto stops = truth_->trailing_stops();
  auto aged = truth_->aged_positions();
  stale_ = !resolved || !open || !pending || !silences || !pulses || !positions || !stops || !aged;
  if (stale_) return;
  std::vector<JournalRow> rows;
  append(rows, std::move(*resolved));
  append(rows, std::move(*open));
  append(rows, std::move(*pending));
  append(rows, std::move(*silences));
  append(rows, std::move(*pulses));
  append(rows, std::move(*positions));
  append(rows, std::move(*stops));
  append(rows, std::move(*aged));
  stale_ = !backend_->replace(rows, state, now);
  unsent_ = unsent_ && stale_;
}

}  // namespace feedwatch::store
