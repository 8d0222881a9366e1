// Flags → library → exit code. Only this program includes the command-line parser.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/app/db.hpp"
#include "feedwatch/app/demo.hpp"
#include "feedwatch/app/doctor.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::cli {

CLI::App* command(CLI::App& parent, Action& action, const char* name, const char* help,
                  Action run) {
  CLI::App* sub = parent.add_subcommand(name, help);
  sub->callback([&action, run = std::move(run)] { action = run; });
  return sub;
}

std::optional<Duration> duration_or_complain(const std::string& flag, const std::string& text) {
  const Result<Duration> parsed = parse_duration(text);
  if (parsed) return *parsed;
  app::print_error({.what = flag, .why = parsed.error().text(), .fix = {}});
  return std::nullopt;
}

namespace {

std::optional<app::ConfigArgs> config_args(const Arguments& args) {
  app::ConfigArgs config = args.config;
  for (const std::string& pair : args.set) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      app::print_error({.what = "--set " + pair, .why = "no '='", .fix = "write --set key=value"});
      return std::nullopt;
    }
    config.set.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return config;
}

template <class Run>
int with_config(const Arguments& args, Run run) {
  const std::optional<app::ConfigArgs> config = config_args(args);
  return config ? run(*config) : app::exit_usage;
}

void add_config_flags(CLI::App* sub, Arguments& args) {
  sub->add_option("-c,--config", args.config.file, "configuration file (TOML)")->type_name("FILE");
  sub->add_option("--set", args.set, "one setting, stronger than file and environment")
      ->type_name("KEY=VALUE");
}

void add_monitor_commands(CLI::App& root, Arguments& args, Action& action) {
  add_config_flags(command(root, action, "run", "Run the monitor until SIGINT or SIGTERM",
                           [&] {
                             return with_config(args, [](const app::ConfigArgs& config) {
                               return app::run_monitor(config, FEEDWATCH_VERSION);
                             });
                           }),
                   args);
  CLI::App* demo = command(root, action, "demo",
                           "Two simulated exchanges, the monitor, and faults now and then", [&] {
                             app::DemoArgs demo_args{.json = args.json};
                             if (!args.demo_for.empty()) {
                               demo_args.run_for = duration_or_complain("--for", args.demo_for);
                               if (!demo_args.run_for) return app::exit_usage;
                             }
                             return app::run_demo(demo_args);
                           });
  demo->add_option("--for", args.demo_for, "stop by itself after so long (60s)");
  demo->add_flag("--json", args.json, "print one JSON summary last");

  CLI::App* doctor = command(root, action, "doctor",
                             "Look at what a monitor needs: clock, network, disk, store", [&] {
                               return with_config(args, [&](const app::ConfigArgs& config_args) {
                                 return app::run_doctor(config_args, args.json, std::cout);
                               });
                             });
  add_config_flags(doctor, args);
  doctor->add_flag("--json", args.json, "one JSON object");

  CLI::App* config = root.add_subcommand("config", "Check, print or describe the configuration");
  config->require_subcommand(1);
  add_config_flags(command(*config, action, "check", "Load and check, start nothing",
                           [&] { return with_config(args, app::run_config_check); }),
                   args);
  CLI::App* print =
      command(*config, action, "print", "What is in force, and where it comes from", [&] {
        return with_config(args, [&](const app::ConfigArgs& config_args) {
          return app::run_config_print(config_args, args.json);
        });
      });
  add_config_flags(print, args);
  print->add_flag("--json", args.json, "JSON instead of TOML");
  command(*config, action, "schema", "JSON schema of the file", app::run_config_schema);
}

void add_db_commands(CLI::App& root, Arguments& args, Action& action) {
  CLI::App* db = root.add_subcommand("db", "The database of [store], with or without a monitor");
  db->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, int (*run)(const app::DbArgs&)) {
    CLI::App* sub = command(*db, action, name, help, [&args, run] {
      return with_config(args, [&](const app::ConfigArgs& config) {
        return run({.config = config, .file = args.backup, .json = args.json});
      });
    });
    add_config_flags(sub, args);
    sub->add_flag("--json", args.json, "one JSON object");
    return sub;
  };
  add("status", "Where it is, its schema, its size and rows, who has it", app::run_db_status);
  add("migrate", "Bring the schema up to date", app::run_db_migrate);
  add("check", "Look for damage and for rows that contradict each other", app::run_db_check);
  add("backup", "Copy it as of now into a new file (SQLite)", app::run_db_backup)
      ->add_option("file", args.backup, "the new file")
      ->type_name("FILE")
      ->required();
}

