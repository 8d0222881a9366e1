#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "feedwatch/alert/outbox.hpp"
#include "feedwatch/alert/payload.hpp"
#include "feedwatch/alert/pipeline.hpp"
#include "feedwatch/alert/resend.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/control_journal.hpp"
#include "feedwatch/engine/control_rate.hpp"
#include "feedwatch/engine/decision_outbox.hpp"
#include "feedwatch/engine/recurrence.hpp"
#include "feedwatch/engine/rules/rules.hpp"
#include "feedwatch/engine/suspicion.hpp"
#include "feedwatch/engine/unstored_decisions.hpp"
#include "feedwatch/engine/unstored_positions.hpp"
#include "feedwatch/health/registry.hpp"
#include "feedwatch/health/reports.hpp"
#include "feedwatch/muting/muting.hpp"
#include "feedwatch/muting/telling.hpp"

namespace feedwatch::engine {

/// What the control knows of one stream beyond its newest status.
struct StreamTrack {
  StreamStatus status;
  bool left_unknown = false;
  std::optional<MonoTime> rejecting_since, exhausted_since, quarantined_since, lost_since;
  Recurrence outages{10min, 0};  ///< by its own fault: a quiet market flaps, and nobody is told
  bool overdue = false;
  std::set<std::uint64_t> open_repairs;
  std::uint64_t newest_ended_repair = 0;
};

/// What was told of an alert, in whose row a rise may stand that was not.
inline Notice as_told(AlertRow row, alert::Severity told) {
  row.severity = to_text(told);
  return alert::notice_of(row);
}

struct LineTrack {
  LineStatus status;
  RateMeter rate;
  Recurrence losses{5min, 1};
};

/// A list of positions of which not all is taken yet.
struct ListUnderWay {
  std::string source;
  PositionList list;
  std::size_t next = 0;  ///< element
  ListTaken taken = {};
  std::set<PositionKey> refused = {};
  bool read = false;                           ///< all elements are taken
  PositionKey absent = {};                     ///< up to which absences are noted
  std::optional<std::string> fails_then = {};  ///< what its source has said since
  Control::ListDone done = {};
};

struct Control::Impl {
  Impl(ControlOptions options, ControlPorts ports, Recovered recovered);

  // ---- the order of things (control.cpp) ----
  void take_status(MonoTime now);
  void run(MonoTime now);
  void turn(MonoTime now);
  void arm(MonoTime now);
  void answered();
  void emit(const Event& event) const;

  // ---- statuses (control_status.cpp) ----
  void apply(StreamStatus status, MonoTime now, std::vector<JournalRow>& rows);
  void apply(LineStatus status, MonoTime now);
  bool apply(VenueStatus status, MonoTime now);
  void level_change(const StreamTrack& track, const StreamStatus& next, MonoTime now,
                    std::vector<JournalRow>& rows);
  void suspect_change(const StreamTrack& track, const StreamStatus& next, MonoTime now) const;
  void repair_change(StreamTrack& track, const StreamStatus& next, const RepairStatus& repair,
                     std::vector<JournalRow>& rows) const;
  void forget_stream(StreamId stream);
  void forget_venue(const std::string& venue);
  void count_streams(MonoTime now);

  // ---- rules (control_judge.cpp) ----
  void judge_stream(StreamTrack& track, MonoTime now);
  void note_outage(StreamTrack& track, const rules::StreamFacts& facts, MonoTime now);
  void judge_line(LineTrack& track, MonoTime now);
  void judge_venue(rules::VenueFacts& facts, MonoTime now);
  void look_at_ourselves(MonoTime now);
  void judge_ourselves(MonoTime now);
  void judge_own(MonoTime now);
  void judge_pulses(MonoTime now);
  std::vector<PulseView> pulse_views(MonoTime now) const;
  void judge_clock(MonoTime now);
  void judge_watchdog(MonoTime now);
  rules::Finding judge_store(MonoTime now) const;
  std::vector<std::string> premature_alerts() const;
  void judged(rules::Finding finding, std::string_view name, const Labels& scope,
              MonoTime recovered, alert::Evidence evidence, MonoTime now);
  void review(MonoTime now);
  MonoTime next_review(MonoTime now) const;
  void send_heartbeat(MonoTime now);

