#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/app/record.hpp"
#include "feedwatch/app/run.hpp"

namespace feedwatch::app {

/// What `feedwatch replay` was asked for.
struct ReplayArgs {
  std::vector<std::string> files;     ///< in their order; a directory stands for its recordings
  ConfigArgs config;                  ///< instead of the one recorded, or on top of it
  VenueArgs venue;                    ///< for captures that name no configuration
  std::vector<std::string> policies;  ///< "MATCH KEY=VALUE …", as if they stood last in the file
  std::string positions;              ///< a file with a list of them, held from the beginning
  std::optional<double> speed;        ///< times real time; absent = as fast as it goes
  bool json = false;                  ///< one JSON object on `out` instead of text
};

/// Judges recorded frames again, in virtual time, by the recorded configuration or another. On
/// `out`: every decision as it is taken and the account, or with `json` one object; errors on
/// `err`. The exit code: 0; 1 when the recording cannot be read to its end, or is judged by what it
/// was recorded with and comes out otherwise; 2 or 3 as for every command.
int run_replay(const ReplayArgs& args, std::ostream& out, std::ostream& err);

}  // namespace feedwatch::app
