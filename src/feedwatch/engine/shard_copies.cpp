// Doubled lines: whose ticks are the stream's, and who takes over (semantics §7).

#include <utility>

#include "feedwatch/engine/shard_impl.hpp"

namespace feedwatch::engine {

using intake::LineMerge;
using intake::Merged;

namespace {

constexpr Duration review_every = 1s;
/// Copies of one message arrive within this of one another.
constexpr Duration one_message = 500ms;

bool proves(const Outcome& outcome) {
  return outcome.type == Outcome::Type::accepted || outcome.type == Outcome::Type::confirmed ||
         outcome.type == Outcome::Type::repeat;
}

/// Whether what a line has said is not just its copy of what is stored.
bool is_news(const Tick& tick, const Slot& stored) {
  if (!stored.received) return true;
  if (tick.mono_recv <= stored.carried) return false;
  if (tick.ts_event && stored.has_event_time) return *tick.ts_event > stored.ts_event;
  return !(tick.prices == stored.prices) || tick.mono_recv - stored.carried > one_message;
}

/// Whether a line that stands by has heard more than the stream was told.
bool is_ahead(const intake::LineCopy& line, const Slot& stored) {
  if (line.newest() == nullptr || !line.spoke_again()) return false;
  if (is_news(*line.newest(), stored)) return true;
  return line.holds(stored.prices) && line.heard() > stored.confirmed + one_message;
}

}  // namespace

void Shard::Impl::double_stream(StreamId stream, const VenueOptions& venue,
                                const venues::ChannelSheet& sheet) {
  if (venue.lines < 2) return;
  if (stream.index() >= doubled.size()) doubled.resize(stream.index() + 1);
  const intake::Rules rules{.kind = monitor.options(stream).key.kind,
                            .absent_is_unchanged = sheet.absent_is_unchanged,
                            .repeat_confirms = sheet.repeat_confirms,
                            .seq_orders = sheet.seq_orders};
  doubled[stream.index()] = {std::make_unique<LineMerge>(rules, sheet.seq_comparable, venue.lines)};
  if (next_review == never_mono) next_review = ports.clock.now() + review_every;
}

LineMerge* Shard::Impl::merge_of(StreamId stream) {
  return stream.index() < doubled.size() ? doubled[stream.index()].merge.get() : nullptr;
}

// ---- ticks --------------------------------------------------------------------------------------

void Shard::Impl::on_copy(ConnId conn, Unit& unit, feed::TopicId topic,
                          const feed::Session::Data& data, MonoTime now) {
  Tick& tick = pending.back();
  LineMerge* const merge = merge_of(tick.stream);
  tick.epoch = data.line_epoch;
  const Merged merged = merge->take(data.copy, data.primary, tick);
  tick.epoch = data.epoch;
  if (merged.way != Merged::Way::goes_on) {
    if (merged.way == Merged::Way::duplicate) ++duplicate_ticks;
    pending.pop_back();
  }
  const bool tells = data.first || data.accused;
  // What the feed says of a topic changes with the proof, and with whose line is the primary.
  if (tells) begin_span(now);
  if (pending.size() >= most_pending) apply_pending(now);
  if (tells && proves(merged.own)) prove_copy(conn, unit, topic, data, now);
}

void Shard::Impl::prove_copy(ConnId conn, Unit& unit, feed::TopicId topic,
                             const feed::Session::Data& data, MonoTime now) {
  feeds_dirty = true;
  if (!data.first) {
    unit.feed->on_copy_speaks(conn, topic, now);
  } else if (data.primary) {
    begin_epoch(conn, unit, topic, data.epoch, now);
  } else {
    unit.feed->on_evidence(conn, topic, now);
  }
}

void Shard::Impl::start_epoch(StreamId stream, std::uint32_t epoch, MonoTime now) {
  const LineMerge* const merge = merge_of(stream);
  const std::uint8_t copy = merge == nullptr ? 0 : primary_of(stream);
  const bool holds =
      merge != nullptr && merge->copy(copy).holds(monitor.unchecked_slot(stream).prices);
  holds ? monitor.on_epoch_continued(stream, epoch, now) : monitor.on_epoch(stream, epoch, now);
}

std::uint8_t Shard::Impl::primary_of(StreamId stream) const {
  const StreamEntry& entry = streams.at(stream);
  return units[entry.venue]->feed->primary(entry.topic);
}

// ---- who takes over -----------------------------------------------------------------------------

/// What the line has said by itself counts at once, with the stamps it came with, if it is newer
/// than what is stored.
void Shard::Impl::take_over(StreamId stream, StreamEntry& entry, std::uint8_t copy,
                            std::uint32_t epoch, MonoTime now) {
  LineMerge* const merge = merge_of(stream);
  if (merge == nullptr) return;
  begin_span(now);
  const Slot stored = monitor.unchecked_slot(stream);
  const intake::LineCopy& line = merge->copy(copy);
  const Tick* const newest = line.newest();
  merge->take_over(copy, stored, now);
  const bool waited = newest != nullptr && !merge->comparable();
  if (waited && is_news(*newest, stored)) {
    Tick tick = *newest;
    tick.epoch = epoch;
    monitor.apply(tick, now);
  }
  start_epoch(stream, epoch, now);
  const Slot after = monitor.unchecked_slot(stream);
  if (waited && line.heard() > after.confirmed + one_message && line.holds(after.prices)) {
    Tick confirms = *newest;
    confirms.fields = {};
    confirms.seq.reset();
    confirms.mono_recv = line.heard();
    confirms.epoch = epoch;
    monitor.apply(confirms, now);
  }
  entry.status.epoch = epoch;
  entry.status.line = units[entry.venue]->feed->line_name(entry.topic);
  leave(stream, now);
  put(entry);
}

/// Where the first copy wins, what a line brought has gone on already, and the silence is the
/// stream's.
bool Shard::Impl::stands_in(StreamId stream, const StreamEntry& entry, MonoTime since,
                            MonoTime now) {
  const LineMerge* const merge = merge_of(stream);
  if (merge == nullptr || merge->comparable()) return false;
  feed::VenueFeed& feed = *units[entry.venue]->feed;
  const std::uint8_t primary = feed.primary(entry.topic);
  const auto lines = static_cast<std::uint8_t>(merge->lines());
  for (std::uint8_t copy = 0; copy < lines; ++copy) {
    if (copy == primary || !is_ahead(merge->copy(copy), monitor.unchecked_slot(stream))) continue;
    if (feed.stand_in(entry.topic, copy, since, now)) return !monitor.suspect_since(stream);
  }
  return false;
}

// ---- copies that differ -------------------------------------------------------------------------

void Shard::Impl::review_copies(MonoTime now) {
  next_review = now + review_every;
  for (const auto& [stream, entry] : streams) {
    if (merge_of(stream) != nullptr) review_copies_of(stream, entry, now);
  }
}

/// Which of two is right nobody knows: the one that stands by begins anew, and what it is told then
/// it has from the venue.
void Shard::Impl::review_copies_of(StreamId stream, const StreamEntry& entry, MonoTime now) {
  const LineMerge& merge = *merge_of(stream);
  feed::VenueFeed& feed = *units[entry.venue]->feed;
  const std::uint8_t primary = feed.primary(entry.topic);
  unsigned differ = 0;
  const auto lines = static_cast<std::uint8_t>(merge.lines());
  for (std::uint8_t copy = 0; copy < lines; ++copy) {
    if (copy == primary || !merge.differ(primary, copy, now)) continue;
    if (!feed.copy_delivers(entry.topic, copy)) continue;
    differ |= 1U << copy;
    if ((doubled[stream.index()].differ & 1U << copy) != 0) continue;
    ++divergences;
    feed.on_diverged(entry.topic, copy, now);
  }
  doubled[stream.index()].differ = differ;
}

}  // namespace feedwatch::engine