  // ---- positions (control_positions.cpp) ----
  void recover_positions(const Recovered& recovered, MonoTime now);
  void tell(const PositionKey& key, std::string text, MonoTime now,
            std::optional<ProtectionDecision> decision = {}) const;
  void tell_unreadable(MonoTime now);
  void look_at(const PositionKey& key, MonoTime now);
  void judge_positions(MonoTime now);
  void record_news(MonoTime now);
  void judge_position(const PositionView& view, MonoTime now);
  void judge_divergence(const DivergenceView& view, MonoTime now);
  MaxAgeOf max_age_of() const;
  void took(PositionBook::Put put, const PositionKey& key,
            std::optional<JournalQueue::Type> renewal, MonoTime now);
  void close(const PositionKey& key, std::string why, MonoTime now);

  // ---- lists of positions (control_lists.cpp) ----
  static ListUnderWay begin_list(const std::string& source, PositionList list);
  void take_next(ListUnderWay& one, MonoTime now);
  void end_list(ListUnderWay& one, MonoTime now);
  bool take_slice(ListUnderWay& one, MonoTime now);
  void take_lists(MonoTime now);
  void drop_lists(std::string_view source, const std::string& why);
  bool was_refused(const std::string& source, const PositionKey& key) const;
  Result<void> may_list(const std::string& source, const PositionList& list) const;
  bool counts(const PositionLease* known, const std::string& source, MonoTime now) const;
  Result<PositionBook::Put> take_element(const std::string& source, PositionList::Element element,
                                         MonoTime now);
  void note_word(const PositionKey& key, const std::string& source,
                 const std::optional<PositionValues>& other, MonoTime now);

  // ---- their sources (control_sources.cpp) ----
  void recover_sources(MonoTime now);
  void judge_sources(MonoTime now);
  void judge_twins(MonoTime now);
  void close_over(const PositionKey& key, MonoTime now);
  void remember_sources(MonoTime now);
  MonoTime next_of_sources() const;

  // ---- their rules (control_decisions.cpp) ----
  void recover_rules(const Recovered& recovered, MonoTime now);
  void apply_rules(const PositionLease& lease, MonoTime now);
  bool may_act(const PositionRules::Symbol& symbol, MonoTime now);
  bool take_prices(MonoTime now);
  void follow_streams(MonoTime now);
  void take_verdict(const Positions::Verdict& verdict, MonoTime now);
  PositionRules::Decisions decide_by(const Positions::Verdict& verdict, MonoTime now);
  bool decided(const PositionRules::Decisions& decisions, MonoTime now);
  void keep_rules(std::size_t limit, MonoTime now);
  bool keep_moved(MonoTime now);
  bool judge_rules(MonoTime now);
  void keep(const PositionLease& lease, JournalQueue::Type type, MonoTime now,
            std::vector<JournalRow> more = {});

  // ---- into the store, before anybody is told (control_unstored.cpp) ----
  std::size_t room_for_decisions() const;
  std::size_t room_for_positions() const;
  void store_positions(MonoTime now);
  void store_decisions(MonoTime now);
  void ended(const JournalBatch& batch, JournalQueue::End end);
  void tell_given_up(MonoTime now);
  void judge_unstored(MonoTime now);
  void recover_unstored(const Recovered& recovered);
  MonoTime next_unstored() const;

  // ---- whom decisions are told (control_receivers.cpp) ----
  void find_receivers();
  void hand_over(const PositionDecisionRow& row);
  void serve_receivers(MonoTime now);
  void serve(std::size_t receiver, MonoTime now);
  void on_taken(std::size_t receiver, std::uint64_t number, const std::string& key,
                const SinkResult& result);
  void judge_receivers(MonoTime now);
  MonoTime next_receiver() const;
  bool receivers_idle(MonoTime now) const;
  std::vector<health::SinkEvidence> receiver_evidence(MonoTime now) const;

