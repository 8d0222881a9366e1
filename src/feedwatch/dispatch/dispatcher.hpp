#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "feedwatch/board/price_board.hpp"
#include "feedwatch/dispatch/fanout.hpp"
#include "feedwatch/dispatch/registry.hpp"
#include "feedwatch/freshness/alarms.hpp"
#include "feedwatch/freshness/deadline_wheel.hpp"

namespace feedwatch {

/// Prices from the board to consumers, conflated and judged (semantics §6; why it is built so:
/// docs/internals/dispatch.md).
///
/// In-line callbacks run inside on_price(), on_deadline() and the other events, on the owner's
/// thread; queued ones in ConsumerQueue::run() on the consumer's. All may call everything here from
/// the owner's thread: what is unsubscribed is only marked while any call runs, and forgotten
/// later. Not thread-safe but for the queues it gives away; holds a reference to the board, which
/// outlives it.
class Dispatcher final : public Alarms {
 public:
  /// Arms the stream's one deadline for a moment not later than `at`: whoever runs the deadlines
  /// then calls on_alarm().
  class Arm {
   public:
    virtual ~Arm() = default;
    virtual void operator()(StreamId stream, MonoTime at) = 0;
  };

  /// `clock`, if any, times the calls in line.
  Dispatcher(PriceBoard& board, Arm& arm, const Clock* clock)
      : board_(board), arm_(arm), clock_(clock), shared_(board), registry_(shared_) {}
  /// Waits for queued calls that run; then every subscription left is detached. Not to be called
  /// inside a callback.
  ~Dispatcher() override;
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  /// One subscription per (name, stream): a duplicate gives the handle there is, and leaves the
  /// callbacks as they were. No handle if the name stands for other options, or when all places
  /// are taken.
  Subscription subscribe(StreamId stream, const ConsumerOptions& options, Callbacks callbacks);
  /// The caller then names the streams there are by on_stream(), and from now on every new one.
  Subscription subscribe_matching(std::string_view pattern, const ConsumerOptions& options,
                                  Callbacks callbacks);
  /// `only`: of that pattern alone.
  void on_stream(StreamId stream, Subscription only = {});
  /// No call after it returns: it waits for one that runs on another thread. Inside any callback
  /// it does not wait; then no new call starts. That of a pattern ends what only the pattern chose.
  void unsubscribe(Subscription subscription);
  /// The stream's place may be given to another from now on; until drop_stream(), which follows,
  /// what is told of the stream still names it.
  void leave(StreamId stream);
  /// Ends the stream's subscriptions without waiting.
  void drop_stream(StreamId stream);
  /// Of a queued consumer, else nullptr.
  std::shared_ptr<ConsumerQueue> queue(std::string_view name) const {
    return registry_.queue(name);
  }

  /// Whether nothing is to be done with a price of a stream in no trouble but to remember it as an
  /// extreme (of a quote, the bid and the ask), which is done. If not, deliver() is to be called.
  /// `alarm` moves to where the stream's deadline must be for it, if it was later.
  [[nodiscard, gnu::always_inline]] bool is_quiet(StreamId stream, const Decimal& bottom,
                                                  const Decimal& top,
                                                  const dispatch::Freshness& fresh, MonoTime now,
                                                  MonoTime& alarm) {
    Fanout& common = fanout(stream);
    if (common.head == dispatch::nobody) return true;
    const dispatch::Plain plain = dispatch::plain_verdict_of_today(common, fresh, now);
    if (plain.acceptable) alarm = std::min(alarm, plain.refused_not_before);
    return pass_quietly(stream, common, plain, bottom, top, now);
  }
  /// The board has just been given a new price of the stream. Makes no call: true if settle() is
  /// to be called as soon as calls may be made.
  [[nodiscard]] bool on_price(StreamId stream, const Slot& slot, MonoTime now);
  /// Makes the calls that are due.
  void settle(StreamId stream, MonoTime now);
  /// Both in one, for a price is_quiet() has been asked about, its deadline being set.
  void deliver(StreamId stream, const Decimal& bottom, const Decimal& top,
               const dispatch::Freshness& fresh, MonoTime now);
  /// No new price, but the verdict may have changed (confirmation, gate, limits).
  void on_verdict(StreamId stream, MonoTime now);
  void on_level(StreamId stream, Level from, Level to, MonoTime now);

  /// The present, before what is due is looked for.
  void tell(MonoTime now) { windows_.tell(now); }
  /// Never after the end of the first throttle window with a price pending, and that end itself
  /// once on_window() has come near it.
  MonoTime next_window() const { return windows_.next(); }
  /// Does what is due at the first end, or looks for it, if that is not after `until`.
  /// Precondition: next_window() <= until <= now. Returns how many streams it looked at.
  std::size_t on_window(MonoTime until, MonoTime now);
  std::size_t windows_held() const { return windows_.size(); }
  /// A tick of the stream is on its way.
  void prefetch(StreamId stream) const { windows_.prefetch(place(stream)); }
  /// The moment a consumer must be told of a refusal.
  MonoTime next_alarm(StreamId stream, const Slot& slot) const override {
    return fanout(stream).head == dispatch::nobody ? never_mono : next_refusal(stream, slot);
  }
  /// The stream's deadline has come; perhaps it is not one of ours.
  void on_alarm(StreamId stream, MonoTime now);
  /// A place of the board is used for the first time.
  void begin_place(std::size_t index) { board_.own_anew<Fanout, dispatch::fanout_offset>(index); }

