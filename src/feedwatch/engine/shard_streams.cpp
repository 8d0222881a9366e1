// Wanting streams and ceasing to: configuration and leases.

#include <algorithm>
#include <utility>

#include "feedwatch/engine/shard_impl.hpp"

namespace feedwatch::engine {

namespace {

bool is_fault(Level level, Reason reason) {
  if (level != Level::degraded && level != Level::stale) return false;
  switch (reason) {
    case Reason::market_quiet:
    case Reason::venue_halt:
    case Reason::delisted:
    case Reason::self_stall:
      return false;
    default:
      return true;
  }
}

ChannelTraits traits_of(const venues::ChannelSheet& sheet) {
  return {.cadence = sheet.cadence,
          .snapshot_on_subscribe = sheet.snapshot_on_subscribe,
          .suspect_after = sheet.suspect_after};
}

std::string offered_kinds(const venues::VenueSheet& sheet) {
  std::string text;
  for (const Kind kind : all_kinds) {
    if (!venues::channel_for(sheet, kind)) continue;
    if (!text.empty()) text += ", ";
    text += to_text(kind);
  }
  return text;
}

}  // namespace

Result<std::size_t> Shard::Impl::unit_of(const StreamKey& key) const {
  std::string known;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i]->gone) continue;
    if (units[i]->options.name == key.venue) return i;
    known += (known.empty() ? "" : ", ") + units[i]->options.name;
  }
  return std::unexpected(
      Error{.what = key.text(),
            .why = "no venue '" + key.venue + "' is configured",
            .fix = known.empty() ? "add a [[venue]] table" : "configured: " + known});
}

Result<StreamId> Shard::Impl::want(const StreamKey& key, MonoTime now) {
  const Result<std::size_t> unit = unit_of(key);
  if (!unit) return std::unexpected(unit.error());
  if (const std::optional<StreamId> known = monitor.find(key)) return *known;
  const venues::VenueSheet& sheet = units[*unit]->options.venue->sheet();
  const std::optional<std::uint8_t> channel = venues::channel_for(sheet, key.kind);
  if (!channel) {
    return std::unexpected(Error{
        .what = key.text(),
        .why = key.venue + " has no channel for kind '" + std::string(to_text(key.kind)) + "'",
        .fix = "it offers " + offered_kinds(sheet)});
  }
  return add_stream(*unit, key, *channel, now);
}

Result<void> Shard::Impl::want_configured(Unit& unit, MonoTime now) {
  unit.globs.clear();
  for (const std::string& text : unit.options.streams) {
    if (!is_exact(text)) {
      unit.globs.push_back(text);
      continue;
    }
    const Result<StreamKey> key = StreamKey::parse(unit.options.name + "/" + glob_literal(text));
    if (!key) return std::unexpected(key.error());
    const Result<StreamId> stream = want(*key, now);
    if (!stream) return std::unexpected(stream.error());
    StreamEntry& entry = streams.at(*stream);
    entry.configured = true;
    set_required(entry, unit.options.required);
  }
  return {};
}

Result<StreamId> Shard::Impl::add_stream(std::size_t index, const StreamKey& key,
                                         std::uint8_t channel, MonoTime now) {
  Unit& unit = *units[index];
  const venues::ChannelSheet& sheet = unit.options.venue->sheet().channels[channel];
  auto info = std::make_shared<StreamInfo>();
  info->key = key;
  info->text = key.text();
  info->cadence = sheet.cadence;
  info->channel = sheet.name;
  info->policy = options.policies.for_stream(info->text, traits_of(sheet));
  const Result<StreamId> id =
      monitor.add_stream(StreamOptions{.key = key,
                                       .policy = info->policy,
                                       .cadence = sheet.cadence,
                                       .event_time = sheet.event_time,
                                       .absent_is_unchanged = sheet.absent_is_unchanged,
                                       .repeat_confirms = sheet.repeat_confirms,
                                       .seq_orders = sheet.seq_orders,
                                       .required = false,
                                       .clock_group = key.venue + "/" + std::string(sheet.name)},
                         now);
  if (!id) return id;

  double_stream(*id, unit.options, sheet);
  const auto kind = static_cast<std::size_t>(key.kind);
  const venues::Topic topic{.channel = channel, .symbol = key.symbol};
  StreamEntry entry{.info = std::move(info), .venue = index};
  entry.event_channel = sheet.cadence.type != CadenceType::clocked;
  entry.status = StreamStatus{.stream = *id, .info = entry.info, .level_since = now};
  ++table_changes;
  const SymbolTable::Number symbol = unit.symbols.insert(key.symbol);
  if (symbol >= unit.symbol_entries.size()) unit.symbol_entries.resize(symbol + 1);
  unit.symbol_entries[symbol].routes[kind] = {.stream = *id};
  auto known = unit.topics.find(topic);
  if (known == unit.topics.end()) {
    // The feed tells the topic's reason at once; by then its streams have to be known.
    const feed::TopicId added = unit.feed->add_topic(topic, unit.options.required, now);
    known = unit.topics.emplace(topic, added).first;
  }
  entry.topic = known->second;
  unit.symbol_entries[symbol].routes[kind].topic = entry.topic;
  unit.streams[entry.topic].push_back(*id);
  StreamEntry& stored = streams.emplace(*id, std::move(entry)).first->second;
  show_line(stored);
  stored.feed_reason = unit.feed->reason(stored.topic);
  tell_reason(*id, stored, now);
  apply_instrument(unit, topic, stored.topic, now);
  feeds_dirty = true;
  put(stored);
  return id;
}

