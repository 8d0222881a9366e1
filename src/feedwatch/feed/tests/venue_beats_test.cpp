#include <gtest/gtest.h>

#include <array>

#include "feedwatch/feed/tests/recorder.hpp"

/// Channels that only beat: on which line they are, and what their silence begins.
namespace feedwatch::feed {
namespace {

using test::Recorder;
using test::t0;

/// binance-usdm's words with a sheet of its own: quotes, and a beat beside each symbol or line.
class Beating final : public venues::Venue {
 public:
  explicit Beating(venues::BeatScope scope, std::size_t per_line = 0) {
    channels_[1].beats = scope;
    sheet_.channels = channels_;
    sheet_.max_topics_per_line = per_line;
  }
  const venues::VenueSheet& sheet() const override { return sheet_; }
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
  explicit Line(const Beating& venue)
      : feed({.venue = "v", .codec = &venue, .ws_url = "ws://x", .ca_file = {}, .session = {}},
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

TEST(VenueBeats, each_symbol_of_a_line_beats_once_and_only_while_it_is_wanted) {
  const Beating venue(venues::BeatScope::symbol);
  Line line(venue);
  const TopicId a = line.quote("A");
  line.quote("B");
  line.feed.start(line.now);
  line.open();
  line.beat("A");
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 4U);
  line.feed.remove_topic(a, line.now);
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 2U);
}

TEST(VenueBeats, one_beat_for_a_line_until_its_last_topic_goes) {
  const Beating venue(venues::BeatScope::line);
  Line line(venue);
  const TopicId a = line.quote("A");
  const TopicId b = line.quote("B");
  line.feed.start(line.now);
  line.open();
  line.beat("");
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 3U);
  line.feed.remove_topic(a, line.now);
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 2U);
  line.feed.remove_topic(b, line.now);
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 0U);
}

TEST(VenueBeats, a_symbol_and_its_beat_share_a_line) {
  const Beating venue(venues::BeatScope::symbol, 5);
  Line line(venue);
  for (const std::string symbol : {"A", "B", "C", "D"}) line.quote(symbol);
  EXPECT_EQ(line.port.lines.at("v/r#1").topics, 4U) << "room for a topic and its beat, or none";
  EXPECT_EQ(line.port.lines.at("v/r#2").topics, 4U);
}

TEST(VenueBeats, a_missed_beat_subscribes_its_symbol_again_and_no_other) {
  const Beating venue(venues::BeatScope::symbol);
  Line line(venue);
  const TopicId a = line.quote("A");
  line.quote("B");
  line.feed.start(line.now);
  line.open();
  line.pass(5s, {"A", "B"});
  const std::size_t sent = line.port.sent.size();
  line.pass(2s, {"B"});
  EXPECT_EQ(line.port.sent.size(), sent) << "two missed beats are none";
  line.pass(2s, {"B"});
  ASSERT_FALSE(line.port.repairs.empty());
  EXPECT_EQ(line.port.repairs.front().step, RepairStep::resubscribe);
  EXPECT_GE(line.port.sent.size(), sent + 2) << "the beat; its quote when the budget allows";
  EXPECT_EQ(line.port.dials.size(), 1U);
  line.feed.remove_topic(a, line.now);  // while its repair runs
  line.pass(1min, {"B"});
  EXPECT_EQ(line.port.dials.size(), 1U);
}

TEST(VenueBeats, quotes_that_came_since_the_last_beat_keep_their_subscription) {
  const Beating venue(venues::BeatScope::symbol);
  Line line(venue);
  const TopicId a = line.quote("A");
  line.feed.start(line.now);
  line.open();
  line.pass(5s, {"A"});
  const std::size_t sent = line.port.sent.size();
  for (int i = 0; i < 30; ++i) {
    line.pass(100ms, {});
    line.feed.on_data(line.conn, a, line.now);
  }
  EXPECT_EQ(line.port.sent.size(), sent + 2) << "given up and asked for again: the beat alone";
}

TEST(VenueBeats, the_missed_beat_of_a_line_replaces_it_at_once) {
  const Beating venue(venues::BeatScope::line);
  Line line(venue);
  line.quote("A");
  line.feed.start(line.now);
  line.open();
  line.pass(5s, {""});
  EXPECT_TRUE(line.port.lines.at("v/r#1").up);
  line.pass(3400ms, {});
  EXPECT_EQ(line.port.dials.size(), 2U);
  ASSERT_FALSE(line.port.repairs.empty());
  EXPECT_EQ(line.port.repairs.front().step, RepairStep::replace_line);
  EXPECT_FALSE(line.port.lines.at("v/r#1").up);
}

TEST(VenueBeats, a_venue_that_serves_no_beat_is_not_repaired_for_ever) {
  const Beating venue(venues::BeatScope::symbol);
  Line line(venue);
  const TopicId a = line.quote("A");
  line.feed.start(line.now);
  line.open();
  for (int i = 0; i < 300; ++i) {
    line.pass(1s, {});
    if (line.port.dials.back().conn != line.conn) line.accept(line.port.dials.back().conn);
    line.feed.on_frames(line.conn, 1, line.now);
    line.feed.on_heard(line.conn, line.now);
    const Session::Data data = line.feed.on_data(line.conn, a, line.now);
    if (data.first) line.feed.on_evidence(line.conn, a, line.now);
    line.feed.on_ack(line.conn, {.ok = true}, line.now);
  }
  EXPECT_LE(line.port.repairs.size(), 6U) << "set aside, asked for again in ten minutes";
  EXPECT_EQ(line.port.reasons.at(a), Reason::ok);
}

}  // namespace
}  // namespace feedwatch::feed
