#include "feedwatch/api/metrics_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

namespace feedwatch::api {

namespace {

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

}  // namespace

void MetricsText::family(std::string_view name, Type type, std::string_view help) {
  type_ = type;
  name_ = name;
  // The text format names the family as its samples, OpenMetrics without the suffix.
  std::string shown(name);
  if (type == Type::counter) {
    name_ += "_total";
    if (format_ == Format::prometheus) shown = name_;
  }
  out_ += "# HELP " + shown + " ";
  append_escaped(out_, help, format_ == Format::openmetrics);
  out_ += "\n# TYPE " + shown + (type == Type::counter ? " counter\n" : " gauge\n");
}

void MetricsText::head(LabelList labels) {
  out_ += name_;
  if (labels.size() > 0) {
    char separator = '{';
    for (const auto& [name, value] : labels) {
      out_ += separator;
      separator = ',';
      out_.append(name).append("=\"");
      append_escaped(out_, value, true);
      out_ += '"';
    }
    out_ += '}';
  }
  out_ += ' ';
}

void MetricsText::sample(double value, LabelList labels) {
  head(labels);
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

void MetricsText::sample(std::uint64_t value, LabelList labels) {
  head(labels);
  fmt::format_to(std::back_inserter(out_), "{}\n", value);
}

void MetricsText::sample_milliseconds(std::int64_t milliseconds, LabelList labels) {
  head(labels);
  fmt::format_to(std::back_inserter(out_), "{}.{:03}\n", milliseconds / 1000, milliseconds % 1000);
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
    double quality = 1;
    const std::size_t q = item.find("q=");
    if (q != std::string_view::npos) {
      std::from_chars(item.data() + q + 2, item.data() + item.size(), quality);
    }
    const bool open = item.find("application/openmetrics-text") != std::string_view::npos;
    double& best = open ? best_open : best_text;
    best = std::max(best, quality);
  }
  return best_open > 0 && best_open >= best_text ? MetricsText::Format::openmetrics
                                                 : MetricsText::Format::prometheus;
}

}  // namespace feedwatch::api
