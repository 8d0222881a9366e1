#include <algorithm>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/exchange/desk.hpp"

// What belongs to the moment in which a fault begins or ends.
namespace feedwatch::exchange {
namespace {

bool concerns(const FaultSpec& spec, const std::string& symbol) {
  return spec.symbols.empty() || std::ranges::find(spec.symbols, symbol) != spec.symbols.end();
}

}  // namespace

Result<FaultId> Desk::add_fault(FaultSpec spec, MonoTime now) {
  auto id = faults_.add(std::move(spec), now);
  apply_fault_changes(now);
  return id;
}

bool Desk::clear_fault(FaultId id, MonoTime now) {
  const bool found = faults_.clear(id, now);
  apply_fault_changes(now);
  return found;
}

std::size_t Desk::clear_all_faults(MonoTime now) {
  const std::size_t count = faults_.clear_all(now);
  apply_fault_changes(now);
  return count;
}

void Desk::apply_fault_changes(MonoTime now) {
  for (const FaultChange& change : faults_.take_changes()) {
    if (change.started) {
      begin(change, now);
    } else {
      finish(change, now);
    }
  }
}

bool Desk::in_scope(const FaultSpec& spec, const Peer& peer) const {
  if (!spec.route.empty() && spec.route != peer.route) return false;
  if (spec.symbols.empty()) return true;
  return std::ranges::any_of(peer.topics,
                             [&](const auto& item) { return concerns(spec, item.first.symbol); });
}

/// The connections that a fault of existing ones is about, oldest first.
std::vector<PeerId> Desk::befallen(const FaultSpec& spec) const {
  std::vector<PeerId> peers;
  for (const auto& [id, peer] : peers_) {
    const bool enough = spec.connections != 0 && peers.size() == spec.connections;
    const bool already = spec.kind == FaultKind::half_open && peer.half_open;
    if (!enough && !already && in_scope(spec, peer)) peers.push_back(id);
  }
  return peers;
}

void Desk::begin(const FaultChange& change, MonoTime now) {
  const FaultSpec& spec = change.spec;
  if (spec.kind == FaultKind::close) {
    for (const PeerId id : befallen(spec)) port_.close(id, spec.code, "");
  } else if (spec.kind == FaultKind::half_open) {
    for (const PeerId id : befallen(spec)) {
      peers_.at(id).half_open = change.id;
      port_.pause(id, true);
    }
  } else if (spec.kind == FaultKind::announce_close) {
    announce_close(spec, now);
  } else if (spec.kind == FaultKind::says_halted) {
    say_status(spec, false, now);
  } else if (spec.kind == FaultKind::sequence_restart) {
    restart_sequences(spec, now);
  } else if (spec.kind == FaultKind::rest_old) {
    OldTickers& old = old_tickers_[change.id];
    old.at = anchor_.at(now);
    for (std::size_t i = 0; i < market_->size(); ++i) old.states.push_back(market_->at(i));
  }
}

void Desk::finish(const FaultChange& change, MonoTime now) {
  const FaultSpec& spec = change.spec;
  std::erase_if(frozen_, [&](const auto& item) { return item.first.first == change.id; });
  old_tickers_.erase(change.id);
  if (spec.kind == FaultKind::says_halted) say_status(spec, true, now);
  // A dead connection does not come back because somebody opens another one.
  const bool revives = change.cause == HealCause::time || change.cause == HealCause::cleared;
  for (auto& [id, peer] : peers_) {
    if (spec.kind == FaultKind::half_open && peer.half_open == change.id && revives) {
      peer.half_open.reset();
      peer.last_heard = now;
      port_.pause(id, false);
    }
    if (spec.kind == FaultKind::queue_delay) release(id, peer, spec);
  }
}

/// Sends what the fault has held back, in its order. Topics it did not concern go on waiting.
void Desk::release(PeerId id, Peer& peer, const FaultSpec& spec) {
  if (!spec.route.empty() && spec.route != peer.route) return;
  for (auto at = peer.queue.begin(); at != peer.queue.end();) {
    const auto waiting = at++;
    if (!concerns(spec, waiting->second.topic.symbol)) continue;
    const std::string text = take(peer, waiting);
    if (!peer.half_open) send(id, peer, text);
  }
}

void Desk::announce_close(const FaultSpec& spec, MonoTime now) {
  for (auto& [id, peer] : peers_) {
    if (!in_scope(spec, peer)) continue;
    tell(id, peer, side().encode_notice(source_->venue_time(now)));
    peer.close_at = plus(now, spec.delay);
    peer.close_code = spec.code;
  }
}

void Desk::say_status(const FaultSpec& spec, bool trading, MonoTime now) {
  for (const auto& [id, peer] : peers_) {
    if (!in_scope(spec, peer) || !hears_status(peer)) continue;
    if (trading && faults_.says_halted(peer.route)) continue;  // by another fault
    tell(id, peer, side().encode_status(trading, source_->venue_time(now)));
  }
}

/// Something that is no data, unless the connection hears nothing at all.
void Desk::tell(PeerId id, const Peer& peer, const std::string& text) {
  if (text.empty() || peer.half_open || faults_.silent(id, peer.route)) return;
  port_.send_text(id, text);
}

/// Where there is a channel for it, who has subscribed it; else everybody.
bool Desk::hears_status(const Peer& peer) const {
  const auto is_status = [&](const venues::Topic& topic) {
    return sheet().channels[topic.channel].beats == venues::BeatScope::venue;
  };
  const bool has_channel = std::ranges::any_of(sheet().channels, [](const auto& channel) {
    return channel.beats == venues::BeatScope::venue;
  });
  if (!has_channel) return true;
  return std::ranges::any_of(peer.topics, [&](const auto& item) { return is_status(item.first); });
}

/// What a connection is told as it opens: how the venue is, where it says so to everybody.
std::string Desk::greeting(const Peer& peer, MonoTime now) const {
  const std::string welcome = side().encode_welcome();
  const bool halted = faults_.says_halted(peer.route) && hears_status(peer);
  return halted ? side().encode_status(false, source_->venue_time(now)) : welcome;
}

void Desk::restart_sequences(const FaultSpec& spec, MonoTime now) {
  for (std::size_t i = 0; i < market_->size(); ++i) {
    SymbolState& state = market_->at(i);
    if (!concerns(spec, state.symbol)) continue;
    state.seq = 1;
    state.quote_seq = 1;
    state.trade_seq = 1;
    if (i >= by_symbol_.size()) continue;
    for (const std::uint64_t id : by_symbol_[i]) {
      Subscription& sub = subscriptions_.at(id);
      if (captured_.contains({i, sub.topic.channel})) continue;
      sub.publisher.restart(now);
      arm(id, sub);
    }
  }
  publish_due(now);  // before anything can move the sequence on
}

}  // namespace feedwatch::exchange
