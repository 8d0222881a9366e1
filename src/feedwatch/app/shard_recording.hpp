#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "feedwatch/capture/recording.hpp"
#include "feedwatch/capture/tap.hpp"
#include "feedwatch/config/config.hpp"
#include "feedwatch/engine/shard.hpp"

namespace feedwatch::app {

struct RecordSettings {
  capture::RecordingOptions files;
  std::string config;   ///< what is judged by, as recorded_config() gives it
  std::string program;  ///< "feedwatch 0.1.0"
};

/// The venues, streams, policies and alerts of a configuration as TOML, without secrets and without
/// what belongs to this host: enough to judge its recording again anywhere.
std::string recorded_config(const config::Config& config);

/// One shard's recording: the tap at its ports and the files behind. Made before the shard, ends
/// after it. The shard's thread calls all but the construction.
class ShardRecording {
 public:
  struct Ports {
    const Clock& clock;
    StateStore& state;
    WallAnchor anchor;
    std::uint64_t seed = 0;
  };

  /// Opens the first file. `log` is called on the recording's thread when it fails later.
  static Result<std::unique_ptr<ShardRecording>> begin(
      RecordSettings settings, Ports ports,
      std::function<void(std::string_view severity, std::string_view text)> log);

  capture::Tap& tap() { return tap_; }
  /// What the tap stands between. Before the first event.
  void attach(Transport& transport, HttpFetch& http, FrameSink& shard);
  /// The shard's ports with the tap in between.
  engine::ShardPorts ports(Wakeup& wakeup, engine::StatusBoard& status);
  /// Says so when further records were lost.
  void tell_lost(const std::function<void(std::string_view, std::string_view)>& log);
  /// The last line; nothing that comes is recorded.
  void end() { tap_.finish(); }
  /// Writes what waits. After end(), any thread.
  Result<void> close() { return recording_.finish(); }

  /// Ended by an error. Any thread.
  bool failed() const { return recording_.failed(); }
  std::uint64_t files() const { return recording_.files(); }
  std::uint64_t lost() const { return tap_.lost(); }

 private:
  ShardRecording(RecordSettings settings, Ports ports,
                 std::function<void(std::string_view, std::string_view)> log);

  capture::Recording recording_;
  capture::Tap tap_;
  std::uint64_t lost_told_ = 0;
};

}  // namespace feedwatch::app
