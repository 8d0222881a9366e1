#include "feedwatch/sim/venue_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace feedwatch::sim {
namespace {

using venues::ClientMessage;
using venues::ClientOp;
using venues::MarketState;
using venues::Topic;

constexpr Duration repeat_after = 3s;          ///< keep-alive repeats of channels that have them
constexpr Duration close_after_accept = 50ms;  ///< accept-then-close without an argument

constexpr Duration first_ban = 2min;  ///< semantics §7, without Retry-After

bool is_ban(int status) {
  return status == 429 || status == 418 || status == 403 || status == 451;
}

void set_changed(MarketState& state, Kind kind, bool changed) {
  switch (kind) {
    case Kind::last:
      state.last_changed = changed;
      break;
    case Kind::quote:
      state.quote_changed = changed;
      break;
    case Kind::mark:
      state.mark_changed = changed;
      break;
    case Kind::index:
      state.index_changed = changed;
      break;
  }
}

void set_prices(MarketState& state, Kind kind, const Prices& prices) {
  switch (kind) {
    case Kind::last:
      state.last = prices.price;
      break;
    case Kind::quote:
      state.bid = prices.price, state.ask = prices.ask;
      break;
    case Kind::mark:
      state.mark = prices.price;
      break;
    case Kind::index:
      state.index = prices.price;
      break;
  }
}

}  // namespace

VenueModel::VenueModel(VenueSetup setup, Parts parts, std::uint64_t seed)
    : setup_(std::move(setup)),
      clock_(parts.clock),
      queue_(parts.queue),
      log_(parts.log),
      network_(parts.network) {
  for (const std::string& symbol : setup_.symbols) market_.try_emplace(symbol, symbol, seed);
}

const venues::ChannelSheet& VenueModel::channel(std::uint8_t index) const {
  return setup_.side->sheet().channels[index];
}

void VenueModel::log(std::string_view what) {
  log_.line(clock_.now(), setup_.name, what);
}

// ---- publishing ---------------------------------------------------------------------------------

/// How often the prices of the channel move, and are sent.
Duration VenueModel::moves_every(const venues::ChannelSheet& sheet) const {
  if (sheet.cadence.type == CadenceType::event) return setup_.event_every;
  if (sheet.change_gap == Duration{} || setup_.event_every == Duration{})
    return sheet.cadence.period;
  return std::min(sheet.cadence.period, std::max(sheet.change_gap, setup_.event_every));
}

void VenueModel::start() {
  const auto channels = setup_.side->sheet().channels;
  for (std::uint8_t i = 0; i < channels.size(); ++i) {
    const Duration period = moves_every(channels[i]);
    if (period > Duration{}) schedule_channel(i, period, false, world_start + period);
    if (channels[i].repeat_confirms)
      schedule_channel(i, repeat_after, true, world_start + repeat_after);
  }
}

void VenueModel::schedule_channel(std::uint8_t index, Duration period, bool repeats, MonoTime at) {
  queue_.add(at, Turn::world, [this, index, period, repeats, at] {
    publish(index, repeats);
    schedule_channel(index, period, repeats, at + period);
  });
}

void VenueModel::publish(std::uint8_t index, bool repeats) {
  if (channel(index).beats == venues::BeatScope::line) return publish_symbol(index, {}, {});
  for (auto& [symbol, instrument] : market_) {
    const Topic topic{index, symbol};
    if (repeats) {
      if (clock_.now() - moved_[topic] < repeat_after) continue;
    } else {
      if (fault(FaultType::frozen, symbol) == nullptr) instrument.step(channel(index).kinds);
      ++seqs_.try_emplace(topic, first_seq).first->second;
      moved_[topic] = clock_.now();
    }
    publish_symbol(index, symbol, {});
  }
}

void VenueModel::publish_symbol(std::uint8_t index, const std::string& symbol,
                                const Update& update) {
  const Topic topic{index, symbol};
  for (auto& [conn, session] : sessions_) {
    const auto sub = session.topics.find(topic);
    if (sub != session.topics.end()) send_topic(conn, session, topic, sub->second, update);
  }
}

bool VenueModel::silenced(const Session& session, const Topic& topic, const Subscribed& sub) const {
  if (!sub.served || !setup_.side->delivers(session.route, topic.channel)) return true;
  return std::ranges::any_of(faults_, [&](const Fault& each) {
    const bool silences =
        each.type == FaultType::silence_all || each.type == FaultType::drop_symbol ||
        each.type == FaultType::halt_symbol || each.type == FaultType::delist_symbol;
    return silences && each.concerns(topic.symbol) &&
           each.touches(session.number, session.opened, sub.at, clock_.now());
  });
}

