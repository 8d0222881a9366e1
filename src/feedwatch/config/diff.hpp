#pragma once

#include <string>
#include <vector>

#include "feedwatch/config/document.hpp"

namespace feedwatch::config {

/// One setting or table that is not the same in two documents.
struct Difference {
  std::string what;      ///< "alerts.repeat", "venue kraken"
  bool restart = false;  ///< a running monitor cannot take it over
};

/// In the order of the schema; where values came from makes no difference. A table of an array is
/// named by its name, match or place in the order.
std::vector<Difference> differences(const Document& running, const Document& next);

}  // namespace feedwatch::config
