#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/base/strong_id.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/dispatch/consumer.hpp"
#include "feedwatch/dispatch/slab.hpp"

namespace feedwatch::dispatch {

/// No subscription. In the 24 bits of a link, and beyond the last place of the slab.
constexpr std::uint32_t nobody = (1U << 24U) - 1U;

/// The word of a subscription on which the two threads agree: up to which tick its window reaches,
/// whose it is, and flags. Whoever changes the window changes `covered` or a flag, so that a state
/// found unchanged proves a window copied in between.
struct State {
  std::uint64_t word = 0;

  enum Flag : std::uint16_t {
    closed = 1,          ///< ended: no new call
    pending = 2,         ///< the window holds prices not called with
    handed = 4,          ///< in the consumer's queue
    calling = 8,         ///< callbacks of this subscription run
    locked = 16,         ///< the owner writes the window: some instructions long
    refused = 32,        ///< inside an episode of refusals
    tell = 64,           ///< the consumer has not been told of the episode
    detach_later = 128,  ///< on_detached is due when the running call ends
    open = 256,          ///< inside the throttle window, which the owner closes
    chosen = 512,        ///< subscribed by its name, not by a pattern
    in_line = 1024,      ///< the owner makes the calls: no other thread knows the record
  };

  /// In line, outside any call, window and episode: the next price is its own.
  bool is_ready() const {
    constexpr unsigned other = closed | pending | calling | refused | tell | open;
    return (word & (other | in_line)) == in_line;
  }

  static constexpr unsigned if_so(Flag flag, bool so) { return so ? unsigned{flag} : 0U; }
  bool has(Flag flag) const { return (word & flag) != 0; }
  State with(unsigned flags) const { return {word | flags}; }
  State without(unsigned flags) const { return {word & ~std::uint64_t{flags}}; }

