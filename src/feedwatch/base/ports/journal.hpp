#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch {

using Labels = std::vector<std::pair<std::string, std::string>>;  ///< sorted by name, names unique

/// Rows as the store keeps them; the tables of `migrations`. Times are UTC.
struct AlertRow {
  std::string id;        ///< unique for ever
  std::string name;      ///< "price_staleness"
  std::string identity;  ///< name and scope labels as text; one open alert per identity
  std::string severity;  ///< "warning" | "critical"
  std::string state;     ///< "firing" | "resolved"
  std::string message;
  std::string metadata;  ///< JSON object
  Labels labels;
  WallTime started_at;  ///< when the condition became true
  WallTime updated_at;
  std::optional<WallTime> resolved_at;
  std::optional<WallTime> acked_at = {};  ///< a person has taken it on; absent: nobody has
  std::string acked_by = {};
  std::string ack_comment = {};
};

struct AlertTransitionRow {
  std::string alert_id;
  WallTime at;
  std::string from, to;  ///< states
  std::string severity;
  std::string message;
};

/// One delivery of one alert state to one sink: written with the transition (outbox), then updated.
struct NotificationRow {
  std::string id;  ///< idempotency key, the same on every attempt
  std::string alert_id;
  std::string sink;
  std::string state;    ///< "pending" | "delivered" | "failed"
  std::string payload;  ///< JSON as it will be sent
  std::int64_t attempts = 0;
  WallTime created_at;
  std::optional<WallTime> finished_at;
  std::string last_error;
};

struct StreamTransitionRow {
  std::string stream;
  WallTime at;
  std::string from, to;  ///< levels
  std::string reason;
  bool fault = false;
  std::optional<double> age_seconds;  ///< absent when never received
  std::int64_t merged = 0;            ///< further transitions folded into this row
};

struct RepairRow {
  std::string id;
  std::string stream;  ///< or "venue/route" for a line
  std::string step;    ///< "resubscribe" | "other_line" | "replace_line" | "other_endpoint"
  std::string line;
  WallTime started_at;
  std::optional<WallTime> ended_at;
  std::optional<bool> ok;
  std::string detail;
  std::int64_t topics = 0;  ///< subscriptions it made anew: its blast radius
  /// From the last evidence before it to the first after it; absent unless it succeeded.
  std::optional<double> gap_seconds;
};

/// Notifications of alerts that `matchers` fit are held back from `starts_at` until `ends_at`.
struct SilenceRow {
  std::string id;
  std::string matchers;  ///< JSON array of {"name", "value", "isRegex", "isEqual"}
  WallTime starts_at, ends_at;
  WallTime created_at, updated_at;
  std::string created_by;
  std::string comment;
};

/// What was heard of a pulse (semantics §1).
struct PulseRow {
  std::string name;
  std::string mark;  ///< "beat" | "started" | "failed"
  WallTime at;
  std::string detail;
  std::int64_t count = 1;  ///< how many marks this row stands for
};

/// Something that happened to an aged position (semantics §10). Prices are decimals as text.
struct AgedMonitoringEventRow {
  std::string id;
  std::string aged_position_id;
  std::string event_type;  ///< "price_check" | "phase_change" | "target_reached" | …
  std::optional<std::string> market_price, target_price;
  std::optional<double> price_distance_percent;
  std::string action_taken;
  std::optional<bool> success;
  std::string error_message;
  std::string event_metadata;  ///< JSON object
  WallTime created_at;
};

/// A position somebody has registered (semantics §10): its lease as it is now. Numbers are decimals
/// as text.
struct PositionRow {
  std::string venue, symbol, id;  ///< its key
  std::string side;               ///< "long" | "short"
  std::string entry_price, quantity;
  WallTime opened_at;
  std::string owner;
  std::optional<double> ttl_seconds;   ///< absent: held until it is closed
  WallTime registered_at, updated_at;  ///< opened_at is the same where nobody has said when
  std::optional<WallTime> expires_at;
  std::optional<WallTime> closed_at;  ///< absent: it is watched over
  std::string strategy;               ///< whose pulse is asked for; empty = nobody's
  /// What it wants of its rules, as text (to_text() of the overrides); empty = the configuration's.
  std::string trailing, aged;
  std::string listed_by = {};  ///< the source whose list counts; empty: somebody's own
};

