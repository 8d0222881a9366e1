#include "tests/bench/program.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/bench/table.hpp"

namespace feedwatch::bench {
namespace {

constexpr int quick_alternations = 3;

enum class Form { text, json, markdown };

struct Choice {
  Form form = Form::text;
  int runs = 0;  ///< 0: as many as each figure wants
  bool quick = false;
};

/// Turns the counters a figure's benchmark set into its row, and says on stderr how far it has
/// come.
class Collector : public benchmark::BenchmarkReporter {
 public:
  Collector(const char* program, const std::vector<Figure>& figures)
      : program_(program), figures_(figures) {}

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
    std::fprintf(stderr, "%s: %s\n", program_, figure.name);
    for (const auto& [name, value] : run.counters) {
      std::fprintf(stderr, "  %-12s %.2f\n", name.c_str(), value.value);
    }
    rows_.push_back(std::move(row));
  }

  const char* program_;
  const std::vector<Figure>& figures_;
  std::vector<Row> rows_;
};

/// Takes our own flags out of the arguments; the rest is for Google Benchmark.
Choice choice_of(int& argc, char** argv) {
  Choice choice;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      choice.form = Form::json;
    } else if (argument == "--markdown") {
      choice.form = Form::markdown;
    } else if (argument == "--quick") {
      choice.quick = true;
    } else if (argument == "--runs" && i + 1 < argc && std::atoi(argv[i + 1]) > 0) {
      choice.runs = std::atoi(argv[++i]);
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  return choice;
}

int alternations(const Figure& figure, const Choice& choice) {
  if (choice.runs > 0) return choice.runs;
  return choice.quick ? std::min(figure.alternations, quick_alternations) : figure.alternations;
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

}  // namespace

int print_table(const char* program, const std::vector<Figure>& figures, int argc, char** argv) {
  const Choice choice = choice_of(argc, argv);
  for (const Figure& figure : figures) {
    benchmark::RegisterBenchmark(figure.name, figure.run)
        ->Iterations(alternations(figure, choice))
        ->UseManualTime();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Collector collector(program, figures);
  benchmark::RunSpecifiedBenchmarks(&collector);
  std::fputs(table(choice.form, collector.rows()).c_str(), stdout);
  return 0;
}

}  // namespace feedwatch::bench
