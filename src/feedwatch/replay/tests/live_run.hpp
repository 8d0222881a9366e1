#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/capture/tap.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/shard.hpp"
#include "feedwatch/replay/player.hpp"

namespace feedwatch::replay {

/// What a run decided, as text.
struct Decisions {
  std::vector<std::string> lines;
  std::function<void(const engine::Control::Event&)> observer() {
    return [this](const engine::Control::Event& event) {
      // A cleared suspicion is dated with the look that found it.
      if (event.type == engine::Control::Event::Type::suspect_cleared) return;
      lines.push_back(std::to_string(to_ns(event.at)) + " " + event.subject + " " + event.text);
    };
  }
};

/// A live run without sockets: one venue that acknowledges at once and sends what the test says,
/// recorded by a tap; deadlines are served a little late, as they are.
class LiveRun final : public capture::LineSink, public Transport, public HttpFetch {
 public:
  static constexpr WallAnchor anchor{.wall = wall_from_ns(1'786'310'818'000'000'000),
                                     .mono = MonoTime{1000s}};
  static constexpr Duration late = 150us;

  static JudgeOptions options(PolicySet policies = PolicySet({}, Preset::tight)) {
    return {.shard = {.venues = {{.name = "binance-usdm",
                                  .venue = venues::find_venue("binance-usdm"),
                                  .ws_url = "ws://venue",
                                  .rest_url = "http://venue",
                                  .ca_file = {},
                                  .streams = {"BTCUSDT/mark"}}},
                      .policies = std::move(policies),
                      .seed = 42},
            .control = {},
            .anchor = anchor};
  }

  LiveRun() {
    shard_.emplace(options().shard, engine::ShardPorts{tap_, wakeup_, tap_, tap_, tap_, status_});
    tap_.inner().shard = &*shard_;
    control_.emplace(options().control,
                     engine::ControlPorts{.clock = tap_,
                                          .wakeup = control_wakeup_,
                                          .journal = journal_,
                                          .sinks = {},
                                          .status = status_,
                                          .monitor = std::as_const(*shard_).monitor()},
                     engine::Recovered{});
    control_->set_observer(decisions.observer());
    tap_.set_after([this](MonoTime now) { look(now); });
    text_ = capture::header_line({.anchor = anchor, .seed = 42, .config = {}, .program = "test"});
    control_->start();
    const auto started = tap_.start([this] { return shard_->start(); });
    if (!started) text_ += started.error().text();
  }

  /// Time passes; what is due meanwhile is served, and the venue answers.
  void pass(Duration time) {
    const MonoTime until = clock_.now() + time;
    for (;;) {
      answer();
      const MonoTime due = std::min(wakeup_.at(), control_wakeup_.at());
      if (due + late > until) break;
      clock_.set(due + late);
      if (wakeup_.at() <= due) {
        wakeup_.spend();
        tap_.on_wakeup(clock_.now(), [this](MonoTime now) { shard_->on_wakeup(now); });
      } else {
        control_wakeup_.spend();
        control_->on_wakeup(clock_.now());
      }
      while (journal_.answer()) {
      }
    }
    clock_.set(until);
  }
  /// A mark price on every line that is open.
  void price(std::string_view text) {
    const Decimal value = *Decimal::parse(text);
    const venues::MarketState state{.symbol = "BTCUSDT",
                                    .last = value,
                                    .bid = value,
                                    .ask = value,
                                    .mark = value,
                                    .index = value,
                                    .now = anchor.at(clock_.now()),
                                    .traded = anchor.at(clock_.now())};
    const auto channel = venues::channel_for(side_.sheet(), Kind::mark);
    for (const ConnId conn : open_) receive(conn, side_.encode_data(*channel, state));
  }
  void close_lines() {
    for (const ConnId conn : std::exchange(open_, {})) {
      tap_.on_closed(conn, {.close_code = 1006, .detail = "reset"}, clock_.now());
    }
  }
  void end() { tap_.finish(); }

  const std::string& recording() const { return text_; }
  const engine::Shard& shard() const { return *shard_; }
  MonoTime now() const { return clock_.now(); }

