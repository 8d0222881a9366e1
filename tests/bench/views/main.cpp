// What the slow half costs: the answers an operator's programs ask for, and what the feed's thread
// pays for being measured and scraped. One table, exit code 0 whatever it says.
// usage: views_bench [--json | --markdown] [--quick | --runs N] [--benchmark_filter=REGEX]
//        views_bench --scraped-product …     what the first form starts as product under test
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "tests/bench/program.hpp"
#include "tests/bench/views/rows.hpp"
#include "tests/bench/views/scraped_product.hpp"

namespace feedwatch::bench {
namespace {

std::vector<Figure> all_figures() {
  std::vector<Figure> all = answer_figures();
  const std::vector<Figure> more = scrape_figures();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

int run(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "--scraped-product") {
    run_scraped_product({.port = static_cast<std::uint16_t>(std::atoi(argv[2])),
                         .folder = argv[3],
                         .feed_core = std::atoi(argv[4])});
  }
  return print_table("views_bench", all_figures(), argc, argv);
}

}  // namespace
}  // namespace feedwatch::bench

int main(int argc, char** argv) {
  try {
    return feedwatch::bench::run(argc, argv);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "views_bench: %s\n", failure.what());
    return 1;
  }
}
