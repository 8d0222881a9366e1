#pragma once

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
    } else {
      sample(text);
    }
  }

  void help(std::string_view text) {
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
    if (type_ != "counter" && type_ != "gauge") fail("type " + type_);
    const bool total = family_.ends_with("_total");
    if (type_ == "counter" && total == openmetrics_) fail("counter's name: " + family_);
    if (type_ == "gauge" && total) fail("gauge named as a counter: " + family_);
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
    if (name != family_ + (suffix ? "_total" : "")) fail(name + " in the family " + family_);
    if (!series_.insert(series).second) fail("series twice: " + series);
    const std::string value(text.substr(end + 1));
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
  Exposition found_;
};

}  // namespace feedwatch::api