std::string venues_text() {
  return fmt::format("{}", fmt::join(venues::venue_names(), ", "));
}

void add_decode_command(CLI::App& root, Arguments& args, Action& action) {
  CLI::App* decode = command(root, action, "decode", "Raw frames to one JSON object a line", [&] {
    std::ios::sync_with_stdio(false);
    return app::run_decode(args.decode, std::cin, std::cout, std::cerr);
  });
  decode->add_option("--venue", args.decode.venue, venues_text())->required();
  decode->add_option("file", args.decode.file, "frames, one a line, or a capture; else stdin");
  decode->add_option("--connection", args.decode.connection, "only these connections (glob)");
  decode->add_flag("--counts", args.decode.counts, "closing account as JSON");
}

void add_venue_flags(CLI::App* sub, app::VenueArgs& venue) {
  CLI::Option* name =
      sub->add_option("--venue", venue.venue, "one venue instead of a configuration");
  sub->add_option("--streams", venue.streams, "its streams, SYMBOL/KIND, with commas")
      ->delimiter(',')
      ->needs(name);
  sub->add_option("--url", venue.url, "base of its WebSocket addresses")->needs(name);
  sub->add_option("--rest-url", venue.rest_url, "base of its REST addresses")->needs(name);
}

int record(Arguments& args) {
  const auto every = duration_or_complain("--rotate-every", args.rotate_every);
  if (!every) return app::exit_usage;
  args.record.files.rotation.every = *every;
  args.record.files.rotation.size = args.rotate_mebibytes << 20U;
  if (!args.record_for.empty()) {
    args.record.run_for = duration_or_complain("--for", args.record_for);
    if (!args.record.run_for) return app::exit_usage;
  }
  args.record.json = args.json;
  return with_config(args, [&](const app::ConfigArgs& config) {
    args.record.config = config;
    return app::run_record(args.record, FEEDWATCH_VERSION);
  });
}

void add_record_command(CLI::App& root, Arguments& args, Action& action) {
  CLI::App* sub =
      command(root, action, "record", "Write down everything the venues send, to be judged again",
              [&] { return record(args); });
  add_config_flags(sub, args);
  add_venue_flags(sub, args.record.venue);
  sub->add_option("--out", args.record.files.directory, "directory of the files")
      ->capture_default_str();
  sub->add_option("--rotate-size", args.rotate_mebibytes, "a new file after so many MiB")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  sub->add_option("--rotate-every", args.rotate_every, "and after so long")->capture_default_str();
  sub->add_option("--keep", args.record.files.rotation.keep, "only so many files; 0: all")
      ->capture_default_str();
  sub->add_flag("!--plain", args.record.files.compress, "without compression (zstd)");
  sub->add_option("--for", args.record_for, "stop by itself after so long (60s)");
  sub->add_flag("--json", args.json, "the account as JSON");
}

int replay(Arguments& args) {
  if (args.speed != "max") {
    double factor = 0;
    const char* const end = args.speed.data() + args.speed.size();
    const auto [at, error] = std::from_chars(args.speed.data(), end, factor);
    if (error != std::errc{} || at != end || !(factor > 0) || factor > 1e6) {
      app::print_error({.what = "--speed " + args.speed,
                        .why = "is neither max nor a number above zero",
                        .fix = "write max, 1 or 10"});
      return app::exit_usage;
    }
    args.replay.speed = factor;
  }
  args.replay.json = args.json;
  return with_config(args, [&](const app::ConfigArgs& config) {
    args.replay.config = config;
    std::ios::sync_with_stdio(false);
    return app::run_replay(args.replay, std::cout, std::cerr);
  });
}

void add_replay_command(CLI::App& root, Arguments& args, Action& action) {
  CLI::App* sub = command(root, action, "replay", "Judge recorded frames again, in virtual time",
                          [&] { return replay(args); });
  sub->add_option("files", args.replay.files, "a recording's files in order, or its directory")
      ->required();
  add_config_flags(sub, args);
  CLI::Option* venue =
      sub->add_option("--venue", args.replay.venue.venue, "of a capture that does not say it");
  sub->add_option("--streams", args.replay.venue.streams, "only these, SYMBOL/KIND, with commas")
      ->delimiter(',')
      ->needs(venue);
  sub->add_option("--positions", args.replay.positions,
                  "a list of positions (JSON), held from the beginning; each stop is confirmed");
  sub->add_option("--policy", args.replay.policies,
                  "one more policy: 'MATCH KEY=VALUE …', '*/mark stale_after=10s'");
  sub->add_option("--speed", args.speed, "max, or times real time")->capture_default_str();
  sub->add_flag("--json", args.json, "one JSON object");
}

