#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/board/judge.hpp"
#include "feedwatch/guard/thread_stripe.hpp"
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

  class Consumer {
   public:
    explicit Consumer(std::string_view name) : name_(name) {}
    void count_price(PriceSource source, Level level) {
      const std::size_t stripe = thread_stripe();
      Counters& counters = stripes_[stripe];
      auto& given = level == Level::degraded ? counters.degraded : counters.accepted;
      count(given[static_cast<std::size_t>(source)], stripe);
    }
    void count_refusal(RefusalCode code) {
      const std::size_t stripe = thread_stripe();
      count(stripes_[stripe].refused[static_cast<std::size_t>(code)], stripe);
    }

   private:
    friend class Decisions;
    using Counter = std::atomic<std::uint64_t>;
    /// On cache lines of its own.
    struct alignas(64) Counters {
      std::array<Counter, price_source_count> accepted{};
      std::array<Counter, price_source_count> degraded{};
      std::array<Counter, refusal_count> refused{};
    };

    static void count(Counter& counter, std::size_t stripe) {
      if (stripe < own_stripes) {
        counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      } else {
        counter.fetch_add(1, std::memory_order_relaxed);
      }
    }

    std::array<Counters, stripe_count> stripes_{};
    std::string name_;
  };

  /// The same name gives the same consumer, which lives as long as this. Registering thread only.
  Consumer& consumer(std::string_view name);

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
  static void append(const Consumer& consumer, std::vector<Row>& rows);

  std::array<std::unique_ptr<Consumer>, max_consumers> consumers_;
  std::atomic<std::size_t> registered_{0};
  Consumer other_{"other"};
};

}  // namespace feedwatch
