#pragma once

#include <vector>

#include "tests/bench/pairs.hpp"

namespace feedwatch::bench {

/// What the answers cost that an operator's programs ask for.
std::vector<Figure> answer_figures();
/// What the feed's thread pays for scrapes, in a product of its own.
std::vector<Figure> scrape_figures();

}  // namespace feedwatch::bench
