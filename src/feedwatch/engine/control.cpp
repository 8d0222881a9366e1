#include "feedwatch/engine/control.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

alert::PipelineOptions pipeline_options(const AlertOptions& options, const WallAnchor& anchor) {
  alert::PipelineOptions pipeline;
  pipeline.lifecycle = {options.keep_firing, options.repeat, anchor};
  pipeline.group.wait = options.group_wait;
  pipeline.group.interval = options.group_interval;
  return pipeline;
}

alert::OutboxOptions outbox_options(const ControlOptions& options) {
  alert::OutboxOptions outbox;
  outbox.retry_first = options.alerts.retry_first;
  outbox.retry_max = options.alerts.retry_max;
  outbox.max_pending = options.alerts.max_notifications;
  outbox.seed = options.seed;
  return outbox;
}

std::vector<alert::Outbox::Target> targets_of(const std::vector<Sink*>& sinks) {
  std::vector<alert::Outbox::Target> targets;
  targets.reserve(sinks.size());
  for (const Sink* sink : sinks) targets.push_back({sink->name(), sink->limits()});
  return targets;
}

std::vector<std::optional<alert::Resend>> resends_of(const std::vector<Sink*>& sinks) {
  std::vector<std::optional<alert::Resend>> resends(sinks.size());
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    const SinkLimits limits = sinks[i]->limits();
    if (limits.resend > Duration::zero()) resends[i].emplace(limits);
  }
  return resends;
}

PositionOptions position_options(const ControlOptions& options) {
  PositionOptions positions = options.positions;
  positions.aged = options.position_rules.aged.has_value();
  return positions;
}

JournalQueueOptions journal_options(const ControlOptions& options, const WallAnchor& anchor) {
  JournalQueueOptions journal;
  journal.seed = options.seed + 1;
  journal.run = fmt::format("{}-{:x}", options.instance, to_ns(anchor.wall));
  return journal;
}

}  // namespace

Control::Impl::Impl(ControlOptions given, ControlPorts given_ports, Recovered recovered)
    : options(std::move(given)),
      ports(std::move(given_ports)),
      anchor{ports.clock.wall_now(), ports.clock.now()},
      pipeline(pipeline_options(options.alerts, anchor)),
      muting(options.maintenances),
      outbox(outbox_options(options), targets_of(ports.sinks)),
      resends(resends_of(ports.sinks)),
      journal(ports.journal, ports.clock, journal_options(options, anchor)),
      probe(ports.probe, ports.clock, [this] { answered(); }),
      pulses(options.pulses, anchor),
      positions(position_options(options), ports.monitor, ports.clock, ports.prices),
      position_rules(options.position_rules, anchor,
                     [this](const PositionRules::Symbol& symbol, MonoTime now) {
                       return may_act(symbol, now);
                     }),
      alive(std::make_shared<Impl*>(this)) {
  rule_options.line_down_for = options.alerts.line_down_for;
  journal.set_callbacks(
      [this](const JournalBatch& batch, JournalQueue::End end) {
        for (const auto& row : batch.rows) {
          const auto* note = std::get_if<NotificationRow>(&row);
          if (note != nullptr && note->state == "pending") outbox.committed(note->id);
        }
        ended(batch, end);
      },
      [this] { answered(); });
  find_receivers();
  recover(std::move(recovered), anchor.mono);
}

void Control::Impl::answered() {
  if (started) run(ports.clock.now());
}

void Control::Impl::take_status(MonoTime now) {
  StatusBoard::Taken taken = ports.status.take();
  std::vector<JournalRow> rows;
  std::set<std::string> changed_venues;
  std::set<LineId> changed_lines;
  for (auto& status : taken.lines) {
    changed_lines.insert(status.line);
    apply(std::move(status), now);
  }
  for (auto& status : taken.venues) {
    std::string venue = status.venue;
    if (apply(std::move(status), now)) changed_venues.insert(std::move(venue));
  }
  std::set<StreamId> changed_streams;
  for (auto& status : taken.streams) {
    changed_streams.insert(status.stream);
    apply(std::move(status), now, rows);
  }
  if (!rows.empty()) {
    journal.push({journal.next_key("streams"), std::move(rows)}, JournalQueue::Type::telemetry,
                 now);
  }

  // Causes before what they explain.
  if (!changed_lines.empty()) next_suspicion = MonoTime::min();
  judge_ourselves(now);
  count_streams(now);
  for (auto& [name, facts] : venues) judge_venue(facts, now);
  for (const LineId id : changed_lines) {
    if (const auto track = lines.find(id); track != lines.end()) judge_line(track->second, now);
  }
  if (!changed_venues.empty()) {
    for (const auto& [id, track] : streams) {
      if (changed_venues.contains(track.status.info->key.venue)) changed_streams.insert(id);
    }
  }
  for (const StreamId id : changed_streams) {
    if (const auto track = streams.find(id); track != streams.end()) {
      judge_stream(track->second, now);
    }
  }
  if (!evaluated && !(taken.streams.empty() && taken.venues.empty())) evaluated = now;
  streams_known = streams_known || streams_left_unknown();
}

