#include "feedwatch/exchange/replay.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::exchange {
namespace {

constexpr std::size_t max_burst = 4096;  // frames in one go; then others have their turn

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The narrowest channel that yields all these kinds.
std::optional<std::uint8_t> channel_of(const venues::VenueSheet& sheet, Kinds kinds) {
  std::optional<std::uint8_t> best;
  for (std::size_t i = 0; i < sheet.channels.size(); ++i) {
    const venues::ChannelSheet& channel = sheet.channels[i];
    Kinds own;
    for (const Kind kind : channel.kinds) own.add(kind);
    if (!own.contains(kinds)) continue;
    if (!best || channel.kinds.size() < sheet.channels[*best].kinds.size()) {
      best = static_cast<std::uint8_t>(i);
    }
  }
  return best;
}

bool store(SymbolState& state, const WireTick& tick) {
  const auto set = [](Decimal& into, const Decimal& value, bool present) {
    if (!present || identical(into, value)) return false;
    into = value;
    return true;
  };
  const Decimal& price = tick.prices.price;
  switch (tick.kind) {
    case Kind::last:
      return set(state.last, price, tick.fields.price);
    case Kind::mark:
      return set(state.mark, price, tick.fields.price);
    case Kind::index:
      return set(state.index, price, tick.fields.price);
    case Kind::quote:
      break;
  }
  const bool bid = set(state.bid, price, tick.fields.price);
  const bool ask = set(state.ask, tick.prices.ask, tick.fields.ask);
  return bid || ask;
}

bool has_price(const SymbolState& state, Kind kind) {
  switch (kind) {
    case Kind::last:
      return state.last.is_positive();
    case Kind::mark:
      return state.mark.is_positive();
    case Kind::index:
      return state.index.is_positive();
    case Kind::quote:
      return state.bid.is_positive() && state.ask.is_positive();
  }
  return false;
}

/// So long at another speed; for ever if longer than a duration holds.
Duration stretched(Duration time, double speed) {
  const double ns = static_cast<double>(std::max(time, Duration::zero()).count()) / speed;
  if (ns >= static_cast<double>(Duration::max().count())) return Duration::max();
  return Duration{std::llround(ns)};
}

}  // namespace