void VenueModel::send_topic(ConnId conn, Session& session, const Topic& topic, Subscribed& sub,
                            const Update& update) {
  if (silenced(session, topic, sub)) return;
  std::vector<TrueTick> truth;
  if (channel(topic.channel).beats == venues::BeatScope::line) {
    return send_data(conn, setup_.side->encode_data(topic.channel, {.now = venue_wall()}), {});
  }
  const MarketState state = state_of(topic, sub, update, truth);
  sub.sent = true;
  ++record_.messages;
  send_data(conn, setup_.side->encode_data(topic.channel, state), std::move(truth));
}

MarketState VenueModel::state_of(const Topic& topic, Subscribed& sub, const Update& update,
                                 std::vector<TrueTick>& truth) {
  const venues::ChannelSheet& sheet = channel(topic.channel);
  MarketState state = market_.at(topic.symbol).state();
  state.symbol = market_.find(topic.symbol)->second.symbol();
  state.seq = update.seq.value_or(seqs_.try_emplace(topic, first_seq).first->second);
  state.trade_seq = state.seq;
  state.now = venue_wall() + update.stamp_offset;
  state.traded = state.now;
  const bool first = !sub.sent && (sheet.snapshot_on_subscribe || sheet.absent_is_unchanged);
  state.snapshot = first && !update.empty;
  const bool partial = fault(FaultType::partial_deltas, topic.symbol) != nullptr && !state.snapshot;
  for (const Kind kind : sheet.kinds) {
    Prices prices = market_.at(topic.symbol).prices(kind);
    if (update.only) prices = *update.only;
    const auto before = sub.previous.find(kind);
    const bool same = before != sub.previous.end() && before->second == prices;
    const bool absent = update.empty || partial || (sheet.absent_is_unchanged && same);
    set_prices(state, kind, prices);
    set_changed(state, kind, state.snapshot || !absent);
    if (state.snapshot || !absent) sub.previous.insert_or_assign(kind, prices);
    truth.push_back({.stream = {setup_.name, topic.symbol, kind},
                     .prices = prices,
                     .fields = {.price = state.snapshot || !absent,
                                .ask = kind == Kind::quote && (state.snapshot || !absent)},
                     .published = clock_.now() + update.stamp_offset,
                     .arrived = {}});
  }
  return state;
}

void VenueModel::send_data(ConnId conn, std::string text, std::vector<TrueTick> truth) {
  // What is queued inside the venue leaves in its order: nothing overtakes it when the fault ends.
  Session& session = sessions_.at(conn);
  MonoTime& leaves = session.queued_until;
  const Fault* queued = fault(FaultType::queue);
  if (queued != nullptr && queued->connection != 0 && queued->connection != session.number) {
    queued = nullptr;
  }
  leaves = std::max(leaves, clock_.now() + (queued == nullptr ? Duration{} : queued->amount));
  if (leaves == clock_.now()) {
    return network_.server_send(conn, FrameType::text, std::move(text), std::move(truth));
  }
  queue_.add(leaves, Turn::world,
             [this, conn, text = std::move(text), truth = std::move(truth)]() mutable {
               network_.server_send(conn, FrameType::text, std::move(text), std::move(truth));
             });
}

WallTime VenueModel::venue_wall() const {
  const Fault* const off = fault(FaultType::clock);
  return clock_.true_wall() + (off == nullptr ? Duration{} : off->amount);
}

std::size_t VenueModel::topics() const {
  std::size_t count = 0;
  for (const auto& [conn, session] : sessions_) count += session.topics.size();
  return count;
}

bool VenueModel::clock_off() const {
  return fault(FaultType::clock) != nullptr;
}

void VenueModel::trouble() {
  if (!record_.troubled) record_.troubled = clock_.now();
}

void VenueModel::set_price(const std::string& symbol, Kind kind, const Prices& prices) {
  market_.at(symbol).pin(kind, prices);
  send({.symbol = symbol, .kind = kind, .prices = prices, .seq = {}, .stamp_offset = {}});
}

std::optional<Prices> VenueModel::price(const std::string& symbol, Kind kind) const {
  const auto found = market_.find(symbol);
  return found == market_.end() ? std::nullopt : std::optional{found->second.prices(kind)};
}

