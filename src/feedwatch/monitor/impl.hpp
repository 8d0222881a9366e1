#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "feedwatch/board/price_board.hpp"
#include "feedwatch/dispatch/dispatcher.hpp"
#include "feedwatch/freshness/offset.hpp"
#include "feedwatch/freshness/tracker.hpp"
#include "feedwatch/intake/accept.hpp"
#include "feedwatch/monitor/monitor.hpp"

namespace feedwatch {

/// What a stream's channel says, kept once for all its streams.
struct Channel {
  intake::Rules rules;
  Cadence cadence;
  EventTime event_time = EventTime::none;
  std::size_t clock = 0;          ///< place of its clock group
  ClockOffset* offset = nullptr;  ///< the same, for every tick: it never moves

  friend bool operator==(const Channel&, const Channel&) = default;
};

/// How long a message travelled, by its stamps alone, so that one that waited in the venue's queue
/// does not look new. `ahead`: its stamp lies too far in the future to say anything.
struct Journey {
  Duration transit{};
  bool ahead = false;
};
/// Learns from the tick what the venue's clock says, unless it says nothing.
inline Journey journey_of(ClockOffset& clock, const Tick& tick, bool first_of_epoch,
                          MonoTime recv) {
  if (!tick.ts_event) return {};
  const Duration raw = minus(tick.ts_recv, *tick.ts_event);
  // A first push may carry a trade of yesterday, and a frame that waited for us, or on a slow line,
  // says nothing about the venue's clock.
  if (!first_of_epoch && !tick.stalled && tick.lag == Duration::zero()) clock.add(raw, recv);
  // The line's lag is part of the journey, and of the age already.
  const Duration beside_lag = minus(clock.transit(raw), tick.lag);
  return {std::max(Duration::zero(), beside_lag), clock.ahead(raw)};
}

/// What the owner's thread knows of a stream, in the board's cell beside its slot.
struct OwnerState {
  Watch watch;  // first: the tracker finds it there
  intake::State intake;
};
static_assert(offsetof(OwnerState, watch) == 0);
static_assert(sizeof(OwnerState) <=
              dispatch::fanout_offset);  // behind it the dispatcher has its own

/// Callbacks may add and remove streams, so nothing of a stream is touched after any was called.
struct Monitor::Impl {
  explicit Impl(MonitorOptions options);

  // streams.cpp
  Result<StreamId> add(const StreamOptions& stream_options, MonoTime now);
  void remove(StreamId stream, MonoTime now);
  StreamOptions options_of(StreamId stream);
  std::optional<std::uint16_t> channel_for(const StreamOptions& stream_options);
  std::size_t clock_of(const std::string& group);

  /// One stream as it stands, to be changed and published; nothing when the id is not (or no
  /// longer) a stream's.
  struct Stream {
    StreamId id;
    Slot slot;
    OwnerState& own;
    Tracker::Subject subject() { return {id, slot, own.watch}; }
  };
  std::optional<Stream> stream(StreamId id);
  const Channel& channel(const Stream& stream) const { return channels[stream.own.intake.channel]; }

  // common_tick.cpp
  /// Either done, or left to apply_any() with nothing changed.
  bool apply_common(const Tick& tick, MonoTime now);

  // apply.cpp
  Outcome apply(const Tick& tick, MonoTime now);
  void apply(std::span<const Tick> ticks, MonoTime now);
  Outcome apply_any(const Tick& tick, MonoTime now);
  intake::Decision offer(Stream& stream, const Tick& tick);
  bool renew(Stream& stream, const Tick& tick, const intake::Decision& decision,
             const Journey& journey, MonoTime recv);
  void open_gate(Stream& stream, const Tick& tick, MonoTime recv);

  Outcome update(const StreamKey& key, const Prices& prices, Fields fields,
                 const PriceStamps& stamps);
  Result<void> update_bridge(StreamId id, const Prices& prices, const PriceStamps& stamps);
  void count(const Outcome& outcome);
  void on_undecodable(StreamId id, MonoTime now);
  void on_line_lost(StreamId id, MonoTime now);

  // frozen.cpp
  void notice_frozen(Stream& stream, MonoTime recv, MonoTime now);
  bool still_tells(const Trouble::Beside& beside, MonoTime now) const;
  std::optional<Trouble::Beside> living_beside(const Slot& slot, Kind kind, MonoTime now) const;

  /// Writes the slot to the board, then tells consumers what changed.
  void publish(const Stream& stream);
  void notify_levels();
  void on_time(MonoTime now, std::size_t limit);

  // Destroyed in reverse: consumers first, the board they read last.
  WallAnchor anchor;
  bool short_way;
  PriceBoard board;
  PolicyTable policies;
  std::vector<Channel> channels;
  /// Groups are kept when their last stream goes: what is learnt of a venue's clock holds for the
  /// next.
  struct Clock {
    std::string group;
    std::unique_ptr<ClockOffset> offset;
  };
  std::vector<Clock> clocks;
  ChangeLog changes;
  /// A consumer's deadline is one of the stream's.
  struct Armer final : Dispatcher::Arm {
    explicit Armer(Impl& owner) : impl(owner) {}
    void operator()(StreamId stream, MonoTime at) override {
      if (impl.board.holds(stream)) {
        impl.tracker.arm(stream, at);
      }
    }
    Impl& impl;
  };
  Armer armer{*this};
  Tracker tracker;
  Dispatcher dispatcher;
  IntakeCounters counters;
  std::size_t live = 0;
  MonoTime told = MonoTime::min();  ///< the newest `now` of apply() and on_time()
};

}  // namespace feedwatch