std::string shift_times(std::string_view frame, WallTime around, Duration by) {
  constexpr std::int64_t ms = 1'000'000;
  constexpr std::int64_t day = 86'400'000;
  const std::int64_t middle = to_ns(around) / ms;
  std::string out{frame};
  for (std::size_t i = 0; i < out.size();) {
    if (!is_digit(out[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < out.size() && is_digit(out[i])) ++i;
    if (i - begin != 13) continue;
    std::int64_t value = 0;
    std::from_chars(out.data() + begin, out.data() + i, value);
    if (value < middle - day || value > middle + day) continue;
    out.replace(begin, 13, std::to_string(value + to_ns(by) / ms));
  }
  return out;
}

Replay::Replay(Market& market, const venues::Venue& venue, OpenReplay open, const Options& options,
               const WallAnchor& anchor)
    : market_(market),
      venue_(venue),
      open_(std::move(open)),
      options_(options),
      anchor_(anchor),
      decoder_(venue.make_decoder()) {}

Result<std::unique_ptr<Replay>> Replay::open(Market& market, const venues::Venue& venue,
                                             OpenReplay open, const Options& options,
                                             const WallAnchor& anchor) {
  if (!(options.speed > 0.0) || !std::isfinite(options.speed)) {
    return std::unexpected(Error{"speed", "not a positive number", "1 is the capture's own speed"});
  }
  auto replay =
      std::unique_ptr<Replay>(new Replay(market, venue, std::move(open), options, anchor));
  if (auto done = replay->survey(); !done) return std::unexpected(done.error());
  return replay;
}

Result<void> Replay::survey() {
  auto feed = open_();
  if (!feed) return std::unexpected(feed.error());
  for (;;) {
    auto record = (*feed)();
    if (!record) return std::unexpected(record.error());
    if (!*record) break;
    if (!decode((*record)->text)) continue;
    for (const WireTick& tick : decoded_.ticks) market_.add(tick.symbol);
    if (!decoded_.ticks.empty() && frames_++ == 0) first_at_ = (*record)->at;
  }
  undecodable_ = 0;
  if (std::exchange(frames_, 0) > 0) {
    played_ = first_at_;
    return {};
  }
  return std::unexpected(Error{"replay", "holds no price of " + std::string{venue_.sheet().name},
                               "name a capture of that venue"});
}

void Replay::on_demand(MonoTime now) {
  if (began_) return;
  began_ = true;
  if (auto begun = begin_round(now); !begun) stop(begun.error().text());
}

Result<void> Replay::begin_round(MonoTime now) {
  auto feed = open_();
  if (!feed) return std::unexpected(feed.error());
  feed_ = std::move(*feed);
  round_began_ = now;
  newest_event_ = WallTime{};
  advance();
  if (next_) first_at_ = next_->at;
  return {};
}

void Replay::advance() {
  auto record = feed_();
  if (!record) return stop(record.error().text());
  next_ = std::move(*record);
}

void Replay::stop(std::string error) {
  error_ = std::move(error);
  next_.reset();
  ended_ = true;
}

MonoTime Replay::next_deadline() const {
  if (!began_ || ended_ || !next_) return never_mono;
  return plus(round_began_, stretched(minus(next_->at, first_at_), options_.speed));
}

void Replay::on_time(MonoTime now, MarketListener& listener) {
  for (std::size_t burst = 0; burst < max_burst && next_ && next_deadline() <= now; ++burst) {
    play(now, listener);
    advance();
  }
  if (!began_ || ended_ || next_) return;
  if (!options_.loop) {
    ended_ = true;
  } else if (auto begun = begin_round(now); !begun) {
    stop(begun.error().text());
  }
}

bool Replay::decode(std::string_view text) {
  buffer_.assign(text);
  buffer_.append(frame_padding, '\0');
  decoded_.clear();
  const Frame frame{.type = FrameType::text, .payload = {buffer_.data(), text.size()}};
  const auto type = decoder_->decode(frame, decoded_);
  if (!type) ++undecodable_;
  return type && *type == venues::MessageType::data;
}

/// The frame has been decoded. One whose trade is old stays as far behind as it was.
WallTime Replay::captured_at(const ReplayRecord& record) {
  if (record.timed) return record.at;
  for (const WireTick& tick : decoded_.ticks) {
    newest_event_ = std::max(newest_event_, tick.ts_event.value_or(newest_event_));
  }
  return newest_event_;
}

/// Updates the state of every symbol in the frame. A frame about one symbol also goes out raw; one
/// about many (array streams) has no topic of ours.
void Replay::play(MonoTime now, MarketListener& listener) {
  const bool known = decode(next_->text) && !decoded_.ticks.empty();
  played_ = captured_at(*next_);
  if (!known) return;
  ++frames_;
  std::string shifted;
  std::string_view text = next_->text;
  if (options_.restamp) {
    shifted = shift_times(text, played_, minus(anchor_.at(now), played_));
    text = shifted;
  }
  const std::optional<RawFrame> raw = raw_frame(text);
  std::string_view done;
  for (const WireTick& tick : decoded_.ticks) {
    if (tick.symbol == done) continue;
    done = tick.symbol;
    const std::size_t index = market_.add(tick.symbol);
    const Kinds changed = absorb(decoded_, tick.symbol, index, now);
    listener.on_update({.symbol = index, .changed = changed, .raw = raw}, now);
  }
}

std::optional<RawFrame> Replay::raw_frame(std::string_view text) const {
  Kinds kinds;
  bool snapshot = false;
  for (const WireTick& tick : decoded_.ticks) {
    if (tick.symbol != decoded_.ticks.front().symbol) return std::nullopt;
    kinds.add(tick.kind);
    snapshot = snapshot || tick.snapshot;
  }
  const auto channel = channel_of(venue_.sheet(), kinds);
  if (!channel) return std::nullopt;
  return RawFrame{.channel = *channel, .snapshot = snapshot, .text = text};
}

Kinds Replay::absorb(const venues::Decoded& decoded, std::string_view symbol, std::size_t index,
                     MonoTime now) {
  SymbolState& state = market_.at(index);
  Kinds changed;
  for (const WireTick& tick : decoded.ticks) {
    if (tick.symbol != symbol) continue;
    if (store(state, tick)) changed.add(tick.kind);
    if (has_price(state, tick.kind)) state.known.add(tick.kind);
    if (tick.seq) state.seq = *tick.seq;
    if (tick.seq && tick.kind == Kind::last) state.trade_seq = *tick.seq;
  }
  if (changed.has(Kind::quote)) ++state.quote_seq;
  state.updated = now;
  return changed;
}

WallTime Replay::venue_time(MonoTime at) const {
  return options_.restamp ? anchor_.at(at) : played_;
}

}  // namespace feedwatch::exchange
