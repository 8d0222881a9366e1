#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch {

struct DivergenceOptions {
  Decimal percent{1, 0};  ///< of the mark price; exactly as much is none
  Duration longer_than = 3s;

  /// What is wrong, for the person who wrote it; empty when nothing is.
  std::string_view problem() const;
};

/// Whether last and mark of one symbol tell different things (semantics §10): |last − mark| / mark
/// above the limit for longer than the time. Only prices that were both accepted are compared. A
/// refusal of either is no evidence: what has been found stays, and what was on its way there
/// begins anew, because nobody saw it last. State machine: told `now`, which never goes back; one
/// owner; no floating point.
class DivergenceWatch {
 public:
  explicit DivergenceWatch(DivergenceOptions options) : options_(options) {}

  /// Both accepted at this moment. Without an effect where mark is not above zero, or the
  /// difference cannot be computed.
  void on_prices(const Decimal& last, const Decimal& mark, MonoTime now);
  void on_refused();

  /// unknown: no evidence either way since the last refusal, or ever. apart: not for long enough.
  enum class State : std::uint8_t { unknown, agreed, apart, diverged };
  State state() const { return state_; }
  /// When the two were first seen apart; set while `apart` and `diverged`.
  std::optional<MonoTime> since() const { return since_; }
  /// As it was last seen, in percent of the mark price, two places; absent before that.
  const std::optional<Decimal>& percent() const { return percent_; }

 private:
  DivergenceOptions options_;
  State state_ = State::unknown;
  std::optional<MonoTime> since_;
  std::optional<Decimal> percent_;
};

}  // namespace feedwatch