  std::vector<DeliveryCounters> counters() const;
  /// Subscriptions whose stream has prices while none has reached the consumer for the longer of 5
  /// s and twice its min_interval; one whose every call failed, at once.
  std::vector<UndeliveredFinding> undelivered(MonoTime now) const;

 private:
  using Record = dispatch::Record;
  using State = dispatch::State;
  using Consumer = dispatch::Consumer;
  using Fanout = dispatch::Fanout;
  class Running;
  struct Event;
  struct News;
  struct Windows;

  // dispatcher.cpp: what a tick, a verdict, a moment means to the subscriptions of a stream
  Fanout* watched(StreamId stream);
  /// Quiet is a tick that is acceptable to all inside the throttle window of all.
  [[gnu::always_inline]] bool pass_quietly(StreamId stream, Fanout& common,
                                           const dispatch::Plain& plain, const Decimal& bottom,
                                           const Decimal& top, MonoTime now) {
    if (!plain.acceptable || now >= common.quiet_until) return false;
    if (!common.has_unseen()) windows_.set_not_later(place(stream), common.quiet_until);
    common.widen(bottom, top);
    return true;
  }
  template <class Action>
  void for_each(StreamId stream, Action&& action) const;
  void begin_tick(const News& news);
  void begin_event(MonoTime now) {
    ++events_;
    latest_ = std::max(latest_, now);
  }
  std::optional<RefusalCode> refusal_of(const Record& record, const Slot& slot, MonoTime now) const;
  static void take_in(Record& record, const News& news);
  static void refuse(Record& record, const News& news, RefusalCode code);
  void flush(StreamId stream, const Slot& slot);
  void review(StreamId stream, const Slot& slot, MonoTime now);
  void deliver_all(const News& news, Event& event);
  void settle_all(StreamId stream, Event& event);
  std::optional<Windows> settle_in_order(StreamId stream, Event& event);
  void settle_one(std::uint32_t index, Event& event);
  void close_window_if_over(Record& record, MonoTime now);
  void call_pending(Record& record, Consumer& consumer, Event& event);
  bool call_ready(Record& record, State state, const News& news, Event& event);
  void call(Record& record, Consumer& consumer, State state, Event& event);
  void tell_refusal(Record& record, Consumer& consumer, Event& event);
  void hand_over(std::uint32_t index, const Consumer& consumer);

  // alarms.cpp: what no tick will find
  /// When the next throttle window of the stream ends; ticks before are quiet. MonoTime::min() if a
  /// tick is due at once, or must be looked at by each subscription.
  void arm_window(StreamId stream, const Windows& windows);
  struct Ends;
  MonoTime first_end(std::uint32_t place) const;
  void add_window(Windows& windows, const Record& record) const;
  MonoTime window_end(const Record& record, State state) const;
  std::optional<StreamId> stream_at(std::uint32_t place) const;
  MonoTime next_refusal(StreamId stream, const Slot& slot) const;

  // subscriptions.cpp: their begin, their end, and what is told of them
  Fanout& fanout(StreamId stream) const {
    return board_.owned<Fanout, dispatch::fanout_offset>(stream.index());
  }
  StreamName name(StreamId stream) const;
  void end_all(StreamId stream);
  static std::uint32_t place(StreamId stream) { return static_cast<std::uint32_t>(stream.index()); }
  std::optional<std::uint32_t> find(StreamId stream, std::uint16_t consumer) const;
  std::optional<std::uint32_t> attach(StreamId stream, std::uint16_t consumer);
  void end_earlier(StreamId stream);
  std::optional<std::uint32_t> free_record();
  std::optional<std::uint32_t> place_of(Subscription subscription) const;
  void link(std::uint32_t index, int priority);
  void unlink(std::uint32_t index);
  void follow(Fanout& fanout, std::uint32_t before, std::uint32_t index);
  void detach(std::uint32_t index, bool may_wait);
  void finish_detach(std::uint32_t index, bool was_handed);
  void end_pattern(std::uint64_t id);
  void purge();
  void forget(std::uint32_t index);
  DeliveryCounters counters_of(const Record& record) const;
  std::optional<UndeliveredFinding> undelivered_of(const Record& record, MonoTime now) const;
  Subscription handle(std::uint32_t index) const;

  Consumer& consumer_of(const Record& record) const {
    return shared_.consumers[record.state().consumer()];
  }

  PriceBoard& board_;
  Arm& arm_;
  const Clock* clock_;
  dispatch::Shared shared_;
  dispatch::Registry registry_;
  /// By stream index, the first end of a throttle window with a price pending. Not in the stream's
  /// place in the tracker's wheel: windows end ten times a second, and would leave an entry behind
  /// each time. Its reach: inside a long window a short one of the same stream does the same.
  DeadlineWheel windows_{1s};
  std::vector<std::uint32_t> ended_;  ///< subscriptions to be forgotten when nothing uses them
  struct Leaving {
    StreamId stream;
    StreamName name;
  };
  std::vector<Leaving> leaving_;                 ///< those whose end is being told
  std::uint32_t first_free_ = dispatch::nobody;  ///< longest unused place first
  std::uint32_t last_free_ = dispatch::nobody;
  std::uint64_t events_ = 1;           ///< tells whether a callback has caused another one
  MonoTime latest_ = MonoTime::min();  ///< of their moments
  std::size_t purged_ = 0;             ///< where in `ended_` to look next
  int running_ = 0;
};

}  // namespace feedwatch
