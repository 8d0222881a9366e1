#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "feedwatch/base/time.hpp"

namespace feedwatch::sim {

/// Everything that happened, one line each, with its virtual time since the start of the run:
/// "12.345678901 alpha dial conn=3". The proof that a seed determines a run. Bounded: past
/// `max_bytes` lines are only counted and hashed.
class EventLog {
 public:
  static constexpr std::size_t max_bytes = 256U << 20U;

  void line(MonoTime at, std::string_view who, std::string_view what);
  const std::string& text() const { return text_; }
  std::uint64_t lines() const { return lines_; }
  std::uint64_t dropped() const { return dropped_; }
  /// FNV-1a over every line, the dropped ones included.
  std::uint64_t hash() const { return hash_; }

 private:
  std::string text_;
  std::uint64_t lines_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t hash_ = 14695981039346656037ULL;
};

/// "12.345678901": seconds since the start of the run, all nine digits.
std::string run_time_text(MonoTime at);

}  // namespace feedwatch::sim
