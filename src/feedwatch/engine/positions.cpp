#include "feedwatch/engine/positions.hpp"

#include <algorithm>
#include <cmath>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::engine {
namespace {

Error wrong_row(const PositionRow& row, std::string_view what) {
  return {row.venue + "/" + row.symbol + "/" + row.id, "is kept with " + std::string(what),
          "close it, or register it again"};
}

Result<Position> position_of(const PositionRow& row) {
  Position position;
  position.id = row.id;
  position.venue = row.venue;
  position.symbol = row.symbol;
  position.opened_at = row.opened_at;
  const auto side = side_from_text(row.side);
  const auto entry = Decimal::parse(row.entry_price);
  const auto quantity = Decimal::parse(row.quantity);
  if (!side) return std::unexpected(wrong_row(row, "a side that is neither long nor short"));
  if (!entry) return std::unexpected(wrong_row(row, "an entry price that is no number"));
  if (!quantity) return std::unexpected(wrong_row(row, "a quantity that is no number"));
  position.side = *side;
  position.entry_price = *entry;
  position.quantity = *quantity;
  return position;
}

Result<PositionTerms> terms_of(const PositionRow& row) {
  PositionTerms terms{.strategy = row.strategy, .rules = {}};
  if (!row.trailing.empty()) {
    auto trailing = trailing_override(row.trailing);
    if (!trailing) return std::unexpected(wrong_row(row, trailing.error().text()));
    terms.rules.trailing = std::move(*trailing);
  }
  if (!row.aged.empty()) {
    auto aged = aged_override(row.aged);
    if (!aged) return std::unexpected(wrong_row(row, aged.error().text()));
    terms.rules.aged = *aged;
  }
  return terms;
}

}  // namespace

Positions::Positions(PositionOptions options, const Monitor& monitor, const Clock& clock,
                     PriceSources* sources)
    : options_(options),
      monitor_(monitor),
      sources_(sources),
      book_(options.capacity),
      guard_(monitor, decisions_, "positions", clock),
      alive_(std::make_shared<Positions*>(this)) {}

Result<PositionBook::Put> Positions::put(Position position, std::optional<Duration> ttl,
                                         std::string owner, MonoTime now, WallTime utc,
                                         PositionTerms terms) {
  const PositionKey key = key_of(position);
  auto put = book_.put(std::move(position), ttl, std::move(owner), now, utc, std::move(terms));
  if (put && *put != PositionBook::Put::renewed) note(key, now);
  return put;
}

/// It is new, or has changed.
void Positions::note(const PositionKey& key, MonoTime now) {
  watch(key, now);
  twins_.put(*book_.find(key));
  holdings_.put(*book_.find(key));
}

Result<PositionBook::Put> Positions::amend(Position position, MonoTime now, WallTime utc,
                                           PositionTerms terms) {
  const PositionKey key = key_of(position);
  auto put = book_.amend(std::move(position), utc, std::move(terms));
  if (put && *put != PositionBook::Put::renewed) note(key, now);
  return put;
}

Result<void> Positions::restore(const PositionRow& row, const WallAnchor& anchor) {
  Result<Position> position = position_of(row);
  if (!position) return std::unexpected(position.error());
  Result<PositionTerms> terms = terms_of(row);
  if (!terms) return std::unexpected(terms.error());
  const auto moment = [&](WallTime at) { return plus(anchor.mono, minus(at, anchor.wall)); };
  PositionLease lease{.position = std::move(*position),
                      .owner = row.owner,
                      .registered = moment(row.registered_at),
                      .ttl = {},
                      .expires = {},
                      .terms = std::move(*terms),
                      .opening_assumed = row.opened_at == row.registered_at,
                      .listed_by = row.listed_by};
  if (row.ttl_seconds) lease.ttl = Duration(std::llround(*row.ttl_seconds * 1e9));
  if (row.expires_at) lease.expires = moment(*row.expires_at);
  const PositionKey key = key_of(lease.position);
  if (Result<void> kept = book_.restore(std::move(lease)); !kept) return kept;
  note(key, anchor.mono);
  return {};
}

/// A position of an earlier run gets the time of a new one: its lines are not up yet.
void Positions::watch(const PositionKey& key, MonoTime now) {
  Source& source = by_symbol_[{key.venue, key.symbol}];
  source.watches.try_emplace(key.id, Watched{PositionWatch(now, options_.watch)});
  note_rules(key);
  by_id_[key.id].insert(key);
}

void Positions::note_rules(const PositionKey& key) {
  const auto& aged = book_.find(key)->terms.rules.aged;
  Watched& held = by_symbol_.at({key.venue, key.symbol}).watches.at(key.id);
  held.aged = aged ? aged->enabled : options_.aged;
}

