#pragma once

#include <cstdint>
#include <optional>

#include "feedwatch/base/time.hpp"
#include "feedwatch/exchange/market.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::exchange {

/// When a channel speaks; follows from its sheet.
enum class Pace : std::uint8_t {
  clock,      ///< every period on a fixed clock, changed or not (markPrice@1s)
  on_change,  ///< at every change, silent otherwise (bookTicker)
  repeat,     ///< full state at every change, and again after a period without one (orderbook.1,
              ///< OKX mark-price)
  delta,      ///< full state once, then what changed, at most every 100 ms (tickers)
};
Pace pace_of(const venues::ChannelSheet& sheet);
Kinds kinds_of(const venues::ChannelSheet& sheet);

/// What is to be said now.
struct Emission {
  bool snapshot = true;  ///< the full state; else a delta of `changed`
  Kinds changed;
};

/// Cadence of one (connection, topic): decides when a message is due and what it holds. Pure.
///
/// emission() says what is due; sent() or dropped() must follow it. What was dropped stays pending,
/// so that the first delta after a silence holds everything the client missed.
class TopicPublisher {
 public:
  static constexpr Duration delta_gap = 100ms;
  static constexpr Duration repeat_gap = 20ms;

  /// `grid` is a moment of the venue's fixed clock.
  TopicPublisher(const venues::ChannelSheet& sheet, MonoTime grid);

  void on_subscribed(MonoTime now);
  /// Full state as soon as possible, whatever the channel usually does.
  void greet(MonoTime now) { due_ = now; }
  /// The sequence begins anew: the full state goes out again. Fixed clocks have no sequence.
  void restart(MonoTime now);
  void on_change(Kinds changed, MonoTime now);
  MonoTime due() const { return due_; }
  std::optional<Emission> emission(MonoTime now) const;
  void sent(const Emission& emission, MonoTime now);
  void dropped(MonoTime now);
  /// Nothing is due until the next change: a capture feeds the topic, or the source has ended.
  void rest() { due_ = never_mono; }
  /// A frame of the capture, or something in its place, went out.
  void sent_capture(bool snapshot);
  void dropped_capture(Kinds changed) { pending_.add(changed); }

  bool ever_sent() const { return ever_sent_; }
  bool snapshot_sent() const { return snapshot_sent_; }
  Kinds pending() const { return pending_; }
  Pace pace() const { return pace_; }

 private:
  MonoTime next_on_grid(MonoTime now) const;
  MonoTime next_repeat(MonoTime now) const { return now + period_; }

  Pace pace_;
  Kinds kinds_;
  Duration period_;
  Duration gap_;  ///< between two messages, however fast the market moves
  MonoTime grid_;
  bool greets_;  ///< full state right after the acknowledgement
  bool snapshot_sent_ = false;
  bool ever_sent_ = false;
  Kinds pending_;
  MonoTime last_{};
  MonoTime due_ = never_mono;
};

}  // namespace feedwatch::exchange
