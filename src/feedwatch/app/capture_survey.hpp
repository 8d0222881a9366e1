#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "feedwatch/app/record.hpp"
#include "feedwatch/capture/reader.hpp"

namespace feedwatch::app {

/// What the beginning of a recording says about the whole.
struct CaptureSurvey {
  std::optional<capture::Session> header;  ///< of a recording of our own
  std::int64_t part = 1;                   ///< number of its first file
  std::optional<WallTime> first;           ///< of others': time of the first message
  std::string venue;                       ///< as named, else the one whose addresses are in it
  std::string streams;                     ///< as named, else those with a price: a TOML list
};

/// Reads the beginning. Of others' captures at most the first hundred thousand records, as far as
/// they are sound; the error names what cannot be opened.
Result<CaptureSurvey> survey_capture(const std::vector<std::string>& files, const VenueArgs& named);

/// A configuration for what was found; the error says what has to be named.
Result<std::string> surveyed_config(const CaptureSurvey& survey);

}  // namespace feedwatch::app
