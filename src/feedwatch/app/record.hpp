#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/app/run.hpp"
#include "feedwatch/capture/recording_files.hpp"

namespace feedwatch::app {

/// One venue named on the command line instead of a configuration.
struct VenueArgs {
  std::string venue;
  std::vector<std::string> streams;  ///< "BTCUSDT/mark"
  std::string url, rest_url;         ///< empty: the venue's own
};

/// The configuration, or the venue named on the command line; prints every mistake.
std::optional<config::Config> load_config(const ConfigArgs& args, const VenueArgs& venue);

struct RecordArgs {
  ConfigArgs config;
  VenueArgs venue;
  capture::RecordingOptions files{.directory = "."};
  std::optional<Duration> run_for;  ///< absent: until SIGINT or SIGTERM
  bool json = false;                ///< the account as one JSON object on stdout
};

/// `feedwatch record`: runs the lines of a configuration, judges what they bring, and writes down
/// everything that came in. Decisions go to stderr as they are taken, the account to stdout. The
/// exit code: 0; 1 when the recording could not be begun or written to its end; 2 or 3 as for every
/// command.
int run_record(const RecordArgs& args, std::string_view version);

}  // namespace feedwatch::app
