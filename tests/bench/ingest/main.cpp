// From bytes on a socket to a price on the board, beside bare loops and other clients: one table,
// exit code 0 whatever it says. The blaster has the first core, the client under test the second.
// usage: ingest_bench [--json | --markdown] [--quick] [--peers] [--benchmark_filter=REGEX]
//        ingest_bench --client=ROLE …     what the first form starts as client under test
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "tests/bench/ingest/client.hpp"
#include "tests/bench/ingest/rows.hpp"
#include "tests/bench/program.hpp"

namespace feedwatch::bench::ingest {
namespace {

/// What stands behind "--name=" among the arguments; empty when it is not there.
std::string_view value_of(int argc, char** argv, std::string_view name) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(name) && argument.substr(name.size()).starts_with('=')) {
      return argument.substr(name.size() + 1);
    }
  }
  return {};
}

bool has(int argc, char** argv, std::string_view flag) {
  for (int i = 1; i < argc; ++i) {
    if (argv[i] == flag) return true;
  }
  return false;
}

std::size_t number_of(int argc, char** argv, std::string_view name) {
  return std::strtoul(std::string(value_of(argc, argv, name)).c_str(), nullptr, 10);
}

int run_client(std::string_view role, int argc, char** argv) {
  ClientOptions options;
  options.port = static_cast<std::uint16_t>(number_of(argc, argv, "--port"));
  options.shape = shape_named(value_of(argc, argv, "--shape")).value_or(Shape::book_ticker);
  options.ca_file = value_of(argc, argv, "--ca");
  options.folder = value_of(argc, argv, "--folder");
  options.busy = has(argc, argv, "--busy");
  options.latencies = number_of(argc, argv, "--latencies");
  options.symbols = number_of(argc, argv, "--symbols");
  if (role == "product") return run_product(options);
  if (role == "simdjson") return run_bare_simdjson(options);
  if (role == "scan") return run_bare_scan(options);
  if (role == "beast") return run_beast(options);
  std::fprintf(stderr, "ingest_bench: no client of this name\n");
  return 2;
}

std::vector<Figure> all_figures(bool peers) {
  std::vector<Figure> all = cpu_figures();
  const auto add = [&](const std::vector<Figure>& some) {
    all.insert(all.end(), some.begin(), some.end());
  };
  if (peers) add(peer_figures());
  add(latency_figures());
  add(memory_figures());
  return all;
}

/// Ours, not Google Benchmark's.
bool take_peers_flag(int& argc, char** argv) {
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) != "--peers") argv[kept++] = argv[i];
  }
  const bool found = kept != argc;
  argc = kept;
  return found;
}

int run(int argc, char** argv) {
  const std::string_view role = value_of(argc, argv, "--client");
  if (!role.empty()) return run_client(role, argc, argv);
  const bool peers = take_peers_flag(argc, argv);
  if (!peers) std::fprintf(stderr, "ingest_bench: without ccxt, ws and websockets (--peers)\n");
  return print_table("ingest_bench", all_figures(peers), argc, argv);
}

}  // namespace
}  // namespace feedwatch::bench::ingest

int main(int argc, char** argv) {
  try {
    return feedwatch::bench::ingest::run(argc, argv);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "ingest_bench: %s\n", failure.what());
    return 1;
  }
}
