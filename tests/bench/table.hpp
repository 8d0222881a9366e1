#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/bench/pairs.hpp"

namespace feedwatch::bench {

/// What was measured for one figure; what it has no baseline for stays empty.
struct Row {
  Figure figure;
  std::optional<double> bare;
  std::optional<double> product;
  std::optional<double> ratio;
  std::string error;  ///< why there is no figure

  /// Held against the target: the ratio, or the value where there is no baseline.
  std::optional<double> judged() const { return ratio ? ratio : product; }
  /// Empty without a target or a figure.
  std::optional<bool> met() const;
};

std::string as_text(const std::vector<Row>& rows);
std::string as_markdown(const std::vector<Row>& rows);
std::string as_json(const std::vector<Row>& rows);

}  // namespace feedwatch::bench
