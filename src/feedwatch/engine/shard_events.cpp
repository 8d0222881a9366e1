// From frames to ticks, and from what changed to who has to know.

#include <algorithm>
#include <utility>

#include "feedwatch/engine/shard_impl.hpp"

namespace feedwatch::engine {

namespace {

bool proves_subscription(const Outcome& outcome) {
  return outcome.type == Outcome::Type::accepted || outcome.type == Outcome::Type::confirmed ||
         outcome.type == Outcome::Type::repeat;
}

}  // namespace

// ---- frames -------------------------------------------------------------------------------------

void Shard::Impl::on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) {
  const auto found = connections.find(conn);
  if (found == connections.end()) return;
  Connection& connection = found->second;
  Unit& unit = *units[connection.unit];
  if (unit.gone) return;
  const MonoTime now = ports.clock.now();
  unit.feed->on_frames(conn, frames.size(), now);
  heard = false;
  for (std::size_t next = 0; next < frames.size();) {
    const std::size_t ticks = take_ticks(conn, connection, frames.subspan(next), stamp, now);
    next += ticks;
    if (ticks == most_messages || next == frames.size()) continue;
    on_frame(conn, connection, frames[next], stamp, now);
    ++next;
  }
  if (std::exchange(decoded_well, false)) unit.feed->on_decoded(conn);
  apply_pending(now);
  if (heard) unit.feed->on_heard(conn, now);
  finish(now);
}

void Shard::Impl::on_frame(ConnId conn, Connection& connection, const Frame& frame,
                           const ReadStamp& stamp, MonoTime now) {
  Unit& unit = *units[connection.unit];
  switch (frame.type) {
    // What a pong says of the line holds for what comes behind it.
    case FrameType::ping:
      begin_span(now);
      heard = true;
      ports.transport.send_pong(conn, frame.payload);
      unit.feed->on_answered_ping(conn, now);
      break;
    case FrameType::pong:
      begin_span(now);
      unit.feed->on_pong(conn, frame.payload, stamp.mono_recv, now);
      feeds_dirty = true;
      break;
    case FrameType::text:
    case FrameType::binary:
      on_message(conn, connection, frame, stamp, now);
      break;
  }
}

void Shard::Impl::on_message(ConnId conn, Connection& connection, const Frame& frame,
                             const ReadStamp& stamp, MonoTime now) {
  Unit& unit = *units[connection.unit];
  const auto type = connection.decoder->decode(frame, decoded);
  if (!type || *type != venues::MessageType::data) begin_span(now);
  if (!type) {
    feeds_dirty = true;
    if (std::exchange(decoded_well, false)) unit.feed->on_decoded(conn);
    unit.feed->on_decode_error(conn, now);
    on_undecodable(unit, type.error(), now);
    return;
  }
  decoded_well = true;
  heard = heard || *type != venues::MessageType::pong;
  switch (*type) {
    case venues::MessageType::data:
      on_ticks(conn, unit, decoded.ticks, stamp, now);
      for (const venues::Beat& beat : decoded.beats) {
        feeds_dirty = true;
        ++span;
        unit.feed->on_beat(conn, beat, now);
        if (beat.trade_id) on_trade_id(unit, beat.symbol, *beat.trade_id, now);
      }
      break;
    case venues::MessageType::ack:
      feeds_dirty = true;
      if (decoded.ack) unit.feed->on_ack(conn, *decoded.ack, now);
      break;
    case venues::MessageType::pong:
      feeds_dirty = true;
      unit.feed->on_pong(conn, {}, stamp.mono_recv, now);
      break;
    case venues::MessageType::ping:
      ports.transport.send_text(conn, decoded.reply);
      unit.feed->on_answered_ping(conn, now);
      break;
    case venues::MessageType::notice:
      feeds_dirty = true;
      unit.feed->on_notice(conn, now);
      break;
    case venues::MessageType::status:
      feeds_dirty = true;
      if (decoded.status) unit.feed->on_status(conn, *decoded.status, now);
      break;
    case venues::MessageType::ignored:
      break;
  }
}

std::size_t Shard::Impl::take_ticks(ConnId conn, Connection& connection,
                                    std::span<const Frame> frames, const ReadStamp& stamp,
                                    MonoTime now) {
  wire_ticks.clear();
  const auto some = frames.first(std::min(frames.size(), most_messages));
  const std::size_t taken = connection.decoder->decode_ticks(some, wire_ticks);
  if (taken == 0) return 0;
  decoded_well = heard = true;
  on_ticks(conn, *units[connection.unit], wire_ticks, stamp, now);
  return taken;
}

