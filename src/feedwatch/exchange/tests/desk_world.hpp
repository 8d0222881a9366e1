#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "feedwatch/exchange/desk.hpp"
#include "feedwatch/exchange/price_model.hpp"

/// A desk in virtual time with clients that only listen. Shared by the desk's tests.
namespace feedwatch::exchange::test {

struct Received {
  MonoTime at;
  std::string text;
};

/// A decoded copy of one tick.
struct Heard {
  std::string symbol;
  Kind kind = Kind::last;
  bool has_price = false;
  bool has_ask = false;
  std::string price, ask;
  std::optional<std::uint64_t> seq;
  std::optional<WallTime> ts_event;
  bool snapshot = false;
  bool restart = false;
};

inline std::vector<Heard> decode(std::string_view venue, std::string_view text) {
  std::string padded{text};
  padded.append(frame_padding, '\0');
  const auto decoder = venues::find_venue(venue)->make_decoder();
  venues::Decoded out;
  std::vector<Heard> heard;
  const auto type = decoder->decode({FrameType::text, {padded.data(), text.size()}}, out);
  if (!type || *type != venues::MessageType::data) return heard;
  for (const WireTick& t : out.ticks) {
    heard.push_back({.symbol = std::string{t.symbol},
                     .kind = t.kind,
                     .has_price = t.fields.price,
                     .has_ask = t.fields.ask,
                     .price = t.fields.price ? t.prices.price.to_string() : "",
                     .ask = t.fields.ask ? t.prices.ask.to_string() : "",
                     .seq = t.seq,
                     .ts_event = t.ts_event,
                     .snapshot = t.snapshot,
                     .restart = t.restart});
  }
  return heard;
}

class World : public DeskPort {
 public:
  static constexpr MonoTime start = mono_from_ns(3'600'000'000'000);
  static constexpr WallAnchor anchor{wall_from_ms(1'700'000'000'000), start};

  explicit World(std::string_view venue, DeskOptions options = {},
                 std::vector<std::string> symbols = {"BTCUSDT", "ETHUSDT"})
      : venue_(venue) {
    auto market = std::make_unique<Market>();
    auto model = std::make_unique<PriceModel>(
        *market, symbols, PriceModel::Options{.seed = 1, .updates_per_second = 10}, anchor, start);
    begin(std::move(options), std::move(market), std::move(model));
  }
  World(std::string_view venue, std::unique_ptr<Market> market,
        std::unique_ptr<MarketSource> source)
      : venue_(venue) {
    begin({}, std::move(market), std::move(source));
  }

  Desk& desk() { return *desk_; }
  MonoTime now() const { return now_; }
  Duration elapsed() const { return now_ - start; }

  /// Dials, and opens when accepted.
  PeerId connect(std::string_view route = "linear") {
    const auto* client = venues::find_venue(venue_);
    std::string target = client->dial_url("ws://x", route).substr(6);
    const Desk::Dial dial = desk_->on_dial(target, now_);
    EXPECT_TRUE(dial.route) << target;
    last_dial = dial.verdict;
    if (dial.verdict.action != DialVerdict::Action::accept) return PeerId{};
    return desk_->on_open(dial, "127.0.0.1:1", now_);
  }
  void subscribe(PeerId peer, std::uint8_t channel, const std::string& symbol) {
    ask(peer, venues::find_venue(venue_)->subscribe(one(channel, symbol), ++request_));
  }
  void unsubscribe(PeerId peer, std::uint8_t channel, const std::string& symbol) {
    ask(peer, venues::find_venue(venue_)->unsubscribe(one(channel, symbol), ++request_));
  }
  void text(PeerId peer, std::string_view message) {
    desk_->on_text(peer, message, now_);
    desk_->on_time(now_);
  }
  void run(Duration how_long) {
    const MonoTime until = now_ + how_long;
    while (desk_->next_deadline() <= until) {
      now_ = std::max(now_, desk_->next_deadline());
      desk_->on_time(now_);
    }
    now_ = until;
    desk_->on_time(now_);
  }
  FaultId fault(FaultSpec spec) { return desk_->add_fault(std::move(spec), now_).value(); }

  /// Data messages of a peer since a moment.
  std::vector<Received> data(PeerId peer, MonoTime since = start) const {
    std::vector<Received> out;
    const auto at = received.find(peer);
    if (at == received.end()) return out;
    for (const Received& r : at->second) {
      if (r.at >= since && !decode(venue_, r.text).empty()) out.push_back(r);
    }
    return out;
  }
  std::vector<Heard> heard(PeerId peer, std::string_view symbol, MonoTime since = start) const {
    std::vector<Heard> out;
    for (const Received& r : data(peer, since)) {
      for (Heard& h : decode(venue_, r.text)) {
        if (h.symbol == symbol) out.push_back(std::move(h));
      }
    }
    return out;
  }

  std::map<PeerId, std::vector<Received>> received;
  std::map<PeerId, std::uint16_t> closed;
  std::map<PeerId, bool> paused;
  std::vector<std::string> pongs;
  int pings = 0;
  int resets = 0;
  bool reads = true;  ///< false: the client does not read and its queue is full
  DialVerdict last_dial;

 private:
  void begin(DeskOptions options, std::unique_ptr<Market> market,
             std::unique_ptr<MarketSource> source) {
    options.side = venues::find_venue_side(venue_);
    desk_ =
        std::make_unique<Desk>(options, *this, std::move(market), std::move(source), anchor, start);
  }
  static std::vector<venues::Topic> one(std::uint8_t channel, const std::string& symbol) {
    return {{channel, symbol}};
  }
  void ask(PeerId peer, const std::vector<venues::ClientRequest>& requests) {
    for (const auto& request : requests) text(peer, request.text);
  }

  bool send_text(PeerId peer, std::string_view message) override {
    if (!reads) return false;
    received[peer].push_back({now_, std::string{message}});
    return true;
  }
  void send_ping(PeerId) override { ++pings; }
  void send_pong(PeerId, std::string_view payload) override { pongs.emplace_back(payload); }
  void close(PeerId peer, std::uint16_t code, std::string_view) override { closed[peer] = code; }
  void pause(PeerId peer, bool yes) override { paused[peer] = yes; }
  void reset(PeerId) override { ++resets; }

  std::string venue_;
  MonoTime now_ = start;
  std::uint64_t request_ = 0;
  std::unique_ptr<Desk> desk_;
};

}  // namespace feedwatch::exchange::test
