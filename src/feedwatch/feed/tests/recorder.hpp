#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/feed/venue_feed.hpp"

/// A feed's world in a test: every call is written down, time moves by hand, and the venue's own
/// side answers requests when told to.
namespace feedwatch::feed::test {

constexpr MonoTime t0{1000s};

class Recorder final : public FeedPort {
 public:
  struct Sent {
    ConnId conn;
    std::string text;
  };

  ConnId dial(const DialTarget& target) override {
    const ConnId conn{++last_conn_};
    dials.push_back({conn, target.url});
    return conn;
  }
  void send_text(ConnId conn, std::string_view text) override {
    sent.push_back({conn, std::string(text)});
  }
  void send_ping(ConnId conn, std::string_view payload) override {
    pings.push_back({conn, std::string(payload)});
  }
  void close(ConnId conn) override { closed.push_back(conn); }
  void abort(ConnId conn) override { aborted.push_back(conn); }
  void topic_acknowledged(TopicId topic, MonoTime) override { acknowledged.push_back(topic); }
  void topic_lost(TopicId topic, MonoTime) override { lost.push_back(topic); }
  void copy_lost(TopicId topic, std::uint8_t copy) override {
    copies_lost.emplace_back(topic, copy);
  }
  void topic_taken_over(TopicId topic, std::uint8_t copy, std::uint32_t epoch, MonoTime) override {
    taken_over.push_back({topic, copy, epoch});
  }
  void topic_reason(TopicId topic, Reason reason, std::string_view, MonoTime) override {
    reasons[topic] = reason;
  }
  void topic_retired(TopicId topic, bool value, MonoTime) override { retired[topic] = value; }
  void repair_changed(TopicId, const RepairStatus& repair) override { repairs.push_back(repair); }
  void repair_exhausted(TopicId, bool value, MonoTime) override { exhausted = value; }
  void line_changed(const LineStatus& status) override {
    lines[status.name] = status;
    told_lines.push_back(status);
  }
  void venue_changed(const VenueStatus& status) override { venue = status; }
  void budget_changed(MonoTime) override {}

  bool was(const std::vector<ConnId>& list, ConnId conn) const {
    return std::ranges::find(list, conn) != list.end();
  }

  std::vector<Sent> dials, sent, pings;
  std::vector<ConnId> closed, aborted;
  std::vector<TopicId> acknowledged, lost;
  struct TakenOver {
    TopicId topic;
    std::uint8_t copy = 0;
    std::uint32_t epoch = 0;
  };
  std::vector<TakenOver> taken_over;
  std::vector<std::pair<TopicId, std::uint8_t>> copies_lost;
  std::map<TopicId, Reason> reasons;
  std::map<TopicId, bool> retired;
  std::vector<RepairStatus> repairs;
  bool exhausted = false;
  std::map<std::string, LineStatus> lines;
  std::vector<LineStatus> told_lines;
  VenueStatus venue;

 private:
  std::uint32_t last_conn_ = 0;
};

/// A feed of binance-usdm with hands on its clock.
class World {
 public:
  World()
      : feed({.venue = "v",
              .codec = venues::find_venue("binance-usdm"),
              .ws_urls = {"ws://x"},
              .ca_file = {},
              .seed = 7,
              .first_line = 0,
              .session = {}},
             port) {}

  TopicId mark(std::string symbol) {
    return feed.add_topic(
        {.channel = *venues::channel_for(sheet(), Kind::mark), .symbol = std::move(symbol)}, true,
        now);
  }
  TopicId quote(std::string symbol) {
    return feed.add_topic(
        {.channel = *venues::channel_for(sheet(), Kind::quote), .symbol = std::move(symbol)}, true,
        now);
  }
  const venues::VenueSheet& sheet() const { return venues::find_venue("binance-usdm")->sheet(); }

  /// Lets time pass, every deadline served at its moment.
  void pass(Duration duration) {
    const MonoTime end = now + duration;
    while (feed.next_deadline(now) <= end) {
      now = std::max(now, feed.next_deadline(now));
      feed.on_time(now);
    }
    now = end;
    feed.on_time(now);
  }
  void pass_until_dials(std::size_t count) {
    for (int i = 0; i < 100'000 && port.dials.size() < count; ++i) pass(10ms);
  }

  void open(ConnId conn) {
    for (const DialPhase phase :
         {DialPhase::connecting, DialPhase::securing, DialPhase::upgrading, DialPhase::open}) {
      feed.on_phase(conn, phase, now);
    }
  }
  void acknowledge_all(ConnId conn) {
    const auto* side = venues::find_venue_side("binance-usdm");
    for (; answered_ < port.sent.size(); ++answered_) {
      if (port.sent[answered_].conn != conn) continue;
      const auto message = side->parse_client(port.sent[answered_].text);
      feed.on_ack(conn, {.request_id = std::stoull(message.id), .ok = true, .message = {}}, now);
    }
  }
  Session::Data data(ConnId conn, TopicId topic) {
    feed.on_frames(conn, 1, now);
    feed.on_heard(conn, now);
    const Session::Data data = feed.on_data(conn, topic, now);
    if (data.first) feed.on_evidence(conn, topic, now);
    return data;
  }
  /// Dialled, opened, acknowledged, and first data of the topics.
  ConnId live(const std::vector<TopicId>& topics) {
    const ConnId conn = port.dials.back().conn;
    open(conn);
    acknowledge_all(conn);
    for (const TopicId topic : topics) data(conn, topic);
    return conn;
  }
  /// Data of every topic each second, pings answered.
  void tick(ConnId conn, const std::vector<TopicId>& topics, Duration duration) {
    for (Duration passed{}; passed < duration; passed += 1s) {
      pass(1s);
      for (; ponged_ < port.pings.size(); ++ponged_) {
        feed.on_pong(port.pings[ponged_].conn, port.pings[ponged_].text, now, now);
      }
      for (const TopicId topic : topics) data(conn, topic);
    }
  }

  Recorder port;
  MonoTime now = t0;
  VenueFeed feed;

 private:
  std::size_t answered_ = 0;
  std::size_t ponged_ = 0;
};

}  // namespace feedwatch::feed::test
