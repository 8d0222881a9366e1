// Which symbols trade, as the venue's REST lists them: globs expand, halts are no faults, and a
// symbol no list knows is named at once.

#include <algorithm>
#include <chrono>
#include <utility>

#include "feedwatch/base/http_date.hpp"
#include "feedwatch/engine/shard_impl.hpp"

namespace feedwatch::engine {

namespace {

std::optional<Duration> retry_after_of(const HttpResponse& response) {
  for (const auto& [name, value] : response.headers) {
    if (name != "retry-after" || value.empty() || value.size() > 6) continue;
    if (!std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) continue;
    return std::chrono::seconds(std::stol(value));
  }
  return std::nullopt;
}

/// The venue's clock minus ours, by the answer's Date, which names a second.
std::optional<Duration> clock_skew(const HttpResponse& response, WallTime now) {
  constexpr Duration half = 500ms;
  for (const auto& [name, value] : response.headers) {
    if (name != "date") continue;
    const auto date = parse_http_date(value);
    if (!date) return std::nullopt;
    const Duration skew = *date + half - now;
    return std::chrono::abs(skew) <= half ? Duration::zero() : skew;
  }
  return std::nullopt;
}

}  // namespace

MonoTime Shard::Impl::next_instruments(const Unit& unit, MonoTime now) const {
  if (unit.fetching || unit.next_fetch == never_mono) return never_mono;
  return unit.next_fetch > now ? unit.next_fetch : unit.prober.next_allowed(now);
}

void Shard::Impl::fetch_instruments(std::size_t index, MonoTime now) {
  Unit& unit = *units[index];
  std::string url = std::exchange(unit.next_page, {});
  if (url.empty()) url = unit.options.venue->instruments_url(unit.options.rest_url);
  unit.fetching = true;
  unit.prober.charge(now);
  unit.next_fetch = now + instruments_every;
  unit.fetch_not_before = now + instruments_retry;
  const std::weak_ptr<int> weak = alive;
  ports.http.fetch(HttpRequest{.url = std::move(url), .ca_file = unit.options.ca_file},
                   [this, index, weak](std::expected<HttpResponse, std::string> response) {
                     if (weak.expired()) return;
                     on_instruments(index, std::move(response));
                   });
}

void Shard::Impl::on_instruments(std::size_t index,
                                 std::expected<HttpResponse, std::string> response) {
  const MonoTime now = ports.clock.now();
  Unit& unit = *units[index];
  if (unit.gone) return;
  const venues::Venue& venue = *unit.options.venue;
  unit.fetching = false;
  feeds_dirty = true;
  const auto try_again = [&](Duration after) {
    unit.loading.clear();
    unit.next_page.clear();
    unit.pages = 0;
    unit.next_fetch = unit.fetch_not_before = now + after;
    finish(now);
  };
  const bool refused = response && denied(*response);
  const Duration patience = refused ? rest_denied(unit, *response, now) : instruments_retry;
  note_rest(unit, response, response && response->status == 200, now);
  if (!response || refused) return try_again(patience);
  if (response->status != 200) return try_again(instruments_retry);
  unit.rest_patience = rest_patience_first;
  const auto page = venue.parse_instruments(response->body);
  if (!page) return try_again(instruments_retry);
  for (const venues::Instrument& instrument : *page) {
    unit.loading.insert_or_assign(instrument.symbol, instrument.trading);
  }
  std::string next = venue.next_instruments_url(unit.options.rest_url, response->body);
  if (!next.empty() && ++unit.pages < max_instrument_pages) {
    unit.next_page = std::move(next);
    unit.next_fetch = now;
    return finish(now);
  }
  // An empty list is no evidence that a whole venue is gone.
  if (unit.loading.empty()) return try_again(instruments_retry);
  unit.instruments = std::exchange(unit.loading, {});
  unit.pages = 0;
  expand_globs(unit, now);
  judge_instruments(unit, now);
  // While silence is excused by it, the word has to be fresh (semantics §4).
  if (unit.feed->excusing()) unit.next_fetch = now + instruments_while_excusing;
  put_expansion(unit);  // after the streams: who sees the list known sees them as well
  finish(now);
}

bool Shard::Impl::denied(const HttpResponse& response) {
  return response.status == 429 || response.status == 418 || response.status == 403 ||
         response.status == 451;
}

Duration Shard::Impl::rest_denied(Unit& unit, const HttpResponse& response, MonoTime now) {
  const std::optional<Duration> told = retry_after_of(response);
  // All ask REST to be patient; 418 bans the address, and dialling on would prolong it.
  if (response.status == 418) unit.feed->limit(told, "REST answered 418: address banned", now);
  // Requests under way together are told off once.
  if (!told && now < unit.denied_until) return unit.denied_until - now;
  const Duration patience = std::exchange(
      unit.rest_patience, std::min<Duration>(2 * unit.rest_patience, rest_patience_max));
  const Duration wait = std::clamp<Duration>(told.value_or(patience), instruments_retry, 72h);
  unit.denied_until = std::max(unit.denied_until, now + wait);
  unit.prober.hold(unit.denied_until);
  unit.next_fetch = unit.fetch_not_before = std::max(unit.fetch_not_before, unit.denied_until);
  return unit.denied_until - now;
}

void Shard::Impl::note_rest(Unit& unit, const std::expected<HttpResponse, std::string>& response,
                            bool good, MonoTime now) {
  if (!unit.rest || unit.gone) return;
  feed::RestStatus& rest = *unit.rest;
  const bool was_good = rest.failures == 0 && rest.good_at.has_value();
  ++rest.answers;
  if (response) {
    if (const auto skew = clock_skew(*response, anchor.at(now))) rest.skew = skew;
  }
  if (good) {
    rest.good_at = now;
    rest.failures = 0;
  } else {
    ++rest.errors;
    ++rest.failures;
    rest.error = response ? "HTTP " + std::to_string(response->status) : response.error();
  }
  rest.denied_until.reset();
  if (unit.denied_until > now) rest.denied_until = unit.denied_until;
  if (was_good == good && now - unit.rest_told < rest_told_every) return;
  if (unit.told.venue.empty()) return;  // the feed has not said anything yet; it goes with that
  unit.rest_told = now;
  unit.told.rest = rest;
  ports.status.put(unit.told);
}

void Shard::Impl::ask_before_judging(Unit& unit, MonoTime now) {
  if (!options.instruments) return;
  const MonoTime allowed = std::max(unit.fetch_not_before, unit.prober.next_allowed(now));
  unit.next_fetch = std::min(unit.next_fetch, std::max(now, allowed));
  feeds_dirty = true;
}

void Shard::Impl::expand_globs(Unit& unit, MonoTime now) {
  const std::size_t index = *unit_of(StreamKey{.venue = unit.options.name, .symbol = {}});
  for (const std::string& glob : unit.globs) {
    const std::size_t slash = glob.rfind('/');
    const std::optional<Kind> kind = kind_from_text(std::string_view(glob).substr(slash + 1));
    if (slash == std::string::npos || !kind) continue;  // refused when the configuration was read
    for (const auto& [symbol, trading] : *unit.instruments) {
      if (!trading || !glob_match(std::string_view(glob).substr(0, slash), symbol)) continue;
      const StreamKey key{.venue = units[index]->options.name, .symbol = symbol, .kind = *kind};
      const Result<StreamId> stream = want(key, now);
      if (!stream)
        return;  // the board is full, or the venue lacks the kind: the next would fail too
      StreamEntry& entry = streams.at(*stream);
      entry.configured = true;
      set_required(entry, unit.options.required);
    }
  }
}

bool Shard::Impl::awaits_instruments(const Unit& unit) const {
  return options.instruments && !unit.globs.empty() && !unit.instruments;
}

void Shard::Impl::put_expansion(Unit& unit) {
  const bool awaits = awaits_instruments(unit);
  if (unit.told.venue.empty() || unit.told.awaits_instruments == awaits) return;
  unit.told.awaits_instruments = awaits;
  ports.status.put(unit.told);
}

void Shard::Impl::judge_instruments(Unit& unit, MonoTime now) {
  for (const auto& [topic, id] : unit.topics) apply_instrument(unit, topic, id, now);
}

void Shard::Impl::apply_instrument(Unit& unit, const venues::Topic& topic, feed::TopicId id,
                                   MonoTime now) {
  if (!unit.instruments || !unit.options.venue->lists(topic)) return;
  const auto found = unit.instruments->find(topic.symbol);
  if (found == unit.instruments->end()) {
    unit.feed->set_instrument(id, Reason::quarantined,
                              unit.options.name + " lists no symbol " + topic.symbol, now);
  } else if (!found->second) {
    unit.feed->set_instrument(id, Reason::venue_halt, "the venue lists it as not trading", now);
  } else {
    unit.feed->set_instrument(id, Reason::ok, {}, now);
  }
}

}  // namespace feedwatch::engine
