#pragma once

#include <map>
#include <string>
#include <vector>

#include "feedwatch/sim/world.hpp"

namespace feedwatch::sim {

/// The invariants of semantics §11 that can be checked now (1, 4, 5, 6, 8, 9), held against the
/// true clock and the venues' own books. Watches one world from its start; apart from it, so that
/// the world needs no opinion. Keeps the first breach of each invariant and counts the rest.
class Checkers {
 public:
  /// Registers with the world's hooks; the world must outlive the last event.
  explicit Checkers(World& world);
  Checkers(const Checkers&) = delete;
  Checkers& operator=(const Checkers&) = delete;

  /// At the end of an instant: ages, guards, views, conflation.
  void on_instant(MonoTime now);
  /// After the run: what only the whole shows.
  void finish();
  /// "invariant 1 broken at 12.345 s: …", at most one per invariant.
  std::vector<std::string> breaches() const;

 private:
  struct Arrival {
    Prices prices;
    MonoTime published{};
    MonoTime arrived{};
  };
  struct StreamMemory {
    std::vector<Arrival> arrivals;  ///< newest last, bounded
    Ages ages;
    MonoTime looked{};
    std::uint64_t ticks = 0;
    MonoTime carried{};
    MonoTime confirmed{};
    bool seen = false;
  };

  void breach(int invariant, std::string what);
  void on_truth(const TrueTick& tick);
  void on_delivery(const ConsumerRecord& record, const Delivery& delivery);
  void check_true_age(const StreamKey& stream, const Prices& prices, Duration limit,
                      std::string_view who);
  void check_guards(MonoTime now);
  void check_ages(const engine::StreamView& view, MonoTime now);
  void check_view(const engine::StreamView& view, MonoTime now);
  void check_conflation(const ConsumerRecord& record, MonoTime now);
  void check_stale_reasons();
  void check_budgets();
  void check_scope();

  struct Breach {
    std::string first;
    std::uint64_t count = 0;
  };

  World& world_;
  std::map<StreamKey, StreamMemory> streams_;
  std::map<int, Breach> breaches_;
  MonoTime next_look_{};
};

}  // namespace feedwatch::sim
