#include "feedwatch/engine/shard.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/engine/shard_impl.hpp"

namespace feedwatch::engine {

Shard::Shard(ShardOptions options, ShardPorts ports, SharedBoard shared)
    : impl_(std::make_unique<Impl>(std::move(options), ports, std::move(shared))) {}
Shard::~Shard() = default;

Result<void> Shard::start() {
  return impl_->start();
}
void Shard::stop() {
  impl_->stop();
}

void Shard::on_phase(ConnId conn, DialPhase reached, MonoTime now) {
  const auto found = impl_->connections.find(conn);
  if (found == impl_->connections.end()) return;
  impl_->feeds_dirty = true;
  impl_->units[found->second.unit]->feed->on_phase(conn, reached, now);
  impl_->finish(now);
}

void Shard::on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) {
  impl_->on_read(conn, frames, stamp);
}

void Shard::on_closed(ConnId conn, const CloseReport& report, MonoTime now) {
  const auto found = impl_->connections.find(conn);
  if (found == impl_->connections.end()) return;
  const std::size_t unit = found->second.unit;
  impl_->connections.erase(found);
  impl_->feeds_dirty = true;
  impl_->units[unit]->feed->on_closed(conn, report, now);
  impl_->finish(now);
}

void Shard::on_wakeup(MonoTime now) {
  impl_->on_wakeup(now);
}

Result<StreamId> Shard::want(const StreamKey& key, const std::string& owner, Duration ttl) {
  const MonoTime now = impl_->ports.clock.now();
  const Result<StreamId> stream = impl_->want(key, now);
  if (stream) {
    StreamEntry& entry = impl_->streams.at(*stream);
    impl_->lease(entry, owner, ttl > Duration::zero() ? plus(now, ttl) : never_mono);
    impl_->put(entry);
  }
  impl_->finish(now);
  return stream;
}

bool Shard::unwant(const StreamKey& key, const std::string& owner) {
  const MonoTime now = impl_->ports.clock.now();
  // The board knows other shards' streams too.
  const std::optional<StreamId> stream =
      impl_->unit_of(key) ? impl_->monitor.find(key) : std::nullopt;
  if (!stream) return false;
  const bool held = impl_->streams.at(*stream).leases.erase(owner) > 0;
  if (held) impl_->drop_if_unwanted(*stream, now);
  impl_->finish(now);
  return held;
}

void Shard::set_policies(PolicySet policies) {
  const MonoTime now = impl_->ports.clock.now();
  impl_->set_policies(std::move(policies), now);
  impl_->finish(now);
}

Result<void> Shard::reconfigure(ShardOptions next) {
  const MonoTime now = impl_->ports.clock.now();
  if (auto room = has_room(next.venues, impl_->monitor.capacity()); !room) return room;
  impl_->reconfigure(std::move(next), now);
  impl_->finish(now);
  return {};
}

Monitor& Shard::monitor() {
  return impl_->monitor;
}
const Monitor& Shard::monitor() const {
  return impl_->monitor;
}

std::uint64_t Shard::unknown_symbols() const {
  return impl_->unknown_symbols;
}

std::vector<std::shared_ptr<const VenueMeter>> Shard::meters() const {
  std::vector<std::shared_ptr<const VenueMeter>> meters;
  for (const auto& unit : impl_->units) {
    if (!unit->gone) meters.push_back(unit->meter);
  }
  return meters;
}

std::uint64_t Shard::duplicate_ticks() const {
  return impl_->duplicate_ticks;
}
std::uint64_t Shard::divergences() const {
  return impl_->divergences;
}

// ---- life ---------------------------------------------------------------------------------------

Shard::Impl::Impl(ShardOptions shard_options, ShardPorts shard_ports, SharedBoard shared)
    : options(std::move(shard_options)),
      ports(shard_ports),
      anchor{.wall = ports.clock.wall_now(), .mono = ports.clock.now()},
      next_beat(shared.read_elsewhere ? anchor.mono : never_mono),
      monitor(MonitorOptions{.capacity = options.max_streams,
                             .anchor = anchor,
                             .ground = std::move(shared.ground),
                             .shard = options.shard,
                             .in_line_clock = &ports.clock}) {
  for (const VenueOptions& venue : options.venues) add_unit(venue);
}