  std::uint16_t consumer() const { return static_cast<std::uint16_t>(word >> 16U); }
  std::uint32_t covered() const { return static_cast<std::uint32_t>(word >> 32U); }
  State with_covered(std::uint64_t ticks) const { return {(word & 0xffff'ffffU) | (ticks << 32U)}; }
  static State begin(std::uint16_t consumer, bool queued, std::uint64_t ticks) {
    return {(ticks << 32U) | (std::uint64_t{consumer} << 16U) | if_so(in_line, !queued)};
  }

  /// The level the consumer knows, and the newest one.
  Level told_level() const { return static_cast<Level>((word >> told_shift) & 3U); }
  Level newest_level() const { return static_cast<Level>((word >> newest_shift) & 3U); }
  bool level_due() const { return told_level() != newest_level(); }
  State with_told_level(Level level) const { return with_bits(told_shift, level); }
  State with_newest_level(Level level) const { return with_bits(newest_shift, level); }

 private:
  static constexpr unsigned told_shift = 11;
  static constexpr unsigned newest_shift = 13;
  State with_bits(unsigned shift, Level level) const {
    const auto bits = static_cast<std::uint64_t>(level) << shift;
    return {(word & ~(std::uint64_t{3} << shift)) | bits};
  }
};

/// A duration in 16 bits, eleven of them digits: for showing, never for deciding.
std::uint16_t pack_duration(Duration duration);
Duration unpack_duration(std::uint16_t packed);

/// One (consumer, stream): its window since its last delivery, its throttle, its counters. Plain
/// words, 88 bytes, in a slab; everything it shares with its siblings is in the Consumer.
///
/// The owner is the monitor's thread. Of a queued consumer, the consumer's thread reads the window
/// (a seqlock whose sequence is `state`), changes `state` by compare-and-swap and counts calls; it
/// waits for a `locked` owner, who never waits for it.
class Record {
 public:
  /// Ticks of the stream are counted from `ticks` on. Owner, before anybody else knows it.
  void begin(StreamId stream, State state, std::uint64_t ticks, Level level);

  State state() const { return {state_.load(std::memory_order_acquire)}; }
  bool change(State& from, State to) {
    return state_.compare_exchange_strong(from.word, to.word, std::memory_order_acq_rel,
                                          std::memory_order_acquire);
  }

  /// Owner: nobody else changes the state until unlock(). In line nobody does anyway, and no atomic
  /// operation is needed.
  State lock() {
    const State state = this->state();
    return state.has(State::in_line) ? state : lock_shared(state);
  }
  void unlock(State state) { state_.store(state.word, std::memory_order_release); }

  /// Between lock and unlock: adds [low, high], the ticks up to `ticks`, to the window, which
  /// begins with them unless it is pending already.
  State widen(State state, const Decimal& low, const Decimal& high, std::uint64_t ticks);
  /// The window as it stands. From the queue's thread: what was copied is true if the state has
  /// not changed since.
  void read_window(Window& window, State state) const;

  void wait_while_calling() const;
  /// The call has ended; the last access of the thread that made it. `detach` is called first if
  /// that is due.
  template <class Detach>
  void end_call(Detach&& detach);

  // ---- counters ----
  std::uint64_t received(std::uint64_t ticks) const { return (ticks - received_base_) & low_40; }
  std::uint64_t delivered() const { return calls_.load(std::memory_order_relaxed) & low_36; }
  std::uint64_t failed() const { return calls_.load(std::memory_order_relaxed) >> 36U; }
  std::uint32_t refused() const { return refused_.load(std::memory_order_relaxed); }
  std::uint32_t episodes() const { return episodes_.load(std::memory_order_relaxed) >> 4U; }
  RefusalCode last_refusal() const {
    return static_cast<RefusalCode>(episodes_.load(std::memory_order_relaxed) & 15U);
  }
  Duration in_flight() const { return unpack_duration(in_flight_.load(std::memory_order_relaxed)); }
  /// Only the thread that makes the calls counts them.
  void count_call(bool done) {
    const std::uint64_t one = done ? 1U : std::uint64_t{1} << 36U;
    calls_.store(calls_.load(std::memory_order_relaxed) + one, std::memory_order_relaxed);
  }
  void count_refused(std::uint32_t prices);
  void count_episode(RefusalCode code);
  /// The age of the price it is called with, packed.
  void note_in_flight(std::uint16_t age) { in_flight_.store(age, std::memory_order_relaxed); }

  /// When it was last called with a price; before the first call, when the first price came.
  MonoTime moment() const { return mono_from_ns(moment_.load(std::memory_order_relaxed)); }
  void set_moment(MonoTime at) { moment_.store(to_ns(at), std::memory_order_relaxed); }

  std::uint16_t generation() const { return generation_; }
  void end_generation() { ++generation_; }
  StreamId stream() const { return stream_; }

  /// Owner: the stream's list, by priority.
  std::uint32_t next_of_stream() const { return next_of_stream_; }
  void set_next_of_stream(std::uint32_t index) { next_of_stream_ = index & nobody; }

 private:
  State lock_shared(State state);

  static constexpr std::uint64_t low_40 = (std::uint64_t{1} << 40U) - 1U;
  static constexpr std::uint64_t low_36 = (std::uint64_t{1} << 36U) - 1U;

  std::array<std::atomic<std::uint64_t>, 4> window_{};  ///< low, high
  std::uint64_t received_base_ : 40 = 0;
  std::uint64_t next_of_stream_ : 24 = nobody;
  std::atomic<std::uint64_t> calls_{0};  ///< delivered: 36 bits, failed above
  std::atomic<std::int64_t> moment_{0};
  std::atomic<std::uint64_t> state_{State::closed};
  std::atomic<std::uint32_t> window_base_{0};  ///< ticks before the window's first
  std::atomic<std::uint32_t> refused_{0};
  std::atomic<std::uint32_t> episodes_{0};  ///< the code of the last refusal in the low 4 bits
  std::atomic<std::uint16_t> in_flight_{0};
  std::uint16_t generation_ = 0;  ///< owner
  StreamId stream_;

 public:
  std::uint32_t next_queued = nobody;  ///< in the consumer's queue, or free
};
static_assert(sizeof(Record) == 88);
static_assert(refusal_count <= 16);

using Records = Slab<Record, 512, 8192>;
static_assert(Records::capacity <= nobody);

template <class Detach>
void Record::end_call(Detach&& detach) {
  bool told = false;
  State state = this->state();
  for (;;) {
    if (state.has(State::detach_later) && !told) {
      detach();
      told = true;
    }
    if (state.has(State::in_line)) {
      unlock(this->state().without(State::calling | State::detach_later));
      return;
    }
    if (state.has(State::locked)) {
      state = this->state();
    } else if (change(state, state.without(State::calling | State::detach_later))) {
      break;
    }
  }
  if (state.has(State::closed)) state_.notify_all();
}

}  // namespace feedwatch::dispatch
