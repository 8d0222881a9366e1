#pragma once

#include <string>

#include "feedwatch/config/config.hpp"

namespace feedwatch::config {

/// What is in force, as TOML that loads to the same again, each value with where it came from.
/// Secrets keep their scheme and host only, and such a line is commented out.
std::string print_toml(const Config& config);

/// The same as one JSON object: {"venue":[{…}],"store":{…},…}; durations as texts.
std::string print_json(const Config& config);

}  // namespace feedwatch::config
