#pragma once

#include <memory>
#include <span>

#include "feedwatch/store/backend.hpp"
#include "feedwatch/store/postgres/pg_connection.hpp"
#include "feedwatch/store/postgres/pg_migrate.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::store {

/// PostgreSQL behind the Backend port: one session, statements in a pipeline, nothing waited for
/// longer than the options' server_timeout.
///
/// Every operation makes the connection it lacks: dial, the lock that keeps other monitors out,
/// migrations, prepared statements. Used by one thread at a time but for interrupt() and hurry().
class PgBackend final : public Backend {
 public:
  PgBackend(PgTarget target, const StoreOptions& options,
            std::span<const Migration> migrations = postgres_migrations());

  /// The first connection. An Error is for a person to see to before the program can work
  /// (password, database, schema, another monitor); false: out of reach, why() says how, and later
  /// operations try again.
  Result<bool> reach();
  const std::string& why() const { return why_; }

  BackendResult<std::vector<BatchOutcome>> commit(std::span<const JournalBatch* const> group,
                                                  WallTime now) override;
  BackendResult<void> put_state(const StateRecords& records, WallTime now) override;
  BackendResult<void> probe(WallTime now) override;
  BackendResult<bool> prune(WallTime now) override;
  BackendResult<StateRecords> load_state() override;
  BackendResult<std::vector<AlertRow>> open_alerts() override;
  void interrupt() override { wait_.interrupt(); }
  void hurry() override { wait_.hurry(); }

 private:
  /// A failure that a person has to see to.
  struct Refused : std::runtime_error {
    explicit Refused(Error why) : std::runtime_error(why.text()), error(std::move(why)) {}
    Error error;
  };

  template <class Body>
  auto guarded(Body body) -> BackendResult<decltype(body())>;
  void ensure();
  void lock();
  void prepare();
  std::vector<BatchOutcome> commit_together(std::span<const JournalBatch* const> group,
                                            WallTime now);
  std::vector<BatchOutcome> commit_apart(std::span<const JournalBatch* const> group, WallTime now);
  BatchOutcome commit_one(const JournalBatch& batch, WallTime now);
  void send(PgPipeline& pipeline, const JournalRow& row);

  PgWait wait_;
  PgConnection connection_;
  std::span<const Migration> migrations_;
  Duration key_retention_;
  Duration row_retention_;
  Duration lock_patience_;
  PgValues values_;
  std::string why_;
};

}  // namespace feedwatch::store