Shard::Impl::Unit& Shard::Impl::add_unit(const VenueOptions& venue) {
  const std::size_t index = units.size();
  auto unit = std::make_unique<Unit>();
  unit->options = venue;
  unit->meter = std::make_shared<VenueMeter>(venue.name);
  const venues::VenueSheet& sheet = venue.venue->sheet();
  std::vector<std::string> ws_urls{venue.ws_url};
  if (ws_urls.front().empty()) {
    ws_urls.front() = sheet.ws_url;
    ws_urls.insert(ws_urls.end(), sheet.other_ws_urls.begin(), sheet.other_ws_urls.end());
  }
  unit->options.rest_url = rest_url_of(venue);
  unit->prober = feed::Prober(feed::Budget::share_of(feed::rest_limit(sheet)), {}, sheet.rest_all);
  unit->port = std::make_unique<VenuePort>(*this, index);
  unit->feed = std::make_unique<feed::VenueFeed>(
      feed::FeedOptions{
          .venue = venue.name,
          .codec = venue.venue,
          .ws_urls = std::move(ws_urls),
          .ca_file = venue.ca_file,
          .seed = options.seed + number_of(index),
          .first_line = static_cast<std::uint32_t>(number_of(index)) * lines_per_venue,
          .lines = venue.lines,
          .session = {}},
      *unit->port);
  units.push_back(std::move(unit));
  return *units.back();
}

Result<void> Shard::Impl::start() {
  const MonoTime now = ports.clock.now();
  running = true;
  restore_memory(now);
  for (const auto& unit : units) {
    if (auto begun = begin(*unit, now); !begun) return begun;
  }
  next_offsets_save = now + offsets_every;
  feeds_dirty = true;
  on_wakeup(now);
  return {};
}

Result<void> Shard::Impl::begin(Unit& unit, MonoTime now) {
  if (auto wanted = want_configured(unit, now); !wanted) return wanted;
  if (options.instruments) unit.rest.emplace();
  unit.feed->start(now);
  put_expansion(unit);
  if (options.instruments) unit.next_fetch = now;
  return {};
}

void Shard::Impl::stop() {
  const MonoTime now = ports.clock.now();
  running = false;
  alive.reset();
  for (const auto& unit : units) {
    if (!unit->gone) unit->feed->stop(now);
  }
  if (memory_dirty) save_memory(now);
  save_offsets();
  finish(now);
  ports.wakeup.disarm();
}

// ---- time ---------------------------------------------------------------------------------------

void Shard::Impl::on_wakeup(MonoTime now) {
  armed = never_mono;
  if (!running) return;
  if (now >= next_beat) {
    monitor.beat(now);
    next_beat = plus(now, board::heartbeat_every);
  }
  monitor.on_time(now);
  // Suspicion found now starts repair now, not at the next wake-up.
  drain_changes(now);
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i]->gone) continue;
    units[i]->feed->on_time(now);
    if (next_instruments(*units[i], now) <= now) fetch_instruments(i, now);
    probe(*units[i], now);
  }
  expire_leases(now);
  if (now >= next_review) review_copies(now);
  if (now >= next_offsets_save) {
    next_offsets_save = now + offsets_every;
    save_offsets();
  }
  feeds_dirty = true;
  finish(now);
}

void Shard::Impl::finish(MonoTime now) {
  ++span;
  drain_changes(now);
  if (memory_dirty && running) save_memory(now);
  if (!running) return;
  const MonoTime next = next_deadline(now);
  if (next == armed) return;
  armed = next;
  if (next == never_mono) {
    ports.wakeup.disarm();
  } else {
    ports.wakeup.arm(next);
  }
}

// Plain data can only move a feed's deadlines later, so the last answer stands until something else
// happened: an early wake-up costs little, a scan of every line per read would not.
MonoTime Shard::Impl::next_deadline(MonoTime now) {
  if (feeds_dirty) {
    feeds_deadline = std::min({leases_end, next_offsets_save, next_review});
    for (const auto& unit : units) {
      if (unit->gone) continue;
      feeds_deadline = std::min(
          {feeds_deadline, unit->feed->next_deadline(now), unit->prober.next_deadline(now)});
      feeds_deadline = std::min(feeds_deadline, next_instruments(*unit, now));
    }
    feeds_dirty = false;
  }
  return std::min({monitor.next_deadline(), feeds_deadline, next_beat});
}

}  // namespace feedwatch::engine