void Shard::Impl::set_required(StreamEntry& entry, bool required) {
  if (entry.info->required == required) return;
  auto info = std::make_shared<StreamInfo>(*entry.info);
  info->required = required;
  entry.info = std::move(info);
  entry.status.info = entry.info;
  monitor.set_required(entry.status.stream, required);
  put(entry);
}

void Shard::Impl::set_policies(PolicySet policies, MonoTime now) {
  // What came true by the limits there were is told by them.
  while (monitor.next_deadline() <= now) monitor.on_time(now);
  drain_changes(now);
  options.policies = std::move(policies);
  for (auto& [stream, entry] : streams) {
    const venues::VenueSheet& venue = units[entry.venue]->options.venue->sheet();
    const std::uint8_t channel = *venues::channel_for(venue, entry.info->key.kind);
    set_policy(entry,
               options.policies.for_stream(entry.info->text, traits_of(venue.channels[channel])),
               now);
  }
}

void Shard::Impl::set_policy(StreamEntry& entry, const Policy& policy, MonoTime now) {
  if (entry.info->policy == policy) return;
  // Those who hold what was put before go on reading it: theirs is never written to.
  auto info = std::make_shared<StreamInfo>(*entry.info);
  info->policy = policy;
  entry.info = std::move(info);
  entry.status.info = entry.info;
  monitor.set_policy(entry.status.stream, policy, now);
  put(entry);
}

void Shard::Impl::put(StreamEntry& entry) {
  entry.status.fault = is_fault(entry.status.level, entry.status.reason);
  ports.status.put(entry.status);
  // What only concerns the time since the last hand-over starts again.
  entry.status.worst = entry.status.level;
  entry.status.transitions = 0;
  entry.status.repairs.clear();
}

void Shard::Impl::show_line(StreamEntry& entry) {
  const feed::VenueFeed& feed = *units[entry.venue]->feed;
  entry.status.retired = feed.retired(entry.topic);
  entry.status.line = entry.status.retired ? std::string{} : feed.line_name(entry.topic);
}

void Shard::Impl::drop_if_unwanted(StreamId stream, MonoTime now) {
  const StreamEntry& entry = streams.at(stream);
  if (!entry.configured && entry.leases.empty()) remove_stream(stream, now);
}

void Shard::Impl::remove_stream(StreamId stream, MonoTime now) {
  Unit& unit = *units[streams.at(stream).venue];
  unit.prober.leave(stream);
  const feed::TopicId topic = streams.at(stream).topic;
  const bool last = unit.streams.at(topic).size() == 1;
  // The feed's last words about the topic are told with its stream, which is still known here.
  if (last) unit.feed->remove_topic(topic, now);
  StreamEntry entry = std::move(streams.at(stream));
  streams.erase(stream);
  const StreamKey& key = entry.info->key;
  SymbolEntry& symbol = *unit.entry_of(key.symbol);
  ++table_changes;
  symbol.routes[static_cast<std::size_t>(key.kind)] = {};
  if (symbol.empty()) {
    symbol = {};  // its number will be another symbol's
    unit.symbols.erase(key.symbol);
  }
  std::erase(unit.streams.at(topic), stream);
  if (last) {
    unit.streams.erase(topic);
    std::erase_if(unit.topics, [&](const auto& item) { return item.second == topic; });
  }
  monitor.remove_stream(stream, now);
  if (stream.index() < doubled.size()) doubled[stream.index()] = {};
  feeds_dirty = true;
  entry.status.removed = true;
  put(entry);
}

void Shard::Impl::lease(StreamEntry& entry, const std::string& owner, MonoTime expiry) {
  entry.leases[owner] = expiry;
  leases_end = std::min(leases_end, expiry);
}

void Shard::Impl::expire_leases(MonoTime now) {
  if (now < leases_end) return;  // no walk over ten thousand streams at every turn
  std::vector<StreamId> expired;
  leases_end = never_mono;
  for (auto& [stream, entry] : streams) {
    if (std::erase_if(entry.leases, [&](const auto& lease) { return lease.second <= now; }) > 0) {
      expired.push_back(stream);
    }
    for (const auto& [owner, expiry] : entry.leases) leases_end = std::min(leases_end, expiry);
  }
  for (const StreamId stream : expired) drop_if_unwanted(stream, now);
}

}  // namespace feedwatch::engine
