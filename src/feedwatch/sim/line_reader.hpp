#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::sim {

/// What is wrong with a line of a scenario; thrown by LineReader, turned into an Error by the
/// parser.
struct LineError {
  std::string why;
  std::string fix;
  int line = 0;  ///< zero = the one being read
};

/// The words of one scenario line, taken from left to right. "quoted words" are one word; `#`
/// begins a comment; `;` is a word of its own. Every taking function throws LineError.
class LineReader {
 public:
  explicit LineReader(std::string_view line);

  bool done() const { return next_ == words_.size(); }
  /// The next word without taking it, empty at the end.
  std::string_view peek() const;
  /// Takes the next word if it is this one.
  bool accept(std::string_view word);
  /// Takes a word; `what` and `valid` say what belonged here if there is none.
  std::string take(std::string_view what, std::string_view valid = {});
  Duration take_duration(std::string_view what);         ///< "5s"
  Duration take_signed_duration(std::string_view what);  ///< "+5s", "-1h", "5s"
  std::int64_t take_number(std::string_view what);
  [[noreturn]] static void fail(std::string why, std::string fix = {});
  /// Fails unless every word has been taken.
  void finish(std::string_view valid = {}) const;

 private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

/// "S[1..50]/mark" → S1/mark … S50/mark; a word without a range is itself. At most 10,000.
std::vector<std::string> expand_range(std::string_view word);

}  // namespace feedwatch::sim
