#include "feedwatch/exchange/desk.hpp"

#include <algorithm>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::exchange {
namespace {

/// A moment at which the venue's wall clock showed a whole day: every fixed clock passes it.
constexpr std::size_t max_times = 64;

void remember(std::deque<MonoTime>& times, MonoTime now) {
  times.push_back(now);
  if (times.size() > max_times) times.pop_front();
}

MonoTime whole_day(const WallAnchor& anchor) {
  constexpr Duration day = 24h;
  return anchor.mono - anchor.wall.time_since_epoch() % day;
}

}  // namespace

Desk::Desk(const DeskOptions& options, DeskPort& port, std::unique_ptr<Market> market,
           std::unique_ptr<MarketSource> source, const WallAnchor& anchor, MonoTime now)
    : options_(options),
      port_(port),
      market_(std::move(market)),
      source_(std::move(source)),
      anchor_(anchor),
      grid_(whole_day(anchor)),
      gate_(options.enforce_limits ? sheet().dials : venues::RateLimit{}, options.ban) {
  on_time(now);
}

Desk::Dial Desk::on_dial(std::string_view target, MonoTime now) {
  Dial dial;
  dial.route = options_.side->route_of(target, dial.topics);
  if (!dial.route) return dial;
  ++counters_.dials;
  remember(dial_times_, now);
  if (const auto left = gate_.on_dial(now)) {
    dial.verdict = {
        .action = DialVerdict::Action::refuse, .status = options_.ban_status, .retry_after = left};
  } else {
    dial.verdict = faults_.on_dial(*dial.route, now);
  }
  using Action = DialVerdict::Action;
  if (dial.verdict.action == Action::refuse) ++counters_.dials_refused;
  if (dial.verdict.action == Action::ignore) ++counters_.dials_ignored;
  apply_fault_changes(now);
  return dial;
}

PeerId Desk::on_open(const Dial& dial, std::string_view address, MonoTime now) {
  const PeerId id{next_peer_++};
  Peer& peer = peers_.emplace(id, Peer{.meter = MessageMeter{sheet().messages}, .last_heard = now})
                   .first->second;
  peer.route = dial.route.value_or("");
  peer.address = std::string{address};
  const Duration ping = options_.server_ping.value_or(sheet().server_heartbeat);
  if (ping > Duration{}) peer.next_ping = plus(now, ping);
  if (dial.verdict.close_code) {
    peer.close_code = *dial.verdict.close_code;
    peer.close_at = plus(now, dial.verdict.close_after);
  }
  ++counters_.opened;
  faults_.on_open(id, peer.route, now);
  for (const venues::Topic& topic : dial.topics) {
    if (peer.topics.size() < options_.max_topics) subscribe(id, peer, topic, now);
  }
  tell(id, peer, greeting(peer, now));
  apply_fault_changes(now);
  return id;
}

void Desk::on_closed(PeerId id, MonoTime now) {
  const auto at = peers_.find(id);
  if (at == peers_.end()) return;
  for (const auto& [topic, subscription] : at->second.topics) forget(subscription);
  peers_.erase(at);
  ++counters_.closed;
  faults_.on_closed(id, now);
  apply_fault_changes(now);
}

/// Counts a message against the venue's rate limit; false when it cost the client its connection.
bool Desk::heard(Peer& peer, PeerId id, MonoTime now) {
  peer.last_heard = now;
  const bool within = peer.meter.on_message(now);
  counters_.max_messages_per_second =
      std::max(counters_.max_messages_per_second, peer.meter.max_per_second());
  if (within) return true;
  ++counters_.limit_violations;
  if (!options_.enforce_limits) return true;
  port_.close(id, 1008, "too many requests");
  return false;
}

void Desk::on_text(PeerId id, std::string_view text, MonoTime now) {
  const auto at = peers_.find(id);
  if (at == peers_.end() || at->second.half_open) return;
  Peer& peer = at->second;
  if (!heard(peer, id, now)) return;
  const venues::VenueSide& side = *options_.side;
  venues::ClientMessage message = side.parse_client(text);
  if (message.op == venues::ClientOp::ping) {
    ++counters_.text_pings;
    port_.send_text(id, side.encode_pong(message));
    return;
  }
  if (message.op == venues::ClientOp::subscribe) {
    ++counters_.subscribes;
    check_topics(message, peer);
  }
  if (message.op == venues::ClientOp::unsubscribe) ++counters_.unsubscribes;
  if (message.op == venues::ClientOp::unknown) ++counters_.unknown;
  if (message.op == venues::ClientOp::unknown || !message.invalid.empty()) {
    ++counters_.refusals;
    port_.send_text(id, side.encode_refusal(message));
    return;
  }
  for (const std::string& answer : side.encode_ack(message)) port_.send_text(id, answer);
  for (const venues::Topic& topic : message.topics) {
    if (message.op == venues::ClientOp::subscribe) {
      subscribe(id, peer, topic, now);
    } else {
      unsubscribe(id, peer, topic);
    }
  }
  apply_fault_changes(now);
}

