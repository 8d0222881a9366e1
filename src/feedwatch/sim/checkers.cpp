#include "feedwatch/sim/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "feedwatch/base/duration_text.hpp"

namespace feedwatch::sim {
namespace {

using Event = engine::Control::Event;
using engine::AlertView;
using engine::StreamView;

constexpr std::size_t remembered_arrivals = 256;
constexpr Duration look_every = 100ms;
constexpr Duration wide_look_every = 1s;   ///< health, alerts and queues: what costs more
constexpr Duration level_accuracy = 50ms;  ///< semantics §4
/// A finding may wait so long for its cause, and to be told of (semantics §9: within 1 s).
constexpr Duration alert_slack = 2s;
constexpr Duration rounding = 40ms;  ///< of stamps and of what is learnt from them
constexpr Duration max_offset = 5s;
constexpr int offset_rise = 1000;  ///< 1 ms/s

/// The learnt offset of a venue's clock takes the usual journey out of an age. A queue at the venue
/// becomes usual as well, at the pace at which an offset may rise (semantics §3).
Duration learnt_of_the_way(const VenueModel& venue, MonoTime now) {
  const Distance& way = venue.setup().distance;
  const Duration usual = way.latency + way.jitter + rounding;
  const auto since = venue.record().queued;
  return since ? usual + std::min<Duration>((now - *since) / offset_rise, max_offset) : usual;
}

bool silence_proves_nothing(const StreamView& view) {
  return view.info->cadence.type != CadenceType::clocked;
}

}  // namespace

Checkers::Checkers(World& world) : world_(world) {
  world.network().set_truth([this](const TrueTick& tick) { on_truth(tick); });
  world.set_on_delivery([this](const ConsumerRecord& record, const Delivery& delivery) {
    on_delivery(record, delivery);
  });
  world.set_on_decision([this](const ProtectionDecision& decision) { on_decision(decision); });
}

void Checkers::breach(int invariant, const std::string& what) {
  Breach& entry = breaches_[invariant];
  if (++entry.count == 1) {
    entry.first = fmt::format("at {} s: {}", run_time_text(world_.now()), what);
  }
}

void Checkers::hold(int invariant, std::string_view subject, const Complaint& complaint) {
  if (complaint) breach(invariant, fmt::format("{}: {}", subject, *complaint));
}

std::vector<std::string> Checkers::breaches() const {
  std::vector<std::string> out;
  for (const auto& [invariant, entry] : breaches_) {
    out.push_back(
        fmt::format("invariant {} broken {} times, first {}", invariant, entry.count, entry.first));
  }
  return out;
}

void Checkers::on_truth(const TrueTick& tick) {
  StreamMemory& memory = streams_[tick.stream];
  ++memory.messages;
  memory.newest = tick.arrived;
  if (!tick.fields.any()) return;
  ++memory.carrying;
  memory.newest_price = tick.arrived;
  auto& arrivals = memory.arrivals;
  if (arrivals.size() == remembered_arrivals) arrivals.erase(arrivals.begin());
  arrivals.push_back({tick.prices, tick.published, tick.arrived});
}

// ---- 1: nothing older than its limit ------------------------------------------------------------

void Checkers::check_true_age(const StreamKey& stream, const Prices& prices, Duration limit,
                              std::string_view who) {
  const auto memory = streams_.find(stream);
  if (memory == streams_.end()) return breach(1, fmt::format("{}: a price of nowhere", who));
  const auto& arrivals = memory->second.arrivals;
  // Several lines may have brought it, the last not as the newest.
  auto newest = arrivals.end();
  for (auto each = arrivals.begin(); each != arrivals.end(); ++each) {
    const bool newer = newest == arrivals.end() || each->published >= newest->published;
    if (each->prices == prices && newer) newest = each;
  }
  if (newest == arrivals.end()) {
    return breach(1, fmt::format("{}: {} was never sent lately", who, stream.text()));
  }
  const Duration received = world_.now() - newest->arrived;
  if (received > limit) {
    breach(1, fmt::format("{}: {} arrived {} ago, limit {}", who, stream.text(),
                          format_duration(received), format_duration(limit)));
  }
  const VenueModel* const venue = world_.venue(stream.venue);
  const auto channel = venues::channel_for(venue->setup().side->sheet(), stream.kind);
  const bool dated =
      channel && venue->setup().side->sheet().channels[*channel].event_time == EventTime::publish;
  const Duration published = world_.now() - newest->published;
  const Duration slack = learnt_of_the_way(*venue, world_.now());
  if (dated && !venue->clock_off() && published > limit + slack) {
    breach(1, fmt::format("{}: {} was published {} ago, limit {}", who, stream.text(),
                          format_duration(published), format_duration(limit)));
  }
}

void Checkers::on_delivery(const ConsumerRecord& record, const Delivery& delivery) {
  if (!record.subscribed) breach(1, fmt::format("{} called after unsubscribe", record.name));
  check_true_age(record.stream, delivery.price.prices, record.max_age, record.name + " was called");
}

void Checkers::check_guards(MonoTime now) {
  for (const ConsumerRecord& record : world_.consumers()) {
    const auto price = world_.monitor().price(record.stream, {.max_age = record.max_age}, now);
    if (price)
      check_true_age(record.stream, price->prices, record.max_age, record.name + " accepts");
  }
}

// ---- 5: ages ------------------------------------------------------------------------------------

void Checkers::check_ages(const StreamView& view, StreamMemory& memory, MonoTime now) {
  const VenueModel* const venue = world_.venue(view.info->key.venue);
  const AgeSample sample{view.ages,
                         now,
                         memory.messages,
                         memory.carrying,
                         memory.newest,
                         memory.newest_price,
                         venue != nullptr && venue->setup().lines > 1};
  hold(5, view.info->text, age_complaint(memory.before.value_or(sample), sample));
  memory.before = sample;
  if (memory.ticks != view.ticks) memory.applied = now;
  memory.ticks = view.ticks;
}

// ---- 4 and 8: everybody says the same -----------------------------------------------------------

/// Transitions told of since the last look.
void Checkers::take_told() {
  const auto& events = world_.history().events();
  for (; told_events_ < events.size(); ++told_events_) {
    const Event& event = events[told_events_];
    if (event.type != Event::Type::stream_level) continue;
    const auto key = StreamKey::parse(event.subject);
    if (!key) continue;
    StreamMemory& memory = streams_[*key];
    memory.told = event.to;
    // Between two looks it may have been worse and well again.
    if (event.from != Level::healthy || event.to != Level::healthy) memory.healthy.reset();
  }
}

/// A level that nobody was told of is a transition the deadline timer slept through.
void Checkers::check_told(const StreamView& view, StreamMemory& memory, MonoTime now) {
  if (view.level == memory.told) {
    memory.untold.reset();
  } else if (!memory.untold) {
    memory.untold = now;
  } else if (now - *memory.untold > level_accuracy) {
    breach(4, fmt::format("{} is {}, the last transition told of says {}", view.info->text,
                          to_text(view.level), to_text(memory.told)));
  }
}

void Checkers::look_at(const StreamView& view, MonoTime now) {
  StreamMemory& memory = streams_[view.info->key];
  if (view.ticks < memory.ticks) begin_anew(memory);  // let go and wanted again since
  if (!memory.before) note_silence(view);
  check_ages(view, memory, now);
  check_told(view, memory, now);
  const auto judged = world_.monitor().price(view.info->key, {.max_age = Duration::max()}, now);
  hold(8, view.info->text, view_complaint(view, judged));
  if (view.level != Level::healthy || view.flapping) {
    memory.healthy.reset();
  } else if (!memory.healthy) {
    memory.healthy = now;
  }
}

/// What is stale with fault is critical in health (health_complaint) and somebody is told.
void Checkers::check_covered(const StreamView& view, StreamMemory& memory, bool covered,
                             MonoTime now) {
  if (view.level != Level::stale || !view.fault || covered) return memory.uncovered.reset();
  if (!memory.uncovered) memory.uncovered = now;
  const Duration uncovered = now - *memory.uncovered;
  const auto venues = world_.control().venues();
  const auto venue = std::ranges::find(venues, view.info->key.venue, &engine::VenueStatus::venue);
  // The silence of a venue that is down belongs to its alert, which waits for its own reasons.
  const bool up = venue != venues.end() && venue->live && now - venue->live_since > alert_slack;
  const Duration limit = up ? alert_slack : world_.alert_options().line_down_for + alert_slack;
  if (uncovered <= limit) return;
  breach(8, fmt::format("{} is stale with fault ({}) for {} and no alert speaks for it",
                        view.info->text, to_text(view.reason), format_duration(uncovered)));
}

void Checkers::check_lingering(const StreamView& view, const StreamMemory& memory, MonoTime now,
                               const std::vector<AlertView>& alerts) {
  const Duration limit = world_.alert_options().keep_firing + alert_slack;
  if (!memory.healthy || now - *memory.healthy <= limit) return;
  for (const AlertView& alert : alerts) {
    if (alert.row.name != "price_staleness" || !speaks_for(alert.row, view.info->key)) continue;
    breach(8, fmt::format("{} is healthy for {} and its alert is open", view.info->text,
                          format_duration(now - *memory.healthy)));
  }
}

void Checkers::check_alerts(const std::vector<StreamView>& views, MonoTime now) {
  const std::vector<AlertView> alerts = world_.control().alerts(0);
  for (const StreamView& view : views) {
    StreamMemory& memory = streams_[view.info->key];
    const bool covered = std::ranges::any_of(
        alerts, [&](const AlertView& alert) { return speaks_for(alert.row, view.info->key); });
    check_covered(view, memory, covered, now);
    check_lingering(view, memory, now, alerts);
  }
}

/// What this stream's alerts may be about although nobody injected a fault.
void Checkers::note_silence(const StreamView& view) {
  const VenueModel& venue = *world_.venue(view.info->key.venue);
  const auto& symbols = venue.setup().symbols;
  const Duration period =
      silence_proves_nothing(view) ? venue.setup().event_every : view.info->cadence.period;
  const bool traded = std::ranges::find(symbols, view.info->key.symbol) != symbols.end();
  const bool often = period > Duration{} && period < view.info->policy.degraded_after;
  if (!traded || (!often && !silence_proves_nothing(view))) {
    causes_.unserved.insert(view.info->key);
  } else if (!often) {
    causes_.quiet.insert(view.info->key);
  }
}

// ---- 7: bounds ----------------------------------------------------------------------------------

void Checkers::check_bounds() {
  const auto alerts = world_.control().alerts(std::numeric_limits<std::size_t>::max());
  const auto closed = std::ranges::count_if(alerts, [](const auto& each) { return !each.open; });
  hold(7, "control",
       bound_complaint(world_.control().counters(), static_cast<std::size_t>(closed),
                       world_.monitor().intake_counters().changes_dropped,
                       {.notifications = world_.alert_options().max_notifications}));
}

// ---- 6: the newest value wins -------------------------------------------------------------------

/// Counted from when a tick was applied: after a stall, or on a line that lags, it had arrived
/// earlier than it could be delivered.
void Checkers::check_conflation(const ConsumerRecord& record, MonoTime now) {
  // A stream that is wanted again is another one: its consumer went with the first.
  if (!record.subscribed || world_.monitor().find(record.stream) != record.id) return;
  const auto memory = streams_.find(record.stream);
  if (memory == streams_.end() || memory->second.ticks == 0) return;
  const MonoTime applied = memory->second.applied;
  const Duration settled = record.min_interval + 1ms;
  if (applied <= record.subscribed_at || now - applied <= settled) return;
  const auto price = world_.monitor().price(record.stream, {.max_age = record.max_age}, now);
  if (!price || !record.last || *record.last == price->prices) return;
  breach(6, fmt::format("{} was left with an old price of {}", record.name, record.stream.text()));
}

// ---- when ---------------------------------------------------------------------------------------

void Checkers::look(MonoTime now) {
  const std::vector<StreamView> views = world_.control().streams(now);
  take_told();
  for (const StreamView& view : views) look_at(view, now);
  forget_unlisted(now);
  for (const ConsumerRecord& record : world_.consumers()) check_conflation(record, now);
  note_served(now);
  if (now < next_wide_look_) return;
  next_wide_look_ = now + wide_look_every;
  hold(8, "health", health_complaint(views, world_.control().health(now)));
  check_alerts(views, now);
  check_positions(now);
  check_bounds();
}

/// What is listed again later begins anew.
void Checkers::forget_unlisted(MonoTime now) {
  for (auto& [key, memory] : streams_) {
    if (!memory.before || memory.before->at == now) continue;
    begin_anew(memory);
  }
}

void Checkers::begin_anew(StreamMemory& memory) {
  memory.before.reset();
  memory.ticks = 0;
  memory.told = Level::unknown;
  memory.untold = memory.healthy = memory.uncovered = std::nullopt;
}

/// While the host does not run nobody can be told of anything.
void Checkers::forget_spans() {
  for (auto& [key, memory] : streams_) {
    memory.untold.reset();
    memory.healthy.reset();
    memory.uncovered.reset();
  }
  for (auto& [key, memory] : positions_) memory = {};
}

void Checkers::on_instant(MonoTime now) {
  if (!world_.host().running()) return forget_spans();
  check_guards(now);
  if (now < next_look_) return;
  next_look_ = now + look_every;
  look(now);
}

}  // namespace feedwatch::sim