/// One thing at a time: an answer that arrives inside a turn gets a turn of its own afterwards.
void Control::Impl::run(MonoTime now) {
  if (running) {
    again = true;
    return;
  }
  running = true;
  do {
    again = false;
    turn(now);
  } while (again);
  running = false;
  arm(now);
}

void Control::Impl::turn(MonoTime now) {
  withdraw_muted(now);
  std::vector<alert::Attempt> attempts = outbox.due(now);
  record_finished(now);
  take_lists(now);
  review(now);
  if (position_rules.next_deadline() <= now) decided(position_rules.on_time(now), now);
  settle(now);
  release_muted(now);
  remember(now);
  remember_sources(now);
  store_decisions(now);
  store_positions(now);
  keep_moved(now);
  journal.on_time(now);
  probe.on_time(now);
  deliver(std::move(attempts), now);
  resend(now);
  serve_receivers(now);
}

void Control::Impl::arm(MonoTime now) {
  MonoTime next =
      std::min({pipeline.next_deadline(), outbox.next_deadline(), next_resend(),
                journal.next_deadline(), probe.next_deadline(), next_review(now), next_muting(),
                position_rules.next_deadline(), next_unstored(), next_receiver()});
  // What is taken in slices goes on with the next turn.
  if (!lists.empty() || (!stopping && sources.next_deadline() <= now)) next = now;
  if (next == never_mono) {
    ports.wakeup.disarm();
  } else {
    ports.wakeup.arm(std::max(next, now));
  }
  armed = next;
}

void Control::Impl::emit(const Event& event) const {
  if (observer) observer(event);
}

Control::Control(ControlOptions options, ControlPorts ports, Recovered recovered)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(ports), std::move(recovered))) {}
Control::~Control() = default;

void Control::start() {
  impl_->started = true;
  impl_->tell_unreadable(impl_->ports.clock.now());
  impl_->run(impl_->ports.clock.now());
}

void Control::on_status(MonoTime now) {
  impl_->take_status(now);
  impl_->run(now);
}

void Control::on_wakeup(MonoTime now) {
  impl_->run(now);
}

void Control::adopt(const AlertRow& row, std::vector<NotificationRow> notes) {
  const MonoTime now = impl_->ports.clock.now();
  impl_->adopt(row, std::move(notes), now);
  impl_->run(now);
}

void Control::reconfigure(const AlertOptions& options) {
  impl_->options.alerts = options;
  impl_->rule_options.line_down_for = options.line_down_for;
  impl_->pipeline.set_options(pipeline_options(options, impl_->anchor));
  impl_->outbox.set_options(outbox_options(impl_->options));
  impl_->run(impl_->ports.clock.now());
}

Result<void> Control::beat(std::string_view name, PulseMark mark, std::string detail, MonoTime now,
                           std::optional<MonoTime> before) {
  auto row = impl_->pulses.mark(name, mark, std::move(detail), std::min(before.value_or(now), now));
  if (!row) return std::unexpected(row.error());
  impl_->journal.push({impl_->journal.next_key("pulses"), {std::move(*row)}},
                      JournalQueue::Type::telemetry, now);
  impl_->run(now);
  return {};
}

std::vector<PulseView> Control::pulses(MonoTime now) const {
  return impl_->pulse_views(now);
}

void Control::hurry(MonoTime now) {
  impl_->stopping = true;
  impl_->remember_at = impl_->sources_at = now;
  impl_->outbox.hurry(now);
  impl_->unstored_positions.hurry(now);
  impl_->unstored.hurry(now);
  impl_->keep_rules(std::numeric_limits<std::size_t>::max(), now);
  impl_->run(now);
}

bool Control::drained() const {
  const MonoTime now = impl_->ports.clock.now();
  return impl_->journal.empty() && impl_->unstored_positions.idle(now) &&
         impl_->unstored.idle(now) && impl_->outbox.pending() == 0 && impl_->receivers_idle(now);
}

Control::Counters Control::counters() const {
  Counters counters = impl_->counted;
  for (const SinkView& sink : sinks()) {
    counters.notifications_delivered += sink.delivered;
    counters.notifications_failed += sink.refused;
    counters.notification_retries += sink.retries;
    counters.notifications_dropped += sink.dropped;
  }
  counters.notifications_pending = impl_->outbox.pending();
  counters.journal_commits = impl_->journal.commits();
  counters.journal_errors = impl_->journal.errors();
  counters.journal_dropped_rows = impl_->journal.dropped_rows();
  counters.journal_pending = impl_->journal.pending();
  counters.journal_rows = impl_->journal.rows();
  counters.journal_capacity = impl_->journal.max_rows();
  return counters;
}

Histogram::Snapshot Control::store_latency() const {
  return impl_->journal.took();
}

void Control::set_observer(std::function<void(const Event&)> observer) {
  impl_->observer = std::move(observer);
}

}  // namespace feedwatch::engine
