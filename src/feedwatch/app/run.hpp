#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feedwatch/app/app.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/config/config.hpp"

namespace feedwatch::app {

struct ConfigArgs {
  std::string file;                                      ///< empty = built-in defaults
  std::vector<std::pair<std::string, std::string>> set;  ///< key, value: strongest
};

/// Exit codes every command shares (docs/reference/cli.md).
constexpr int exit_ok = 0;
constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
constexpr int exit_configuration = 3;

/// Prints `feedwatch: what: why (what to do)` on stderr.
void print_error(const Error& error);

/// Loads configuration from file, environment and flags; prints every mistake. Absent: exit 3.
std::optional<config::Config> load_config(const ConfigArgs& args);

/// The same of a text that stands for the file.
std::optional<config::Config> load_config_text(const std::string& text, const std::string& name,
                                               const ConfigArgs& args);

AppSettings settings_from(const config::Config& config);

/// `feedwatch run`: the monitor until SIGINT or SIGTERM, which drains within five seconds.
int run_monitor(const ConfigArgs& args, std::string_view version);

/// `feedwatch config check|print|schema`.
int run_config_check(const ConfigArgs& args);
int run_config_print(const ConfigArgs& args, bool json);
int run_config_schema();

}  // namespace feedwatch::app
