#include <algorithm>
#include <utility>

#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

/// When the slot came to `level`, which a late timer may not have stored yet.
MonoTime level_since_at(const Slot& slot, Level level) {
  if (level == slot.level) return slot.level_since;
  if (!slot.received) return slot.first_deadline;
  if (level == Level::stale) return level_within_until(slot, slot.stale_after);
  if (level == Level::degraded) return level_within_until(slot, slot.degraded_after);
  return slot.carried;
}

}  // namespace

/// Ages, level and price from the slot, as guards judge them; why, from the shard's status. Where
/// the slot is already further than the status, its level wins and the fault is taken as proven.
StreamView Control::Impl::view_of(StreamId stream, const StreamTrack& track, MonoTime now) const {
  const StreamStatus& status = track.status;
  const Slot slot = ports.monitor.unchecked_slot(stream);
  StreamView view;
  view.info = status.info;
  view.epoch = status.epoch;
  view.line = status.line;
  view.quarantined = status.quarantined;
  view.retired = status.retired;
  view.repair_exhausted = status.repair_exhausted;
  view.flapping = status.flapping;
  view.detail = status.detail;
  if (status.suspect_since) view.suspect_since = anchor.at(*status.suspect_since);
  if (!slot.occupied) {
    view.reason = Reason::unconfigured;
    return view;
  }
  view.level = level_at(slot, now);
  view.level_since = anchor.at(level_since_at(slot, view.level));
  if (view.level == status.level) {
    view.reason = status.reason;
    view.fault = status.fault;
  } else {
    view.reason = reason_at(slot, view.level);
    view.fault = view.level == Level::degraded || view.level == Level::stale;
  }
  view.ages = ages_at(slot, now);
  view.ticks = slot.ticks;
  if (slot.received) {
    view.last_update = slot.ts_recv;
    view.last_change = anchor.at(slot.changed);
    view.prices = slot.prices;
  }
  return view;
}

LineView Control::Impl::view_of(const LineTrack& track, MonoTime now) const {
  LineView view;
  view.status = track.status;
  view.state_since = anchor.at(track.status.state_since);
  if (track.status.last_frame) {
    view.last_frame_age = std::max(Duration::zero(), now - *track.status.last_frame);
  }
  view.frames_per_second = track.rate.per_second(now);
  return view;
}

std::vector<StreamView> Control::streams(MonoTime now) const {
  std::vector<StreamView> views;
  views.reserve(impl_->streams.size());
  for (const auto& [id, track] : impl_->streams) views.push_back(impl_->view_of(id, track, now));
  return views;
}

std::optional<StreamView> Control::stream(const StreamKey& key, MonoTime now) const {
  const auto named = impl_->stream_by_text.find(key.text());
  if (named == impl_->stream_by_text.end()) return std::nullopt;
  return impl_->view_of(named->second, impl_->streams.at(named->second), now);
}

std::vector<LineView> Control::lines(MonoTime now) const {
  std::vector<LineView> views;
  for (const auto& [id, track] : impl_->lines) views.push_back(impl_->view_of(track, now));
  return views;
}

std::vector<AlertView> Control::alerts(std::size_t resolved) const {
  std::vector<AlertView> views;
  const MonoTime now = impl_->ports.clock.now();
  for (const auto& alert : impl_->pipeline.open()) {
    muting::MutedBy muted = impl_->muted_by(alert, now);
    views.push_back(
        {impl_->row_of(alert), true, std::move(muted.silences), std::move(muted.maintenances)});
  }
  std::ranges::sort(views, [](const AlertView& a, const AlertView& b) {
    return a.row.started_at != b.row.started_at ? a.row.started_at > b.row.started_at
                                                : a.row.identity < b.row.identity;
  });
  for (const auto& row : impl_->resolved) {
    if (resolved-- == 0) break;
    views.push_back({.row = row});
  }
  return views;
}

std::vector<AlertCount> Control::alert_counts() const {
  std::map<std::string, AlertCount, std::less<>> counts;
  for (const auto& name : rules::names()) counts[name].name = name;
  for (const auto& rule : impl_->options.rules.custom) counts[rule.name()].name = rule.name();
  const auto at = [&](const alert::Alert& alert) -> AlertCount& {
    AlertCount& count = counts[alert.name];
    count.name = alert.name;
    return count;
  };
  for (const auto& alert : impl_->pipeline.pending()) ++at(alert).pending;
  for (const auto& alert : impl_->pipeline.open()) ++at(alert).firing;
  std::vector<AlertCount> list;
  list.reserve(counts.size());
  for (auto& [name, count] : counts) list.push_back(std::move(count));
  return list;
}

std::vector<SinkView> Control::sinks() const {
  std::vector<SinkView> views;
  const alert::Outbox& outbox = impl_->outbox;
  for (std::size_t sink = 0; sink < outbox.sinks().size(); ++sink) {
    const alert::Outbox::Counters& counters = outbox.counters(sink);
    views.push_back({outbox.sinks()[sink], counters.delivered, counters.failed, counters.retries,
                     counters.dropped, outbox.health(sink).pending, outbox.capacity()});
    const auto latency = impl_->latencies.find(outbox.sinks()[sink]);
    views.back().latency = latency != impl_->latencies.end() ? latency->second.snapshot()
                                                             : Histogram(latency_bounds).snapshot();
  }
  return views;
}

std::vector<VenueStatus> Control::venues() const {
  std::vector<VenueStatus> statuses;
  for (const auto& [name, facts] : impl_->venues) statuses.push_back(facts.status);
  return statuses;
}

}  // namespace feedwatch::engine
