#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/mailbox.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/store/query.hpp"

namespace feedwatch::store {

/// Whom an alert made by create_alert is told.
struct Recipients {
  std::vector<std::string> sinks;  ///< their names
  /// Whether a sink is told of this; without it all are. Any thread.
  std::function<bool(const std::string& sink, const Notice& notice)> takes = {};
};

struct StoreOptions {
  /// "sqlite:///var/lib/feedwatch/feedwatch.db" or "postgresql://user@host:port/db?…"
  std::string url;
  std::filesystem::path state_dir;      ///< holds the spool; created when absent
  std::filesystem::path password_file;  ///< of PostgreSQL's user; empty = none is needed

  Recipients recipients;
  /// Told, through the mailbox, of an alert that create_alert or resolve_alert has made durable,
  /// with its outbox entries: somebody has to deliver them and go on with the alert.
  std::function<void(AlertRow, std::vector<NotificationRow>)> on_alert = {};

  // Bounds. A batch beyond the queue's is refused at once, with an Error, and counted.
  std::size_t max_queue_rows = 20'000;
  std::size_t max_queue_bytes = 64U << 20U;
  std::size_t max_spool_bytes = 64U << 20U;
  std::size_t max_state_bytes = 16U << 20U;
  /// Limit of the database file, rounded to pages; 0 = none.
  std::uint64_t max_database_bytes = 0;
  /// SQLite: a batch that holds more than telemetry is on the disk before it counts as durable.
  bool sync_alerts = true;

  Duration state_flush = 250ms;  ///< state records are at most about twice this old on disk
  Duration retry_first = 100ms;  ///< a failed commit is tried again: doubling from here
  Duration retry_max = 5s;
  Duration busy_timeout = 2s;    ///< how long a lock held by another process is waited for
  Duration server_timeout = 5s;  ///< how long PostgreSQL may take to connect, or for one answer
  Duration key_retention = std::chrono::hours{24 * 7};   ///< idempotency keys
  Duration row_retention = std::chrono::hours{24 * 90};  ///< closed alerts, transitions, repairs
};

/// Evidence about the store, for the "database" component (semantics §8).
struct StoreHealth {
  std::optional<WallTime> last_success;  ///< newest commit, state write or probe that succeeded
  std::uint64_t consecutive_failures = 0;
  std::size_t pending = 0;                 ///< batches accepted and not yet durable
  std::optional<WallTime> oldest_pending;  ///< when the oldest of them was accepted
  std::size_t spooled = 0;  ///< batches durable in the spool, not yet in the database
  std::size_t spool_bytes = 0;
  /// Since when the spool holds anything; of an earlier run's, since this one opened it.
  std::optional<MonoTime> spooled_since;
  std::string last_error;  ///< of the newest failure; kept after recovery

  // Counters since the store was opened.
  std::uint64_t committed = 0;      ///< batches that took effect in the database
  std::uint64_t duplicates = 0;     ///< batches whose key had been committed before
  std::uint64_t refused = 0;        ///< batches refused because queue and spool were full
  std::uint64_t rejected = 0;       ///< batches the database can never take (constraint)
  std::uint64_t spool_writes = 0;   ///< batches that went through the spool
  std::uint64_t spool_damaged = 0;  ///< damaged stretches of a spool set aside
  std::uint64_t state_refused = 0;  ///< state records beyond max_state_bytes
  std::uint64_t undelivered = 0;    ///< completions the closed mailbox did not take
};

/// An alert as an operation of the store (semantics §9).
struct AlertRequest {
  std::string type;                  ///< the alert's name: "price_staleness"
  std::string severity = "warning";  ///< "warning" | "critical"
  std::string message;
  std::string metadata = "{}";  ///< JSON object, kept as given
  Labels labels;                ///< scope, sorted; with the type it is the identity
};

/// Something that happened to an aged position, as an operation of the store (semantics §10).
struct AgedEventRequest {
  std::string aged_position_id;
  std::string event_type;                                 ///< "price_check", "phase_change", …
  std::optional<std::string> market_price, target_price;  ///< decimals, kept as given
  std::optional<double> price_distance_percent;
  std::string action_taken;
  std::optional<bool> success;
  std::string error_message;
  std::string event_metadata = "{}";  ///< JSON object, kept as given
};

/// Journal and small state on one database.
///
/// Lifecycle: open_store → use → close (or the destructor, which closes with one second). One
/// writer thread owns the connection. Thread-safe. Every callback runs through the mailbox given to
/// open_store, in the order of the calls, exactly once; only refusals overtake what still waits.
///
/// A commit succeeds when it is durable: in the database, or, while the database fails, in the
/// spool file of the state directory, from where it is replayed in order, with effect exactly once.
/// Durable means: survives the death of this process, and, for alerts, their transitions and
/// notifications, silences, pulses and events of aged positions, a power cut (SQLite: WAL with
/// synchronous FULL for such a batch; PostgreSQL: as its synchronous_commit says). A power cut may
/// lose the last telemetry (level transitions, repairs) and state records that SQLite has taken.
/// The spool is synced to the disk.
class Store : public Journal, public StateStore {
 public:
  using Created = std::move_only_function<void(Result<std::string>)>;
  using Probed = std::move_only_function<void(Result<Duration>)>;

  /// Opens an alert, or refreshes the open one of the same identity, whoever opened it: message,
  /// metadata, and a severity that only rises. What is news has an outbox entry for each recipient
  /// in the same transaction. Answers the alert's id. A request that makes no alert (check_request)
  /// is refused.
  virtual void create_alert(AlertRequest request, Created done) = 0;
  /// Ends an open alert, and tells the recipients. Answers its id; an error when it is not open.
  virtual void resolve_alert(std::string id, Created done) = 0;
  /// Keeps the event, dated now. Answers its id. A request that makes no event (no position, no
  /// type, a price that is no decimal, metadata that is no JSON object) is refused.
  virtual void create_aged_monitoring_event(AgedEventRequest request, Created done) = 0;
  /// Writes, reads back and deletes a probe row; answers how long it took.
  virtual void probe(Probed done) = 0;
  /// What the journal held when it was opened, for whoever goes on from there: the database, or,
  /// when that could not be reached, the copy of it in the state directory.
  virtual Result<std::unique_ptr<Query>> reader() const = 0;
  virtual StoreHealth health() const = 0;
  /// Takes nothing more, and gives what is accepted `limit` to become durable. The error says how
  /// many batches were lost. Idempotent.
  virtual Result<void> close(Duration limit) = 0;
};

/// Opens the database of `options.url`: locks it for this process, applies migrations, replays a
/// spool left by an earlier run, loads the state. Errors name the database and what to do. A
/// PostgreSQL that cannot be reached is no error: the store begins with what the state directory
/// knows, spools, and goes on when it can; what only the database knew is then told to on_alert.
/// `clock` and `mailbox` must outlive the store.
Result<std::unique_ptr<Store>> open_store(StoreOptions options, Clock& clock, Mailbox& mailbox);

/// The reading side on its own connection; works beside a running store, also of another process.
/// Of PostgreSQL no connection is made before the first question.
Result<std::unique_ptr<Query>> open_query(const std::string& url,
                                          const std::filesystem::path& password_file = {});

/// The file of a "sqlite:///absolute/path" URL.
Result<std::filesystem::path> sqlite_path(const std::string& url);

}  // namespace feedwatch::store
