#pragma once

#include <vector>

#include "tests/bench/pairs.hpp"

namespace feedwatch::bench::ingest {

/// CPU a message beside bare loops and beside Beast.
std::vector<Figure> cpu_figures();
/// The same beside other people's clients, where they are installed.
std::vector<Figure> peer_figures();
std::vector<Figure> latency_figures();
std::vector<Figure> memory_figures();

}  // namespace feedwatch::bench::ingest
