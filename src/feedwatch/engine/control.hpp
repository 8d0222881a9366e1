#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/alert/alert.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/decisions.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/engine/control_probe.hpp"
#include "feedwatch/engine/position_list.hpp"
#include "feedwatch/engine/position_rules.hpp"
#include "feedwatch/engine/positions.hpp"
#include "feedwatch/engine/price_tap.hpp"
#include "feedwatch/engine/rules/custom.hpp"
#include "feedwatch/engine/status.hpp"
#include "feedwatch/engine/views.hpp"
#include "feedwatch/engine/watchdog.hpp"
#include "feedwatch/health/evidence.hpp"
#include "feedwatch/health/reports.hpp"
#include "feedwatch/monitor/monitor.hpp"
#include "feedwatch/muting/maintenance.hpp"
#include "feedwatch/muting/silence.hpp"
#include "feedwatch/protect/pulses.hpp"

namespace feedwatch::engine {

/// Defaults of semantics §9.
struct AlertOptions {
  Duration keep_firing = 60s;
  Duration line_down_for = 10s;
  Duration group_wait = 5s;        ///< first notification of a group waits for its siblings
  Duration group_interval = 1min;  ///< between notifications about one group
  Duration repeat = 4h;            ///< an alert still true is told again this often; zero = never
  Duration retry_first = 1s;       ///< delivery retries: exponential from here
  Duration retry_max = 60s;
  std::size_t max_notifications = 20'000;  ///< undelivered ones kept in memory, of each sink
};

struct ControlOptions {
  AlertOptions alerts;
  std::uint64_t seed = 1;  ///< jitter and ids
  std::string instance = "feedwatch";
  std::string external_url;  ///< where a person finds this monitor; goes into payloads
  std::vector<PulseOptions> pulses;
  PositionOptions positions;
  RuleOptions position_rules;
  rules::RuleSet rules;
  std::optional<WatchdogOptions> watchdog;        ///< absent = there is no alert that always fires
  std::vector<muting::Maintenance> maintenances;  ///< announced work: recorded and not told
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
  /// How the connection fares over which we hear the pulse ourselves; absent: others tell us of it.
  std::function<std::optional<PulseSource>(std::string_view pulse, MonoTime now)> pulse_source = {};
  /// What is pending or about to end goes on in a later run; without it that begins anew.
  StateStore* state = nullptr;
  /// Gets positions the streams they need; without it they take what is watched.
  PriceSources* prices = nullptr;
  PriceTap* tap = nullptr;  ///< where these streams' prices come; without it no rule is applied
  /// Told every decision about a position once it is written; of one position in order.
  std::function<void(const PositionDecisionRow&)> decided = {};
  /// Told them too: at least once each, also in a later run (`state`), with what is read there.
  std::vector<DecisionReceiver*> receivers = {};
  DecisionReader written = {};
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
  std::vector<muting::Silence> silences = {};
  std::vector<PositionRow> positions = {};
  std::vector<TrailingStopRow> trailing_stops = {};
  std::vector<AgedPositionRow> aged_positions = {};
  /// By id of an open alert: the highest severity somebody was told, if anybody was. One that is
  /// not in it was told as it is.
  std::map<std::string, std::optional<alert::Severity>> told = {};
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
  /// Takes what shards have put on the tap.
  void on_prices(MonoTime now);
  void on_wakeup(MonoTime now);
  /// An alert that another writer of the journal has opened, changed or ended, with the outbox
  /// entries of that transaction: they are delivered, and an open alert is gone on with like one of
  /// an earlier run.
  void adopt(const AlertRow& row, std::vector<NotificationRow> notes);
  /// Other times from now on. An alert that a longer one would still hold back stays open.
  void reconfigure(const AlertOptions& options);
  /// Other windows from now on. What none of them mutes and still fires is told.
  void set_maintenances(std::vector<muting::Maintenance> maintenances);

  // ---- what people do; all of it becomes a row ----
  /// As muting::Silences::put(): the silence as it is now.
  Result<muting::Silence> put_silence(muting::Silence wish);
  Result<muting::Silence> expire_silence(const std::string& id);
  /// Somebody has taken the open alert of this id on: it is not repeated, until it is raised or
  /// ends. Again it replaces the acknowledgement.
  Result<void> acknowledge(const std::string& alert_id, std::string by, std::string comment);
  /// Takes it back.
  Result<void> unacknowledge(const std::string& alert_id);

