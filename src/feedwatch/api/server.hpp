#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "feedwatch/api/history.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/base/histogram.hpp"
#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/guard/guard.hpp"
#include "feedwatch/intake/outcome.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch::net {
class Reactor;
}

namespace feedwatch::api {

struct ApiOptions {
  std::string address = "127.0.0.1";  ///< numeric; not loopback ⇒ cert, key and token are required
  std::uint16_t port = 8420;          ///< 0: the kernel chooses
  std::string cert_file, key_file;    ///< PEM; both set: TLS
  std::string token;                  ///< write token; empty = every write is refused
  std::vector<std::string> allowed_hosts;    ///< beside localhost and the address itself
  std::vector<std::string> allowed_origins;  ///< beside the server's own
  std::string version;
};

/// What the kernel knows of this process.
struct ProcessUsage {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0, virtual_bytes = 0;
  std::uint64_t open_fds = 0, max_fds = 0, threads = 0;
  double start_time_seconds = 0;  ///< since the epoch
};

/// One of our own loops.
struct LoopFacts {
  std::string name;  ///< "control", "shard 0"
  Histogram::Snapshot lag;
};

/// What a shard has measured of one venue.
struct VenueFacts {
  std::string venue;
  Histogram::Snapshot interarrival, source_lag;
  std::uint64_t false_suspicions = 0;
  Duration mistaken{};  ///< how long they lasted together
};

/// How the process itself fares, for /livez and /metrics. Collected by the app from all threads.
struct ProcessFacts {
  bool shard_loop_alive = false;  ///< answered within the last two seconds
  bool stopping = false;          ///< it has been told to stop: nobody should come any more
  std::vector<LoopFacts> loops;
  std::vector<VenueFacts> venues;
  health::SelfEvidence self;
  ProcessUsage usage;
  std::uint64_t stalls = 0;
  Duration longest_stall{};
  std::uint64_t ticks_accepted = 0;
  std::vector<std::pair<std::string, std::uint64_t>> ticks_rejected;  ///< by reason
  std::uint64_t ticks_duplicate = 0;   ///< another of the doubled lines had brought them
  std::uint64_t sequence_resets = 0;   ///< times a venue's order began again
  std::uint64_t line_divergences = 0;  ///< times two lines' prices stood and differed
  std::uint64_t mailbox_refused = 0;
};

/// Everything the API shows or asks for. All references outlive the server.
struct ApiPorts {
  const Clock& clock;
  engine::Control& control;  ///< on the same thread
  const Monitor& monitor;    ///< reading calls only
  Decisions& decisions;
  std::function<ProcessFacts()> process;
  /// Told once per episode: a price was given out although its stream is degraded (semantics §5).
  std::function<void(std::string_view)> warn = [](std::string_view) {};
  /// Leases: passed on to the shard; `done` runs later on the API's thread.
  using Done = std::move_only_function<void(Result<void>)>;
  std::function<void(StreamKey, std::string owner, Duration ttl, Done)> want;
  std::function<void(StreamKey, std::string owner, Done)> unwant;
  /// Reads the configuration again; answered later, on the API's thread, with what changed. Absent:
  /// nobody reads it (the monitor is embedded).
  using Reloaded = std::move_only_function<void(Result<std::vector<std::string>>)>;
  std::function<void(Reloaded)> reload = {};
  /// A pulse's mark; the error says that there is no such pulse.
  std::function<Result<void>(std::string_view name, PulseMark mark, std::string detail)> beat = {};
  /// What the store kept; without it only what the control remembers is shown.
  History* history = nullptr;
  /// What something outside says of itself; on this thread, at once.
  std::function<Result<void>(health::Report)> report;
  std::function<bool(std::string_view component)> withdraw;
};

/// HTTP API, metrics, health and dashboard (docs/reference/http.md). Runs on the control thread's
/// reactor; reads the control's views and the board, decides nothing. Destruction drops all
/// connections.
class ApiServer {
 public:
  static Result<std::unique_ptr<ApiServer>> listen(net::Reactor& reactor, ApiOptions options,
                                                   ApiPorts ports);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  /// Another token, other hosts and origins; address and certificate stay.
  void set_access(const ApiOptions& options);
  std::uint16_t port() const;
  std::string url() const;  ///< "http://127.0.0.1:8420"

 private:
  struct Impl;
  explicit ApiServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch::api
