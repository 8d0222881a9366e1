#include "feedwatch/dispatch/queue.hpp"

#include <expected>
#include <optional>
#include <utility>

#include "feedwatch/dispatch/callback.hpp"
#include "feedwatch/dispatch/shared.hpp"

namespace feedwatch {

using dispatch::Consumer;
using dispatch::nobody;
using dispatch::Record;
using dispatch::State;

/// What a claimed subscription is to be called with.
struct ConsumerQueue::Due {
  Consumer* consumer = nullptr;
  StreamName name;
  std::optional<std::pair<Level, Level>> level;
  std::expected<Price, Refusal> verdict;
  Window window;
  bool price = false;
  bool refusal = false;
  bool again = false;  ///< the entry is still taken: what else it is about comes next
};

namespace {

/// What becomes of the state when its entry is taken: all that was due is about to be told.
struct Taken {
  State state;
  bool price = false;
  bool dropped = false;  ///< the price was refused
  bool episode = false;  ///< with which an episode began
  bool refusal = false;  ///< the consumer is to be told of it
};

Taken take(State before, bool acceptable) {
  const bool price_due = before.has(State::pending) && !before.has(State::open);
  Taken taken;
  taken.price = price_due && acceptable;
  taken.dropped = price_due && !acceptable;
  taken.episode = taken.dropped && !before.has(State::refused);
  taken.refusal = taken.episode || (before.has(State::tell) && !acceptable);
  State after = before.without(State::handed | State::tell);
  after = after.with(State::calling).with_told_level(before.newest_level());
  if (price_due) after = after.without(State::pending);
  if (taken.price) after = after.with(State::open);
  if (acceptable) after = after.without(State::refused);
  if (taken.episode) after = after.with(State::refused);
  taken.state = after;
  return taken;
}

/// The level alone: whatever its call takes, what follows is judged behind it.
State take_level(State before) {
  return before.with(State::calling).with_told_level(before.newest_level());
}

}  // namespace

std::size_t ConsumerQueue::run(const Clock& clock, std::size_t limit) {
  const std::uint32_t before = gate_.fetch_or(busy, std::memory_order_acq_rel);
  if ((before & busy) != 0) return 0;
  std::size_t done = 0;
  while (done < limit && (gate_.load(std::memory_order_acquire) & closed) == 0) {
    const std::uint32_t index = next();
    if (index == nobody) break;
    serve(index, clock);
    ++done;
  }
  const std::uint32_t after = gate_.fetch_and(~std::uint32_t{busy}, std::memory_order_acq_rel);
  if ((after & closed) != 0) gate_.notify_all();
  return done;
}

bool ConsumerQueue::empty() const {
  return ready_ == nobody && incoming_.empty();
}

void ConsumerQueue::set_wake(std::function<void()> wake) {
  wake_ = std::move(wake);
  // What an earlier runner has taken over is not seen from here: the next one looks for itself.
  if (wake_) wake_();
}

void ConsumerQueue::put(std::uint32_t record) {
  if (incoming_.put(shared_.records, record) && wake_) wake_();
}

void ConsumerQueue::drop_closed() {
  std::uint32_t index = incoming_.take_all(shared_.records);
  while (index != nobody) {
    Record& record = shared_.records[index];
    const std::uint32_t following = record.next_queued;
    const State state = record.lock();
    const bool gone = state.has(State::closed);
    record.unlock(gone ? state.without(State::handed) : state);
    if (!gone) put(index);
    index = following;
  }
}

void ConsumerQueue::close() {
  std::uint32_t gate = gate_.fetch_or(closed, std::memory_order_acq_rel) | closed;
  while ((gate & busy) != 0) {
    gate_.wait(gate, std::memory_order_acquire);
    gate = gate_.load(std::memory_order_acquire);
  }
}

std::uint32_t ConsumerQueue::next() {
  if (ready_ == nobody) ready_ = incoming_.take_all(shared_.records);
  if (ready_ == nobody) return nobody;
  return std::exchange(ready_, shared_.records[ready_].next_queued);
}

void ConsumerQueue::serve(std::uint32_t index, const Clock& clock) {
  for (bool again = true; again;) {
    Due due;
    if (!claim(index, clock, due)) return;
    again = due.again;
    make_calls(index, due);
  }
}

/// Takes what is due with one compare-and-swap, so that price, window and count belong together.
///
/// The owner writes the board, then the window and `covered`. Three cases when a tick comes while
/// this runs: the window is changed before the swap, which then fails, and all is read again; after
/// it, and the tick begins the next window; or the board has it and the window does not yet, which
/// `covered` shows: then the entry is given back, because the owner, whose next step is this
/// subscription, hands it over again. So no fence between board and state is needed, the owner
/// never waits, and no tick is lost from a window or counted in two.
bool ConsumerQueue::claim(std::uint32_t index, const Clock& clock, Due& due) {
  Record& record = shared_.records[index];
  State state = record.state();
  for (;;) {
    if (state.has(State::locked)) {
      state = record.state();
      continue;
    }
    record.read_window(due.window, state);
    // The window must have been read before the state is compared.
    std::atomic_thread_fence(std::memory_order_acquire);
    const auto read = shared_.board.view().read(record.stream());
    if (!read) {  // the owner has been stopped in the middle of writing
      state = record.state();
      continue;
    }
    const Slot& slot = *read;
    const MonoTime now = clock.now();
    const bool ahead = static_cast<std::uint32_t>(slot.ticks) != state.covered();
    const bool price_due = state.has(State::pending) && !state.has(State::open);
    // A callback may have given the stream's place to another one, which is not yet known here.
    const bool other = !slot.occupied || slot.generation != record.stream().generation();
    if (state.has(State::closed) || other || (price_due && ahead)) {
      if (record.change(state, state.without(State::handed))) return false;
      continue;
    }
    Consumer& consumer = shared_.consumers[state.consumer()];
    if (state.level_due()) {
      if (!record.change(state, take_level(state))) continue;
      due.consumer = &consumer;
      due.name = StreamName(shared_.board.view().name_of(slot));
      due.level = {state.told_level(), state.newest_level()};
      due.again = true;
      return true;
    }
    auto verdict = judge(slot, consumer.read, now);
    const Taken taken = take(state, verdict.has_value());
    // Before the swap, so that the owner finds it when it finds the window open; until then the
    // owner has no use for it.
    const MonoTime called_before = record.moment();
    if (taken.price) record.set_moment(now);
    if (!record.change(state, taken.state)) {
      record.set_moment(called_before);
      continue;
    }

    if (taken.dropped) record.count_refused(1);
    if (taken.episode) record.count_episode(verdict.error().code);
    due.consumer = &consumer;
    due.name = StreamName(shared_.board.view().name_of(slot));
    due.verdict = std::move(verdict);
    due.price = taken.price;
    due.refusal = taken.refusal;
    return true;
  }
}

void ConsumerQueue::make_calls(std::uint32_t index, const Due& due) {
  Record& record = shared_.records[index];
  Consumer& consumer = *due.consumer;
  const auto ended = [&] { return record.state().has(State::closed); };
  if (due.level && !ended()) {
    dispatch::call_level(consumer, due.name, due.level->first, due.level->second);
  }
  if (due.price && !ended()) {
    record.note_in_flight(dispatch::pack_duration(due.verdict->receive_age));
    dispatch::call_price(record, consumer, Delivery{due.name, *due.verdict, due.window});
  }
  if (due.refusal && !ended()) {
    dispatch::call_refused(consumer, due.name, due.verdict.error());
  }
  record.end_call([&] { dispatch::call_detached(consumer, due.name); });
}

}  // namespace feedwatch
