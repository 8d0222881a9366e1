#pragma once

#include <string>
#include <vector>

#include "tests/bench/pairs.hpp"

namespace feedwatch::bench {

/// Runs the figures (those --benchmark_filter names) and prints their table on stdout; what each
/// came to on stderr as `program`. Takes --json, --markdown, --runs N (alternations of each),
/// --quick (three at most) and Google Benchmark's own flags. The exit code is 0 whatever the table
/// says, 2 for an unknown flag.
int print_table(const char* program, const std::vector<Figure>& figures, int argc, char** argv);

}  // namespace feedwatch::bench
