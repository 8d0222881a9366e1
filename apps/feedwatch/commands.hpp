#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/app/client.hpp"
#include "feedwatch/app/decode.hpp"
#include "feedwatch/app/position_command.hpp"
#include "feedwatch/app/position_source_command.hpp"
#include "feedwatch/app/pulse_command.hpp"
#include "feedwatch/app/record.hpp"
#include "feedwatch/app/replay.hpp"
#include "feedwatch/app/run.hpp"
#include "feedwatch/app/sim_command.hpp"
#include "feedwatch/app/simulate.hpp"

/// Private to this program: what the command line is read into.
namespace feedwatch::cli {

using Action = std::function<int()>;

struct Arguments {
  app::ConfigArgs config;
  std::vector<std::string> set;
  bool json = false;
  std::string backup;
  std::string demo_for;
  app::SimulateArgs simulate;
  app::DecodeArgs decode;
  app::RecordArgs record;
  app::ReplayArgs replay;
  std::string rotate_every = "1h", record_for, speed = "max";
  std::uint64_t rotate_mebibytes = 256;
  app::ClientArgs client;
  app::SharedBoardArgs shared;
  app::PulseArgs pulse;
  app::PositionArgs position;
  app::PositionSourceArgs position_source;
  app::AlertsArgs alerts;
  app::SilenceArgs silence;
  bool expired = false, undo = false;
  app::CheckArgs check;
  std::string stream, max_age, owner = "cli", ttl = "1h";
  std::vector<std::string> scenarios;
  app::SimScenarioOptions scenario;
  std::uint64_t seed = 0;
};

/// A command that has the action run when it was given.
CLI::App* command(CLI::App& parent, Action& action, const char* name, const char* help, Action run);
/// Durations as people write them: 750ms, 3s, 1h30m. Complains about any other text.
std::optional<Duration> duration_or_complain(const std::string& flag, const std::string& text);

/// Commands that talk to a running monitor.
void add_client_commands(CLI::App& root, Arguments& args, Action& action);

}  // namespace feedwatch::cli
