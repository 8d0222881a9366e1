#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "feedwatch/feed/tests/recorder.hpp"

namespace feedwatch::feed::test {

/// A venue of quotes that only speak of changes and a beat beside each symbol or line, or of quotes
/// alone that come each second.
class SmallVenue final : public venues::Venue {
 public:
  explicit SmallVenue(venues::BeatScope scope, std::size_t per_line = 0) {
    channels_[1].beats = scope;
    sheet_.channels = channels_;
    if (scope == venues::BeatScope::none) {
      channels_[0].cadence = clocked(1s);
      sheet_.channels = std::span(channels_).first(1);
    }
    sheet_.max_topics_per_line = per_line;
  }
  const venues::VenueSheet& sheet() const override { return sheet_; }
  void make_comparable() { channels_[0].seq_orders = channels_[0].seq_comparable = true; }
  void limit_requests(const venues::RateLimit& published) { sheet_.requests = published; }
  std::string dial_url(std::string_view base, std::string_view) const override {
    return std::string(base);
  }
  std::vector<venues::ClientRequest> subscribe(std::span<const venues::Topic> topics,
                                               std::uint64_t id) const override {
    return {{.id = id, .text = "sub", .topics = {topics.begin(), topics.end()}}};
  }
  std::vector<venues::ClientRequest> unsubscribe(std::span<const venues::Topic> topics,
                                                 std::uint64_t id) const override {
    return {{.id = id, .text = "unsub", .topics = {topics.begin(), topics.end()}}};
  }
  std::string ping_text() const override { return {}; }
  std::unique_ptr<venues::Decoder> make_decoder() const override { return nullptr; }
  std::string instruments_url(std::string_view) const override { return {}; }
  std::expected<std::vector<venues::Instrument>, std::string> parse_instruments(
      std::string_view) const override {
    return {};
  }
  std::string price_url(std::string_view, std::string_view, Kind) const override { return {}; }
  std::expected<venues::RestPrice, std::string> parse_price(std::string_view, std::string_view,
                                                            Kind) const override {
    return std::unexpected("none");
  }

 private:
  static constexpr std::array quote{Kind::quote};
  std::array<venues::ChannelSheet, 2> channels_{
      venues::ChannelSheet{.name = "quote", .route = "r", .kinds = quote, .suspect_after = 30s},
      venues::ChannelSheet{.name = "beat", .route = "r", .kinds = {}, .cadence = clocked(1s)}};
  venues::VenueSheet sheet_ = venues::find_venue("binance-usdm")->sheet();
};

class Line {
 public:
  explicit Line(const SmallVenue& venue, std::vector<std::string> urls = {"ws://x"})
      : feed({.venue = "v",
              .codec = &venue,
              .ws_urls = std::move(urls),
              .ca_file = {},
              .session = {}},
             port) {}

  TopicId quote(const std::string& symbol) { return feed.add_topic({0, symbol}, true, now); }
  /// Served in steps of 100 ms; every second the symbols beat, and the others are silent.
  void pass(Duration duration, const std::vector<std::string>& beating) {
    for (Duration passed{}; passed < duration; passed += 100ms) {
      now += 100ms;
      while (feed.next_deadline(now) <= now) feed.on_time(now);
      if (passed % 1s == 0s) {
        for (const std::string& symbol : beating) beat(symbol);
      }
      for (; ponged < port.pings.size(); ++ponged) {
        feed.on_pong(port.pings[ponged].conn, port.pings[ponged].text, now, now);
      }
    }
  }
  void beat(const std::string& symbol) {
    feed.on_frames(conn, 1, now);
    feed.on_heard(conn, now);
    feed.on_beat(conn, {.channel = 1, .symbol = symbol, .trade_id = {}}, now);
  }
  void open() {
    pass(1s, {});
    conn = port.dials.back().conn;
    accept(conn);
  }
  /// A tick of the topic, and what follows from it.
  void data(ConnId from, TopicId topic) {
    feed.on_frames(from, 1, now);
    feed.on_heard(from, now);
    if (feed.on_data(from, topic, now).first) feed.on_evidence(from, topic, now);
  }
  void accept(ConnId dialled) {
    for (const DialPhase phase :
         {DialPhase::connecting, DialPhase::securing, DialPhase::upgrading, DialPhase::open}) {
      feed.on_phase(dialled, phase, now);
    }
    feed.on_ack(dialled, {.request_id = 1, .ok = true}, now);
  }

  Recorder port;
  MonoTime now = t0;
  ConnId conn;
  std::size_t ponged = 0;
  VenueFeed feed;
};

}  // namespace feedwatch::feed::test
