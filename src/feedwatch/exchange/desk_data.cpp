#include <algorithm>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/exchange/desk.hpp"

// From a changed market to messages on their way: cadence, faults, encoding, the delay queue.
namespace feedwatch::exchange {
namespace {

void freeze(SymbolState& state, const SymbolState& frozen, std::optional<Kind> only) {
  const auto applies = [&](Kind kind) { return !only || *only == kind; };
  if (applies(Kind::last)) state.last = frozen.last;
  if (applies(Kind::mark)) state.mark = frozen.mark;
  if (applies(Kind::index)) state.index = frozen.index;
  if (applies(Kind::quote)) {
    state.bid = frozen.bid;
    state.ask = frozen.ask;
  }
}

Kinds without_frozen(Kinds changed, const DataVerdict& verdict) {
  if (!verdict.frozen_by) return changed;
  if (!verdict.frozen_kind) return {};
  Kinds frozen;
  frozen.add(*verdict.frozen_kind);
  return Kinds{static_cast<std::uint8_t>(changed.bits & ~frozen.bits)};
}

}  // namespace

void Desk::on_update(const MarketUpdate& update, MonoTime now) {
  if (update.raw) captured_.emplace(update.symbol, update.raw->channel);
  if (update.symbol >= by_symbol_.size()) return;
  for (const std::uint64_t id : by_symbol_[update.symbol]) {
    Subscription& sub = subscriptions_.at(id);
    if (!sub.delivers) continue;
    if (update.raw && update.raw->channel == sub.topic.channel) {
      pass_on(id, sub, update, now);
    } else if (!captured_.contains({update.symbol, sub.topic.channel})) {
      sub.publisher.on_change(update.changed, now);
      arm(id, sub);
    }
  }
}

/// Keeps at most one useful entry of the subscription in due_; later moments are found by the
/// earlier entry.
void Desk::arm(std::uint64_t id, Subscription& sub) {
  const MonoTime due = sub.delivers ? sub.publisher.due() : never_mono;
  if (due >= sub.armed) return;
  sub.armed = due;
  due_.emplace(due, id);
}

void Desk::publish_due(MonoTime now) {
  while (!due_.empty() && due_.top().first <= now) {
    const auto [at, id] = due_.top();
    due_.pop();
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end() || found->second.armed != at) continue;
    Subscription& sub = found->second;
    sub.armed = never_mono;
    publish(id, sub, now);
    arm(id, sub);
  }
}

DataVerdict Desk::judge(std::uint64_t id, const Subscription& sub, const Peer& peer) {
  DataVerdict verdict =
      faults_.on_data({.peer = sub.peer, .route = peer.route, .subscription = id}, sub.topic);
  verdict.drop = verdict.drop || peer.half_open.has_value();
  return verdict;
}

void Desk::publish(std::uint64_t id, Subscription& sub, MonoTime now) {
  TopicPublisher& publisher = sub.publisher;
  auto emission = publisher.emission(now);
  if (!emission) return;
  const bool known =
      market_->at(sub.symbol).known.contains(kinds_of(sheet().channels[sub.topic.channel]));
  const bool over = source_->ended() && publisher.ever_sent() && !publisher.pending().any();
  if (!known || over) {
    publisher.pace() == Pace::clock && !over ? publisher.dropped(now) : publisher.rest();
    return;
  }
  Peer& peer = peers_.at(sub.peer);
  const DataVerdict verdict = judge(id, sub, peer);
  if (verdict.drop || (verdict.no_prices && publisher.pace() == Pace::delta)) {
    publisher.dropped(now);
    if (verdict.drop) {
      ++counters_.data_dropped;
    } else {
      deliver(sub, peer, encode(sub, {.snapshot = false}, verdict, now), verdict.delay, now);
    }
  } else {
    deliver(sub, peer, encode(sub, *emission, verdict, now), verdict.delay, now);
    publisher.sent(*emission, now);
  }
  if (source_->ended() || captured_.contains({sub.symbol, sub.topic.channel})) publisher.rest();
}

