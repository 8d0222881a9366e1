#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/engine/control_probe.hpp"
#include "feedwatch/engine/rules/custom.hpp"
#include "feedwatch/engine/status.hpp"
#include "feedwatch/engine/views.hpp"
#include "feedwatch/engine/watchdog.hpp"
#include "feedwatch/health/evidence.hpp"
#include "feedwatch/monitor/monitor.hpp"
#include "feedwatch/protect/pulses.hpp"

namespace feedwatch::engine {

/// Defaults of semantics §9.
struct AlertOptions {
  Duration keep_firing = 60s;
  Duration line_down_for = 10s;
  Duration group_wait = 5s;   ///< first notification of a group waits for its siblings
  Duration repeat = 4h;       ///< an alert still true is told again this often; zero = never
  Duration retry_first = 1s;  ///< delivery retries: exponential from here
  Duration retry_max = 60s;
  std::size_t max_notifications = 10'000;  ///< undelivered ones kept in memory
};

struct ControlOptions {
  AlertOptions alerts;
  std::uint64_t seed = 1;  ///< jitter and ids
  std::string instance = "feedwatch";
  std::string external_url;  ///< where a person finds this monitor; goes into payloads
  std::vector<PulseOptions> pulses;
  rules::RuleSet rules;
  std::optional<WatchdogOptions> watchdog;  ///< absent = there is no alert that always fires
};

struct ControlPorts {
  Clock& clock;
  Wakeup& wakeup;
  Journal& journal;
  std::vector<Sink*> sinks;
  StatusBoard& status;
  const Monitor& monitor;  ///< reading calls only
  /// How the process fares; without it there is no "Monitor" component.
  std::function<health::SelfEvidence()> self = {};
  /// How the store fares behind the journal; without it the answers of the journal have to do.
  std::function<health::StoreSelf()> store = {};
  /// Has the store write, read back and delete a row; answered later, on this thread.
  StoreProbe::Ask probe = {};
  /// Calls whoever misses us when we do not; each minute, while may_beat().
  std::function<void()> heartbeat = {};
};

/// Resolved alerts a control remembers.
inline constexpr std::size_t kept_resolved = 1'000;

/// What a store found of an earlier run: open alerts to go on with, notifications to deliver, and
/// what has ended lately, newest first, to be shown.
struct Recovered {
  std::vector<AlertRow> open_alerts;
  std::vector<NotificationRow> pending_notifications;
  std::vector<AlertRow> resolved_alerts = {};
  std::vector<PulseRow> pulses = {};
};

/// Health, alerts, delivery and views: the slow half of the engine. One thread (the control thread)
/// calls everything; acts only through ports; holds one wake-up. The simulator runs this very
/// class.
class Control {
 public:
  Control(ControlOptions options, ControlPorts ports, Recovered recovered);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  void start();
  /// Takes what the shard has put on the status board.
  void on_status(MonoTime now);
  void on_wakeup(MonoTime now);
  /// An alert that another writer of the journal has opened, changed or ended, with the outbox
  /// entries of that transaction: they are delivered, and an open alert is gone on with like one of
  /// an earlier run.
  void adopt(const AlertRow& row, std::vector<NotificationRow> notes);
  /// Other times from now on. An alert that a longer one would still hold back stays open.
  void reconfigure(const AlertOptions& options);
  /// Stopping: nothing waits for its siblings any more.
  void hurry(MonoTime now);
  /// Nothing left to commit or deliver (used when stopping).
  bool drained() const;
  /// A pulse was heard, has started or has failed. The error says that it is not known.
  Result<void> beat(std::string_view name, PulseMark mark, std::string detail, MonoTime now);

  // ---- views, at the instant `now` ----
  std::vector<StreamView> streams(MonoTime now) const;
  std::optional<StreamView> stream(const StreamKey& key, MonoTime now) const;
  std::vector<LineView> lines(MonoTime now) const;
  /// Open ones and, newest first, at most `resolved` recently resolved ones.
  std::vector<AlertView> alerts(std::size_t resolved = 100) const;
  /// How many alerts of each name are pending and firing; every name of a rule is there.
  std::vector<AlertCount> alert_counts() const;
  std::vector<SinkView> sinks() const;
  std::vector<PulseView> pulses(MonoTime now) const;
  HealthView health(MonoTime now) const;
  std::vector<VenueStatus> venues() const;

  struct Counters {
    std::uint64_t alerts_pending = 0, alerts_fired = 0, alerts_resolved = 0;
    std::uint64_t notifications_delivered = 0, notifications_failed = 0, notification_retries = 0;
    std::uint64_t journal_commits = 0, journal_errors = 0, transitions = 0, transitions_merged = 0;
    std::uint64_t notifications_dropped = 0, journal_dropped_rows = 0;
    std::size_t notifications_pending = 0, journal_pending = 0;
  };
  Counters counters() const;
  /// Every required stream has left unknown once (those of patterns included; true for good from
  /// then on), and the store accepts or spools.
  bool ready(MonoTime now) const;

  /// An observer of everything the control decides, as text, in order: `sim`'s event log, the
  /// demo's ledger and the log file use it. Called on the control thread.
  struct Event {
    enum class Type : std::uint8_t {
      stream_level,
      suspect,
      suspect_cleared,
      repair_started,
      repair_ended,
      line_state,
      alert,
      notification,
      venue
    };
    Type type = Type::stream_level;
    MonoTime at{};        ///< when it became true
    std::string subject;  ///< stream text, line name, alert identity
    std::string text;     ///< "healthy -> stale silent", "firing critical", …
    Level from = Level::unknown, to = Level::unknown;
    Reason reason = Reason::ok;
    std::optional<RepairStatus> repair;
    std::string alert_state;  ///< alert only: pending | firing | resolved
    std::string severity;
  };
  void set_observer(std::function<void(const Event&)> observer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch::engine
