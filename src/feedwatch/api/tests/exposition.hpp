#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace feedwatch::api {

/// An exposition read back strictly: enough of a parser to see what a scraper would refuse.
struct Exposition {
  struct Sample {
    std::string family, series, value;
  };
  std::vector<Sample> samples;
  std::set<std::string> families;
  std::string fault;  ///< the first violation, empty if there is none

  std::optional<std::string> value(std::string_view series) const {
    for (const Sample& sample : samples) {
      if (sample.series == series) return sample.value;
    }
    return std::nullopt;
  }
};

class ExpositionReader {
 public:
  explicit ExpositionReader(bool openmetrics) : openmetrics_(openmetrics) {}

  Exposition read(std::string_view text) {
    if (text.empty() || text.back() != '\n') fail("does not end with a newline");
    while (!text.empty() && found_.fault.empty()) {
      const std::size_t end = text.find('\n');
      line(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    if (openmetrics_ && !ended_) fail("no # EOF");
    end_histogram();
    return found_;
  }

 private:
  void fail(const std::string& why) {
    if (found_.fault.empty()) found_.fault = why;
  }

  void line(std::string_view text) {
    if (ended_) return fail("text after # EOF");
    if (text == "# EOF") {
      if (!openmetrics_) fail("# EOF in the text format");
      ended_ = true;
    } else if (text.starts_with("# HELP ")) {
      help(text.substr(7));
    } else if (text.starts_with("# TYPE ")) {
      type(text.substr(7));
    } else if (text.starts_with("# UNIT ")) {
      unit(text.substr(7));
    } else {
      sample(text);
    }
  }

  void help(std::string_view text) {
    end_histogram();
    family_ = text.substr(0, text.find(' '));
    typed_ = false;
    if (!found_.families.insert(family_).second) fail("family twice: " + family_);
    if (text.size() <= family_.size() + 1) fail("no help: " + family_);
  }

  void type(std::string_view text) {
    const std::size_t blank = text.find(' ');
    if (text.substr(0, blank) != family_) return fail("TYPE without HELP: " + std::string(text));
    type_ = text.substr(blank + 1);
    typed_ = true;
    if (type_ != "counter" && type_ != "gauge" && type_ != "histogram") fail("type " + type_);
    const bool total = family_.ends_with("_total");
    if (type_ == "counter" && total == openmetrics_) fail("counter's name: " + family_);
    if (type_ == "gauge" && total) fail("gauge named as a counter: " + family_);
  }

  void unit(std::string_view text) {
    if (!openmetrics_) fail("# UNIT in the text format");
    const std::size_t blank = text.find(' ');
    if (text.substr(0, blank) != family_) fail("UNIT without TYPE: " + std::string(text));
    if (!family_.ends_with("_" + std::string(text.substr(blank + 1)))) fail("unit of " + family_);
  }

  /// A histogram's series: of its three kinds, ranges that ascend in bound and count, +Inf last and
  /// equal to the count.
  void histogram(std::string_view name, std::string_view labels, const std::string& value) {
    const std::string_view kind = name.substr(family_.size());
    if (kind != "_bucket" && kind != "_sum" && kind != "_count") {
      return fail(std::string(name) + " in the histogram " + family_);
    }
    if (kind == "_sum") return;
    const std::uint64_t count = std::stoull(value);
    if (kind == "_count") {
      if (bound_ != std::numeric_limits<double>::infinity()) fail("no +Inf: " + family_);
      if (count != counted_) fail("count of " + family_);
      end_histogram();
      return;
    }
    const std::size_t le = labels.rfind("le=\"");
    if (le == std::string_view::npos) return fail("no le: " + family_);
    const std::string text(labels.substr(le + 4, labels.find('"', le + 4) - le - 4));
    const double bound = text == "+Inf" ? std::numeric_limits<double>::infinity() : std::stod(text);
    if (openmetrics_ && text.find_first_of(".eI") == std::string::npos) fail("le " + text);
    if (bound <= bound_ || count < counted_) fail("ranges of " + family_ + " at " + text);
    bound_ = bound;
    counted_ = count;
    open_ = true;
  }

  void end_histogram() {
    if (open_ && bound_ != std::numeric_limits<double>::infinity()) fail("no +Inf: " + family_);
    open_ = false;
    bound_ = -std::numeric_limits<double>::infinity();
    counted_ = 0;
  }

  void sample(std::string_view text) {
    if (!typed_) return fail("sample before TYPE: " + std::string(text));
    const std::size_t end = labels_end(text);
    if (end == std::string_view::npos || end >= text.size() || text[end] != ' ') {
      return fail("cannot be read: " + std::string(text));
    }
    const std::string series(text.substr(0, end));
    const std::string name = series.substr(0, series.find('{'));
    const bool suffix = openmetrics_ && type_ == "counter";
    const std::string value(text.substr(end + 1));
    if (type_ == "histogram" && name.starts_with(family_)) {
      histogram(name, series, value);
    } else if (name != family_ + (suffix ? "_total" : "")) {
      fail(name + " in the family " + family_);
    }
    if (!series_.insert(series).second) fail("series twice: " + series);
    if (value.empty() || value.find(' ') != std::string::npos) fail("value of " + series);
    found_.samples.push_back({family_, series, value});
  }

  /// Where the labels end: escapes and quotes as the formats say.
  static std::size_t labels_end(std::string_view text) {
    const std::size_t open = text.find_first_of("{ ");
    if (open == std::string_view::npos || text[open] == ' ') return open;
    bool quoted = false;
    for (std::size_t i = open + 1; i < text.size(); ++i) {
      if (quoted && text[i] == '\\') {
        ++i;
        if (i >= text.size() || std::string_view("\\\"n").find(text[i]) == std::string_view::npos) {
          return std::string_view::npos;
        }
      } else if (text[i] == '"') {
        quoted = !quoted;
      } else if (!quoted && text[i] == '}') {
        return i + 1;
      }
    }
    return std::string_view::npos;
  }

  bool openmetrics_;
  bool ended_ = false;
  bool typed_ = false;
  std::string family_, type_;
  std::set<std::string> series_;
  double bound_ = -std::numeric_limits<double>::infinity();
  std::uint64_t counted_ = 0;
  bool open_ = false;
  Exposition found_;
};

}  // namespace feedwatch::api
