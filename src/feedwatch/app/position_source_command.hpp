#pragma once

#include <string>

#include "feedwatch/app/client.hpp"

namespace feedwatch::app {

struct PositionSourceArgs {
  std::string source;
  std::string file;  ///< "-": standard input
};

/// `feedwatch positions sync --source NAME FILE`: the list in the file, as that source's. Exit 0, 1
/// when the monitor does not answer or has not taken all of it, 2 for a file that holds no list.
int run_position_sync(const ClientArgs& args, const PositionSourceArgs& list);
/// `feedwatch positions sources`: who lists positions, and how his newest word was.
int run_position_sources(const ClientArgs& args);
/// `feedwatch positions forget NAME`: it lists none any more.
int run_position_forget(const ClientArgs& args, const PositionSourceArgs& source);

}  // namespace feedwatch::app