/// A frame of the capture goes to a client as it was captured, unless a fault changes it, the
/// client has not had the full state yet, or has missed something before.
void Desk::pass_on(std::uint64_t id, Subscription& sub, const MarketUpdate& update, MonoTime now) {
  TopicPublisher& publisher = sub.publisher;
  Peer& peer = peers_.at(sub.peer);
  const bool is_delta_channel = publisher.pace() == Pace::delta;
  const bool needs_snapshot =
      is_delta_channel && !publisher.snapshot_sent() && !update.raw->snapshot;
  const Kinds kinds = kinds_of(sheet().channels[sub.topic.channel]);
  publisher.rest();
  if (needs_snapshot && !market_->at(sub.symbol).known.contains(kinds)) return;
  const DataVerdict verdict = judge(id, sub, peer);
  if (verdict.drop) {
    ++counters_.data_dropped;
    publisher.dropped_capture(update.changed);
    return;
  }
  if (verdict.no_prices && is_delta_channel) {
    publisher.dropped_capture(update.changed);
    deliver(sub, peer, encode(sub, {.snapshot = false}, verdict, now), verdict.delay, now);
    return;
  }
  const bool missed = publisher.pending().any();
  std::string text;
  if (needs_snapshot || missed || verdict.frozen_by || verdict.offset != Duration{}) {
    Emission emission{.snapshot = !is_delta_channel || needs_snapshot || update.raw->snapshot,
                      .changed = publisher.pending()};
    emission.changed.add(update.changed);
    text = encode(sub, emission, verdict, now);
  } else {
    text = std::string{update.raw->text};
  }
  deliver(sub, peer, std::move(text), verdict.delay, now);
  publisher.sent_capture(needs_snapshot || update.raw->snapshot);
}

SymbolState Desk::view_of(const Subscription& sub, const DataVerdict& verdict) {
  SymbolState state = market_->at(sub.symbol);
  if (verdict.frozen_by) {
    const auto at = frozen_.try_emplace({*verdict.frozen_by, sub.symbol}, state).first;
    freeze(state, at->second, verdict.frozen_kind);
  }
  return state;
}

std::string Desk::encode(const Subscription& sub, const Emission& emission,
                         const DataVerdict& verdict, MonoTime now) {
  const SymbolState state = view_of(sub, verdict);
  const Kinds changed = without_frozen(emission.changed, verdict);
  const bool all = emission.snapshot;
  const bool quoted = kinds_of(sheet().channels[sub.topic.channel]).has(Kind::quote);
  const bool is_book = quoted && sub.publisher.pace() == Pace::repeat;
  return options_.side->encode_data(
      sub.topic.channel,
      {.symbol = state.symbol,
       .last = state.last,
       .bid = state.bid,
       .ask = state.ask,
       .mark = state.mark,
       .index = state.index,
       .seq = is_book ? state.quote_seq : state.seq,
       .trade_seq = state.trade_seq,
       .now = plus(source_->venue_time(now), verdict.offset),
       .traded = plus(source_->venue_time(std::min(state.updated, now)), verdict.offset),
       .last_changed = all || changed.has(Kind::last),
       .quote_changed = all || changed.has(Kind::quote),
       .mark_changed = all || changed.has(Kind::mark),
       .index_changed = all || changed.has(Kind::index),
       .snapshot = emission.snapshot});
}

void Desk::deliver(const Subscription& sub, Peer& peer, std::string text, Duration delay,
                   MonoTime now) {
  const auto held = peer.held.find(sub.topic);
  if (delay <= Duration{} && held == peer.held.end()) return send(sub.peer, peer, text);
  const MonoTime earliest = held == peer.held.end() ? now : held->second.last_due;
  const MonoTime due = std::max(plus(now, delay), earliest);
  peer.queue.emplace(due, Queued{.topic = sub.topic, .text = std::move(text)});
  Held& topic = peer.held[sub.topic];
  topic.last_due = due;
  ++topic.messages;
  if (peer.queue.size() <= options_.max_queued) return;
  take(peer, peer.queue.begin());
  ++counters_.queue_dropped;
}

std::string Desk::take(Peer& peer, DelayQueue::iterator waiting) {
  const auto held = peer.held.find(waiting->second.topic);
  if (--held->second.messages == 0) peer.held.erase(held);
  std::string text = std::move(waiting->second.text);
  peer.queue.erase(waiting);
  return text;
}

void Desk::flush(PeerId id, Peer& peer, MonoTime now) {
  while (!peer.queue.empty() && peer.queue.begin()->first <= now) {
    const std::string text = take(peer, peer.queue.begin());
    if (!peer.half_open) send(id, peer, text);
  }
}

void Desk::send(PeerId id, Peer& peer, std::string_view text) {
  if (port_.send_text(id, text)) {
    ++peer.sent;
    ++counters_.data_sent;
    return;
  }
  ++counters_.slow_closed;
  port_.close(id, 1008, "slow reader");
}

}  // namespace feedwatch::exchange
