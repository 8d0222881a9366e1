#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/engine/options.hpp"
#include "feedwatch/engine/status.hpp"
#include "feedwatch/monitor/monitor.hpp"

namespace feedwatch::engine {

class VenueMeter;

struct ShardPorts {
  Clock& clock;
  Wakeup& wakeup;
  Transport& transport;
  HttpFetch& http;
  StateStore& state;
  StatusBoard& status;
};

/// The board that all shards of this process write; without one a shard has a board of its own.
struct SharedBoard {
  std::shared_ptr<board::Ground> ground{};  ///< as MonitorOptions has it, for max_streams
  bool read_elsewhere = false;              ///< other processes read it, and wait for signs of life
};

/// The fast half of the engine: sessions, intake, board, freshness, dispatch and repair of a set of
/// venues. One thread calls everything; no I/O of its own, no clock read outside the Clock port.
/// Other threads may call monitor()'s reading functions and nothing else.
class Shard final : public FrameSink {
 public:
  Shard(ShardOptions options, ShardPorts ports, SharedBoard shared = {});
  ~Shard() override;
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// Adds the configured streams and begins to dial. Errors name the stream or venue at fault.
  Result<void> start();
  /// Closes every line; nothing is dialled afterwards.
  void stop();

  // ---- events ----
  void on_phase(ConnId conn, DialPhase reached, MonoTime now) override;
  void on_read(ConnId conn, std::span<const Frame> frames, ReadStamp stamp) override;
  void on_closed(ConnId conn, const CloseReport& report, MonoTime now) override;
  void on_wakeup(MonoTime now);

  // ---- commands (through the shard's mailbox from other threads) ----
  /// A lease: the stream is wanted until `ttl` has passed (zero = until unwanted). Idempotent;
  /// again with the same owner renews it.
  Result<StreamId> want(const StreamKey& key, const std::string& owner, Duration ttl);
  /// Ends the owner's lease. The stream goes when nobody wants it any more; false = no such lease.
  bool unwant(const StreamKey& key, const std::string& owner);
  /// Other limits, for the streams there are and those to come. What they make true is true from
  /// now on, not earlier; streams whose policy stays as it was are not touched, and no line, epoch
  /// or subscription is.
  void set_policies(PolicySet policies);
  /// Other venues, streams and limits (seed, shards and room stay). Whatever is the same in both is
  /// not touched: no line, epoch, subscription or level of it. A venue whose addresses or number of
  /// lines differ begins anew, with its leases and budgets; one that is gone takes its leases with
  /// it. Error, and nothing changed, when the board has no room for the streams.
  Result<void> reconfigure(ShardOptions next);

  Monitor& monitor();
  const Monitor& monitor() const;
  /// Ticks of symbols nobody asked for. The shard's thread.
  std::uint64_t unknown_symbols() const;
  /// Ticks that another of the doubled lines had brought first, and how often two lines' prices
  /// stood and differed. The shard's thread.
  std::uint64_t duplicate_ticks() const;
  std::uint64_t divergences() const;

  /// What is measured of each venue, to be read on any thread. The shard's thread.
  std::vector<std::shared_ptr<const VenueMeter>> meters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch::engine
