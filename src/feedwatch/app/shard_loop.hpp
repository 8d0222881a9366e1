#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "feedwatch/app/app.hpp"
#include "feedwatch/app/late_sink.hpp"
#include "feedwatch/app/latest.hpp"
#include "feedwatch/app/loop_meter.hpp"
#include "feedwatch/app/shard_recording.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/engine/price_tap.hpp"
#include "feedwatch/engine/shard.hpp"
#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/resolver.hpp"
#include "feedwatch/net/ws_transport.hpp"

namespace feedwatch::app {

/// One shard with all its thread needs: loop, sockets, REST, recording.
///
/// build(), start(), run(), then end_lines() and join(), by one thread, in this order; the rest
/// while it runs, from any thread.
class ShardLoop {
 public:
  struct Parts {
    embed::SystemClock& clock;
    WallAnchor anchor;
    net::PollMode poll = net::PollMode::block;
    LogLine log;
  };
  explicit ShardLoop(Parts parts);
  ~ShardLoop();
  ShardLoop(const ShardLoop&) = delete;
  ShardLoop& operator=(const ShardLoop&) = delete;

  /// `record`: nothing is recorded without.
  Result<void> build(const engine::ShardOptions& options, engine::SharedBoard board,
                     StateStore& state, engine::StatusBoard& status,
                     const std::optional<RecordSettings>& record);
  /// Streams and first dials. Errors of the configured streams come out here.
  Result<void> start();
  void run();
  /// No line is dialled any more, those there are get their close frames; waits until that is done.
  void end_lines();
  void join();

  engine::Shard& shard() { return *shard_; }
  const engine::Shard& shard() const { return *shard_; }
  net::Reactor& reactor() { return reactor_; }
  const net::Reactor& reactor() const { return reactor_; }
  Result<StreamId> want(const StreamKey& key, const std::string& owner,
                        Duration ttl);                          ///< its thread
  bool unwant(const StreamKey& key, const std::string& owner);  ///< its thread
  /// Has the stream watched for positions until let_go(), its prices on the tap where every one is
  /// needed. Its thread.
  Result<void> hold(const StreamKey& key, engine::PriceNeed need, engine::PriceTap& tap);
  Result<void> let_go(const StreamKey& key, engine::PriceTap& tap);

  /// What it shows of itself without being asked.
  struct Counters {
    std::atomic<std::uint64_t> accepted{0};
    std::array<std::atomic<std::uint64_t>, rejection_count> rejected{};
    std::atomic<std::uint64_t> undecodable{0};
    std::atomic<std::uint64_t> duplicate{0};
    std::atomic<std::uint64_t> divergences{0};
    std::atomic<std::uint64_t> sequence_resets{0};
  };
  const Counters& counters() const { return counters_; }
  const LoopMeter& meter() const { return meter_; }
  bool recording_failed() const { return recording_ && recording_->failed(); }
  std::vector<std::shared_ptr<const engine::VenueMeter>> venue_meters() const {
    return venue_meters_.read();
  }
  /// What is learnt of the clock of each of its venues.
  std::map<std::string, Duration> venue_clocks() const { return venue_clocks_.read(); }

 private:
  void beat();
  Result<void> begin_recording(const engine::ShardOptions& options, StateStore& state,
                               const std::optional<RecordSettings>& record);

  Parts parts_;
  net::Reactor reactor_;
  Counters counters_;
  LoopMeter meter_;
  // Whoever asks for metrics reads them while prices come: the shard's thread must not wait.
  Latest<std::map<std::string, Duration>> venue_clocks_;
  Latest<std::vector<std::shared_ptr<const engine::VenueMeter>>> venue_meters_;
  net::SystemResolver resolver_;
  LateSink late_sink_;
  std::unique_ptr<ShardRecording> recording_;
  std::optional<net::WsTransport> transport_;
  net::HttpClient http_;
  std::unique_ptr<Wakeup> wakeup_;
  std::unique_ptr<Wakeup> beat_wakeup_;
  std::optional<engine::Shard> shard_;
  std::thread thread_;
};

}  // namespace feedwatch::app