/// Moves what this exchange refuses to `invalid`, in the venue's own spelling of topics.
void Desk::check_topics(venues::ClientMessage& message, const Peer& peer) const {
  const std::size_t limit = options_.enforce_limits && sheet().max_topics_per_line > 0
                                ? std::min(options_.max_topics, sheet().max_topics_per_line)
                                : options_.max_topics;
  for (const venues::Topic& topic : message.topics) {
    const bool of_symbol = !topic.symbol.empty();
    const bool unknown =
        of_symbol && options_.refuse_unknown_symbols && !market_->find(topic.symbol);
    if (!unknown && peer.topics.size() + message.topics.size() <= limit) continue;
    message.invalid.push_back(std::string{sheet().channels[topic.channel].name} + "." +
                              topic.symbol);
  }
}

void Desk::subscribe(PeerId id, Peer& peer, const venues::Topic& topic, MonoTime now) {
  if (const auto at = peer.topics.find(topic); at != peer.topics.end()) forget(at->second);
  const std::uint64_t subscription = faults_.on_subscribe(id, topic, now);
  peer.topics[topic] = subscription;
  const venues::ChannelSheet& channel = sheet().channels[topic.channel];
  if (channel.beats == venues::BeatScope::venue && faults_.says_halted(peer.route)) {
    tell(id, peer, side().encode_status(false, source_->venue_time(now)));
  }
  if (channel.beats == venues::BeatScope::line) {
    peer.line_beats[topic] = {subscription, plus(now, channel.cadence.period)};
    return;
  }
  const auto symbol = market_->find(topic.symbol);
  if (!symbol) return;  // acknowledged, and never fed
  by_symbol_.resize(market_->size());
  by_symbol_[*symbol].push_back(subscription);
  Subscription& sub =
      subscriptions_
          .emplace(subscription,
                   Subscription{.peer = id,
                                .topic = topic,
                                .symbol = *symbol,
                                .delivers = options_.side->delivers(peer.route, topic.channel),
                                .publisher = {channel, grid_}})
          .first->second;
  source_->on_demand(now);
  sub.publisher.on_subscribed(now);
  if (source_->greets_everybody()) sub.publisher.greet(now);
  arm(subscription, sub);
}

void Desk::unsubscribe(PeerId id, Peer& peer, const venues::Topic& topic) {
  faults_.on_unsubscribe(id, topic);
  const auto at = peer.topics.find(topic);
  if (at == peer.topics.end()) return;
  forget(at->second);
  peer.line_beats.erase(topic);
  peer.topics.erase(at);
}

void Desk::forget(std::uint64_t subscription) {
  const auto at = subscriptions_.find(subscription);
  if (at == subscriptions_.end()) return;
  std::erase(by_symbol_[at->second.symbol], subscription);
  subscriptions_.erase(at);
}

void Desk::on_ping(PeerId id, std::string_view payload, MonoTime now) {
  const auto at = peers_.find(id);
  if (at == peers_.end() || at->second.half_open) return;
  ++counters_.protocol_pings;
  if (heard(at->second, id, now)) port_.send_pong(id, payload);
}

void Desk::on_pong(PeerId id, MonoTime now) {
  const auto at = peers_.find(id);
  if (at == peers_.end() || at->second.half_open) return;
  ++counters_.protocol_pongs;
  heard(at->second, id, now);
}

