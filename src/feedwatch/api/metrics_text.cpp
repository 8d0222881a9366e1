#include "feedwatch/api/metrics_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include "feedwatch/base/utf8.hpp"

namespace feedwatch::api {

namespace {

/// Escapes what both formats demand; ill-formed UTF-8 becomes U+FFFD, or the scrape would fail.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const std::string_view character = text.substr(0, step.length);
    text.remove_prefix(step.length);
    if (!step.valid) {
      out += "\xEF\xBF\xBD";
    } else if (character == "\\") {
      out += "\\\\";
    } else if (character == "\n") {
      out += "\\n";
    } else if (character == "\"" && quotes) {
      out += "\\\"";
    } else {
      out += character;
    }
  }
}

std::string_view word_of(MetricsText::Type type) {
  switch (type) {
    case MetricsText::Type::counter:
      return "counter";
    case MetricsText::Type::gauge:
      return "gauge";
    case MetricsText::Type::histogram:
      return "histogram";
  }
  return "gauge";
}

/// The quality of one item of an Accept header, 1 when it says none.
double quality_of(std::string_view item) {
  const std::size_t at = item.find("q=");
  if (at == std::string_view::npos) return 1;
  double quality = 0;
  std::from_chars(item.data() + at + 2, item.data() + item.size(), quality);
  return quality;
}

}  // namespace

void MetricsText::family(std::string_view name, Type type, std::string_view help) {
  type_ = type;
  name_ = name;
  series_.clear();
  // The text format names the family as its samples, OpenMetrics without the suffix.
  std::string shown(name);
  if (type == Type::counter) {
    name_ += "_total";
    if (format_ == Format::prometheus) shown = name_;
  }
  out_ += "# HELP " + shown + " ";
  append_escaped(out_, help, format_ == Format::openmetrics);
  out_ += fmt::format("\n# TYPE {} {}\n", shown, word_of(type));
  if (format_ != Format::openmetrics) return;
  for (const std::string_view unit : {"seconds", "bytes"}) {
    if (shown.ends_with("_" + std::string(unit))) {
      out_ += fmt::format("# UNIT {} {}\n", shown, unit);
    }
  }
}

/// Writes name and labels; false when this series stands already.
bool MetricsText::head(std::string_view suffix, LabelView labels) {
  std::string series = name_;
  series += suffix;
  char separator = '{';
  for (const auto& [name, value] : labels) {
    series += separator;
    separator = ',';
    series.append(name).append("=\"");
    append_escaped(series, value, true);
    series += '"';
  }
  if (!labels.empty()) series += '}';
  const auto [entry, fresh] = series_.insert(std::move(series));
  if (fresh) out_.append(*entry) += ' ';
  return fresh;
}

void MetricsText::number(double value) {
  if (std::isinf(value)) {
    out_ += value > 0 ? "+Inf" : "-Inf";
  } else if (std::isnan(value)) {
    out_ += "NaN";
  } else {
    char text[32];
    const auto end = std::to_chars(std::begin(text), std::end(text), value).ptr;
    out_.append(std::begin(text), end);
  }
  out_ += '\n';
}

void MetricsText::sample(double value, LabelList labels) {
  if (head({}, LabelView(labels.begin(), labels.size()))) number(value);
}

void MetricsText::sample(std::uint64_t value, LabelList labels) {
  if (!head({}, LabelView(labels.begin(), labels.size()))) return;
  fmt::format_to(std::back_inserter(out_), "{}\n", value);
}

void MetricsText::sample(const Histogram::Snapshot& histogram, LabelList labels) {
  constexpr std::size_t most = 4;
  std::array<std::pair<std::string_view, std::string_view>, most + 1> with_bound;
  const std::size_t given = std::min(labels.size(), most);
  std::copy_n(labels.begin(), given, with_bound.begin());
  const auto bucket = [&](std::string_view bound, std::uint64_t count) {
    with_bound[given] = {"le", bound};
    if (!head("_bucket", LabelView(with_bound).first(given + 1))) return;
    fmt::format_to(std::back_inserter(out_), "{}\n", count);
  };
  for (const auto& [bound, count] : histogram.buckets) {
    // OpenMetrics wants a point in it.
    std::string text = fmt::format("{}", to_seconds(bound));
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    bucket(text, count);
  }
  bucket("+Inf", histogram.count);
  const LabelView plain(with_bound.data(), given);
  if (head("_sum", plain)) number(to_seconds(histogram.sum));
  if (!head("_count", plain)) return;
  fmt::format_to(std::back_inserter(out_), "{}\n", histogram.count);
}

void MetricsText::sample_milliseconds(std::int64_t milliseconds, LabelList labels) {
  if (!head({}, LabelView(labels.begin(), labels.size()))) return;
  fmt::format_to(std::back_inserter(out_), "{}{}.{:03}\n", milliseconds < 0 ? "-" : "",
                 std::abs(milliseconds / 1000), std::abs(milliseconds % 1000));
}

std::string MetricsText::finish() {
  if (format_ == Format::openmetrics) out_ += "# EOF\n";
  return std::move(out_);
}

std::string_view MetricsText::content_type() const {
  return format_ == Format::openmetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

MetricsText::Format negotiate(std::string_view accept) {
  double best_open = 0;
  double best_text = accept.empty() ? 1 : 0;
  while (!accept.empty()) {
    const std::size_t end = accept.find(',');
    const std::string_view item = accept.substr(0, end);
    accept.remove_prefix(end == std::string_view::npos ? accept.size() : end + 1);
    const bool open = item.find("application/openmetrics-text") != std::string_view::npos;
    double& best = open ? best_open : best_text;
    best = std::max(best, quality_of(item));
  }
  return best_open > 0 && best_open >= best_text ? MetricsText::Format::openmetrics
                                                 : MetricsText::Format::prometheus;
}

}  // namespace feedwatch::api
