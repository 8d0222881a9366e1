#pragma once

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch {

/// A decision about a position as one JSON object: the same for whoever reads it and for whoever is
/// told of it. Prices are texts, ages seconds; what there is not is null.
void write_decision(JsonWriter& json, const PositionDecisionRow& row);

}  // namespace feedwatch
