// Another configuration for a shard that runs: what is the same in both is not touched.

#include <algorithm>
#include <set>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/engine/shard_impl.hpp"

namespace feedwatch::engine {

namespace {

/// The same lines would be made for both. `running` has its REST address filled in.
bool has_same_lines(const VenueOptions& running, const VenueOptions& next) {
  return running.venue == next.venue && running.ws_url == next.ws_url &&
         running.rest_url == rest_url_of(next) && running.ca_file == next.ca_file &&
         running.lines == next.lines;
}

std::size_t exact_streams(const std::vector<VenueOptions>& venues) {
  std::size_t count = 0;
  for (const VenueOptions& venue : venues) {
    count += static_cast<std::size_t>(std::ranges::count_if(venue.streams, is_exact));
  }
  return count;
}

/// Whether the configured streams of a venue name it, exactly or by a pattern.
bool names(const VenueOptions& venue, const StreamKey& key) {
  return std::ranges::any_of(venue.streams, [&](const std::string& text) {
    const std::size_t slash = text.rfind('/');
    return std::string_view(text).substr(slash + 1) == to_text(key.kind) &&
           glob_match(std::string_view(text).substr(0, slash), key.symbol);
  });
}

}  // namespace

Result<void> has_room(const std::vector<VenueOptions>& venues, std::size_t capacity) {
  const std::size_t wanted = exact_streams(venues);
  if (wanted <= capacity) return {};
  return std::unexpected(Error{.what = "configuration",
                               .why = std::to_string(wanted) +
                                      " streams are configured, and the board has room for " +
                                      std::to_string(capacity),
                               .fix = "raise board.max_streams and restart, or configure fewer"});
}

void Shard::Impl::reconfigure(ShardOptions next, MonoTime now) {
  // What came true by the limits there were is told by them, before streams go.
  set_policies(std::move(next.policies), now);
  options.venues = std::move(next.venues);
  std::map<std::string, Leases> leases;
  for (const auto& unit : units) {
    if (unit->gone) continue;
    const auto found = std::ranges::find(options.venues, unit->options.name, &VenueOptions::name);
    if (found != options.venues.end() && has_same_lines(unit->options, *found)) continue;
    Leases held = retire(*unit, now);
    if (found != options.venues.end()) leases.emplace(found->name, std::move(held));
  }
  for (const VenueOptions& venue : options.venues) {
    const Result<std::size_t> unit = unit_of({.venue = venue.name, .symbol = {}});
    if (unit) {
      replace_streams(*units[*unit], venue, now);
    } else {
      begin_anew(venue, leases[venue.name], now);
    }
  }
  feeds_dirty = true;
}

Shard::Impl::Leases Shard::Impl::retire(Unit& unit, MonoTime now) {
  // Budgets outlive it, for the unit in its place and for a later one of its name.
  save_memory(now);
  unit.feed->stop(now);
  Leases leases;
  std::vector<StreamId> gone;
  for (const auto& [stream, entry] : streams) {
    if (units[entry.venue].get() != &unit) continue;
    if (!entry.leases.empty()) leases.emplace(entry.info->key, entry.leases);
    gone.push_back(stream);
  }
  for (const StreamId stream : gone) remove_stream(stream, now);
  for (const LineId line : unit.lines) {
    LineStatus status;
    status.line = line;
    status.venue = unit.options.name;
    status.state_since = now;
    status.removed = true;
    ports.status.put(std::move(status));
  }
  VenueStatus status;
  status.venue = unit.options.name;
  status.removed = true;
  ports.status.put(std::move(status));
  unit.gone = true;
  return leases;
}

void Shard::Impl::replace_streams(Unit& unit, const VenueOptions& next, MonoTime now) {
  unit.options.streams = next.streams;
  unit.options.required = next.required;
  for (const auto& [topic, id] : unit.topics) unit.feed->set_required(id, next.required);
  std::vector<StreamId> dropped;
  for (auto& [stream, entry] : streams) {
    if (units[entry.venue].get() != &unit || !entry.configured) continue;
    entry.configured = names(next, entry.info->key);
    set_required(entry, entry.configured && next.required);
    if (!entry.configured) dropped.push_back(stream);
  }
  for (const StreamId stream : dropped) drop_if_unwanted(stream, now);
  // The room was counted before: only a kind the venue lacks is refused, and that was read.
  if (const auto wanted = want_configured(unit, now); !wanted) return;
  if (unit.instruments) expand_globs(unit, now);
  put_expansion(unit);
}

void Shard::Impl::begin_anew(const VenueOptions& next, const Leases& leases, MonoTime now) {
  Unit& unit = add_unit(next);
  restore_memory_of(unit, now);
  if (const auto begun = begin(unit, now); !begun) return;
  for (const auto& [key, owners] : leases) {
    const Result<StreamId> stream = want(key, now);
    if (!stream) continue;  // of a kind that the venue in its place lacks
    StreamEntry& entry = streams.at(*stream);
    for (const auto& [owner, expiry] : owners) lease(entry, owner, expiry);
    put(entry);
  }
}

}  // namespace feedwatch::engine
