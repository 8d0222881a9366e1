#include "tests/bench/pairs.hpp"

#include <algorithm>

namespace feedwatch::bench {
namespace {

std::vector<double> quotients(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> all;
  for (std::size_t i = 0; i < above.size(); ++i) {
    if (below[i] > 0) all.push_back(above[i] / below[i]);
  }
  return all;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void Pairs::add(benchmark::State& state, double bare, double product) {
  bare_.push_back(bare);
  product_.push_back(product);
  state.SetIterationTime(product / 1e9);
}

void Pairs::report(benchmark::State& state) const {
  state.counters["bare"] = median(bare_);
  state.counters["product"] = median(product_);
  state.counters["ratio"] = median(quotients(product_, bare_));
}

void Pairs::report_as_gain(benchmark::State& state) const {
  report(state);
  state.counters["ratio"] = median(quotients(bare_, product_));
}

void report_value(benchmark::State& state, double value) {
  state.counters["product"] = value;
}

}  // namespace feedwatch::bench
