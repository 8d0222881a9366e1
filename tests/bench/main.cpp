// The core against bare baselines: one table, exit code 0 whatever it says.
// usage: core_bench [--json | --markdown] [--quick] [--benchmark_filter=REGEX]
#include <string_view>

#include "tests/bench/figures.hpp"
#include "tests/bench/program.hpp"

namespace feedwatch::bench {
namespace {

std::vector<Figure> all_figures() {
  std::vector<Figure> all;
  for (const auto& some : {tick_figures(), deadline_figures(), guard_figures(), readers_figures(),
                           memory_figures(), origin_figures()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace
}  // namespace feedwatch::bench

int main(int argc, char** argv) {
  constexpr std::string_view memory = "--memory=";
  const std::string_view first = argc == 2 ? argv[1] : "";
  if (first.starts_with(memory)) {
    return feedwatch::bench::measure_memory(std::string(first.substr(memory.size())));
  }
  return feedwatch::bench::print_table("core_bench", feedwatch::bench::all_figures(), argc, argv);
}
