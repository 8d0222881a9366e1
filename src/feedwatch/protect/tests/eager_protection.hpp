#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/protect/protection.hpp"

/// Protection without an index, for tests: every position of a stream is told every window.
namespace feedwatch::testing_protection {

class EagerProtection {
 public:
  EagerProtection(WallAnchor anchor, Duration unmanaged_after)
      : anchor_(anchor), unmanaged_after_(unmanaged_after) {}

  void add(const Position& position, const ProtectionRules& rules, const ProtectionMemory& memory,
           MonoTime now);
  void remove(const std::string& id) { positions_.erase(id); }
  void forget(ProtectionStream id) { streams_.erase(id); }

  /// Each answers what was decided: lines by position's id, in the order of its numbers.
  using Lines = std::map<std::string, std::vector<std::string>>;
  Lines on_prices(ProtectionStream stream, const PriceWindow& window, MonoTime now);
  Lines on_refused(ProtectionStream stream, MonoTime now);
  Lines on_time(MonoTime now);
  Lines answer(const std::string& id, std::uint64_t number, bool confirmed, MonoTime now);

  ProtectionMemory memory(const std::string& id) const;
  bool is_unmanaged(const std::string& id) const;
  bool is_unconfirmed(const std::string& id) const;
  std::uint64_t told() const { return told_; }

 private:
  struct Held {
    Position position;
    ProtectionRules rules;
    std::optional<TrailingStop> stop;
    std::optional<AgedWatch> watch;
    MonoTime aged_at{};
    std::uint64_t last_number = 0;
    std::uint64_t open_number = 0;
    std::uint64_t open_proposal = 0;
  };
  struct Stream {
    bool refused = true;
    MonoTime since{};
    bool unmanaged = false;
  };

  Duration age(const Held& held, MonoTime now) const;
  void due(MonoTime now, Lines& out);
  void due(Held& held, MonoTime now, Lines& out);
  void schedule(Held& held, MonoTime now) const;
  bool tell(Held& held, const TrailingStop::Result& result, Lines& out);
  bool tell(Held& held, const AgedWatch::Result& result, Lines& out);
  void update_waiting();
  Stream& stream(ProtectionStream id, MonoTime now) {
    return streams_.try_emplace(id, Stream{true, now, false}).first->second;
  }

  WallAnchor anchor_;
  Duration unmanaged_after_;
  std::map<std::string, Held> positions_;
  std::map<ProtectionStream, Stream> streams_;
  std::uint64_t told_ = 0;
};

/// One decision as a line of text.
std::string line_of(std::uint64_t number, const TrailingDecision& what);
std::string line_of(std::uint64_t number, const AgedDecision& what);
EagerProtection::Lines lines_of(const Protection::Decisions& decisions);

}  // namespace feedwatch::testing_protection
