#include "feedwatch/store/postgres/pg_backend.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

#include "feedwatch/store/row_fields.hpp"
#include "feedwatch/store/row_sql.hpp"

namespace feedwatch::store {
namespace {

/// Names of the prepared row statements, by place in JournalRow.
constexpr std::array<const char*, std::variant_size_v<JournalRow>> row_statement{
    "row0", "row1", "row2", "row3", "row4",  "row5",
    "row6", "row7", "row8", "row9", "row10", "row11"};
constexpr const char* keys_statement = "keys";
constexpr const char* key_statement = "key";
constexpr const char* state_statement = "state";

/// Where commit_one sends a batch's key: after the savepoint.
constexpr std::size_t place_of_key = 1;
constexpr std::string_view unique_violation = "23505";

constexpr Duration lock_pause = 50ms;

Error failure_at_open(const PgTarget& target, const PgFailure& failure) {
  return {"database " + target.shown, failure.what(),
          failure.sqlstate().starts_with("3D")
              ? "create it: createdb, owned by the user feedwatch connects as"
              : "check the user, [store] password_file and the server's pg_hba.conf"};
}

}  // namespace

PgBackend::PgBackend(PgTarget target, const StoreOptions& options,
                     std::span<const Migration> migrations)
    : connection_(std::move(target), options.server_timeout, wait_),
      migrations_(migrations),
      key_retention_(options.key_retention),
      row_retention_(options.row_retention),
      lock_patience_(options.busy_timeout) {}

Result<bool> PgBackend::reach() {
  try {
    ensure();
    return true;
  } catch (const PgFailure& failure) {
    connection_.close();
    why_ = failure.what();
    if (failure.refuses_us()) {
      return std::unexpected(failure_at_open(connection_.target(), failure));
    }
    return false;
  } catch (const Refused& refused) {
    connection_.close();
    return std::unexpected(refused.error);
  }
}

/// Runs `body` on a connection that is there, turning failures into the transient error of the
/// port.
template <class Body>
auto PgBackend::guarded(Body body) -> BackendResult<decltype(body())> {
  try {
    ensure();
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      return {};
    } else {
      return body();
    }
  } catch (const PgFailure& failure) {
    connection_.roll_back();
    why_ = failure.what();
  } catch (const Refused& refused) {
    connection_.close();
    why_ = refused.what();
  }
  return std::unexpected(why_);
}

void PgBackend::ensure() {
  if (connection_.connected()) return;
  connection_.connect();
  try {
    lock();
    if (Result<void> done = migrate(connection_, migrations_); !done) throw Refused(done.error());
    prepare();
  } catch (const PgFailure&) {
    // Half made, it must not be taken for a connection that is ready.
    connection_.close();
    throw;
  }
}

/// Two monitors would each keep their own idea of which alerts are open. A session of our own that
/// has just died may still hold the lock for a moment.
void PgBackend::lock() {
  const PgWait::Deadline until = PgWait::in(lock_patience_);
  while (!take_writer_lock(connection_)) {
    if (std::chrono::steady_clock::now() < until && connection_.rest(lock_pause)) continue;
    const std::string who = writer(connection_);
    throw Refused({"database " + connection_.target().shown,
                   "is in use by another feedwatch" + (who.empty() ? "" : " (" + who + ")"),
                   "stop the other one, or give another database in [store] url"});
  }
}

void PgBackend::prepare() {
  for (std::size_t i = 0; i < insert_sql.size(); ++i) {
    connection_.prepare(row_statement[i], insert_sql[i]);
  }
  connection_.prepare(keys_statement,
                      "INSERT INTO committed_batches (idempotency_key, committed_at) "
                      "SELECT unnest($1::text[]), $2::timestamptz "
                      "ON CONFLICT (idempotency_key) DO NOTHING RETURNING idempotency_key");
  connection_.prepare(key_statement,
                      "INSERT INTO committed_batches (idempotency_key, committed_at) "
                      "VALUES ($1, $2)");
  connection_.prepare(state_statement, upsert_state_sql);
}

void PgBackend::send(PgPipeline& pipeline, const JournalRow& row) {
  const auto bind = [&](const auto&... values) { values_.bind(values...); };
  std::visit([&](const auto& each) { bind_fields(bind, each); }, row);
  pipeline.add(row_statement[row.index()], values_);
}

BackendResult<std::vector<BatchOutcome>> PgBackend::commit(
    std::span<const JournalBatch* const> group, WallTime now) {
  return guarded([&] {
    try {
      return commit_together(group, now);
    } catch (const PgFailure& failure) {
      if (!failure.permanent()) throw;
      connection_.roll_back();
    }
    // One of them can never be taken: which one shows when each has its own savepoint.
    ensure();
    return commit_apart(group, now);
  });
}

