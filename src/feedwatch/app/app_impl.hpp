#pragma once

#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "feedwatch/app/app.hpp"
#include "feedwatch/app/history_reader.hpp"
#include "feedwatch/app/lease_sources.hpp"
#include "feedwatch/app/position_files.hpp"
#include "feedwatch/app/self_watch.hpp"
#include "feedwatch/app/shard_loop.hpp"
#include "feedwatch/app/signal_link.hpp"
#include "feedwatch/app/venue_homes.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"

/// Private to app*.cpp.
namespace feedwatch::app {

/// Runs on the reactor's thread, and waits for it.
template <class Action>
void run_on(net::Reactor& reactor, const Action& action) {
  std::promise<void> done;
  std::future<void> waiting = done.get_future();
  reactor.complete([&] {
    action();
    done.set_value();
  });
  waiting.wait();
}

// Declaration order is construction order; destruction runs the other way: what a thread uses
// stands before the thread.
struct App::Impl {
  Impl(AppSettings app_settings, LogLine log_line)
      : settings(std::move(app_settings)),
        log(std::move(log_line)),
        anchor{.wall = clock.wall_now(), .mono = clock.now()},
        control_reactor(clock, {.anchor = anchor}),
        // Never refused: the board calls once, and is silent until what it holds was taken.
        status([this] { control_reactor.complete([this] { take_status(); }); }),
        tap([this] { control_reactor.complete([this] { take_prices(); }); }) {}

  Result<void> start();
  Result<void> open_store();
  Result<void> build_shards();
  Result<std::shared_ptr<board::Ground>> share_board();
  Result<void> build_control(engine::Recovered recovered);
  void make_sinks();
  engine::ControlPorts control_ports();
  void watch_disks();
  void run_threads();
  Result<void> stop();
  Result<void> reload(AppSettings next);
  Result<void> can_reload(const AppSettings& next) const;
  void drain(MonoTime deadline);

  void take_status() {
    if (control) control->on_status(clock.now());
  }
  void take_prices() {
    if (control) control->on_prices(clock.now());
  }
  void notice_clocks();
  void beat(MonoTime now);
  health::SelfEvidence self() const;
  health::StoreSelf store_self() const;
  api::ApiPorts api_ports();
  ShardLoop& loop_of(std::string_view venue);
  template <class Done, class Action>
  void on_shard(std::string_view venue, Done done, Action action);
  using LeaseDone = api::ApiPorts::Done;
  void want(const StreamKey& key, std::string owner, Duration ttl, LeaseDone done);
  void unwant(const StreamKey& key, std::string owner, LeaseDone done);
  void watch_position_files();
  void take(PositionNews news);
  void refuse(const std::string& source, std::string why);
  void hold(const StreamKey& stream, engine::PriceNeed need, LeaseDone done);
  void let_go(const StreamKey& stream, LeaseDone done);

  AppSettings settings;
  LogLine log;
  embed::SystemClock clock;
  WallAnchor anchor;
  Decisions decisions;
  std::function<void(const engine::Control::Event&)> observer;
  std::function<void(ReloadDone)> ask_reload;

  net::Reactor control_reactor;
  engine::StatusBoard status;
  engine::PriceTap tap;
  std::unique_ptr<store::Store> store;

  std::vector<std::unique_ptr<ShardLoop>> loops;
  std::optional<VenueHomes> homes;
  SelfWatch watch{{.clock = clock, .control = control_reactor, .loops = loops}};
  shm::SegmentFile* segment = nullptr;  ///< the board's memory, which the shards own
  Duration wall_drift{};  ///< of the system clock from the anchored one, when last noticed
  bool shift_told = false;

  // the control's
  std::optional<net::SystemResolver> control_resolver;
  std::optional<net::HttpClient> control_http;
  std::vector<std::unique_ptr<Sink>> sinks;
  std::vector<std::unique_ptr<DecisionReceiver>> receivers;
  std::optional<LeaseSources> position_sources;
  std::unique_ptr<Wakeup> control_wakeup, control_beat;
  std::optional<SignalLink> signal_link;
  MonoTime fed{}, status_told{};  ///< by the beat
  std::optional<engine::Control> control;
  std::unique_ptr<HistoryReader> history;
  std::unique_ptr<api::ApiServer> api;

  std::thread control_thread;
  std::optional<PositionFiles> position_files;
  std::map<std::string, std::string, std::less<>> refused_files;  ///< what was said of them last
  bool started = false;
};

}  // namespace feedwatch::app
