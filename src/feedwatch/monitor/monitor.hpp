#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/board/price_board.hpp"
#include "feedwatch/dispatch/consumer.hpp"
#include "feedwatch/dispatch/queue.hpp"
#include "feedwatch/freshness/change.hpp"
#include "feedwatch/freshness/policy.hpp"
#include "feedwatch/intake/outcome.hpp"
#include "feedwatch/model/stream_key.hpp"
#include "feedwatch/model/tick.hpp"

namespace feedwatch {

/// A stream as its channel's sheet and the configuration describe it.
struct StreamOptions {
  StreamKey key;
  Policy policy;
  Cadence cadence;
  EventTime event_time = EventTime::none;
  bool absent_is_unchanged = false;
  bool repeat_confirms = false;
  bool seq_orders = false;
  bool required = false;
  /// Streams whose venue stamps come from one clock on one path share what is learnt about it:
  /// "venue/channel". Empty = the venue.
  std::string clock_group;
};

struct MonitorOptions {
  std::size_t capacity = 4096;  ///< streams; add_stream fails beyond it
  WallAnchor anchor{};
  /// Where the board lies, for other processes to read; nullptr = in memory of this one. At least
  /// PriceBoard::bytes_for(capacity) bytes, the first PriceBoard::head_for(capacity) committed.
  std::unique_ptr<board::Memory> memory{};
  board::Identity identity{};  ///< what such readers check
  /// Instead of `memory`: a board that other monitors write too, each on a thread of its own and
  /// known by its shard (below board::max_shards). Reading calls find the streams of all.
  std::shared_ptr<board::Ground> ground{};
  std::uint16_t shard = 0;
  /// False: every tick takes the long way, as a test of the short one wants it.
  bool short_way = true;
  /// Read before and after calls in line, to count those that take too long
  /// (DeliveryCounters::overruns), and for nothing else; nullptr = they are not timed. Outlives the
  /// monitor.
  const Clock* in_line_clock = nullptr;
};

/// The unified price monitor: board, intake, freshness, dispatch and guard behind one façade. The
/// pipeline every price takes, whether a feed decoded it or a program called update_price.
///
/// Reads no clock: every call is told `now` (boot-time clock). Writing calls (all but `price`,
/// `staleness`, `unchecked_slot`) belong to one thread. Reading calls are safe from any thread.
/// Owns all it holds. In-line callbacks run inside apply(), update_price(), on_time() and other
/// writing calls; queued ones in ConsumerQueue::run(). Destroyed by the writing thread, outside
/// callbacks: it waits for queued calls that run.
class Monitor {
 public:
  explicit Monitor(MonitorOptions options);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // ---- streams ----
  /// Wanted from `now`. Fails when the board is full or the key exists.
  Result<StreamId> add_stream(const StreamOptions& options, MonoTime now);
  /// Ends the level as unknown (reason unconfigured) and drops subscriptions. The id is refused
  /// from then on, also when its index serves another stream; so it is by every call below.
  void remove_stream(StreamId stream, MonoTime now);
  void set_policy(StreamId stream, const Policy& policy, MonoTime now);
  void set_required(StreamId stream, bool required);
  std::optional<StreamId> find(const StreamKey& key) const;  ///< any thread
  StreamOptions options(StreamId stream) const;              ///< owner thread
  std::size_t size() const;                                  ///< owner thread
  std::size_t capacity() const;                              ///< any thread

  // ---- what the feed knows ----
  /// The venue acknowledged the subscription: the first-tick deadline starts.
  void on_acknowledged(StreamId stream, MonoTime now);
  /// A subscription begins on a line: order resets with the first tick of the epoch; evidence of
  /// age stays.
  void on_epoch(StreamId stream, std::uint32_t epoch, MonoTime now);
  /// The same, of a line that has said by itself what is stored: what its first messages leave out
  /// is unchanged.
  void on_epoch_continued(StreamId stream, std::uint32_t epoch, MonoTime now);
  /// The last line delivering the stream is gone: prices refused until a fresh tick of a later
  /// epoch.
  void on_line_lost(StreamId stream, MonoTime now);
  /// Why the feed is as it is (disconnected, resubscribing, rate_limited, quarantined, …; ok = no
  /// opinion, the tracker's own reason stands).
  void set_feed_reason(StreamId stream, Reason reason, MonoTime now);
  /// intake → board → freshness → dispatch. `now` is the moment of processing, tick.mono_recv that
  /// of arrival.
  Outcome apply(const Tick& tick, MonoTime now);
  /// The same for all ticks of one read, in their order. Faster: while one is applied, what the
  /// next ones need is fetched. For ticks whose outcome is nothing but counted.
  void apply(std::span<const Tick> ticks, MonoTime now);
  /// A message of this stream could not be decoded.
  void on_undecodable(StreamId stream, MonoTime now);

