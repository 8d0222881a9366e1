#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/board/judge.hpp"
#include "feedwatch/model/level.hpp"
#include "feedwatch/model/price_source.hpp"

namespace feedwatch {

/// How often each consumer was given a price or refused one, and why: the source of
/// feedwatch_guard_decisions_total{consumer,verdict,reason}.
///
/// Holds at most `max_consumers` names; later ones are counted together as "other". One thread
/// registers; any thread counts and reads, without waiting.
class Decisions {
 public:
  static constexpr std::size_t max_consumers = 64;
  using Consumer = std::size_t;

  Decisions();
  /// The same name gives the same consumer. Registering thread only.
  Consumer consumer(std::string_view name);

  void count_price(Consumer consumer, PriceSource source, Level level);
  void count_refusal(Consumer consumer, RefusalCode code);

  /// Counters above zero. Verdict: accepted, degraded or refused; reason: "ok" or "degraded" for a
  /// live price, "sibling" or "bridge" for another, or the word of the refusal.
  struct Row {
    std::string consumer;
    std::string_view verdict;
    std::string_view reason;
    std::uint64_t count = 0;
  };
  std::vector<Row> rows() const;

 private:
  static constexpr Consumer other = max_consumers;
  struct Entry {
    std::string name;  ///< written before the entry is published
    std::array<std::atomic<std::uint64_t>, price_source_count> accepted{};
    std::array<std::atomic<std::uint64_t>, price_source_count> degraded{};
    std::array<std::atomic<std::uint64_t>, refusal_count> refused{};
  };
  static void append(const Entry& entry, std::vector<Row>& rows);

  std::array<Entry, max_consumers + 1> entries_;
  std::atomic<std::size_t> registered_{0};
};

}  // namespace feedwatch
