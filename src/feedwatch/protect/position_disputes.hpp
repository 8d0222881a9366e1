#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/time.hpp"
#include "feedwatch/protect/position_book.hpp"

namespace feedwatch {

/// What of an open position may change, and several may know differently.
struct PositionValues {
  Decimal entry_price, quantity;
  friend bool operator==(const PositionValues&, const PositionValues&) = default;
};
PositionValues values_of(const Position& position);

/// Which positions somebody lists otherwise than they are known: one word counts, and the others
/// are a finding once they have differed for a while, not turns that each of them takes. State
/// machine: told words and the time; one owner; every call takes logarithmic time, forget() that of
/// all positions.
class PositionDisputes {
 public:
  /// Positions that are found at a time; the others are as soon as there is room.
  static constexpr std::size_t max_found = 1'000;

  explicit PositionDisputes(Duration told_after) : told_after_(told_after) {}

  /// A source lists the position so, and another word counts.
  void on_said(const PositionKey& key, const std::string& source, const PositionValues& said,
               const PositionValues& counts, MonoTime now);
  /// What counts is this from now on.
  void on_counts(const PositionKey& key, const PositionValues& counts, MonoTime now);
  /// The source's own word is the one that counts.
  void on_unsaid(const PositionKey& key, const std::string& source, MonoTime now);
  /// The source lists it no more.
  void on_absent(const PositionKey& key, const std::string& source, MonoTime now);
  void on_forgotten(const std::string& source, MonoTime now);
  void on_closed(const PositionKey& key);
  /// Found in an earlier run: it ends with the first other word that agrees.
  void restore(const PositionKey& key);

  void on_time(MonoTime now);
  /// When on_time() has something to do; never_mono: nothing.
  MonoTime next_deadline() const;

  struct Dispute {
    PositionKey key;
    bool present = false;
    MonoTime since{};
    std::vector<std::pair<std::string, PositionValues>> others;  ///< by source
  };
  /// Once, when it ends, and when the words change.
  std::vector<Dispute> take_found() { return std::exchange(found_, {}); }

 private:
  struct Words {
    PositionValues counts;
    std::map<std::string, PositionValues> said;  ///< by source
    std::optional<MonoTime> since;               ///< that one differs
    bool told = false;
  };
  using Place = std::map<PositionKey, Words>::iterator;

  Place judge(Place place, MonoTime now);
  void tell(const PositionKey& key, const Words& words, bool present, MonoTime since);

  Duration told_after_;
  std::map<PositionKey, Words> words_;
  std::set<std::pair<MonoTime, PositionKey>> due_;
  std::size_t told_ = 0;
  std::vector<Dispute> found_;
};

}  // namespace feedwatch