  // ---- rules of the configuration (control_custom.cpp) ----
  void judge_custom(MonoTime now);
  template <class Action>
  void for_subjects(rules::Subject subject, MonoTime now, Action action);
  rules::FactValues facts_of_venue(const rules::VenueFacts& facts, MonoTime now) const;
  void change_finding(rules::Finding& finding, std::string_view name) const;

  bool is_unheard(const StreamTrack& track, const Slot& slot) const;
  rules::StreamFacts facts_of(const StreamTrack& track, MonoTime now) const;

  // ---- alerts (control_alerts.cpp) ----
  void recover(Recovered recovered, MonoTime now);
  void adopt(const AlertRow& row, std::vector<NotificationRow> notes, MonoTime now);
  void clear_orphans(MonoTime now);
  bool is_orphan(const alert::Alert& alert) const;
  bool any_awaits_instruments() const;
  bool streams_left_unknown() const;
  const StreamTrack* track_of(const Labels& scope) const;
  void settle(MonoTime now);
  void carry_out(alert::Decision decision, MonoTime now);
  void refresh_text(alert::Alert& alert, MonoTime now) const;
  AlertRow row_of(const alert::Alert& alert) const;

  // ---- mutes and what is remembered (control_muting.cpp) ----
  muting::MutedBy muted_by(const alert::Alert& alert, MonoTime now) const;
  bool is_muted(const alert::Alert& alert, MonoTime now) const;
  std::optional<alert::Severity> tell_adopted(const AlertRow& row,
                                              const std::vector<NotificationRow>& notes,
                                              bool is_known, MonoTime now);
  void take_notes(const AlertRow& row, std::vector<NotificationRow> notes, bool is_known,
                  MonoTime now);
  void withdraw(std::vector<NotificationRow> notes, MonoTime now);
  std::size_t hearers_of(const Notice& notice) const;
  void withdraw_muted(MonoTime now);
  void release_muted(MonoTime now);
  MonoTime next_muting() const;
  void keep(const std::vector<muting::Silence>& silences, MonoTime now);
  Result<void> acknowledge(const std::string& alert_id, std::optional<alert::Ack> ack,
                           MonoTime now);
  void remember(MonoTime now);
  MonoTime mono_of(WallTime at) const;

  // ---- delivery (control_delivery.cpp) ----
  bool is_told_of(std::size_t sink, const Notice& notice) const;
  /// `told_before`: the severity of the alert that was told so far.
  void add_notifications(const alert::Decision& decision,
                         const std::optional<alert::Severity>& told_before, MonoTime now,
                         std::vector<JournalRow>& rows);
  void deliver(std::vector<alert::Attempt> attempts, MonoTime now);
  void resend(MonoTime now);
  void on_resent(std::size_t sink, const SinkResult& result);
  MonoTime next_resend() const;
  void keep_alive(const Notice& notice, MonoTime now);
  void on_result(std::size_t sink, std::uint64_t number, const SinkResult& result);
  void take_finished(MonoTime now, std::vector<JournalRow>& rows);
  void record_finished(MonoTime now);
  void restore_notification(NotificationRow row, const std::vector<AlertRow>& alerts, MonoTime now);

  // ---- views (control_views.cpp, control_health.cpp) ----
  StreamView view_of(StreamId stream, const StreamTrack& track, MonoTime now) const;
  LineView view_of(const LineTrack& track, MonoTime now) const;
  health::FeedEvidence feed_evidence(MonoTime now) const;
  health::StoreEvidence store_evidence(MonoTime now) const;
  std::vector<health::PulseEvidence> pulse_evidence(MonoTime now) const;
  std::vector<health::SinkEvidence> sink_evidence(MonoTime now) const;
  std::vector<health::ExchangeEvidence> exchange_evidence(MonoTime now) const;
  HealthView health(MonoTime now) const;
  bool store_accepts(MonoTime now) const;