bool Positions::close(const PositionKey& key) {
  if (!book_.close(key)) return false;
  holdings_.close(key);
  twins_.close(key);
  const auto named = by_id_.find(key.id);
  named->second.erase(key);
  if (named->second.empty()) by_id_.erase(named);
  const auto source = by_symbol_.find({key.venue, key.symbol});
  source->second.watches.erase(key.id);
  if (!source->second.watches.empty()) return true;
  for (const Feed& feed : source->second.feeds) {
    if (feed.asked) sources_->unwant(*feed.asked);
  }
  by_symbol_.erase(source);
  return true;
}

void Positions::look(const MaxAgeOf& max_age_of, MonoTime now) {
  for (auto& [key, source] : by_symbol_) {
    serve(key, source, max_age_of, now);
    for (auto& [id, held] : source.watches) judge({key.first, key.second, id}, source, held, now);
  }
}

void Positions::look_at(const PositionKey& key, const MaxAgeOf& max_age_of, MonoTime now) {
  const auto source = by_symbol_.find({key.venue, key.symbol});
  if (source == by_symbol_.end()) return;
  serve(source->first, source->second, max_age_of, now);
  judge(key, source->second, source->second.watches.at(key.id), now);
}

const Positions::Feed& Positions::Source::serving(const Watched& watched) const {
  if (watched.aged && feeds.front().verdict.answer) {
    for (const Feed& feed : feeds) {
      if (feed.verdict.aged && !feed.verdict.answer) return feed;
    }
  }
  return feeds.front();
}

void Positions::serve(const SourceKey& key, Source& source, const MaxAgeOf& max_age_of,
                      MonoTime now) {
  choose(key, source);
  for (Feed& feed : source.feeds) {
    refresh(feed, max_age_of, now);
    Feed& first = source.feeds.front();
    const bool is_twin = &feed != &first && feed.verdict.stream == first.verdict.stream;
    if (is_twin) {
      feed.detail = first.detail;  // a stream is asked for once
    } else {
      ask(key, feed, now);
    }
  }
  compare(source, now);
}

void Positions::judge(const PositionKey& key, const Source& source, Watched& held, MonoTime now) {
  const Feed& feed = source.serving(held);
  const Guard::Answer& answer = feed.verdict.answer;
  PositionWatch& watch = held.watch;
  watch.set_source(feed.found);
  const auto event = answer ? watch.on_accepted(now)
                            : watch.on_refused(answer.error().reason, answer.error().age, now);
  if (!event) return;
  news_.push_back({key, *event, answer ? RefusalCode::unknown : answer.error().code});
}

void Positions::refresh(Feed& feed, const MaxAgeOf& max_age_of, MonoTime now) {
  const std::optional<StreamId> stream = monitor_.find(feed.verdict.stream);
  feed.found = stream.has_value();
  feed.verdict.answer = std::unexpected(Refusal{.code = RefusalCode::unconfigured});
  if (!stream) return;
  feed.max_age = max_age_of(*stream);
  feed.verdict.max_age = feed.max_age.value_or(PriceTap::max_age_event);
  if (feed.verdict.aged) {
    feed.verdict.max_age = std::max(feed.verdict.max_age, PriceTap::max_age_aged);
  }
  const PriceRequest request{.max_age = feed.verdict.max_age,
                             .intent = Intent::reduce_risk,
                             .accept_confirmed = true,  // what a venue says to be unchanged is
                             .sources = {.bridge_max_age = PriceTap::max_age_event}};
  feed.verdict.answer = guard_.price_at(*stream, request, now);
  const Duration tapped = feed.max_age.value_or(PriceTap::max_age_event);
  feed.verdict.comes =
      feed.verdict.answer && PriceTap::age_of(feed.verdict.answer->price) <= tapped;
}

/// What REST tells meanwhile of one of the two is as old as its answer, and compared with nothing.
void Positions::compare(Source& source, MonoTime now) const {
  if (!source.divergence) return;
  const auto live = [&](Kind kind) -> const Price* {
    const auto feed = std::ranges::find_if(
        source.feeds, [&](const Feed& each) { return each.verdict.stream.kind == kind; });
    if (feed == source.feeds.end() || !feed->verdict.answer) return nullptr;
    const GuardedPrice& price = *feed->verdict.answer;
    // Aged positions take older ones.
    return price.source == PriceSource::live && feed->verdict.comes ? &price.price : nullptr;
  };
  const Price* last = live(Kind::last);
  const Price* mark = live(Kind::mark);
  if (last == nullptr || mark == nullptr) return source.divergence->on_refused();
  source.last = *last;
  source.mark = *mark;
  source.divergence->on_prices(last->prices.price, mark->prices.price, now);
}

Positions::Verdicts Positions::verdicts(const StreamKey& stream, const MaxAgeOf& max_age_of,
                                        MonoTime now) {
  Verdicts verdicts{};
  const auto source = by_symbol_.find({stream.venue, stream.symbol});
  if (source == by_symbol_.end()) return verdicts;
  std::vector<Feed>& feeds = source->second.feeds;
  for (Feed& feed : feeds) {
    if (feed.verdict.stream != stream) continue;
    refresh(feed, max_age_of, now);
    const bool is_first = &feed == &feeds.front();
    if (is_first || feed.verdict.aged) verdicts[is_first ? 0 : 1] = &feed.verdict;
  }
  return verdicts;
}

