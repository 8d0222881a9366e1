#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "feedwatch/board/price_board.hpp"
#include "feedwatch/dispatch/dispatcher.hpp"
#include "feedwatch/freshness/offset.hpp"
#include "feedwatch/freshness/tracker.hpp"
#include "feedwatch/intake/accept.hpp"
#include "feedwatch/monitor/key_index.hpp"
#include "feedwatch/monitor/monitor.hpp"

namespace feedwatch {

/// What the owner's thread knows of one stream. `slot` is the master copy of the board's.
struct StreamState {
  StreamOptions options;
  intake::Rules rules;
  intake::State intake;
  Slot slot;
  Watch watch;
  std::shared_ptr<ClockOffset> clock;
  std::uint32_t epoch_at_loss = 0;  ///< while the gate is closed: what counts as fresh
  MonoTime lost_at{};
};

/// Callbacks may add and remove streams, so a StreamState is not touched after any has been called.
struct Monitor::Impl {
  explicit Impl(const MonitorOptions& options);

  // streams.cpp
  Result<StreamId> add(const StreamOptions& stream_options, MonoTime now);
  void remove(StreamId stream, MonoTime now);
  StreamState* state(StreamId stream);
  const StreamState* state(StreamId stream) const;
  Tracker::Subject subject(StreamId stream, StreamState& state) {
    return {stream, state.slot, state.watch};
  }

  // apply.cpp
  Outcome apply(const Tick& tick, MonoTime now);
  Outcome update(const StreamKey& key, const Prices& prices, Fields fields,
                 const PriceStamps& stamps);
  void count(const Outcome& outcome);
  void on_undecodable(StreamId stream, MonoTime now);
  void on_line_lost(StreamId stream, MonoTime now);

  /// Writes the slot to the board, then tells consumers what changed.
  void publish(StreamId stream, const StreamState& state);
  void notify_levels();
  void on_time(MonoTime now, std::size_t limit);

  // Destroyed in reverse: consumers first, the board they read last.
  WallAnchor anchor;
  PriceBoard board;
  KeyIndex index;
  std::vector<std::unique_ptr<StreamState>> states;
  std::vector<std::uint32_t> generations;   ///< of the next stream to live at an index
  std::vector<std::uint32_t> free_indexes;  ///< never used or longest unused ones last
  /// By group, kept when its last stream goes: what is learnt of a venue's clock holds for the
  /// next.
  std::unordered_map<std::string, std::shared_ptr<ClockOffset>> clocks;
  ChangeLog changes;
  Tracker tracker;
  Dispatcher dispatcher;
  IntakeCounters counters;
  std::size_t live = 0;
  MonoTime told = MonoTime::min();  ///< the newest `now` of apply() and on_time()
};

}  // namespace feedwatch
