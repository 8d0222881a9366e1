// The core against bare baselines: one table, exit code 0 whatever it says.
// usage: core_bench [--json | --markdown] [--benchmark_filter=REGEX]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <iterator>
#include <string_view>

#include "tests/bench/figures.hpp"
#include "tests/bench/table.hpp"

namespace feedwatch::bench {
namespace {

enum class Form { text, json, markdown };

std::vector<Figure> all_figures() {
  std::vector<Figure> all;
  for (const auto& some : {tick_figures(), deadline_figures(), guard_figures(), readers_figures(),
                           memory_figures(), origin_figures()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

/// Turns the counters a figure's benchmark set into its row, and says on stderr how far it has
/// come.
class Collector : public benchmark::BenchmarkReporter {
 public:
  explicit Collector(const std::vector<Figure>& figures) : figures_(figures) {}

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      for (const Figure& figure : figures_) {
        if (run.run_name.function_name == figure.name) add(figure, run);
      }
    }
  }

  const std::vector<Row>& rows() const { return rows_; }

 private:
  static std::optional<double> counter(const Run& run, const char* name) {
    const auto found = run.counters.find(name);
    if (found == run.counters.end()) return std::nullopt;
    return found->second.value;
  }

  void add(const Figure& figure, const Run& run) {
    Row row{.figure = figure,
            .bare = counter(run, "bare"),
            .product = counter(run, "product"),
            .ratio = counter(run, "ratio"),
            .error = run.error_occurred ? run.error_message : ""};
    std::fprintf(stderr, "core_bench: %s\n", figure.name);
    for (const auto& [name, value] : run.counters) {
      std::fprintf(stderr, "  %-12s %.2f\n", name.c_str(), value.value);
    }
    rows_.push_back(std::move(row));
  }

  const std::vector<Figure>& figures_;
  std::vector<Row> rows_;
};

/// Takes our own flags out of the arguments; the rest is for Google Benchmark.
Form form_of(int& argc, char** argv) {
  Form form = Form::text;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      form = Form::json;
    } else if (argument == "--markdown") {
      form = Form::markdown;
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  return form;
}

std::string table(Form form, const std::vector<Row>& rows) {
  switch (form) {
    case Form::json:
      return as_json(rows);
    case Form::markdown:
      return as_markdown(rows);
    case Form::text:
      break;
  }
  return as_text(rows);
}

int run(int argc, char** argv) {
  const Form form = form_of(argc, argv);
  const std::vector<Figure> figures = all_figures();
  for (const Figure& figure : figures) {
    benchmark::RegisterBenchmark(figure.name, figure.run)
        ->Iterations(figure.alternations)
        ->UseManualTime();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Collector collector(figures);
  benchmark::RunSpecifiedBenchmarks(&collector);
  std::fputs(table(form, collector.rows()).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace feedwatch::bench

int main(int argc, char** argv) {
  constexpr std::string_view memory = "--memory=";
  const std::string_view first = argc == 2 ? argv[1] : "";
  if (first.starts_with(memory)) {
    return feedwatch::bench::measure_memory(std::string(first.substr(memory.size())));
  }
  return feedwatch::bench::run(argc, argv);
}