const Positions::Verdict* Positions::verdict(const std::string& venue, const std::string& symbol,
                                             bool aged, const MaxAgeOf& max_age_of, MonoTime now) {
  const auto source = by_symbol_.find({venue, symbol});
  if (source == by_symbol_.end()) return nullptr;
  for (Feed& feed : source->second.feeds) {
    if (feed.verdict.aged != aged) continue;
    refresh(feed, max_age_of, now);
    return &feed.verdict;
  }
  return nullptr;
}

void Positions::for_each_verdict(const std::function<void(const Verdict&)>& action) const {
  for (const auto& [key, source] : by_symbol_) {
    action(source.feeds.front().verdict);
    for (const Feed& feed : source.feeds) {
      if (feed.verdict.aged) action(feed.verdict);
    }
  }
}

void Positions::for_each_divergence(
    const std::function<void(const DivergenceView&)>& action) const {
  for (const auto& [key, source] : by_symbol_) {
    if (!source.divergence) continue;
    action({.venue = key.first,
            .symbol = key.second,
            .state = source.divergence->state(),
            .since = source.divergence->since(),
            .percent = source.divergence->percent(),
            .last = source.last,
            .mark = source.mark,
            .positions = source.watches.size()});
  }
}

PositionView Positions::view_of(const PositionLease& lease, const Source& source,
                                MonoTime now) const {
  const Watched& held = source.watches.at(lease.position.id);
  const PositionWatch& watch = held.watch;
  PositionView view;
  view.lease = lease;
  const Feed& feed = source.serving(held);
  if (feed.found) view.stream = feed.verdict.stream.text();
  view.findings = watch.findings(now);
  view.expired = lease.expires && *lease.expires <= now;
  view.refused_since = watch.refused_since();
  if (feed.verdict.answer) {
    view.price = *feed.verdict.answer;
  } else {
    view.refusal = feed.verdict.answer.error();
  }
  if (!feed.found) view.detail = feed.detail;
  return view;
}

std::optional<PositionView> Positions::view(const PositionKey& key, MonoTime now) const {
  const PositionLease* lease = book_.find(key);
  if (lease == nullptr) return std::nullopt;
  return view_of(*lease, by_symbol_.at({key.venue, key.symbol}), now);
}

void Positions::for_each_troubled(MonoTime now,
                                  const std::function<void(const PositionView&)>& action) const {
  std::set<PositionKey> expired;
  for (PositionKey& key : book_.expired(now)) expired.insert(std::move(key));
  for (const auto& [symbol, source] : by_symbol_) {
    for (const auto& [id, held] : source.watches) {
      if (held.watch.findings(now) == PositionFindings{}) continue;
      PositionKey key{symbol.first, symbol.second, id};
      expired.erase(key);
      action(view_of(*book_.find(key), source, now));
    }
  }
  for (const PositionKey& key : expired) action(*view(key, now));
}

void Positions::for_each_behind(const PositionKey& after, MonoTime now,
                                const std::function<bool(const PositionView&)>& action) const {
  for (auto lease = book_.all().upper_bound(after); lease != book_.all().end(); ++lease) {
    const PositionKey& key = lease->first;
    if (!action(view_of(lease->second, by_symbol_.at({key.venue, key.symbol}), now))) return;
  }
}

void Positions::for_each(MonoTime now,
                         const std::function<void(const PositionView&)>& action) const {
  for_each_behind({}, now, [&](const PositionView& view) {
    action(view);
    return true;
  });
}

std::vector<PositionKey> Positions::named(std::string_view id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

PositionRow position_row(const PositionLease& lease, const WallAnchor& anchor, MonoTime updated,
                         std::optional<MonoTime> closed) {
  const Position& position = lease.position;
  PositionRow row{.venue = position.venue,
                  .symbol = position.symbol,
                  .id = position.id,
                  .side = std::string(to_text(position.side)),
                  .entry_price = position.entry_price.to_string(),
                  .quantity = position.quantity.to_string(),
                  .opened_at = position.opened_at,
                  .owner = lease.owner,
                  .ttl_seconds = {},
                  .registered_at = anchor.at(lease.registered),
                  .updated_at = anchor.at(updated),
                  .expires_at = {},
                  .closed_at = {},
                  .strategy = lease.terms.strategy,
                  .trailing = {},
                  .aged = {},
                  .listed_by = lease.listed_by};
  if (const auto& trailing = lease.terms.rules.trailing) row.trailing = to_text(*trailing);
  if (const auto& aged = lease.terms.rules.aged) row.aged = to_text(*aged);
  if (lease.ttl) row.ttl_seconds = to_seconds(*lease.ttl);
  if (lease.expires) row.expires_at = anchor.at(*lease.expires);
  if (closed) row.closed_at = anchor.at(*closed);
  return row;
}

}  // namespace feedwatch::engine
