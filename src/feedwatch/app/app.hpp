#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/api/server.hpp"
#include "feedwatch/app/reload_desk.hpp"
#include "feedwatch/app/shard_recording.hpp"
#include "feedwatch/app/systemd.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/options.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/shm/segment_file.hpp"
#include "feedwatch/signals/client.hpp"
#include "feedwatch/sinks/make_sink.hpp"
#include "feedwatch/store/store.hpp"

namespace feedwatch::engine {
class Shard;
}

namespace feedwatch::app {

using sinks::SinkSettings;

/// Whoever misses us when we do not call.
struct HeartbeatSettings {
  std::string url;  ///< empty = nobody. Secret.
  std::string ca_file;
};

/// The source of signals we listen to.
struct SignalSettings {
  std::string pulse;                ///< one of the control's
  signals::Client::Options client;  ///< URL and token are secret
};

struct AppSettings {
  engine::ShardOptions shard;
  std::uint16_t shards = 1;                   ///< threads the venues of `shard` are spread over
  net::PollMode poll = net::PollMode::block;  ///< of the shards' loops
  /// Where other processes read the board; without a name they do not. Its max_streams and identity
  /// are the app's to fill in.
  shm::SegmentOptions board;
  engine::ControlOptions control;
  store::StoreOptions store;
  api::ApiOptions api;
  std::vector<SinkSettings> sinks;
  std::vector<SinkSettings> decision_webhooks;
  HeartbeatSettings heartbeat;
  std::optional<SignalSettings> signals;              ///< absent = others tell us of pulses
  std::vector<std::filesystem::path> position_files;  ///< with lists of positions
  std::optional<RecordSettings> record;               ///< absent = nothing is recorded
  ServiceManager manager{{}, {}};  ///< told of our life; its watchdog is fed by the control's loop
  Duration stop_limit = 5s;        ///< SIGTERM to exit, alerts drained and rows written
};

/// One line of the log: decisions and life events, for people. Any thread.
using LogLine = std::function<void(std::string_view severity, std::string_view text)>;

/// The running monitor: binds ports to reactors, threads and stores. A loop for each shard
/// (sockets, decoding, freshness, repair) and one for the control (health, alerts, store
/// completions, sinks, API).
///
/// start() builds in order and, when a step fails, takes back the ones before it. stop() takes down
/// in reverse within `stop_limit`: /readyz says no, then lines, alerts and rows drained, the API,
/// then the store. Not restartable. start() and stop() belong to one thread; observe() before
/// start().
class App {
 public:
  App(AppSettings settings, LogLine log);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  Result<void> start();
  /// Idempotent. The error says what could not be finished in time.
  Result<void> stop();

  /// Every decision of the control, on the control's thread. Before start().
  void observe(std::function<void(const engine::Control::Event&)> observer);
  /// Another configuration for the running monitor, all or nothing: venues, streams, limits,
  /// times of alerts, who may use the API. What it shares with the running one is not touched.
  /// Settings that take a restart are the caller's to compare (config/diff.hpp). While started; one
  /// thread.
  Result<void> reload(AppSettings next);
  /// Called on the control's thread when somebody asks for a reload over HTTP; answer() the asker,
  /// from any other thread. Without it nobody can. Before start().
  void on_reload(std::function<void(ReloadDone)> ask);
  void answer(ReloadDone asker, ReloadResult result);
  /// Runs on the control's thread and waits for it; for views.
  void with_control(const std::function<void(const engine::Control&)>& action);
  /// The same on the thread of the venue's shard; for subscribers in this process. While started.
  void with_shard(std::string_view venue, const std::function<void(engine::Shard&)>& action);
  /// A pulse was heard, has started or has failed; waits for the control's thread. While started.
  Result<void> beat(std::string_view name, PulseMark mark, std::string detail = {});
  /// Reading calls are safe from any thread while started.
  const Monitor& monitor() const;
  Decisions& decisions();
  const Clock& clock() const;
  std::string api_url() const;
  std::uint16_t api_port() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch::app
