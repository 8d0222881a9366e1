#include "feedwatch/app/sim_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/sim/protected_world.hpp"
#include "feedwatch/sim/runner.hpp"

namespace feedwatch::app {
namespace {

enum ExitCode : int { ok = 0, broken = 1, usage = 2, unreadable = 3 };

Result<sim::Scenario> load(const std::string& file, const SimScenarioOptions& options) {
  std::ifstream stream{file, std::ios::binary};
  std::ostringstream text;
  if (!stream) {
    return std::unexpected(Error{.what = file, .why = "cannot be read", .fix = "check the path"});
  }
  if (!(text << stream.rdbuf())) {  // nothing came: empty, or a directory
    return std::unexpected(
        Error{.what = file, .why = "holds nothing", .fix = "name a scenario file"});
  }
  Result<sim::Scenario> scenario = sim::parse_scenario(text.view(), file);
  if (scenario && options.seed) scenario->world.seed = *options.seed;
  if (scenario && options.protect) return sim::with_positions(*std::move(scenario));
  return scenario;
}

ExitCode run_file(const std::string& file, std::ostream& out, std::ostream& err,
                  const SimScenarioOptions& options, std::uint64_t& decisions) {
  const Result<sim::Scenario> scenario = load(file, options);
  if (!scenario) {
    err << "feedwatch: " << api::printable(scenario.error().text()) << '\n';
    return unreadable;
  }
  sim::RunResult result = sim::run_scenario(*scenario);
  if (!options.once && sim::run_scenario(*scenario).log_hash != result.log_hash) {
    result.failures.push_back(file + ": invariant 10 broken: a second run had another event log");
  }
  decisions += result.decisions;
  if (options.log) out << result.log;
  out << fmt::format("{} {} seed {}, {} simulated, {} events\n", result.ok() ? "ok    " : "BROKEN",
                     file, result.seed, format_duration(result.simulated), result.events);
  for (const std::string& failure : result.failures) {
    err << fmt::format("feedwatch: {} (seed {})\n", failure, result.seed);
  }
  return result.ok() ? ok : broken;
}

}  // namespace

int run_sim_scenario(const std::vector<std::string>& files, std::ostream& out, std::ostream& err,
                     const SimScenarioOptions& options) {
  if (files.empty()) {
    err << "feedwatch: sim scenario: no file given (name at least one .scenario file)\n";
    return usage;
  }
  ExitCode worst = ok;
  std::uint64_t decisions = 0;
  for (const std::string& file : files) {
    worst = std::max(worst, run_file(file, out, err, options, decisions));
  }
  if (!options.protect) return worst;
  out << fmt::format("{} decisions about positions\n", decisions);
  if (decisions > 0) return worst;
  err << "feedwatch: sim scenario --protect: nothing was decided, so nothing was shown\n";
  return std::max(worst, broken);
}

}  // namespace feedwatch::app