/// Symbols first: one search does not wait for another, where a tick waits for its search.
[[gnu::always_inline]] inline void Shard::Impl::on_ticks(ConnId conn, Unit& unit,
                                                         std::span<const WireTick> ticks,
                                                         const ReadStamp& stamp, MonoTime now) {
  Numbers numbers;
  while (!ticks.empty()) {
    const std::size_t count = std::min(ticks.size(), numbers.size());
    look_up(unit, ticks.first(count), numbers);
    std::size_t done = 0;
    // Who is called for one of them may give up the symbol of another.
    const std::uint64_t before = table_changes;
    for (; done < count && table_changes == before; ++done) {
      if (numbers[done] == SymbolTable::none) {
        ++unknown_symbols;
      } else {
        on_tick(conn, unit, numbers[done], ticks[done], stamp, now);
      }
    }
    ticks = ticks.subspan(done);
  }
}

/// The ticks of one message are nearly always of one symbol.
[[gnu::always_inline]] inline void Shard::Impl::look_up(const Unit& unit,
                                                        std::span<const WireTick> ticks,
                                                        Numbers& numbers) {
  std::string_view last;
  SymbolTable::Number number = SymbolTable::none;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    const std::string_view symbol = ticks[i].symbol;
    if (symbol.data() != last.data() || symbol.size() != last.size()) {
      number = unit.symbols.find(symbol);
      last = symbol;
    }
    numbers[i] = number;
    if (number == SymbolTable::none) continue;
    const auto kind = static_cast<std::size_t>(ticks[i].kind);
    __builtin_prefetch(&unit.symbol_entries[number].routes[kind], 1);
  }
}

[[gnu::always_inline]] inline void Shard::Impl::on_tick(ConnId conn, Unit& unit,
                                                        SymbolTable::Number symbol,
                                                        const WireTick& wire,
                                                        const ReadStamp& stamp, MonoTime now) {
  Route* route = &unit.symbol_entries[symbol].routes[static_cast<std::size_t>(wire.kind)];
  if (!route->stream) return;  // the channel carries it, nobody wants it
  if (route->told_in != span) route = ask(conn, unit, symbol, wire, now);
  if (route == nullptr) return;
  // Read where it stands, not copied: what follows may change it, but not while it is needed.
  const feed::Session::Data& data = route->told;
  if (data.epoch == 0) return;
  // In place: a tick put together elsewhere would be copied.
  Tick& tick = pending.emplace_back();
  tick.stream = *route->stream;
  tick.prices = wire.prices;
  tick.fields = wire.fields;
  tick.ts_event = wire.ts_event;
  tick.ts_recv = stamp.ts_recv;
  tick.mono_recv = stamp.mono_recv;
  tick.lag = data.lag;
  tick.seq = wire.seq;
  tick.epoch = data.epoch;
  tick.snapshot = wire.snapshot;
  tick.restart = wire.restart;
  tick.stalled = stamp.stalled;
  if (data.primary) unit.meter->on_tick(tick);
  if (data.doubled) {
    on_copy(conn, unit, route->topic, feed::Session::Data(data), now);
  } else if (data.first) {
    apply_first(conn, unit, route->topic, now);
  } else if (pending.size() == most_pending) {
    apply_pending(now);
  }
}

Route* Shard::Impl::ask(ConnId conn, Unit& unit, SymbolTable::Number symbol, const WireTick& wire,
                        MonoTime now) {
  const auto kind = static_cast<std::size_t>(wire.kind);
  const feed::TopicId topic = unit.symbol_entries[symbol].routes[kind].topic;
  const std::uint64_t before = table_changes;
  const feed::Session::Data data = unit.feed->on_data(conn, topic, now);
  if (table_changes != before) symbol = unit.symbols.find(wire.symbol);
  if (symbol == SymbolTable::none) return nullptr;
  Route& route = unit.symbol_entries[symbol].routes[kind];
  if (!route.stream || route.topic != topic) return nullptr;
  route.told = data;
  route.told_in = data.epoch != 0 && !data.first ? span : 0;
  return &route;
}

void Shard::Impl::begin_span(MonoTime now) {
  apply_pending(now);
  ++span;
}

void Shard::Impl::apply_pending(MonoTime now) {
  monitor.apply(pending, now);
  pending.clear();
}

/// The last of those pending is the first of its epoch: what becomes of it matters.
void Shard::Impl::apply_first(ConnId conn, Unit& unit, feed::TopicId topic, MonoTime now) {
  const Tick first = pending.back();
  pending.pop_back();
  begin_span(now);
  const Outcome outcome = monitor.apply(first, now);
  feeds_dirty = true;
  if (proves_subscription(outcome)) begin_epoch(conn, unit, topic, first.epoch, now);
}

