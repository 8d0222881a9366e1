#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/tests/map_state.hpp"
#include "feedwatch/engine/shard.hpp"

/// A shard's surroundings moved by hand.
namespace feedwatch::engine::test {

class HandClock final : public Clock {
 public:
  explicit HandClock(Duration later = {})
      : wall_start(WallTime{std::chrono::hours{24 * 365 * 56}} + later) {}
  MonoTime now() const override { return mono; }
  WallTime wall_now() const override { return wall_start + (mono - mono_start); }
  MonoTime mono_start{1h};
  MonoTime mono = mono_start;
  WallTime wall_start;
};

class NoWakeup final : public Wakeup {
 public:
  void arm(MonoTime at) override { armed = at; }
  void disarm() override { armed = never_mono; }
  MonoTime armed = never_mono;
};

class DialList final : public Transport {
 public:
  void dial(ConnId conn, const DialTarget& target) override {
    dials.emplace_back(conn, target.url);
  }
  void send_text(ConnId, std::string_view text) override { sent.emplace_back(text); }
  void send_ping(ConnId, std::string_view) override {}
  void send_pong(ConnId, std::string_view payload) override { pongs.emplace_back(payload); }
  void close(ConnId, std::uint16_t) override {}
  void abort(ConnId conn) override { aborted.push_back(conn); }
  std::vector<std::pair<ConnId, std::string>> dials;
  std::vector<ConnId> aborted;
  std::vector<std::string> sent, pongs;
};

class HeldFetch final : public HttpFetch {
 public:
  void fetch(HttpRequest request, Done done) override {
    requests.emplace_back(std::move(request), std::move(done));
  }
  std::vector<std::pair<HttpRequest, Done>> requests;
};

/// One shard with one venue, binance-usdm by name unless it says otherwise, and its clock in hand.
struct ShardBench {
  explicit ShardBench(MapState& store, std::vector<std::string> streams = {"BTCUSDT/mark"},
                      Duration later = {}, SharedBoard shared = {},
                      std::string_view type = "binance-usdm", std::uint16_t number = 0,
                      std::string name = "binance-usdm")
      : clock(later),
        state(store),
        shard({.venues = {{.name = std::move(name),
                           .venue = venues::find_venue(type),
                           .ws_url = "ws://x",
                           .rest_url = "http://x",
                           .ca_file = {},
                           .streams = std::move(streams)}},
               .shard = number,
               .shards = static_cast<std::uint16_t>(number + 1),
               .policies = PolicySet({}, Preset::tight),
               .seed = 1},
              {.clock = clock,
               .wakeup = wakeup,
               .transport = transport,
               .http = http,
               .state = state,
               .status = status},
              std::move(shared)) {}

  void pass(Duration duration) {
    const MonoTime end = clock.mono + duration;
    while (wakeup.armed <= end) {
      clock.mono = std::max(clock.mono, wakeup.armed);
      shard.on_wakeup(clock.mono);
    }
    clock.mono = end;
  }
  void open(ConnId conn) {
    for (const DialPhase phase :
         {DialPhase::connecting, DialPhase::securing, DialPhase::upgrading, DialPhase::open}) {
      shard.on_phase(conn, phase, clock.mono);
    }
  }
  void receive(ConnId conn, std::string text) {
    text.append(frame_padding, ' ');
    const Frame frame{FrameType::text,
                      std::string_view(text).substr(0, text.size() - frame_padding)};
    shard.on_read(conn, std::span(&frame, 1), {clock.mono, clock.wall_now(), false});
  }

  HandClock clock;
  NoWakeup wakeup;
  DialList transport;
  HeldFetch http;
  MapState& state;
  std::function<void()> on_status = [] {};  ///< something has been put on the empty board
  StatusBoard status{[this] { on_status(); }};
  Shard shard;
};

}  // namespace feedwatch::engine::test
