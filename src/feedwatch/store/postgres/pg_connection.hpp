#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/store/postgres/pg_result.hpp"
#include "feedwatch/store/postgres/pg_target.hpp"
#include "feedwatch/store/postgres/pg_values.hpp"
#include "feedwatch/store/postgres/pg_wait.hpp"

namespace feedwatch::store {

/// One connection, never waited for longer than `limit`: libpq without its blocking calls.
///
/// Lifecycle: construct → connect → use; a failure that leaves its state unknown (no answer in
/// time, the line broken) closes it, and connect() makes a new one. Every call throws PgFailure.
/// One thread; the PgWait, which must outlive it, is how others end a wait.
class PgConnection {
 public:
  PgConnection(PgTarget target, Duration limit, PgWait& wait)
      : target_(std::move(target)), limit_(limit), wait_(wait) {}

  /// Resolves, connects, speaks TLS as the URL says; the search path is the schema feedwatch.
  void connect();
  bool connected() const { return raw_ != nullptr; }
  void close() { raw_.reset(); }
  const PgTarget& target() const { return target_; }

  /// One statement.
  PgResult run(std::string_view sql, const PgValues& values = {});
  /// Statements without parameters or rows.
  void script(const std::string& sql);
  void prepare(const char* name, std::string_view sql);
  /// Ends a transaction that failed; closes the connection when that fails too.
  void roll_back();
  /// From now on every answer may take so long; the limit there was.
  Duration set_limit(Duration limit) { return std::exchange(limit_, limit); }
  /// Waits `pause`; false when told to stop.
  bool rest(Duration pause);

 private:
  friend class PgPipeline;
  struct Finish {
    void operator()(PGconn* raw) const { PQfinish(raw); }
  };
  using Raw = std::unique_ptr<PGconn, Finish>;

  void dial(PgWait::Deadline deadline);
  std::vector<std::pair<std::string, std::string>> keywords(PgWait::Deadline deadline);
  PGconn* raw();
  /// Sends what libpq holds back and waits until something has come.
  void exchange();
  void flush();
  void await(short events, PgWait::Deadline deadline);
  PgResult answer();
  [[noreturn]] void lost(const std::string& why);
  std::string message() const;

  PgTarget target_;
  Duration limit_;
  PgWait& wait_;
  Raw raw_;
};

/// Statements sent one after the other without waiting for their answers. After a failure the rest
/// is not carried out. An unfinished one closes its connection.
class PgPipeline {
 public:
  explicit PgPipeline(PgConnection& connection);
  PgPipeline(const PgPipeline&) = delete;
  PgPipeline& operator=(const PgPipeline&) = delete;
  ~PgPipeline();

  void add(const char* prepared, PgValues& values);
  void add(const char* sql);
  /// Waits for all answers and returns those that may have rows; throws the first failure.
  std::vector<PgResult> finish();
  /// Which statement failed, after finish() has thrown a failure of the server's.
  std::size_t failed_at() const { return failed_at_; }

 private:
  void take(PgResult result);
  void leave();

  PgConnection& connection_;
  std::vector<PgResult> results_;
  std::unique_ptr<PgFailure> failure_;
  std::size_t answered_ = 0;
  std::size_t failed_at_ = 0;
  bool finished_ = false;
};

}  // namespace feedwatch::store
