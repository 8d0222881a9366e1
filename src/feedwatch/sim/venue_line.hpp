#pragma once

#include <memory>
#include <optional>

#include "feedwatch/sim/generic_venue.hpp"
#include "feedwatch/sim/line_reader.hpp"
#include "feedwatch/sim/venue_model.hpp"

namespace feedwatch::sim {

/// A `venue` line, read. `generic` is set for a venue that the line itself describes.
struct VenueLine {
  VenueSetup setup;
  std::unique_ptr<GenericVenue> generic;
};

/// Takes the rest of a `venue` line. Throws LineError.
VenueLine take_venue(LineReader& words, const Distance& distance);

}  // namespace feedwatch::sim