void Shard::Impl::begin_epoch(ConnId conn, Unit& unit, feed::TopicId topic, std::uint32_t epoch,
                              MonoTime now) {
  unit.feed->on_evidence(conn, topic, now);
  for (const StreamId fed : unit.streams.at(topic)) {
    start_epoch(fed, epoch, now);
    StreamEntry& entry = streams.at(fed);
    entry.status.epoch = epoch;
    leave(fed, now);
    put(entry);
  }
}

void Shard::Impl::on_undecodable(Unit& unit, const venues::DecodeError& error, MonoTime now) {
  const SymbolEntry* entry = unit.entry_of(error.symbol);
  if (entry == nullptr) return;
  // One channel's bad message says nothing about what another one brings of the same symbol.
  const venues::VenueSheet& sheet = unit.options.venue->sheet();
  const auto channel = error.kind ? venues::channel_for(sheet, *error.kind) : std::nullopt;
  const std::span<const Kind> kinds = channel ? sheet.channels[*channel].kinds : all_kinds;
  for (const Kind kind : kinds) {
    const auto& stream = entry->routes[static_cast<std::size_t>(kind)].stream;
    if (stream) monitor.on_undecodable(*stream, now);
  }
}

// ---- changes ------------------------------------------------------------------------------------

void Shard::Impl::drain_changes(MonoTime now) {
  for (;;) {
    changes.clear();
    monitor.take_changes(changes);
    if (changes.empty()) return;
    feeds_dirty = true;
    for (const StreamChange& change : changes) apply(change, now);
  }
}

/// Silence of an event channel proves nothing by itself: REST is asked. Where nobody can be, and
/// where it is no silence, one new subscription is tried and the line is left alone.
bool Shard::Impl::resubscribes_at(const StreamChange& change, const StreamEntry& entry) const {
  if (!entry.event_channel || (change.to != Level::degraded && change.to != Level::stale)) {
    return false;
  }
  return !options.instruments || monitor.unchecked_slot(change.stream).frozen;
}

void Shard::Impl::apply(const StreamChange& change, MonoTime now) {
  const auto found = streams.find(change.stream);
  if (found == streams.end()) return;
  StreamEntry& entry = found->second;
  StreamStatus& status = entry.status;
  feed::VenueFeed& feed = *units[entry.venue]->feed;
  const Policy& policy = entry.info->policy;
  switch (change.type) {
    case StreamChange::Type::level:
      status.level = change.to;
      status.worst = change.to;
      status.reason = change.reason;
      status.level_since = change.at;
      status.transitions = 1;
      units[entry.venue]->prober.set_past_limit(change.stream, is_past_limit(change.to));
      feed.set_past_limit(entry.topic, is_past_limit(change.to), now);
      if (resubscribes_at(change, entry)) {
        feed.on_suspect(entry.topic, change.at, RepairStep::resubscribe, now);
      }
      break;
    case StreamChange::Type::suspect:
      status.suspect_since = change.at;
      entry.suspected_epoch = status.epoch;
      if (stands_in(change.stream, entry, change.at - policy.suspect_after, now)) break;
      ask_before_judging(*units[entry.venue], now);
      watch(change.stream, entry.event_channel ? now : now + bridge_after);
      if (!entry.event_channel) {
        feed.on_suspect(entry.topic, change.at - policy.suspect_after, RepairStep::replace_line,
                        now);
      } else {
        feed.note_silent(entry.topic, change.at - policy.suspect_after, now);
      }
      break;
    case StreamChange::Type::cleared:
      if (status.suspect_since && entry.suspected_epoch == status.epoch) {
        units[entry.venue]->meter->on_mistake(std::max(now - *status.suspect_since, Duration{}));
      }
      status.suspect_since.reset();
      leave(change.stream, now);
      feed.on_cleared(entry.topic, now);
      break;
    case StreamChange::Type::rejecting:
    case StreamChange::Type::reason:
      status.reason = change.reason;
      break;
    case StreamChange::Type::flapping:
      status.flapping = change.active;
      status.flapping_since = change.at;
      break;
  }
  put(entry);
}

// ---- the feed's port ----------------------------------------------------------------------------

ConnId Shard::Impl::VenuePort::dial(const DialTarget& target) {
  const ConnId conn{shard_.next_conn++};
  shard_.connections.emplace(
      conn,
      Connection{.unit = unit_, .decoder = shard_.units[unit_]->options.venue->make_decoder()});
  shard_.ports.transport.dial(conn, target);
  return conn;
}

void Shard::Impl::VenuePort::send_text(ConnId conn, std::string_view text) {
  shard_.ports.transport.send_text(conn, text);
}