/// What a trailing stop must not lose (TrailingMemory); of the position opened at that moment.
/// Prices are decimals as text.
struct TrailingStopRow {
  std::string venue, symbol, id;
  WallTime opened_at;
  std::string state;  ///< "inactive" | "waiting" | "active" | "triggered"
  std::string peak;
  std::optional<std::string> stop, confirmed_stop;
  bool activation_confirmed = false;
  std::int64_t last_number = 0;  ///< of its proposals
  std::int64_t decisions = 0;    ///< of the position
  WallTime updated_at;
};

/// What the aged rule of a position must not lose (AgedMemory).
struct AgedPositionRow {
  std::string venue, symbol, id;
  WallTime opened_at;
  std::string phase;  ///< "young" | "grace" | "progressive" | "emergency"
  bool reached = false, exited = false;
  std::int64_t decisions = 0;
  WallTime updated_at;
};

/// What was decided about a position: written before it is told. Prices are decimals as text.
struct PositionDecisionRow {
  std::string id;  ///< idempotency key
  std::string venue, symbol, position;
  WallTime opened_at;
  std::int64_t number = 0;  ///< of the position, rising
  std::string rule;         ///< "trailing" | "aged"
  std::string type;         ///< "activated" | "stop_moved" | "triggered" | "target_reached" | …
  std::optional<std::string> price, stop, peak, target;
  std::string phase;  ///< of an aged position
  std::optional<double> receive_age_seconds, event_age_seconds;
  std::string source;  ///< "live" | "bridge" | …
  std::string reason;
  WallTime created_at;
};

/// The spool names a row's type by its place here: new ones go to the end.
using JournalRow = std::variant<AlertRow, AlertTransitionRow, NotificationRow, StreamTransitionRow,
                                RepairRow, SilenceRow, PulseRow, AgedMonitoringEventRow,
                                PositionRow, TrailingStopRow, AgedPositionRow, PositionDecisionRow>;

/// Rows of one transaction. AlertRow, NotificationRow, RepairRow, SilenceRow,
/// AgedMonitoringEventRow and PositionDecisionRow replace the row of the same id, a PositionRow,
/// TrailingStopRow and AgedPositionRow that of the same venue, symbol and id. A
/// PulseRow is folded into the one of its name and mark: the newest `at` with its detail, counts
/// added. A batch with an idempotency key already committed changes nothing and succeeds.
struct JournalBatch {
  std::string idempotency_key;
  std::vector<JournalRow> rows;
};

/// Asynchronous, ordered, all-or-nothing commits. `done` runs on the caller's thread (through its
/// mailbox), in order, exactly once.
class Journal {
 public:
  using Done = std::move_only_function<void(std::expected<void, Error>)>;
  using Each = std::function<void(std::expected<void, Error>)>;
  virtual ~Journal() = default;
  virtual void commit(JournalBatch batch, Done done) = 0;
  /// Batches that go together where the journal can: `each` is called once for every batch, in
  /// their order. When one fails for the journal's own reasons, none behind it is committed and all
  /// of those fail too; one that can never be taken fails alone. Without its own way of doing it, a
  /// journal commits them one after the other, each when the one before it is durable.
  virtual void commit_group(std::vector<JournalBatch> group, Each each);
};

/// Small durable records by key (dial budgets, quarantine, offsets). Writes are batched, at most
/// one second old on disk. Values are opaque bytes with the writer's own version in front.
class StateStore {
 public:
  virtual ~StateStore() = default;
  virtual std::optional<std::string> get(const std::string& key) const = 0;
  virtual void put(const std::string& key, std::string value) = 0;
  /// Replaces what stands under `key` by what `change` makes of it (nullopt = nothing stands
  /// there). Where several threads use the store, nobody else's put or update comes between;
  /// `change` must not call the store.
  using Change = std::function<std::string(const std::optional<std::string>&)>;
  virtual void update(const std::string& key, const Change& change) { put(key, change(get(key))); }
};

}  // namespace feedwatch
