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

/// The shape in which the prober compares what REST tells.
Prober::Known known_of(const venues::RestPrice& told) {
  return {.prices = told.prices, .seq = told.seq, .ts_event = told.ts_event};
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
  Unit& unit = *units[entry.venue];
  unit.prober.watch(stream, known, from, price_list_of(unit, entry.info->key));
  unit.prober.set_past_limit(stream, is_past_limit(entry.status.level));
  feeds_dirty = true;
}

/// The number of the answer in which REST tells the price among those of all symbols.
Prober::List Shard::Impl::price_list_of(Unit& unit, const StreamKey& key) {
  std::string url = unit.options.venue->prices_url(unit.options.rest_url, key.symbol, key.kind);
  if (url.empty()) return Prober::no_list;
  const auto next = static_cast<Prober::List>(unit.price_lists.size() + 1);
  return unit.price_lists.try_emplace(std::move(url), next).first->second;
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
  const StreamKey& key = streams.at(question.streams.front()).info->key;
  const std::size_t index = streams.at(question.streams.front()).venue;
  const venues::Venue& venue = *unit.options.venue;
  std::string url = question.all ? venue.prices_url(unit.options.rest_url, key.symbol, key.kind)
                                 : venue.price_url(unit.options.rest_url, key.symbol, key.kind);
  if (url.empty()) return unit.prober.on_failure(question, now);
  const std::weak_ptr<int> weak = alive;
  ports.http.fetch(
      HttpRequest{.url = std::move(url), .ca_file = unit.options.ca_file},
      [this, index, question, now, weak](std::expected<HttpResponse, std::string> response) {
        if (weak.expired() || units[index]->gone) return;
        on_prices(*units[index], question, now, response);
      });
}

void Shard::Impl::on_prices(Unit& unit, const Prober::Question& question, MonoTime asked,
                            const std::expected<HttpResponse, std::string>& response) {
  const MonoTime now = ports.clock.now();
  feeds_dirty = true;
  const bool refused = response && denied(*response);
  if (refused) rest_denied(unit, *response, now);
  note_rest(unit, response, response && !refused && response->status < 500, now);
  // Without an answer, or with that of a venue in trouble, nothing is known of the list itself.
  const bool answered = response && !refused && response->status < 500;
  if (!answered || (!question.all && response->status != 200)) {
    unit.prober.on_failure(question, now);
  } else {
    const venues::RestPrices told = response->status == 200
                                        ? read_prices(unit, question, response->body)
                                        : venues::RestPrices{};
    unit.prober.on_answer(question, bridge(question, told, asked), now);
  }
  finish_probe(unit, now);
}

/// What the body tells of the question's streams, in their order; empty when it is no list of them.
venues::RestPrices Shard::Impl::read_prices(const Unit& unit, const Prober::Question& question,
                                            std::string_view body) const {
  const venues::Venue& venue = *unit.options.venue;
  std::vector<venues::PriceName> names;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < question.streams.size(); ++i) {
    const auto found = streams.find(question.streams[i]);
    if (found == streams.end()) continue;  // it went meanwhile
    names.push_back({found->second.info->key.symbol, found->second.info->key.kind});
    places.push_back(i);
  }
  if (names.empty()) return {};
  venues::RestPrices told(question.streams.size());
  if (!question.all) {
    const auto one = venue.parse_price(body, names.front().symbol, names.front().kind);
    if (one) told.front() = *one;
    return told;
  }
  const auto read = venue.parse_prices(body, names);
  if (!read) return {};
  for (std::size_t i = 0; i < places.size(); ++i) told[places[i]] = (*read)[i];
  return told;
}

/// Puts the prices beside those of their streams. They may be as old as the question. What cannot
/// stand there is no word.
std::vector<std::optional<Prober::Known>> Shard::Impl::bridge(const Prober::Question& question,
                                                              const venues::RestPrices& told,
                                                              MonoTime asked) {
  std::vector<std::optional<Prober::Known>> known(told.size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    const auto found = streams.find(question.streams[i]);
    if (!told[i] || found == streams.end()) continue;
    found->second.rest_price = words_of(told[i]->prices, found->second.info->key.kind);
    if (monitor.update_bridge(question.streams[i], told[i]->prices,
                              {.mono_recv = asked, .ts_event = told[i]->ts_event})) {
      known[i] = known_of(*told[i]);
    }
  }
  return known;
}

void Shard::Impl::on_trade_id(Unit& unit, std::string_view symbol, std::uint64_t trade_id,
                              MonoTime now) {
  SymbolEntry* const entry = unit.entry_of(symbol);
  if (entry == nullptr) return;
  const std::uint64_t before = std::exchange(entry->trade_id, trade_id).value_or(trade_id);
  const auto& stream = entry->routes[static_cast<std::size_t>(Kind::last)].stream;
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