void VenueModel::unpin(const std::string& symbol, Kind kind) {
  market_.at(symbol).unpin(kind);
}

void VenueModel::send(const OneMessage& message) {
  const auto index = venues::channel_for(setup_.side->sheet(), message.kind);
  if (!index) return;
  trouble();
  const Topic topic{*index, message.symbol};
  if (!message.seq) ++seqs_.try_emplace(topic, first_seq).first->second;
  moved_[topic] = clock_.now();
  publish_symbol(*index, message.symbol,
                 {.only = message.prices,
                  .empty = !message.prices,
                  .seq = message.seq,
                  .stamp_offset = message.stamp_offset});
}

// ---- connections --------------------------------------------------------------------------------

TcpAnswer VenueModel::on_dial() {
  record_.dials.push_back(clock_.now());
  if (fault(FaultType::outage) != nullptr) return TcpAnswer::hang;
  if (fault(FaultType::refused) != nullptr) return TcpAnswer::refuse;
  record_.opened.push_back(clock_.now());
  return TcpAnswer::open;
}

UpgradeAnswer VenueModel::on_upgrade(ConnId conn, std::string_view target) {
  using enum UpgradeAnswer::Type;
  if (fault(FaultType::upgrade_never) != nullptr || fault(FaultType::outage) != nullptr) {
    return {.type = hang, .status = 0, .retry_after = {}};
  }
  if (const Fault* const told = fault(FaultType::handshake)) {
    if (is_ban(told->status)) {
      record_.bans.push_back({clock_.now(), clock_.now() + told->retry_after.value_or(first_ban)});
    }
    return {.type = refuse, .status = told->status, .retry_after = told->retry_after};
  }
  std::vector<Topic> topics;
  const auto route = setup_.side->route_of(target, topics);
  if (!route) return {.type = refuse, .status = 404, .retry_after = {}};
  Session session{.route = *route,
                  .number = 0,
                  .opened = clock_.now(),
                  .last_pong = clock_.now(),
                  .queued_until = clock_.now(),
                  .url_topics = std::move(topics),
                  .topics = {},
                  .client_messages = {}};
  sessions_.emplace(conn, std::move(session));
  return {};
}

void VenueModel::on_open(ConnId conn) {
  Session& session = sessions_.at(conn);
  session.number = ++record_.connections;
  for (const Topic& topic : std::exchange(session.url_topics, {})) add_topic(conn, session, topic);
  const venues::VenueSheet& sheet = setup_.side->sheet();
  if (sheet.server_heartbeat > Duration{}) heartbeat(conn);
  if (sheet.forced_close > Duration{}) {
    queue_.add(clock_.now() + sheet.forced_close, Turn::world,
               [this, conn] { network_.server_close(conn, 1001); });
  }
  if (const Fault* const brief = fault(FaultType::accept_then_close)) {
    const Duration after = brief->amount > Duration{} ? brief->amount : close_after_accept;
    queue_.add(clock_.now() + after, Turn::world,
               [this, conn] { network_.server_close(conn, 1001); });
  }
}

void VenueModel::on_gone(ConnId conn) {
  sessions_.erase(conn);
}

bool VenueModel::deaf(ConnId conn) const {
  if (fault(FaultType::outage) != nullptr) return true;
  const auto session = sessions_.find(conn);
  return session != sessions_.end() && std::ranges::any_of(faults_, [&](const Fault& each) {
           const auto& [number, opened] = std::pair{session->second.number, session->second.opened};
           return each.type == FaultType::half_open &&
                  each.touches(number, opened, opened, clock_.now());
         });
}

void VenueModel::heartbeat(ConnId conn) {
  const Duration period = setup_.side->sheet().server_heartbeat;
  queue_.add(clock_.now() + period, Turn::world, [this, conn, period] {
    const auto session = sessions_.find(conn);
    if (session == sessions_.end()) return;
    const std::string text = setup_.side->encode_heartbeat(venue_wall(), 0);
    if (!text.empty()) {
      const auto& [number, opened] = std::pair{session->second.number, session->second.opened};
      const bool silent = std::ranges::any_of(faults_, [&](const Fault& each) {
        return each.type == FaultType::silence_all &&
               each.touches(number, opened, opened, clock_.now());
      });
      if (!silent) {
        network_.server_send(conn, FrameType::text, text);
      }
      return heartbeat(conn);
    }
    // A venue gives up on a client that leaves about three of its pings unanswered.
    if (clock_.now() - session->second.last_pong > period * 7 / 2) {
      log(fmt::format("conn={} answered no ping", conn.value));
      return network_.server_close(conn, 1001);
    }
    network_.server_send(conn, FrameType::ping, "hb");
    heartbeat(conn);
  });
}

