#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "feedwatch/base/histogram.hpp"

namespace feedwatch::api {

/// Writes one exposition, Prometheus text 0.0.4 or OpenMetrics 1.0, into a buffer, family after
/// family. The caller keeps the samples of a family together. Label values may be any bytes. A
/// series given twice is written once, because one duplicate makes a scraper refuse the whole
/// exposition. OpenMetrics is told the unit of families whose names end in one. Not thread-safe:
/// one per scrape.
class MetricsText {
 public:
  enum class Format : std::uint8_t { prometheus, openmetrics };
  enum class Type : std::uint8_t { counter, gauge, histogram };
  using LabelList = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit MetricsText(Format format) : format_(format) {}

  /// Begins a family. `name` without the `_total` of counters.
  void family(std::string_view name, Type type, std::string_view help);
  void sample(double value, LabelList labels = {});
  void sample(std::uint64_t value, LabelList labels = {});
  /// Seconds since the epoch with milliseconds: a double would print digits that mean nothing.
  void sample_milliseconds(std::int64_t milliseconds, LabelList labels = {});
  /// All series of one histogram, in seconds; its family must be of that type. At most four labels.
  void sample(const Histogram::Snapshot& histogram, LabelList labels = {});

  std::string finish();
  std::string_view content_type() const;

 private:
  using LabelView = std::span<const std::pair<std::string_view, std::string_view>>;

  bool head(std::string_view suffix, LabelView labels);
  void number(double value);

  Format format_;
  Type type_ = Type::gauge;
  std::string name_;
  std::string out_;
  std::unordered_set<std::string> series_;  ///< of this family
};

/// OpenMetrics when the Accept header prefers it to plain text.
MetricsText::Format negotiate(std::string_view accept);

}  // namespace feedwatch::api