  // ---- embedded use: no feed ----
  struct PriceStamps {
    MonoTime mono_recv{};                ///< when the price reached this program
    std::optional<WallTime> ts_event{};  ///< venue time, if known
    std::optional<std::uint64_t> seq{};
    /// When it is handed over, if later than it was received: a price that waited in a queue of the
    /// program is delivered with the age it has. Absent: the newest moment this monitor knows of.
    std::optional<MonoTime> now{};
  };
  /// Unknown stream ⇒ rejected{unknown_symbol}. One price; quotes take bid and ask.
  Outcome update_price(const StreamKey& key, const Decimal& price, PriceStamps stamps);
  Outcome update_quote(const StreamKey& key, const Decimal& bid, const Decimal& ask,
                       PriceStamps stamps);
  /// A price REST told while the feed is silent: kept beside the stream's own, with its own age,
  /// for those who may use it (guard.hpp). Renews nothing of the stream. Errors say what is wrong
  /// with the price or that memory is full. Owner thread.
  Result<void> update_bridge(StreamId stream, const Prices& prices, PriceStamps stamps);
  /// Age the levels judge; Duration::max() when never received or unconfigured (infinity).
  Duration staleness(const StreamKey& key, MonoTime now) const;

  // ---- reading (any thread) ----
  std::expected<Price, Refusal> price(StreamId stream, const ReadOptions& options,
                                      MonoTime now) const;
  std::expected<Price, Refusal> price(const StreamKey& key, const ReadOptions& options,
                                      MonoTime now) const;
  /// The slot as it is stored, without a verdict: for views and checks, never to act on its price.
  Slot unchecked_slot(StreamId stream) const;
  /// The slot to be judged with a time that is read after it; the guard's way. Fills `slot` and
  /// returns true, or says in `refusal` why there is none.
  bool unchecked_read(StreamId stream, Slot& slot, Refusal& refusal) const;
  std::expected<Slot, Refusal> unchecked_read_bridge(StreamId stream) const;
  /// The stream of the same venue and symbol and of another kind.
  std::optional<StreamId> sibling(const Slot& slot, Kind kind) const;

  // ---- consumers ----
  /// One subscription per (consumer name, stream); a duplicate returns the existing one. A name
  /// stands for one set of options and callbacks from its first subscription to the end of its
  /// last: with other options there is no handle. Queued consumers are called by whoever runs
  /// queue(name).
  Subscription subscribe(StreamId stream, const ConsumerOptions& options, Callbacks callbacks);
  /// Every stream whose text matches the glob, now and later.
  Subscription subscribe_matching(std::string_view pattern, const ConsumerOptions& options,
                                  Callbacks callbacks);
  /// The queue of a queued consumer, the same for the name's every registration while it is held;
  /// else nullptr. Owner thread.
  std::shared_ptr<ConsumerQueue> queue(std::string_view consumer) const;
  /// No call after it returns, not even in the dispatch now running: it waits for a call that a
  /// queue's thread is making. Inside a callback it does not wait; then no new call starts, and
  /// on_detached follows the one that runs.
  void unsubscribe(Subscription subscription);
  std::vector<DeliveryCounters> delivery_counters() const;  ///< owner thread
  /// Streams with prices of which none has reached the consumer. Owner thread.
  std::vector<UndeliveredFinding> undelivered(MonoTime now) const;

  // ---- time ----
  MonoTime next_deadline() const;  ///< never_mono when nothing is pending
  /// Entries kept for deadlines, those overtaken by others included: bounded by a few for each
  /// stream. Owner thread.
  std::size_t deadlines_held() const;
  /// Levels, suspicion, trailing-edge deliveries, refusals that have become due. At most `limit`
  /// streams expire per call; call again while next_deadline() <= now.
  void on_time(MonoTime now, std::size_t limit = 4096);

  /// Says to readers in other processes that the owner's thread is alive: every heartbeat_every,
  /// else they refuse what stands on the board (docs/internals/board.md). Owner thread.
  void beat(MonoTime now);

  /// Appends and forgets what changed since the last call.
  void take_changes(std::vector<StreamChange>& out);

  struct IntakeCounters {
    std::uint64_t accepted = 0, confirmed = 0, older = 0;
    std::uint64_t rejected[rejection_count] = {};
    std::uint64_t repeats = 0, ignored = 0, undecodable = 0, sequence_resets = 0, backfills = 0;
    std::uint64_t bands_broken = 0;  ///< accepted outside the sanity band, because they came again
    std::uint64_t crossed_quotes = 0;   ///< accepted with bid > ask: venues do that before opening
    std::uint64_t clock_suspects = 0;   ///< accepted with a venue stamp ahead of tolerance
    std::uint64_t changes_dropped = 0;  ///< nobody took the changes and their log was full
  };
  const IntakeCounters& intake_counters() const;                 ///< owner thread
  std::optional<MonoTime> suspect_since(StreamId stream) const;  ///< owner thread
  /// What is learnt of the venue clock behind this stream: venue stamps are late by so much on a
  /// quiet path. Owner thread.
  Duration clock_offset(StreamId stream) const;
  /// The same by clock group, ascending: to be kept across restarts. Owner thread.
  struct LearntOffset {
    std::string group;
    Duration offset{};
  };
  std::vector<LearntOffset> clock_offsets() const;
  /// What an earlier run had learnt; before or after the group's first stream. Owner thread.
  void restore_clock_offset(const LearntOffset& learnt);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch
