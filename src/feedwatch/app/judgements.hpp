#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/engine/shard.hpp"

namespace feedwatch::app {

/// What a control decided over a run, and the account of it: the same for a live run that is
/// recorded and for the recording judged again. One thread. Memory is bounded: of each kind the
/// first most_kept are kept and all are counted.
class Judgements {
 public:
  static constexpr std::size_t most_kept = 100'000;

  explicit Judgements(WallAnchor anchor) : anchor_(anchor) {}

  void note(const engine::Control::Event& event);
  /// "2026-11-26T20:41:08.123456789Z binance-usdm/BTCUSDT/mark healthy -> stale silent"
  std::string line(const engine::Control::Event& event) const;

  /// How often an alert began to fire; one that is told again or becomes graver does not.
  std::uint64_t alerts_fired() const { return fired_; }

  /// Members of an object that is open: streams, ticks, transitions, suspicions, repairs, alerts.
  void write_json(JsonWriter& json, const engine::Control& control, const engine::Shard& shard,
                  MonoTime now) const;
  /// A table of the streams and the sums, for people.
  std::string text(const engine::Control& control, const engine::Shard& shard, MonoTime now) const;

 private:
  struct Kind {
    std::vector<engine::Control::Event> events;
    std::uint64_t count = 0;
  };
  void note_alert(const engine::Control::Event& event);
  static void add(Kind& kind, const engine::Control::Event& event);
  std::string time(MonoTime at) const;
  void write_transitions(JsonWriter& json) const;
  void write_texts(JsonWriter& json, std::string_view name, const Kind& kind) const;
  void write_alerts(JsonWriter& json) const;

  WallAnchor anchor_;
  Kind transitions_, suspicions_, repairs_, alerts_;
  std::set<std::string> firing_;  ///< identities
  std::uint64_t fired_ = 0;
};

}  // namespace feedwatch::app
