#pragma once

#include <benchmark/benchmark.h>

#include <optional>
#include <string_view>
#include <vector>

namespace feedwatch::bench {

/// What a figure is held against: the ratio to its baseline or, where there is none, its value.
struct Target {
  enum class Sense { at_most, at_least };
  Sense sense = Sense::at_most;
  double value = 0;

  bool met(double figure) const {
    return sense == Sense::at_most ? figure <= value : figure >= value;
  }
};
constexpr Target at_most(double value) {
  return {Target::Sense::at_most, value};
}
constexpr Target at_least(double value) {
  return {Target::Sense::at_least, value};
}

/// One line of the table. Its benchmark reports through Pairs or report_value().
struct Figure {
  const char* name;  ///< of its benchmark, for --benchmark_filter
  const char* what;
  const char* unit;
  std::optional<Target> target;
  int alternations;
  void (*run)(benchmark::State&);
};

/// Alternations of a baseline and the product in one process. The figure is the median of the
/// ratios, not the ratio of the medians: a machine that slows down slows both halves of a pair.
class Pairs {
 public:
  /// One alternation; the times are those of one thing done.
  void add(benchmark::State& state, double bare, double product);
  void report(benchmark::State& state) const;
  /// For targets of the kind "so many times less than the baseline".
  void report_as_gain(benchmark::State& state) const;

 private:
  std::vector<double> bare_;
  std::vector<double> product_;
};

/// A figure without a baseline.
void report_value(benchmark::State& state, double value);

double median(std::vector<double> values);

}  // namespace feedwatch::bench
