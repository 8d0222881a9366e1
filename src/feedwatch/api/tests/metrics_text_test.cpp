#include "feedwatch/api/metrics_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "feedwatch/api/tests/exposition.hpp"

namespace feedwatch::api {
namespace {

using Format = MetricsText::Format;
using Type = MetricsText::Type;

std::string one(Format format, Type type, std::uint64_t value) {
  MetricsText text(format);
  text.family("feedwatch_ticks", type, "Ticks \\ and \"lines\"\nof help.");
  text.sample(value, {{"reason", "a\\b\"c\nd"}});
  return text.finish();
}

TEST(MetricsText, text_format_names_counters_by_their_samples) {
  EXPECT_EQ(one(Format::prometheus, Type::counter, 7),
            "# HELP feedwatch_ticks_total Ticks \\\\ and \"lines\"\\nof help.\n"
            "# TYPE feedwatch_ticks_total counter\n"
            "feedwatch_ticks_total{reason=\"a\\\\b\\\"c\\nd\"} 7\n");
}

TEST(MetricsText, openmetrics_names_the_family_and_says_where_it_ends) {
  EXPECT_EQ(one(Format::openmetrics, Type::counter, 7),
            "# HELP feedwatch_ticks Ticks \\\\ and \\\"lines\\\"\\nof help.\n"
            "# TYPE feedwatch_ticks counter\n"
            "feedwatch_ticks_total{reason=\"a\\\\b\\\"c\\nd\"} 7\n"
            "# EOF\n");
}

TEST(MetricsText, values) {
  MetricsText text(Format::prometheus);
  text.family("g", Type::gauge, "h");
  text.sample(0.1, {{"n", "1"}});
  text.sample(1e300, {{"n", "2"}});
  text.sample(std::numeric_limits<double>::infinity(), {{"n", "3"}});
  text.sample(-std::numeric_limits<double>::infinity(), {{"n", "4"}});
  text.sample(std::nan(""), {{"n", "5"}});
  text.sample(std::numeric_limits<std::uint64_t>::max(), {{"n", "6"}});
  text.sample_milliseconds(1'767'225'600'007, {{"n", "7"}});
  text.sample_milliseconds(-1'500, {{"n", "8"}});
  text.sample(std::uint64_t{0});
  const Exposition read = ExpositionReader(false).read(text.finish());
  EXPECT_EQ(read.fault, "");
  EXPECT_EQ(read.value("g{n=\"1\"}"), "0.1");
  EXPECT_EQ(read.value("g{n=\"2\"}"), "1e+300");
  EXPECT_EQ(read.value("g{n=\"3\"}"), "+Inf");
  EXPECT_EQ(read.value("g{n=\"4\"}"), "-Inf");
  EXPECT_EQ(read.value("g{n=\"5\"}"), "NaN");
  EXPECT_EQ(read.value("g{n=\"6\"}"), "18446744073709551615");
  EXPECT_EQ(read.value("g{n=\"7\"}"), "1767225600.007");
  EXPECT_EQ(read.value("g{n=\"8\"}"), "-1.500");
  EXPECT_EQ(read.value("g"), "0");
}

Histogram::Snapshot three() {
  static constexpr std::array<Duration, 2> bounds{2500us, 1s};
  Histogram histogram(bounds);
  for (const Duration value : {Duration{1ms}, Duration{500ms}, Duration{10s}}) {
    histogram.observe(value);
  }
  return histogram.snapshot();
}

TEST(MetricsText, histograms_have_ranges_sum_and_count) {
  MetricsText text(Format::prometheus);
  text.family("lag_seconds", Type::histogram, "h");
  text.sample(three(), {{"loop", "a\"b"}});
  EXPECT_EQ(text.finish(),
            "# HELP lag_seconds h\n# TYPE lag_seconds histogram\n"
            "lag_seconds_bucket{loop=\"a\\\"b\",le=\"0.0025\"} 1\n"
            "lag_seconds_bucket{loop=\"a\\\"b\",le=\"1.0\"} 2\n"
            "lag_seconds_bucket{loop=\"a\\\"b\",le=\"+Inf\"} 3\n"
            "lag_seconds_sum{loop=\"a\\\"b\"} 10.501\n"
            "lag_seconds_count{loop=\"a\\\"b\"} 3\n");
}

TEST(MetricsText, openmetrics_is_told_units) {
  MetricsText text(Format::openmetrics);
  text.family("lag_seconds", Type::histogram, "h");
  text.sample(three());
  text.family("free_bytes", Type::gauge, "h");
  text.family("cpu_seconds", Type::counter, "h");
  text.sample(1.5);
  text.family("level", Type::gauge, "h");
  const std::string out = text.finish();
  EXPECT_EQ(ExpositionReader(true).read(out).fault, "");
  EXPECT_NE(out.find("# TYPE lag_seconds histogram\n# UNIT lag_seconds seconds\n"),
            std::string::npos);
  EXPECT_NE(out.find("# UNIT free_bytes bytes\n"), std::string::npos);
  EXPECT_NE(out.find("# UNIT cpu_seconds seconds\ncpu_seconds_total 1.5\n"), std::string::npos);
  EXPECT_EQ(out.find("# UNIT level"), std::string::npos);
}

TEST(MetricsText, a_series_given_twice_is_written_once) {
  MetricsText text(Format::prometheus);
  text.family("a", Type::gauge, "h");
  text.sample(std::uint64_t{1}, {{"n", "x"}});
  text.sample(std::uint64_t{2}, {{"n", "x"}});
  text.family("b", Type::gauge, "h");
  text.sample(std::uint64_t{3}, {{"n", "x"}});
  const Exposition read = ExpositionReader(false).read(text.finish());
  EXPECT_EQ(read.fault, "");
  EXPECT_EQ(read.value("a{n=\"x\"}"), "1");
  EXPECT_EQ(read.value("b{n=\"x\"}"), "3");
}

TEST(MetricsText, label_values_may_be_any_bytes) {
  MetricsText text(Format::openmetrics);
  text.family("a", Type::gauge, "h");
  text.sample(std::uint64_t{1}, {{"symbol", "\xff\xc3(\"}\\"}});
  const std::string out = text.finish();
  EXPECT_EQ(ExpositionReader(true).read(out).fault, "");
  EXPECT_NE(out.find("a{symbol=\"\uFFFD\uFFFD(\\\"}\\\\\"} 1"), std::string::npos) << out;
}

TEST(Negotiate, text_unless_openmetrics_is_preferred) {
  const auto is_open = [](const char* accept) { return negotiate(accept) == Format::openmetrics; };
  EXPECT_FALSE(is_open(""));
  EXPECT_FALSE(is_open("*/*"));
  EXPECT_FALSE(is_open("text/html,application/xhtml+xml,*/*;q=0.8"));
  EXPECT_FALSE(is_open("text/plain;version=0.0.4"));
  EXPECT_TRUE(is_open("application/openmetrics-text"));
  EXPECT_TRUE(is_open("application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"));
  EXPECT_FALSE(is_open("application/openmetrics-text;q=0.2,text/plain;q=0.9"));
  EXPECT_FALSE(is_open("application/openmetrics-text;q=0"));
  EXPECT_FALSE(is_open("application/openmetrics-text;q="));
  // What Prometheus 3 sends.
  EXPECT_TRUE(
      is_open("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
              "application/openmetrics-text;version=0.0.1;q=0.5,"
              "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
              "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"));
}

TEST(MetricsText, content_types_are_the_formats_own) {
  EXPECT_EQ(MetricsText(Format::prometheus).content_type(),
            "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(MetricsText(Format::openmetrics).content_type(),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

}  // namespace
}  // namespace feedwatch::api
