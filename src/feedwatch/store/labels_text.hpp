#pragma once

#include <string>
#include <string_view>

#include "feedwatch/base/ports/journal.hpp"

namespace feedwatch::store {

/// Labels as the JSON object of the `labels` column, and back. Parsing accepts what labels_json
/// writes (an object of strings); anything else yields the labels read up to that point.
std::string labels_json(const Labels& labels);
Labels labels_from_json(std::string_view json);

}  // namespace feedwatch::store