void add_simulate_command(CLI::App& root, Arguments& args, Action& action) {
  exchange::Options& options = args.simulate.exchange;
  CLI::App* simulate = command(root, action, "simulate", "A fake exchange on real sockets",
                               [&] { return app::run_simulate(args.simulate); });
  simulate->add_option("--venue", options.venue, venues_text())->required();
  simulate->add_option("--port", options.port, "0: any free one")->capture_default_str();
  simulate->add_option("--symbols", options.symbols, "symbols of the price model")->delimiter(',');
  simulate->add_option("--rate", options.rate, "updates per second and symbol")
      ->capture_default_str();
  simulate->add_option("--seed", options.seed, "of the price model")->capture_default_str();
  simulate->add_option("--replay", options.replay, "a capture instead of the model");
  simulate->add_option("--speed", options.speed, "of the replay")
      ->capture_default_str()
      ->needs("--replay");
  simulate->add_flag("--loop", options.loop, "start the replay again at its end")
      ->needs("--replay");
  simulate->add_flag("--restamp", options.restamp, "venue times of the replay moved to now")
      ->needs("--replay");
  simulate->add_option("--fault", args.simulate.fault_file, "faults, one JSON object a line");
  simulate->add_flag("--enforce-limits", options.enforce_limits, "the venue's published limits");
  simulate->add_flag("--json", args.simulate.json, "address as JSON");
}

void add_sim_command(CLI::App& root, Arguments& args, Action& action) {
  CLI::App* sim = root.add_subcommand("sim", "The engine in virtual time");
  sim->require_subcommand(1);
  CLI::App* scenario = command(*sim, action, "scenario", "Run text scenarios", [&] {
    return app::run_sim_scenario(args.scenarios, std::cout, std::cerr, args.scenario);
  });
  scenario->add_option("files", args.scenarios, "scenario files")->required();
  scenario->add_flag("--log", args.scenario.log, "print each run's event log");
  scenario->add_flag("--once", args.scenario.once, "do not run again to compare the logs");
  scenario->add_flag("--protect", args.scenario.protect,
                     "hold positions of every symbol through them, and hold the run against "
                     "invariants alone");
  scenario->add_option_function<std::uint64_t>(
      "--seed", [&](std::uint64_t seed) { args.scenario.seed = seed; }, "instead of the file's");
}

/// The parser misses a command before it looks at the word that stands in its place.
int usage(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App* at = &root;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  const std::vector<std::string> strange = at->remaining();
  const bool no_command = at->get_require_subcommand_min() > 0;
  std::string help = "see feedwatch ";
  if (at != &root) help += at->get_name() + " ";
  std::string why = error.what();
  if (no_command) why = strange.empty() ? "a command is missing" : "there is no such command";
  app::print_error({.what = no_command && !strange.empty() ? strange.front() : "usage",
                    .why = api::printable(why),
                    .fix = help + "--help"});
  // What a monitoring system takes for unknown, not for critical.
  constexpr int plugin_unknown = 3;
  return at->get_name() == "check" ? plugin_unknown : app::exit_usage;
}

int run(int argc, char** argv) {
  Arguments args;
  Action action;
  CLI::App root("feedwatch knows the age of every price a trading system acts on");
  root.name("feedwatch");
  root.require_subcommand(1);
  root.set_version_flag("--version", "feedwatch " FEEDWATCH_VERSION);
  add_monitor_commands(root, args, action);
  add_db_commands(root, args, action);
  add_client_commands(root, args, action);
  add_decode_command(root, args, action);
  add_record_command(root, args, action);
  add_replay_command(root, args, action);
  add_simulate_command(root, args, action);
  add_sim_command(root, args, action);
  command(root, action, "version", "Print the version", [] {
    fmt::print("feedwatch {}\n", FEEDWATCH_VERSION);
    return app::exit_ok;
  });
  try {
    root.parse(argc, argv);
  } catch (const CLI::Success& wish) {  // --help, --version
    return root.exit(wish);
  } catch (const CLI::ParseError& error) {
    return usage(root, error);
  }
  return action();
}

}  // namespace
}  // namespace feedwatch::cli

int main(int argc, char** argv) {
  try {
    return feedwatch::cli::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "feedwatch: {}\n", error.what());
    return feedwatch::app::exit_failure;
  }
}