  ControlOptions options;
  ControlPorts ports;
  WallAnchor anchor;
  rules::Options rule_options;
  alert::Pipeline pipeline;
  muting::Muting muting;
  muting::Telling telling;
  MonoTime muting_at = MonoTime::min();    ///< when a silence or window may have begun or ended
  bool ack_changed = false;                ///< an alert was acknowledged, or is not any more
  MonoTime remember_at = MonoTime::min();  ///< not before is the memory written again
  alert::Outbox outbox;
  std::vector<std::optional<alert::Resend>> resends;        ///< of the sinks that need it
  std::map<std::string, Histogram, std::less<>> latencies;  ///< of deliveries, by sink
  JournalQueue journal;
  StoreProbe probe;
  Pulses pulses;
  Positions positions;
  PositionSources sources;
  std::deque<ListUnderWay> lists;  ///< as they came
  /// Elements of the newest list that were refused, by source; nothing where it was as a whole.
  std::map<std::string, std::set<PositionKey>, std::less<>> refused;
  bool sources_changed = false;           ///< and not written yet
  MonoTime sources_at = MonoTime::min();  ///< not before are they written again
  PositionRules position_rules;
  MonoTime moved_until = MonoTime::min();  ///< so long holds the budget of keep_moved()
  std::size_t moved_left = 0;              ///< of it
  UnstoredPositions unstored_positions;
  UnstoredDecisions unstored;
  std::set<PositionKey> unstored_told;           ///< an alert about them is open, or may be
  std::deque<DecisionOutbox> decision_outboxes;  ///< of the ports' receivers
  std::vector<std::pair<PositionKey, std::string>> unreadable;  ///< of an earlier run, not yet told
  std::optional<MonoTime> armed;
  std::set<PositionKey> troubled;  ///< something is open about them, or may be
  MonoTime look_at_positions = MonoTime::min();
  Suspicion suspicion;
  health::Reports reports;

  std::map<StreamId, StreamTrack> streams;
  std::map<std::string, StreamId, std::less<>> stream_by_text;
  std::set<StreamId> recurring;  ///< streams with outages again and again
  std::map<LineId, LineTrack> lines;
  std::map<std::string, LineId, std::less<>> line_by_name;
  std::map<std::string, rules::VenueFacts, std::less<>> venues;
  std::deque<AlertRow> resolved;  ///< newest first, at most kept_resolved
  std::function<void(const Event&)> observer;
  Counters counted;
  bool started = false;
  bool wanted_changed = true;         ///< a stream or venue has come, gone, or become required
  std::optional<MonoTime> evaluated;  ///< when statuses were first taken and judged
  bool orphans_cleared = false;
  bool orphans_waited = false;    ///< what is found later has ended when it is found
  bool streams_known = false;     ///< latched: every required stream has left unknown once
  bool components_known = false;  ///< latched: no required component was unknown
  std::optional<MonoTime> clock_shifted_since;
  std::optional<MonoTime> evaluated_last;  ///< newest evaluation
  health::SelfEvidence looked;             ///< how we fared, at the newest look
  MonoTime next_look = MonoTime::min();
  MonoTime next_suspicion = MonoTime::min();
  MonoTime next_heartbeat = MonoTime::min();
  MonoTime custom_due = MonoTime::min();
  /// Findings of rules of the configuration, by identity: when they became true.
  std::map<std::string, MonoTime, std::less<>> custom_since;
  bool stopping = false;  ///< lines go because we do: that is nothing to record
  bool running = false;
  bool again = false;
  std::shared_ptr<Impl*> alive;  ///< last: a sink's late answer finds nobody
};

/// Rows of positions' memory that are written the moment it changes, in a second. Peaks move with
/// every price: beyond that they are worth a row only when they last.
constexpr std::size_t moved_rows = 200;

/// … and positions whose memory is written at the end of each second.
constexpr std::size_t kept_at_once = 2'000;

/// Under which the StateStore has what the control remembers of its alerts.
inline constexpr std::string_view memory_key = "control/alerts";

/// … and who has listed which position.
inline constexpr std::string_view sources_key = "control/position-sources";

/// Streams come one by one when a shard starts; only after this is a subject nobody named unknown.
constexpr Duration orphan_delay = 5s;

}  // namespace feedwatch::engine