RestAnswer Desk::on_rest(std::string_view target, MonoTime now) {
  using RestPath = venues::VenueSide::RestPath;
  const venues::VenueSide& side = *options_.side;
  const auto path = side.rest_path(target);
  if (!path) return {};
  ++counters_.rest_requests;
  remember(rest_times_, now);
  const RestVerdict verdict = faults_.on_rest();
  apply_fault_changes(now);
  if (verdict.status != 200) return {verdict.status, verdict.retry_after, {}};
  const WallTime wall = plus(anchor_.at(now), verdict.offset);
  if (*path == RestPath::time) return {200, {}, side.encode_time(wall)};
  if (*path == RestPath::instruments) {
    std::vector<venues::Instrument> list;
    for (std::size_t i = 0; i < market_->size(); ++i) list.push_back({market_->at(i).symbol, true});
    return {200, {}, side.encode_instruments_page(target, list)};
  }
  const auto old = verdict.old_since ? old_tickers_.find(*verdict.old_since) : old_tickers_.end();
  std::vector<venues::MarketState> states;
  for (std::size_t i = 0; i < market_->size(); ++i) {
    const bool was = old != old_tickers_.end() && i < old->second.states.size();
    const SymbolState& s = was ? old->second.states[i] : market_->at(i);
    const WallTime at = was ? plus(old->second.at, verdict.offset) : wall;
    if (!s.known.any()) continue;
    states.push_back(
        {.symbol = s.symbol,
         .last = s.last,
         .bid = s.bid,
         .ask = s.ask,
         .mark = s.mark,
         .index = s.index,
         .seq = s.seq,
         .trade_seq = s.trade_seq,
         .now = at,
         .traded = std::min(at, plus(source_->venue_time(s.updated), verdict.offset))});
  }
  return {200, {}, side.encode_ticker(target, states)};
}

MonoTime Desk::next_deadline() const {
  MonoTime next = std::min(faults_.next_deadline(), source_->next_deadline());
  if (!due_.empty()) next = std::min(next, due_.top().first);
  for (const auto& [id, peer] : peers_) {
    next =
        std::min({next, peer.next_ping, peer.close_at, plus(peer.last_heard, options_.idle_limit)});
    if (!peer.queue.empty()) next = std::min(next, peer.queue.begin()->first);
    for (const auto& [topic, beat] : peer.line_beats) next = std::min(next, beat.due);
  }
  return next;
}

void Desk::on_time(MonoTime now) {
  faults_.on_time(now);
  apply_fault_changes(now);
  source_->on_time(now, *this);
  publish_due(now);
  for (auto& [id, peer] : peers_) serve_peer(id, peer, now);
}

void Desk::serve_peer(PeerId id, Peer& peer, MonoTime now) {
  if (now >= plus(peer.last_heard, options_.idle_limit)) {
    ++counters_.idle_closed;
    peer.last_heard = now;
    if (peer.half_open) {
      port_.reset(id);
    } else {
      port_.close(id, 1000, "idle");
    }
    return;
  }
  if (now >= peer.close_at) {
    peer.close_at = never_mono;
    port_.close(id, peer.close_code, "");
    return;
  }
  if (now >= peer.next_ping) heartbeat(id, peer, now);
  beat(id, peer, now);
  flush(id, peer, now);
}

/// A message where the venue has one, else a ping of the protocol.
void Desk::heartbeat(PeerId id, Peer& peer, MonoTime now) {
  peer.next_ping = plus(now, options_.server_ping.value_or(sheet().server_heartbeat));
  if (peer.half_open) return;
  const std::string text =
      options_.side->encode_heartbeat(source_->venue_time(now), ++peer.heartbeats);
  if (text.empty()) {
    port_.send_ping(id);
  } else if (!faults_.silent(id, peer.route)) {
    port_.send_text(id, text);
  }
}

void Desk::beat(PeerId id, Peer& peer, MonoTime now) {
  for (auto& [topic, beat] : peer.line_beats) {
    if (beat.due > now) continue;
    beat.due = plus(now, sheet().channels[topic.channel].cadence.period);
    const DataVerdict verdict = faults_.on_data(
        {.peer = id, .route = peer.route, .subscription = beat.subscription}, topic);
    if (verdict.drop || peer.half_open) {
      ++counters_.data_dropped;
      continue;
    }
    venues::MarketState state{.symbol = {}, .seq = ++peer.heartbeats};
    state.now = state.traded = plus(source_->venue_time(now), verdict.offset);
    send(id, peer, options_.side->encode_data(topic.channel, state));
  }
}

std::vector<PeerView> Desk::peers() const {
  std::vector<PeerView> out;
  for (const auto& [id, peer] : peers_) {
    PeerView view{.id = id, .route = peer.route, .address = peer.address};
    for (const auto& [topic, subscription] : peer.topics) view.topics.push_back(topic);
    view.sent = peer.sent;
    view.received = peer.meter.total();
    view.max_messages_per_second = peer.meter.max_per_second();
    view.half_open = peer.half_open.has_value();
    view.queued = peer.queue.size();
    out.push_back(std::move(view));
  }
  return out;
}

}  // namespace feedwatch::exchange
