#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/engine/control.hpp"
#include "tests/bench/protect/market.hpp"

namespace feedwatch::bench {

/// The way of a price through the product behind its decoder, on one thread: into the monitor, over
/// the tap to the control, and what the control decides to a journal, which answers at once, and to
/// somebody who confirms it at once. Positions as Product has them, with both rules.
class Whole {
 public:
  Whole(const Crowd& crowd, const Market& market);
  ~Whole();
  Whole(const Whole&) = delete;
  Whole& operator=(const Whole&) = delete;

  /// Tells all ticks; the control is woken after each so many, and whenever it asked to be.
  void tell(std::span<const Traded> ticks, std::size_t together);
  /// Closes what was decided to be closed, and opens as much anew. Not to be measured.
  void replace_closed(const Market& market);
  std::uint64_t decisions() const { return decisions_; }
  std::uint64_t rows() const { return journal_.rows; }

 private:
  class SetClock final : public Clock {
   public:
    MonoTime now() const override { return at; }
    WallTime wall_now() const override {
      return wall_from_ms(1'700'000'000'000) + (at - MonoTime{100h});
    }
    MonoTime at{100h};
  };
  class NotedWakeup final : public Wakeup {
   public:
    void arm(MonoTime moment) override { at = moment; }
    void disarm() override { at = never_mono; }
    MonoTime at = never_mono;
  };
  class CountingJournal final : public Journal {
   public:
    void commit(JournalBatch batch, Done done) override {
      rows += batch.rows.size();
      waiting.push_back(std::move(done));
    }
    std::uint64_t rows = 0;
    std::deque<Done> waiting;
  };

  void open(std::size_t at, std::int64_t price);
  void take(const PositionDecisionRow& row);
  void serve();

  Crowd crowd_;
  Random random_{3};
  SetClock clock_;
  NotedWakeup wakeup_;
  CountingJournal journal_;
  engine::StatusBoard status_{[] {}};
  bool priced_ = false;
  engine::PriceTap tap_{[this] { priced_ = true; }};
  Monitor monitor_;
  std::vector<StreamKey> streams_;
  std::vector<PositionKey> keys_;  ///< by number
  std::vector<PositionKey> closed_;
  std::vector<std::pair<PositionKey, std::uint64_t>> proposed_;
  std::uint64_t decisions_ = 0;
  std::unique_ptr<engine::Control> control_;  ///< last: reads the monitor
};

}  // namespace feedwatch::bench
