#pragma once

#include <map>
#include <string>
#include <vector>

#include "feedwatch/sim/invariants.hpp"
#include "feedwatch/sim/world.hpp"

namespace feedwatch::sim {

/// The invariants of semantics §11 (all but 10, which needs two runs), 11, about positions, and 12,
/// about what is decided of them, held against the true clock, the venues' own books and the
/// journal. Watches one world from its start; apart from it, so that
/// the world needs no opinion. Keeps the first breach of each invariant and counts the rest.
///
/// What an invariant asks of plain data stands in invariants.hpp; here it is gathered.
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
  static constexpr int positions_invariant = 11, decisions_invariant = 12;

  struct Arrival {
    Prices prices;
    MonoTime published{};
    MonoTime arrived{};
  };
  struct StreamMemory {
    std::vector<Arrival> arrivals;  ///< with a price, newest last, bounded
    std::uint64_t messages = 0;     ///< read of the stream, with a price or without
    std::uint64_t carrying = 0;
    std::optional<MonoTime> newest;
    std::optional<MonoTime> newest_price;
    std::optional<AgeSample> before;
    std::uint64_t ticks = 0;
    MonoTime applied{};  ///< when its tick counter was last seen to move
    Level told = Level::unknown;
    std::optional<MonoTime> untold;     ///< since when the view differs from what was told
    std::optional<MonoTime> healthy;    ///< since when without a break
    std::optional<MonoTime> uncovered;  ///< stale with fault since, and no alert speaks for it
  };

  void breach(int invariant, const std::string& what);
  void hold(int invariant, std::string_view subject, const Complaint& complaint);
  void on_truth(const TrueTick& tick);
  void on_delivery(const ConsumerRecord& record, const Delivery& delivery);
  void check_true_age(const StreamKey& stream, const Prices& prices, Duration limit,
                      std::string_view who);
  void check_guards(MonoTime now);
  void take_told();
  void look(MonoTime now);
  void look_at(const engine::StreamView& view, MonoTime now);
  void note_silence(const engine::StreamView& view);
  void check_ages(const engine::StreamView& view, StreamMemory& memory, MonoTime now);
  void check_told(const engine::StreamView& view, StreamMemory& memory, MonoTime now);
  void check_alerts(const std::vector<engine::StreamView>& views, MonoTime now);
  void check_covered(const engine::StreamView& view, StreamMemory& memory, bool covered,
                     MonoTime now);
  void check_lingering(const engine::StreamView& view, const StreamMemory& memory, MonoTime now,
                       const std::vector<engine::AlertView>& alerts);
  void check_bounds();
  void check_conflation(const ConsumerRecord& record, MonoTime now);
  void forget_unlisted(MonoTime now);

  // ---- positions (checkers_positions.cpp) ----
  struct PositionMemory {
    std::optional<MonoTime> refused;  ///< since when no price could be acted on
    std::optional<MonoTime> closed;   ///< and something about it was still open
  };
  bool is_served(const engine::PositionView& view, MonoTime now, Duration at_least = {}) const;
  void note_served(MonoTime now);
  void check_positions(MonoTime now);
  void on_decision(const ProtectionDecision& decision);
  bool was_sent_lately(const engine::PositionView& view, const Decimal& price,
                       Duration at_least) const;
  void check_closed(const PositionKey& key, PositionMemory memory,
                    const std::vector<engine::AlertView>& alerts, MonoTime now);

  static void begin_anew(StreamMemory& memory);
  void forget_spans();

  // ---- after the run (checkers_after.cpp) ----
  void check_journal();
  void check_causes();
  void check_stale_ends();
  void check_budgets(const VenueModel& venue);
  void check_scope(const VenueModel& venue);

  struct Breach {
    std::string first;
    std::uint64_t count = 0;
  };

  World& world_;
  std::map<StreamKey, StreamMemory> streams_;
  std::map<PositionKey, PositionMemory> positions_;
  std::map<int, Breach> breaches_;
  Causes causes_;
  std::size_t told_events_ = 0;  ///< of the history, taken into `told`
  MonoTime next_look_{};
  MonoTime next_wide_look_{};
};

}  // namespace feedwatch::sim