/// Two round trips: which keys are new, then all their rows and the end of the transaction.
std::vector<BatchOutcome> PgBackend::commit_together(std::span<const JournalBatch* const> group,
                                                     WallTime now) {
  std::vector<std::string_view> keys;
  for (const JournalBatch* batch : group) keys.emplace_back(batch->idempotency_key);
  PgPipeline first(connection_);
  first.add("BEGIN");
  first.add(keys_statement, values_.bind(PgValues::Texts(keys), now));
  const std::vector<PgResult> answers = first.finish();
  const PgResult& answer = answers.front();
  const bool all_fresh = answer.rows() == static_cast<int>(group.size());
  std::set<std::string> fresh;
  for (int i = 0; i < answer.rows() && !all_fresh; ++i) fresh.insert(PgRow(answer, i).text(0));

  std::vector<BatchOutcome> outcomes;
  outcomes.reserve(group.size());
  PgPipeline rows(connection_);
  for (const JournalBatch* batch : group) {
    if (!all_fresh && fresh.erase(batch->idempotency_key) == 0) {
      outcomes.push_back({BatchOutcome::Status::duplicate, {}});
      continue;
    }
    for (const JournalRow& row : batch->rows) send(rows, row);
    outcomes.push_back({});
  }
  rows.add("COMMIT");
  rows.finish();
  return outcomes;
}

std::vector<BatchOutcome> PgBackend::commit_apart(std::span<const JournalBatch* const> group,
                                                  WallTime now) {
  connection_.script("BEGIN");
  std::vector<BatchOutcome> outcomes;
  outcomes.reserve(group.size());
  for (const JournalBatch* batch : group) outcomes.push_back(commit_one(*batch, now));
  connection_.script("COMMIT");
  return outcomes;
}

BatchOutcome PgBackend::commit_one(const JournalBatch& batch, WallTime now) {
  PgPipeline pipeline(connection_);
  pipeline.add("SAVEPOINT batch");
  pipeline.add(key_statement, values_.bind(batch.idempotency_key, now));
  for (const JournalRow& row : batch.rows) send(pipeline, row);
  pipeline.add("RELEASE SAVEPOINT batch");
  try {
    pipeline.finish();
    return {};
  } catch (const PgFailure& failure) {
    if (!failure.permanent()) throw;
    connection_.script("ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch");
    if (pipeline.failed_at() == place_of_key && failure.sqlstate() == unique_violation) {
      return {BatchOutcome::Status::duplicate, {}};
    }
    return {BatchOutcome::Status::rejected, failure.what()};
  }
}

BackendResult<void> PgBackend::put_state(const StateRecords& records, WallTime now) {
  return guarded([&] {
    PgPipeline pipeline(connection_);
    pipeline.add("BEGIN");
    for (const auto& [key, value] : records) {
      pipeline.add(state_statement, values_.bind(key, PgValues::Bytes{value}, now));
    }
    pipeline.add("COMMIT");
    pipeline.finish();
  });
}

BackendResult<void> PgBackend::probe(WallTime now) {
  return guarded([&] {
    const std::string value = std::to_string(to_ns(now));
    PgValues key;
    key.bind(probe_key);
    connection_.run(upsert_state_sql, values_.bind(probe_key, PgValues::Bytes{value}, now));
    const PgResult read = connection_.run("SELECT value FROM state WHERE key = $1", key);
    const bool same = read.rows() == 1 && PgRow(read, 0).text(0) == value;
    connection_.run("DELETE FROM state WHERE key = $1", key);
    if (!same) throw PgFailure("", "the probe row did not read back as written");
  });
}

BackendResult<bool> PgBackend::prune(WallTime now) {
  return guarded([&] {
    bool more = false;
    for (const RetentionRule& rule : retention_rules) {
      const Duration kept = rule.is_key ? key_retention_ : row_retention_;
      const PgResult result = connection_.run(rule.sql, values_.bind(now - kept, retention_slice));
      more = more || result.changes() == retention_slice;
    }
    return more;
  });
}

BackendResult<StateRecords> PgBackend::load_state() {
  return guarded([&] {
    StateRecords records;
    const PgResult result = connection_.run(select_state_sql);
    for (int i = 0; i < result.rows(); ++i) {
      const PgRow row(result, i);
      records.emplace_back(row.text(0), row.text(1));
    }
    return records;
  });
}

BackendResult<std::vector<AlertRow>> PgBackend::open_alerts() {
  return guarded([&] {
    std::vector<AlertRow> alerts;
    const PgResult result = connection_.run(fmt::format(
        "SELECT {} FROM alerts WHERE state <> 'resolved' ORDER BY started_at, id", alert_columns));
    for (int i = 0; i < result.rows(); ++i) alerts.push_back(read_alert(PgRow(result, i)));
    return alerts;
  });
}

}  // namespace feedwatch::store
