// Which streams positions need, and who gets them.

#include <algorithm>
#include <array>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/engine/positions.hpp"

namespace feedwatch::engine {
namespace {

/// A venue may be configured, or a symbol listed, later.
constexpr Duration ask_every = 10s;

/// What protects where nobody says which kind: what is watched, in this order.
constexpr std::array own_choice{Kind::mark, Kind::quote, Kind::last};

}  // namespace

Kind protecting_kind(const venues::VenueSheet& sheet) {
  for (const Kind kind : own_choice) {
    if (venues::channel_for(sheet, kind)) return kind;
  }
  return Kind::last;
}

Kind Positions::protecting(const SourceKey& key) const {
  if (const auto kind = sources_ == nullptr ? std::nullopt : sources_->kind_at(key.first)) {
    const auto& wanted = options_.trailing_price;
    return wanted && sources_->has_kind(key.first, *wanted) ? *wanted : *kind;
  }
  for (const Kind kind : own_choice) {
    if (monitor_.find(StreamKey{key.first, key.second, kind})) return kind;
  }
  return own_choice.back();
}

Kind Positions::aged_kind(const SourceKey& key) const {
  const std::optional<Kind> kind =
      sources_ == nullptr ? std::nullopt : sources_->kind_at(key.first);
  if (!kind) return protecting(key);
  const auto& wanted = options_.aged_price;
  return wanted && sources_->has_kind(key.first, *wanted) ? *wanted : *kind;
}

bool Positions::offers(const SourceKey& key, Kind kind) const {
  if (sources_ != nullptr) return sources_->has_kind(key.first, kind);
  return monitor_.find(StreamKey{key.first, key.second, kind}).has_value();
}

/// Which streams are needed, each look anew: venues come and go with the configuration.
void Positions::choose(const SourceKey& key, Source& source) {
  std::vector<Kind> kinds{protecting(key)};
  const bool any_aged =
      std::ranges::any_of(source.watches, [](const auto& held) { return held.second.aged; });
  if (any_aged) kinds.push_back(aged_kind(key));
  const bool compared = options_.divergence && offers(key, Kind::mark) && offers(key, Kind::last);
  for (const Kind kind : {Kind::mark, Kind::last}) {
    if (compared && std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
  }
  if (!compared) source.divergence.reset();
  if (compared && !source.divergence) source.divergence.emplace(*options_.divergence);
  const auto is_of = [&](const Feed& feed, Kind kind) {
    return feed.verdict.stream == StreamKey{key.first, key.second, kind};
  };
  const auto mark = [&] {
    for (Feed& feed : source.feeds) {
      feed.verdict.aged = any_aged && &feed == &source.feeds[1];
      // What is only compared is looked at each second: a tap would wake us with every trade.
      const bool decides = &feed == &source.feeds.front() || feed.verdict.aged;
      feed.need = decides ? PriceNeed::every : PriceNeed::newest;
    }
  };
  if (std::ranges::equal(source.feeds, kinds, is_of)) return mark();
  const Deciding decided = deciding(source);
  std::vector<Feed> before = std::exchange(source.feeds, {});
  for (const Kind kind : kinds) {
    const auto known =
        std::ranges::find_if(before, [&](const Feed& feed) { return is_of(feed, kind); });
    Feed& feed = source.feeds.emplace_back();
    if (known != before.end()) {
      feed = std::move(*known);
      before.erase(known);
    }
    feed.verdict.stream = {key.first, key.second, kind};
  }
  for (const Feed& feed : before) {
    if (feed.asked) sources_->unwant(*feed.asked);
  }
  mark();
  note_moved(key, decided, deciding(source));
}

Positions::Deciding Positions::deciding(const Source& source) {
  Deciding streams;
  for (const Feed& feed : source.feeds) {
    const bool is_first = &feed == &source.feeds.front();
    if (is_first || feed.verdict.aged) streams[is_first ? 0 : 1] = feed.verdict.stream;
  }
  return streams;
}

void Positions::note_moved(const SourceKey& key, const Deciding& before, const Deciding& now) {
  for (const bool aged : {false, true}) {
    const StreamKey& was = before[aged ? 1 : 0];
    if (was.symbol.empty() || was == now[aged ? 1 : 0]) continue;
    moved_.push_back({key.first, key.second, aged});
  }
}

/// Also where the configuration watches it: that may change, and the position stays. Again when it
/// is another stream of the name than the one whose prices we asked for, or others of its prices
/// are needed.
void Positions::ask(const SourceKey& key, Feed& feed, MonoTime now) {
  if (sources_ == nullptr) return;
  const std::optional<StreamId> stream = monitor_.find(feed.verdict.stream);
  if (!feed.asked_max_age) feed.asked_max_age = feed.max_age;
  const bool same = feed.asked && feed.asked_as == stream && feed.asked_need == feed.need &&
                    feed.asked_max_age == feed.max_age;
  if (same && ((stream && !feed.failed) || now < feed.ask_again)) return;
  feed.ask_again = plus(now, ask_every);
  feed.asked_as = stream;
  feed.failed = false;
  feed.asked = feed.verdict.stream;
  feed.asked_need = feed.need;
  feed.asked_max_age = feed.max_age;
  sources_->want(
      *feed.asked, feed.need,
      [alive = std::weak_ptr(alive_), key, asked = *feed.asked](const Result<void>& done) {
        const auto self = alive.lock();
        if (!self) return;
        const auto asker = (*self)->by_symbol_.find(key);
        if (asker == (*self)->by_symbol_.end()) return;
        for (Feed& each : asker->second.feeds) {
          if (each.asked != asked) continue;
          each.failed = !done;
          each.detail = done ? std::string{} : done.error().text();
        }
      });
}

}  // namespace feedwatch::engine