  Decisions decisions;
  std::string first_address;  ///< the shard dialled
  bool room = true;           ///< for lines of the recording
  bool answers = true;        ///< whether the venue is there

 private:
  bool take(capture::RecordedLine line) override {
    if (room) text_ += line.text;
    return room;
  }
  void look(MonoTime now) {
    while (std::exchange(dirty_, false)) control_->on_status(now);
  }
  void dial(ConnId conn, const DialTarget& target) override {
    if (first_address.empty()) first_address = target.url;
    dialled_.push_back(conn);
  }
  void send_text(ConnId conn, std::string_view text) override {
    said_.emplace_back(conn, std::string(text));
  }
  void send_ping(ConnId conn, std::string_view payload) override {
    pings_.emplace_back(conn, std::string(payload));
  }
  void send_pong(ConnId, std::string_view) override {}
  void close(ConnId conn, std::uint16_t) override { closing_.push_back(conn); }
  void abort(ConnId conn) override { closing_.push_back(conn); }
  void fetch(HttpRequest, Done done) override { asked_.push_back(std::move(done)); }

  void answer() {
    for (const ConnId conn : std::exchange(closing_, {})) {
      if (std::erase(open_, conn) + std::erase(dialled_, conn) > 0) {
        tap_.on_closed(conn, {.by_us = true}, clock_.now());
      }
    }
    if (!answers) return;
    for (const ConnId conn : std::exchange(dialled_, {})) {
      for (const DialPhase phase : {DialPhase::connecting, DialPhase::upgrading, DialPhase::open}) {
        clock_.set(clock_.now() + 1ms);
        tap_.on_phase(conn, phase, clock_.now());
      }
      open_.push_back(conn);
    }
    for (const auto& [conn, text] : std::exchange(said_, {})) {
      for (const std::string& ack : side_.encode_ack(side_.parse_client(text))) receive(conn, ack);
    }
    for (const auto& [conn, payload] : std::exchange(pings_, {})) {
      receive(conn, payload, FrameType::pong);
    }
    const std::vector<venues::Instrument> listed{{"BTCUSDT", true}};
    for (Done& done : std::exchange(asked_, {})) {
      clock_.set(clock_.now() + 2ms);
      done(HttpResponse{.status = 200, .headers = {}, .body = side_.encode_instruments(listed)});
    }
  }
  void receive(ConnId conn, const std::string& text, FrameType type = FrameType::text) {
    clock_.set(clock_.now() + 100us);
    std::string padded = text + std::string(frame_padding, '\0');
    const Frame frame{type, std::string_view(padded).substr(0, text.size())};
    const MonoTime read = clock_.now() - 20us;
    tap_.on_read(conn, {&frame, 1}, {.mono_recv = read, .ts_recv = anchor.at(read)});
  }

  const venues::VenueSide& side_ = *venues::find_venue_side("binance-usdm");
  std::string text_;
  SetClock clock_{anchor};
  NotedWakeup wakeup_, control_wakeup_;
  MemoryState state_;
  NoJournal journal_;
  bool dirty_ = false;
  engine::StatusBoard status_{[this] { dirty_ = true; }};
  std::vector<ConnId> dialled_, open_, closing_;
  std::vector<std::pair<ConnId, std::string>> said_, pings_;
  std::vector<Done> asked_;
  capture::Tap tap_{
      {.clock = clock_, .transport = this, .http = this, .state = &state_}, anchor, *this};
  std::optional<engine::Shard> shard_;
  std::optional<engine::Control> control_;
};

/// Feeds a recording; the error, if there was one.
inline std::string play(Player& player, const std::string& recording) {
  std::istringstream in(recording);
  auto reader = capture::Reader::open(in, "recording");
  if (!reader) return reader.error().text();
  for (;;) {
    auto record = (*reader)->next();
    if (!record) return record.error().text();
    auto taken = *record ? player.take(**record) : player.finish();
    if (!taken) return taken.error().text();
    if (!*record) return {};
  }
}

}  // namespace feedwatch::replay