  /// Stopping: nothing waits for its siblings any more.
  void hurry(MonoTime now);
  /// Nothing left to commit or deliver (used when stopping).
  bool drained() const;
  /// A pulse was heard, has started or has failed: now, or before. The error says that it is not
  /// known.
  Result<void> beat(std::string_view name, PulseMark mark, std::string detail, MonoTime now,
                    std::optional<MonoTime> before = {});

  // ---- positions; all of it becomes a row ----
  /// Registers, renews or changes one, as PositionBook::put(); answers how it is served. An error
  /// about its rules names the rule.
  Result<PositionView> put_position(Position position, std::optional<Duration> ttl,
                                    std::string owner, PositionTerms terms = {});
  /// It is watched over no more, and every alert about it ends. The error says that it is not
  /// known.
  Result<void> close_position(const PositionKey& key);
  /// Takes the list of one source (semantics §10): its positions are registered, renewed or
  /// changed; of what is not in it nothing is destroyed on this word alone. The error says why
  /// nothing of it was taken. What somebody has registered himself keeps its owner and its lease,
  /// unless the list has a ttl for it.
  Result<ListTaken> list_positions(const std::string& source, PositionList list);
  /// The same, a slice each turn: a list of thousands keeps nobody waiting. `done` is called once,
  /// perhaps at once: with what became of it, or why it was not taken. Lists are taken in the order
  /// they came; one that has not begun gives way to a newer one of its source, and is answered with
  /// what becomes of that.
  using ListDone = std::move_only_function<void(Result<ListTaken>)>;
  void take_list(const std::string& source, PositionList list, ListDone done);
  /// The list of the source cannot be read: nothing changes, and that is told when it lasts.
  Result<void> fail_source(const std::string& source, std::string why);
  /// It reports no more. The error says that it is not known.
  Result<void> forget_source(const std::string& source);
  const PositionSources& position_sources() const;
  /// The answer to the proposal (`activated`, `stop_moved`) of that number: it has been carried
  /// out, or not. Of any other number it is nothing. The error says that there is no such position.
  Result<void> answer_decision(const PositionKey& key, std::uint64_t number, bool confirmed);
  const Positions& positions() const;

  // ---- views, at the instant `now` ----
  std::vector<StreamView> streams(MonoTime now) const;
  std::optional<StreamView> stream(const StreamKey& key, MonoTime now) const;
  std::vector<LineView> lines(MonoTime now) const;
  /// Open ones and, newest first, at most `resolved` recently resolved ones.
  std::vector<AlertView> alerts(std::size_t resolved = 100) const;
  std::vector<muting::Silence> silences() const;
  WallTime utc(MonoTime now) const;  ///< anchored: what states of silences are judged by
  /// How many alerts of each name are pending and firing; every name of a rule is there.
  std::vector<AlertCount> alert_counts() const;
  std::vector<SinkView> sinks() const;
  std::vector<SinkView> receivers() const;  ///< of decisions
  std::vector<PulseView> pulses(MonoTime now) const;
  HealthView health(MonoTime now) const;
  /// What something outside says of itself, as a component until its time is over. The error says
  /// what is wrong with it.
  Result<void> report(health::Report report);
  bool withdraw(std::string_view component);  ///< false = nothing was reported under the name
  std::vector<VenueStatus> venues() const;

  struct Counters {
    std::uint64_t alerts_pending = 0, alerts_fired = 0, alerts_resolved = 0;
    std::uint64_t notifications_delivered = 0, notifications_failed = 0, notification_retries = 0;
    std::uint64_t journal_commits = 0, journal_errors = 0, transitions = 0, transitions_merged = 0;
    std::uint64_t notifications_dropped = 0, journal_dropped_rows = 0;
    std::size_t notifications_pending = 0, journal_pending = 0;
    std::size_t journal_rows = 0, journal_capacity = 0;  ///< rows that wait, and may
  };
  Counters counters() const;
  /// How long batches of rows took to be written.
  Histogram::Snapshot store_latency() const;
  Readiness readiness(MonoTime now) const;
  bool ready(MonoTime now) const;  ///< all of it

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
      venue,
      position
    };
    Type type = Type::stream_level;
    MonoTime at{};        ///< when it became true
    std::string subject;  ///< stream text, line name, alert identity
    std::string text;     ///< "healthy -> stale silent", "firing critical", …
    Level from = Level::unknown, to = Level::unknown;
    Reason reason = Reason::ok;
    std::optional<RepairStatus> repair;
    std::optional<ProtectionDecision> decision;  ///< position only: as it is made
    std::string alert_state;                     ///< alert only: pending | firing | resolved
    std::string severity;
  };
  void set_observer(std::function<void(const Event&)> observer);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch::engine
