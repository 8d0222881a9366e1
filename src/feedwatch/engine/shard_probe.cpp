// Quiet or dead: REST is asked about silent streams. What it says excuses them or begins their
// repair, and its prices stand beside theirs for those who may use them (semantics §§4, 5, 7).

#include <utility>

#include "feedwatch/engine/shard_impl.hpp"

namespace feedwatch::engine {

using feed::Prober;

namespace {

std::string words_of(const Prices& prices, Kind kind) {
  const std::string first = prices.price.to_string();
  return kind == Kind::quote ? first + "/" + prices.ask.to_string() : first;
}

}  // namespace

void Shard::Impl::watch(StreamId stream, MonoTime from) {
  if (!options.instruments) return;  // there is no REST to ask
  const StreamEntry& entry = streams.at(stream);
  const Slot slot = monitor.unchecked_slot(stream);
  if (slot.frozen) return;  // it speaks, and what it says is not believed
  std::optional<Prober::Known> known;
  if (slot.received) {
    known.emplace(Prober::Known{.prices = slot.prices, .seq = {}, .ts_event = {}});
    if (slot.has_seq) known->seq = slot.seq;
    if (slot.has_event_time) known->ts_event = slot.ts_event;
  }
  units[entry.venue]->prober.watch(stream, known, from);
  feeds_dirty = true;
}

void Shard::Impl::leave(StreamId stream, MonoTime now) {
  StreamEntry& entry = streams.at(stream);
  units[entry.venue]->prober.leave(stream);
  if (entry.probe_reason == Reason::ok) return;
  entry.probe_reason = Reason::ok;
  entry.probe_detail.clear();
  tell_reason(stream, entry, now);
}

/// What the feed knows stands before what REST says, except that a slow line explains no silence.
void Shard::Impl::tell_reason(StreamId stream, StreamEntry& entry, MonoTime now) {
  const bool feed_knows = entry.feed_reason != Reason::ok && entry.feed_reason != Reason::line_lag;
  const bool by_feed = feed_knows || entry.probe_reason == Reason::ok;
  monitor.set_feed_reason(stream, by_feed ? entry.feed_reason : entry.probe_reason, now);
  entry.status.detail = by_feed ? entry.feed_detail : entry.probe_detail;
  put(entry);
}

void Shard::Impl::probe(Unit& unit, MonoTime now) {
  unit.prober.on_time(now);
  while (const auto question = unit.prober.take_due(now)) ask(unit, *question, now);
  findings.clear();
  unit.prober.take_findings(findings);
  for (const Prober::Finding& finding : findings) act_on(finding, now);
}

void Shard::Impl::ask(Unit& unit, const Prober::Question& question, MonoTime now) {
  const StreamKey& key = streams.at(question.stream).info->key;
  const std::size_t index = streams.at(question.stream).venue;
  std::string url = unit.options.venue->price_url(unit.options.rest_url, key.symbol, key.kind);
  if (url.empty()) return unit.prober.on_failure(question, now);
  const std::weak_ptr<int> weak = alive;
  ports.http.fetch(
      HttpRequest{.url = std::move(url), .ca_file = unit.options.ca_file},
      [this, index, question, now, weak](std::expected<HttpResponse, std::string> response) {
        if (weak.expired()) return;
        on_price(*units[index], question, now, std::move(response));
      });
}

void Shard::Impl::on_price(Unit& unit, const Prober::Question& question, MonoTime asked,
                           std::expected<HttpResponse, std::string> response) {
  const MonoTime now = ports.clock.now();
  feeds_dirty = true;
  if (response && denied(*response)) rest_denied(unit, *response, now);
  const auto found = streams.find(question.stream);
  if (!response || response->status != 200 || found == streams.end()) {
    unit.prober.on_failure(question, now);
    return finish_probe(unit, now);
  }
  const StreamKey& key = found->second.info->key;
  const auto told = unit.options.venue->parse_price(response->body, key.symbol, key.kind);
  if (!told) {
    unit.prober.on_failure(question, now);
    return finish_probe(unit, now);
  }
  found->second.rest_price = words_of(told->prices, key.kind);
  // It may be as old as the question. A price that cannot stand beside the stream's is no word.
  const Result<void> bridged = monitor.update_bridge(
      question.stream, told->prices, {.mono_recv = asked, .ts_event = told->ts_event});
  if (bridged) {
    unit.prober.on_answer(question, {told->prices, told->seq, told->ts_event}, now);
  } else {
    unit.prober.on_failure(question, now);
  }
  finish_probe(unit, now);
}

void Shard::Impl::on_trade_id(Unit& unit, std::string_view symbol, std::uint64_t trade_id,
                              MonoTime now) {
  SymbolEntry* const entry = unit.entry_of(symbol);
  if (entry == nullptr) return;
  const std::uint64_t before = std::exchange(entry->trade_id, trade_id).value_or(trade_id);
  const auto& stream = entry->streams[static_cast<std::size_t>(Kind::last)];
  if (!stream || !unit.prober.watches(*stream)) return;
  const Slot slot = monitor.unchecked_slot(*stream);
  // Without a price of its own there is nothing to compare with but the count itself.
  if (slot.received ? !slot.has_seq : before == trade_id) return;
  unit.prober.on_word(*stream, !slot.received || trade_id > slot.seq, now);
}

void Shard::Impl::finish_probe(Unit& unit, MonoTime now) {
  probe(unit, now);
  finish(now);
}

void Shard::Impl::act_on(const Prober::Finding& finding, MonoTime now) {
  const auto found = streams.find(finding.stream);
  if (found == streams.end()) return;
  StreamEntry& entry = found->second;
  if (!units[entry.venue]->prober.watches(finding.stream)) return;
  // A clock that is silent is a fault whatever the market does; its probe is for the price alone.
  if (!entry.event_channel) return;
  feed::VenueFeed& feed = *units[entry.venue]->feed;
  const MonoTime since = monitor.suspect_since(finding.stream).value_or(now);
  const Reason before = entry.probe_reason;
  switch (finding.verdict) {
    case Prober::Verdict::quiet:
      entry.probe_reason = Reason::market_quiet;
      entry.probe_detail = "the venue shows no change";
      feed.on_quiet(entry.topic, now);
      break;
    case Prober::Verdict::quiet_past:
      if (before == Reason::market_quiet) entry.probe_reason = Reason::ok;
      entry.probe_detail.clear();
      break;
    case Prober::Verdict::missed:
      entry.probe_reason = Reason::subscription_lost;
      entry.probe_detail =
          entry.rest_price.empty()
              ? "the venue counts trades that the feed did not bring"
              : "REST shows " + entry.rest_price + ", which the feed did not bring";
      feed.on_suspect(entry.topic, since, RepairStep::replace_line, now);
      break;
    case Prober::Verdict::no_word:
      // Nobody can say whether it is dead: one subscription is tried, the line is left alone.
      feed.on_suspect(entry.topic, since, RepairStep::resubscribe, now);
      break;
  }
  feeds_dirty = true;
  tell_reason(finding.stream, entry, now);
}

}  // namespace feedwatch::engine
