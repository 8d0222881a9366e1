#pragma once

#include <algorithm>
#include <optional>

#include "feedwatch/board/judge.hpp"
#include "feedwatch/dispatch/dispatcher.hpp"

namespace feedwatch {

/// While one lives, nothing is forgotten and no list of subscriptions shrinks.
class Dispatcher::Running {
 public:
  explicit Running(Dispatcher& owner) : owner_(owner) { ++owner_.running_; }
  ~Running() {
    if (owner_.running_ == 1 && !owner_.ended_.empty()) owner_.purge();
    --owner_.running_;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Dispatcher& owner_;
};

/// The stream as the calls of one event see it: its slot, and the newest verdict on it, which most
/// consumers share. A callback may cause another event; then both are got anew.
struct Dispatcher::Event {
  Event(Dispatcher& dispatcher, StreamId of, MonoTime at)
      : owner(dispatcher),
        stream(of),
        now(at),
        seen(dispatcher.events_),
        named(dispatcher.board_.name_unit(of.index())) {}

  /// What a callback has brought may be of a later moment, and is to be judged by that.
  MonoTime moment() {
    if (seen != owner.events_) now = std::max(now, owner.latest_);
    seen = owner.events_;
    return now;
  }
  /// Not before it is needed: a slot that was written just now is slow to read.
  const Slot& slot() {
    if (number == owner.events_) return newest.slot;
    number = owner.events_;
    moment();
    owner.board_.own(stream, newest.slot);
    judged.reset();
    return newest.slot;
  }
  /// Whether the price is to be had: then it is in `delivery`, else `refusal` says why.
  bool accepts(const ReadOptions& options) {
    const bool known = number == owner.events_ && judged && *judged == options;
    return known ? accepted : judge_anew(options);
  }
  bool judge_anew(const ReadOptions& options) {
    accepted = judge_into(delivery.price, refusal, slot(), options, now);
    if (accepted) in_flight = dispatch::pack_duration(delivery.price.receive_age);
    judged = options;
    return accepted;
  }
  /// Of the stream the event began with, whoever has its place by now.
  const StreamName& name() {
    if (delivery.stream.text().empty()) {
      delivery.stream = StreamName(owner.board_.view().name_of(named));
    }
    return delivery.stream;
  }

  Dispatcher& owner;
  StreamId stream;
  MonoTime now;
  std::uint64_t seen;  ///< the newest event whose moment is known
  std::uint32_t named;
  std::uint64_t number = 0;
  SlotRoom newest;
  std::optional<ReadOptions> judged;
  bool accepted = false;
  Refusal refusal;
  std::uint16_t in_flight = 0;  ///< the age of the price, packed
  Delivery delivery;            ///< one for all who are called, each with a window of its own
};

/// A tick the stream's window holds already, with those before it that not all have seen.
struct Dispatcher::News {
  Fanout& fanout;
  Decimal bottom;  ///< the price, or a quote's bid and ask
  Decimal top;
  std::uint64_t ticks = 0;  ///< the stream's, this one included
  MonoTime now;

  bool is_covered(State state) const {
    return state.covered() == static_cast<std::uint32_t>(ticks);
  }
  /// Whether it is all the subscription has not seen.
  bool is_next(State state) const {
    return state.covered() == static_cast<std::uint32_t>(ticks - 1);
  }
  const Decimal& low(State state) const { return is_next(state) ? bottom : fanout.low; }
  const Decimal& high(State state) const { return is_next(state) ? top : fanout.high; }
};

/// When the throttle windows of a stream's subscriptions end.
struct Dispatcher::Windows {
  MonoTime first_end = never_mono;
  MonoTime first_due = never_mono;  ///< with a price pending
  bool quiet = true;                ///< all are inside theirs, and nobody is refused
  bool ready = true;                ///< State::is_ready() of all

  void add(State state, MonoTime end) {
    ready = ready && state.is_ready();
    quiet = quiet && state.has(State::open) && !state.has(State::refused);
    if (!state.has(State::open)) return;
    first_end = std::min(first_end, end);
    if (state.has(State::pending)) first_due = std::min(first_due, end);
  }
};

/// What has ended is passed over, also what ends as this goes on.
template <class Action>
void Dispatcher::for_each(StreamId stream, Action&& action) const {
  for (std::uint32_t index = fanout(stream).head; index != dispatch::nobody;
       index = shared_.records[index].next_of_stream()) {
    const Record& record = shared_.records[index];
    if (record.stream() == stream && !record.state().has(State::closed)) action(index);
  }
}

}  // namespace feedwatch
