#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::store {

/// What became of one batch of a committed group.
struct BatchOutcome {
  enum class Status : unsigned char { applied, duplicate, rejected };
  Status status = Status::applied;
  std::string why;  ///< rejected only
};

using StateRecords = std::vector<std::pair<std::string, std::string>>;
template <class T>
using BackendResult = std::expected<T, std::string>;  ///< the error is transient: try again

/// What a database offers the AsyncStore. Used by one thread at a time (the writer thread), except
/// interrupt() and hurry().
class Backend {
 public:
  virtual ~Backend() = default;
  /// One transaction for the whole group. A batch the database can never take is rejected alone;
  /// any other failure leaves nothing of the group behind.
  virtual BackendResult<std::vector<BatchOutcome>> commit(
      std::span<const JournalBatch* const> group, WallTime now) = 0;
  virtual BackendResult<void> put_state(const StateRecords& records, WallTime now) = 0;
  virtual BackendResult<void> probe(WallTime now) = 0;
  /// Deletes idempotency keys and rows older than their retention, a bounded number at a time;
  /// true when there is more.
  virtual BackendResult<bool> prune(WallTime now) = 0;
  virtual BackendResult<StateRecords> load_state() = 0;
  virtual BackendResult<std::vector<AlertRow>> open_alerts() = 0;
  /// Ends the statement now running, from any thread.
  virtual void interrupt() = 0;
  /// From now on nothing is waited for that another process holds; what waits fails. Any thread.
  virtual void hurry() = 0;
};

}  // namespace feedwatch::store