/// What left us a window apart may arrive closer by what the way varies.
void VenueModel::count_message(Session& session, bool pong) {
  const Duration window = setup_.side->sheet().messages.window - setup_.distance.jitter;
  auto& times = session.client_messages;
  times.emplace_back(clock_.now(), pong);
  while (times.front().first + window <= clock_.now()) times.pop_front();
  const auto pongs = static_cast<std::size_t>(
      std::ranges::count_if(times, [](const auto& each) { return each.second; }));
  record_.most_messages = std::max(record_.most_messages, times.size());
  record_.most_unasked = std::max(record_.most_unasked, times.size() - pongs);
}

void VenueModel::on_frame(ConnId conn, FrameType type, std::string_view payload) {
  const auto session = sessions_.find(conn);
  if (session == sessions_.end()) return;
  count_message(session->second, type == FrameType::pong);
  if (type == FrameType::pong) session->second.last_pong = clock_.now();
  if (type == FrameType::ping && fault(FaultType::no_pong) == nullptr) {
    network_.server_send(conn, FrameType::pong, std::string(payload));
  }
  if (type == FrameType::text) on_request(conn, payload);
}

void VenueModel::on_request(ConnId conn, std::string_view text) {
  ClientMessage message = setup_.side->parse_client(text);
  switch (message.op) {
    case ClientOp::ping:
      if (fault(FaultType::no_pong) == nullptr) {
        network_.server_send(conn, FrameType::text, setup_.side->encode_pong(message));
      }
      return;
    case ClientOp::subscribe:
      return subscribe(conn, std::move(message));
    case ClientOp::unsubscribe:
      for (const Topic& topic : message.topics) {
        sessions_.at(conn).topics.erase(topic);
        record_.unsubscribed.push_back(
            {.at = clock_.now(),
             .symbol = topic.symbol,
             .listed = fault(FaultType::delist_symbol, topic.symbol) == nullptr});
      }
      acknowledge(conn, message);
      return;
    case ClientOp::unknown:
      log(fmt::format("conn={} not understood: {}", conn.value, text));
      return;
  }
}

void VenueModel::acknowledge(ConnId conn, const ClientMessage& message) {
  for (std::string& text : setup_.side->encode_ack(message)) {
    network_.server_send(conn, FrameType::text, std::move(text));
  }
}

void VenueModel::subscribe(ConnId conn, ClientMessage message) {
  record_.subscribes += message.topics.size();
  if (setup_.refuse_unknown) {
    for (const Topic& topic : message.topics) {
      const bool priced = channel(topic.channel).beats == venues::BeatScope::none;
      if (priced && !market_.contains(topic.symbol)) message.invalid.push_back(topic.symbol);
    }
  }
  if (!message.invalid.empty()) {
    return network_.server_send(conn, FrameType::text, setup_.side->encode_refusal(message));
  }
  acknowledge(conn, message);
  Session& session = sessions_.at(conn);
  for (const Topic& topic : message.topics) add_topic(conn, session, topic);
}

void VenueModel::add_topic(ConnId conn, Session& session, const Topic& topic) {
  const bool of_line = channel(topic.channel).beats == venues::BeatScope::line;
  // Acknowledged, never served: a real venue's habit.
  if (!of_line && !market_.contains(topic.symbol)) return;
  Subscribed& sub = session.topics[topic];
  sub = {.at = clock_.now(), .served = served(conn, topic), .sent = false, .previous = {}};
  if (channel(topic.channel).snapshot_on_subscribe) send_topic(conn, session, topic, sub, {});
}

bool VenueModel::served(ConnId conn, const Topic& topic) {
  const Fault* const starve = fault(FaultType::ack_without_data, topic.symbol);
  if (starve == nullptr) return true;
  const auto before = starved_.find(topic);
  if (before != starved_.end()) {
    if (starve->heals == Heals::on_resubscribe) return true;
    if (starve->heals == Heals::on_reconnect && before->second != conn) return true;
  }
  starved_.insert_or_assign(topic, conn);
  return false;
}

}  // namespace feedwatch::sim
