#pragma once

#include <string>
#include <vector>

#include "tests/bench/pairs.hpp"

namespace feedwatch::bench {

std::vector<Figure> tick_figures();
std::vector<Figure> deadline_figures();
std::vector<Figure> guard_figures();
std::vector<Figure> readers_figures();
std::vector<Figure> memory_figures();
std::vector<Figure> origin_figures();

/// What a process of its own measures for memory_figures(): bytes each, on stdout.
int measure_memory(const std::string& what);

}  // namespace feedwatch::bench