void Shard::Impl::VenuePort::send_ping(ConnId conn, std::string_view payload) {
  shard_.ports.transport.send_ping(conn, payload);
}

void Shard::Impl::VenuePort::close(ConnId conn) {
  constexpr std::uint16_t normal = 1000;
  shard_.ports.transport.close(conn, normal);
}

void Shard::Impl::VenuePort::abort(ConnId conn) {
  shard_.ports.transport.abort(conn);
}

template <class Action>
void Shard::Impl::VenuePort::for_streams(feed::TopicId topic, Action action) {
  const auto found = shard_.units[unit_]->streams.find(topic);
  if (found == shard_.units[unit_]->streams.end()) return;
  for (const StreamId stream : found->second) action(stream, shard_.streams.at(stream));
}

void Shard::Impl::VenuePort::topic_acknowledged(feed::TopicId topic, MonoTime now) {
  for_streams(topic, [&](StreamId stream, StreamEntry& entry) {
    shard_.monitor.on_acknowledged(stream, now);
    // A channel that only speaks of changes owes no first price: REST says whether there was one.
    const bool waits = entry.event_channel && !shard_.monitor.unchecked_slot(stream).received;
    if (waits) shard_.watch(stream, now + entry.info->policy.suspect_after);
  });
}

void Shard::Impl::VenuePort::topic_lost(feed::TopicId topic, MonoTime now) {
  for_streams(topic, [&](StreamId stream, StreamEntry&) {
    if (intake::LineMerge* const merge = shard_.merge_of(stream)) merge->lose_all();
    shard_.monitor.on_line_lost(stream, now);
  });
}

void Shard::Impl::VenuePort::copy_lost(feed::TopicId topic, std::uint8_t copy) {
  for_streams(topic, [&](StreamId stream, StreamEntry&) {
    if (intake::LineMerge* const merge = shard_.merge_of(stream)) merge->lose(copy);
  });
}

void Shard::Impl::VenuePort::topic_taken_over(feed::TopicId topic, std::uint8_t copy,
                                              std::uint32_t epoch, MonoTime now) {
  for_streams(topic, [&](StreamId stream, StreamEntry& entry) {
    shard_.take_over(stream, entry, copy, epoch, now);
  });
}

void Shard::Impl::VenuePort::topic_reason(feed::TopicId topic, Reason reason,
                                          std::string_view detail, MonoTime now) {
  for_streams(topic, [&](StreamId stream, StreamEntry& entry) {
    entry.feed_reason = reason;
    entry.feed_detail = detail;
    entry.status.quarantined = reason == Reason::quarantined;
    shard_.tell_reason(stream, entry, now);
  });
}

void Shard::Impl::VenuePort::topic_retired(feed::TopicId topic, bool retired, MonoTime now) {
  for_streams(topic, [&](StreamId stream, StreamEntry& entry) {
    shard_.show_line(entry);
    if (retired) shard_.leave(stream, now);
    shard_.put(entry);
  });
}

void Shard::Impl::VenuePort::repair_changed(feed::TopicId topic, const RepairStatus& repair) {
  // Told once, with the stream first wanted of the topic; ids of two venues must not meet.
  const auto& fed = shard_.units[unit_]->streams.at(topic);
  StreamEntry& entry = shard_.streams.at(fed.front());
  entry.status.line = shard_.units[unit_]->feed->line_name(topic);
  entry.status.repairs = {repair};
  entry.status.repairs.front().id = (std::uint64_t{shard_.number_of(unit_)} << 40U) + repair.id;
  shard_.put(entry);
}

void Shard::Impl::VenuePort::repair_exhausted(feed::TopicId topic, bool exhausted, MonoTime) {
  for_streams(topic, [&](StreamId, StreamEntry& entry) {
    entry.status.repair_exhausted = exhausted;
    shard_.put(entry);
  });
}

void Shard::Impl::VenuePort::line_changed(const LineStatus& status) {
  Unit& unit = *shard_.units[unit_];
  if (unit.gone) return;
  unit.lines.insert(status.line);
  shard_.ports.status.put(status);
}

void Shard::Impl::VenuePort::venue_changed(const VenueStatus& status) {
  Unit& unit = *shard_.units[unit_];
  if (unit.gone) return;
  unit.told = status;
  unit.told.awaits_instruments = shard_.awaits_instruments(unit);
  unit.told.rest = unit.rest;
  shard_.ports.status.put(unit.told);
}

void Shard::Impl::VenuePort::budget_changed(MonoTime) {
  shard_.memory_dirty = true;
}

}  // namespace feedwatch::engine
